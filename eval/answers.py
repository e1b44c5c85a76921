"""Answer finding: does the first statement hold the answer, is every quote exact, is the rest refused?

The engine is measured beside two plain rankers over the very same sentences, in the same run.
"""

from __future__ import annotations

import math
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from eval.bench import BenchDocument, BenchQuestion, fill, set_otherwise
from eval.metrics import Proportion, holds_answer, proportion
from rag.analysis import terms
from rag.bootstrap import open_rag
from rag.library import Library
from rag.protocols import Embedder
from rag.sentences import sentences
from rag.settings import Settings
from rag.types import Answer, Reply, Span

_FIRST = 3  # statements that are looked at
_NEVER_ABSTAIN = {"statements": _FIRST, "abstain_below": 0, "keep_above": 0}

Progress = Callable[[str, int, int], None]  # stage, done, total
Place = tuple[str, Span]  # a document's id in the set, and where in it


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement, or a sentence in the place of one, and where the words stand that carry it."""

    text: str
    places: tuple[Place, ...]

    def rests_on(self, evidence: Sequence[Place]) -> bool:
        """Whether its words overlap some of these."""
        return any(
            document == other and span.overlaps(held)
            for document, span in self.places
            for other, held in evidence
        )


Ranker = Callable[[str], Sequence[Stated]]  # a question's sentences, best first


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReport:
    """What was measured.

    Attributes:
        first, first_three: By ranker; the answer string stands in the first statement, or the first three.
        cited: By ranker; the first statement rests on words that the set marks, over the questions where it does.
        exact: Of all quotes of all answers, those that equal their document's text at their place.
        own_refused, foreign_refused: What is not answered with the settings as they are; the second where
            questions that the documents do not answer were given.
        median_ms: Of one question.
    """

    first: dict[str, Proportion]
    first_three: dict[str, Proportion]
    cited: dict[str, Proportion]
    exact: Proportion
    own_refused: Proportion
    foreign_refused: Proportion | None
    documents: int
    passages: int
    median_ms: float


def measure(
    documents: Sequence[BenchDocument],
    questions: Sequence[BenchQuestion],
    foreign: Sequence[BenchQuestion],
    progress: Progress,
    data: Path | None = None,
) -> AnswerReport:
    """Index the documents, ask every question, compare with the plain rankers.

    Args:
        documents: All of them are searched.
        questions: Those with answers are asked.
        foreign: Questions that call for abstaining.
        progress: Told of every document and question.
        data: A data folder that holds the documents, or is to; one for this alone by default.
    """
    with tempfile.TemporaryDirectory() as alone:
        settings = Settings(data=data or Path(alone))
        with open_rag(settings) as library:
            fill(library, documents, progress)
            report, replies = _measured(library, documents, questions, foreign, progress)
        with open_rag(settings) as library:  # so that quotes are compared with what is on disk
            exact = [x for reply in replies for x in _exact(library, reply)]
    return replace(report, exact=proportion(exact))


def _measured(
    library: Library,
    documents: Sequence[BenchDocument],
    questions: Sequence[BenchQuestion],
    foreign: Sequence[BenchQuestion],
    progress: Progress,
) -> tuple[AnswerReport, list[Reply]]:
    """Everything but whether quotes are exact, and all replies."""
    answerable = [one for one in questions if one.answers]
    always = set_otherwise(library, _NEVER_ABSTAIN)
    replies, seconds = [], []
    for one in _counted(answerable, "ask", progress):
        started = time.perf_counter()
        replies.append(always.ask(one.question))
        seconds.append(time.perf_counter() - started)
    own = [
        library.ask(one.question) for one in _counted(answerable, "ask with abstention", progress)
    ]
    elsewhere = [
        library.ask(one.question) for one in _counted(foreign, "ask foreign questions", progress)
    ]
    found = {"engine": [stated_by(reply) for reply in replies]}
    for name, rank in _plain_rankers(documents, library.embedder).items():
        found[name] = [
            list(rank(one.question))[:_FIRST] for one in _counted(answerable, name, progress)
        ]
    report = AnswerReport(
        first={name: _found(texts, answerable, 1) for name, texts in found.items()},
        first_three={name: _found(texts, answerable, _FIRST) for name, texts in found.items()},
        cited={name: _cited(texts, answerable) for name, texts in found.items()},
        exact=proportion([]),
        own_refused=_refused(own),
        foreign_refused=_refused(elsewhere) if elsewhere else None,
        documents=len(documents),
        passages=library.store.count("default"),
        median_ms=statistics.median(seconds or [math.nan]) * 1000,
    )
    return report, [*replies, *elsewhere]


def stated_by(reply: Reply) -> list[Stated]:
    """The statements of a reply, each with the places that it quotes."""
    response = reply.response
    if not isinstance(response, Answer):
        return []
    return [
        Stated(
            one.text,
            tuple(
                (reply.documents[quote.document_id, quote.version].source_key or "", quote.span)
                for quote in one.quotes
            ),
        )
        for one in response.statements
    ]


def _found(
    said: Sequence[Sequence[Stated]], questions: Sequence[BenchQuestion], k: int
) -> Proportion:
    return proportion(
        [
            holds_answer([stated.text for stated in first[:k]], one.answers)
            for first, one in zip(said, questions, strict=True)
        ]
    )


def _cited(said: Sequence[Sequence[Stated]], questions: Sequence[BenchQuestion]) -> Proportion:
    return proportion(
        [
            any(stated.rests_on(one.evidence) for stated in first[:1])
            for first, one in zip(said, questions, strict=True)
            if one.evidence
        ]
    )


def _refused(replies: Sequence[Reply]) -> Proportion:
    return proportion([not isinstance(one.response, Answer) for one in replies])


def _exact(library: Library, reply: Reply) -> list[bool]:
    """For each quote of an answer, whether the stored text at its place is the quote."""
    if not isinstance(reply.response, Answer):
        return []
    return [
        library.store.document(quote.document_id, quote.version).text[
            quote.span.start : quote.span.end
        ]
        == quote.text
        for statement in reply.response.statements
        for quote in statement.quotes
    ]


def _plain_rankers(documents: Sequence[BenchDocument], embedder: Embedder) -> dict[str, Ranker]:
    """Every sentence of the collection by cosine alone, and by idf-weighted share of words alone."""
    said = [
        Stated(span.cut(one.text), ((one.id, span),))
        for one in documents
        for span in sentences(one.text)
    ]
    texts = [one.text for one in said]
    vectors = embedder.embed_passages(texts)
    held = [frozenset(terms(text)) for text in texts]
    frequencies = Counter(term for one in held for term in one)

    def best(scores: Iterable[float]) -> list[Stated]:
        order = np.argsort(-np.fromiter(scores, np.float64, len(texts)), kind="stable")
        return [said[row] for row in order[:_FIRST]]

    def by_cosine(question: str) -> list[Stated]:
        return best(vectors @ embedder.embed_queries([question])[0])

    def by_share(question: str) -> list[Stated]:
        weights = {t: math.log1p(len(texts) / (1 + frequencies[t])) for t in set(terms(question))}
        return best(sum(w for t, w in weights.items() if t in one) for one in held)

    return {"sentences by cosine": by_cosine, "sentences by words": by_share}


def _counted(
    questions: Sequence[BenchQuestion], stage: str, progress: Progress
) -> Iterable[BenchQuestion]:
    for done, one in enumerate(questions, 1):
        yield one
        progress(stage, done, len(questions))
