"""What a chat model's rewriting of questions brings the search: is the expected evidence among the first passages?

A suite's questions are searched with in three ways: as the rules make them stand alone, as a model makes them stand
alone or splits them, and with the queries that it proposes too. The model is one of the settings, or a scripted one
that knows the evidence and writes its words: no model can propose much better.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from eval.answered import Seen
from eval.asking import Progress, taken_in
from eval.bench import sampled
from eval.judging import FIRST, Place, expected_places, overlaps
from eval.metrics import Mean, Proportion, mean, proportion
from eval.places import Sources
from eval.scripted import worded_by
from eval.suite import Question, Suite
from rag.bootstrap import open_rag
from rag.chat_rewriting import QUERIES, QUERY_CHARS, ChatRewriter
from rag.library import Library, Retrieved
from rag.protocols import Rewriter, Rewritten, TokenBudget
from rag.question import stand_alone, understand
from rag.settings import Settings

KNOWING, SPLITTING = "scripted, knowing the evidence", "scripted, parts as queries"
_PLAIN = re.compile(
    r"\b[a-z]+\b"
)  # a word that is no name and no number, which queries may not bring in

Rewriting = Callable[[Question], Rewriter]  # what rewrites a question


@dataclass(frozen=True, slots=True, kw_only=True)
class RewritingReport:
    """What one model's rewriting brings.

    Attributes:
        standing: Of its questions, the share that ask what was asked, so that they are searched with.
        split: Of all, the share that it puts in several parts, and that stand.
        queries: Searched with beside a question.
        rules: Share of a question's pieces of evidence that the first ten passages hold, searched with as by the rules.
        question: The same, searched with as the model puts it, or as by the rules where that does not stand.
        with_queries: The same, with its queries.
        gained_by_question: A question's share beside that by the rules.
        gained_by_queries: A question's share with queries beside that without.
    """

    standing: Proportion
    split: Proportion
    queries: Mean
    rules: Mean
    question: Mean
    with_queries: Mean
    gained_by_question: Mean
    gained_by_queries: Mean


@dataclass(slots=True)
class _Rows:
    """What is known of each question so far."""

    made: list[Rewritten] = field(default_factory=list)
    rules: list[float] = field(default_factory=list)
    question: list[float] = field(default_factory=list)
    with_queries: list[float] = field(default_factory=list)

    def report(self) -> RewritingReport:
        return RewritingReport(
            standing=proportion([one.by_model for one in self.made]),
            split=proportion(
                [one.by_model and len(understand(one.question).parts) > 1 for one in self.made]
            ),
            queries=mean([len(one.queries) for one in self.made]),
            rules=mean(self.rules),
            question=mean(self.question),
            with_queries=mean(self.with_queries),
            gained_by_question=mean(_gained(self.question, self.rules)),
            gained_by_queries=mean(_gained(self.with_queries, self.question)),
        )


def _gained(after: Sequence[float], before: Sequence[float]) -> list[float]:
    return [one - other for one, other in zip(after, before, strict=True)]


def measure(
    suites: Sequence[Suite],
    models: Mapping[str, Rewriting],
    progress: Progress,
    *,
    most: int | None = None,
    double: bool = False,
) -> dict[str, RewritingReport]:
    """Search with every question that has evidence, as each of the models rewrites it and as the rules do.

    Args:
        suites: Each is taken in, into a collection of its own.
        models: By name.
        progress: Told of every document and question.
        most: Only so many questions of all suites together, the same ones each time.
        double: Only questions that the rules take for double ones, which is what there is to split.
    """
    asked = [
        (suite, one) for suite in suites for one in suite.questions if _is_meant(one, double=double)
    ]
    asked = sampled(asked, most or len(asked))
    rows = {name: _Rows() for name in models}
    with TemporaryDirectory() as data, open_rag(Settings(data=Path(data))) as library:
        sources = {suite.name: taken_in(library, suite, progress).sources for suite in suites}
        for done, (suite, question) in enumerate(asked, 1):
            evidence = [one for one in expected_places(question, sources[suite.name]) if one]
            if not evidence:
                continue
            search = _Searching(library, suite, question, sources[suite.name], evidence)
            by_rules = search(Rewritten(question=_alone(question)))
            for name, rewriting in models.items():
                made = rewriting(question).rewritten(question.question, _earlier(question))
                one = rows[name]
                one.made.append(made)
                one.rules.append(by_rules)
                one.question.append(search(replace(made, queries=())))
                one.with_queries.append(search(made))
            progress("questions", done, len(asked))
    return {name: one.report() for name, one in rows.items()}


def _is_meant(question: Question, *, double: bool) -> bool:
    return bool(question.evidence) and (not double or len(understand(_alone(question)).parts) > 1)


def _earlier(question: Question) -> list[str]:
    return [turn.question for turn in question.history]


def _alone(question: Question) -> str:
    """It, as the rules make it stand alone."""
    return stand_alone(question.question, _earlier(question))


@dataclass(frozen=True, slots=True)
class _Searching:
    """One question and where its evidence stands; gives the share of that which the first passages hold."""

    library: Library
    suite: Suite
    question: Question
    sources: Sources
    evidence: Sequence[Sequence[Place]]

    def __call__(self, rewritten: Rewritten) -> float:
        library = replace(worded_by(_Silent(), self.library), rewriter=_Fixed(rewritten))
        steps = library.answering(self.question.question, collection=self.suite.collection)
        found = next(steps)
        steps.close()
        assert isinstance(found, Retrieved)  # noqa: S101 # it is the first step
        documents = found.found.documents
        seen = [
            Seen(
                document=documents[one.passage.document_id].source_key or "",
                start=one.passage.span.start,
                end=one.passage.span.end,
                score=one.score,
            )
            for one in found.found.passages[:FIRST]
        ]
        held = [any(overlaps(one, places) for one in seen) for places in self.evidence]
        return sum(held) / len(held)


@dataclass(frozen=True, slots=True)
class _Fixed:
    """A rewriter that has rewritten already."""

    made: Rewritten

    def rewritten(
        self, question: str, earlier: Sequence[str], budget: TokenBudget | None = None
    ) -> Rewritten:
        del question, earlier, budget
        return self.made


@dataclass(frozen=True, slots=True)
class _Silent:
    """A chat model that writes what it was told to; nothing, unless told."""

    says: str = ""
    name: str = KNOWING

    def reply(self, system: str, user: str, *, within_s: float) -> Generator[str, None, None]:
        del system, user, within_s
        yield self.says


def knowing(question: Question) -> Rewriter:
    """Rewrites a question as a model would that knows the evidence; what it says is checked as any model's is."""
    return _saying(question, list(_proposed(question)))


def splitting(question: Question) -> Rewriter:
    """Rewrites a question as the rules split it, and proposes its parts as queries; other questions get none."""
    return _saying(question, _parts(question))


def _saying(question: Question, queries: Sequence[str]) -> Rewriter:
    said = {"questions": _parts(question) or [_alone(question)], "queries": queries[:QUERIES]}
    return ChatRewriter(model=_Silent(json.dumps(said)), within_s=1)


def _parts(question: Question) -> list[str]:
    """Those of a double question, each written as a question; none of any other."""
    parts = [one.text.rstrip(" ?") for one in understand(_alone(question)).parts]
    return [f"{one[:1].upper()}{one[1:]}?" for one in parts]


def _proposed(question: Question) -> Iterator[str]:
    """Of each piece of evidence the words that are no names and no numbers."""
    for one in question.evidence:
        if query := " ".join(_PLAIN.findall(one.quote))[:QUERY_CHARS]:
            yield query
