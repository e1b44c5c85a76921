"""Answers as they are observed to learn what their signs say: of suites, and of development sets."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.answers import stated_by
from eval.asking import Progress, taken_in
from eval.bench import BenchDocument, BenchQuestion, fill, read_documents, read_questions, sampled
from eval.fitting_examples import apart, titles_asked_of
from eval.judging import shortfalls
from eval.metrics import holds_answer
from eval.suite import Suite
from rag.bootstrap import open_rag
from rag.composition import EXTRACTIVE
from rag.confidence import Signs, signs_of
from rag.library import Library, Retrieved
from rag.settings import Settings
from rag.types import DEFAULT_COLLECTION, Answer, Reply

LOOK_ALIKES = "squad2"  # whose unanswerable questions are like those that its documents answer
_LEARNT_FROM = {"clapnq": 600, "timeqa": 400, LOOK_ALIKES: 800}  # questions at the most
# Its answers are people's own words: right is what cites the words that they marked.
_MARKED = "clapnq"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """An answer that was given.

    Attributes:
        set: The suite or development set of its question.
        signs: What its confidence is made of.
        fused: The score of the passage that fits its question best.
        right: Whether it is.
        first: Whether its first statement alone is; of development sets.
    """

    set: str
    signs: Signs
    fused: float
    right: bool
    first: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """An answer made of sentences, with what may tell whether it is right."""

    reply: Reply
    signs: Signs
    fused: float

    def judged(self, name: str, *, right: bool, first: bool = False) -> Observed:
        return Observed(set=name, signs=self.signs, fused=self.fused, right=right, first=first)


def of_suites(suites: Sequence[Suite], progress: Progress) -> tuple[str, list[Observed]]:
    """The embedding model, and every answer that is made of sentences; abstentions have no confidence."""
    model, observed = "", []
    with tempfile.TemporaryDirectory() as data:
        for suite in suites:
            settings = Settings(**suite.file.settings | {"data": Path(data)})
            with open_rag(settings) as library:
                taken_in(library, suite, progress)
                model = library.embedder.identity.name
                for done, one in enumerate(suite.questions, 1):
                    earlier = [turn.question for turn in one.history]
                    given = _answer(library, suite.collection, one.question, earlier)
                    if given:
                        text = "\n".join(stated.text for stated in stated_by(given.reply))
                        right = not shortfalls(one, text, given.reply.response.outcome)
                        observed.append(given.judged(suite.name, right=right))
                    progress(f"{suite.name}: questions", done, len(suite.questions))
    return model, observed


def of_bench(bench: Path, progress: Progress) -> tuple[list[Observed], list[Observed]]:
    """Answers to learn from, and those about articles of the look-alike set that nothing is learnt from."""
    learnt: list[Observed] = []
    look_alikes: list[Observed] = []
    for name, most in _LEARNT_FROM.items():
        documents, questions = read_documents(bench / name), read_questions(bench / name)
        kept: list[BenchQuestion] = []
        if name == LOOK_ALIKES:
            # The ranker was fitted to the other articles: there its log-odds tell more than they do elsewhere.
            titles, unseen = titles_asked_of(bench), sorted(apart(bench))
            kept = [one for one in questions if titles[one.id] in unseen[::2]]
            questions = [one for one in questions if titles[one.id] in unseen[1::2]]
        asked = [*sampled(questions, most), *kept]
        known = {one.id for one in kept}
        for question, seen in _of_set(name, documents, asked, progress):
            (look_alikes if question.id in known else learnt).append(seen)
    return learnt, look_alikes


def _of_set(
    name: str,
    documents: Sequence[BenchDocument],
    questions: Sequence[BenchQuestion],
    progress: Progress,
) -> Iterator[tuple[BenchQuestion, Observed]]:
    with (
        tempfile.TemporaryDirectory() as data,
        open_rag(Settings(data=Path(data))) as library,
    ):
        fill(library, documents, lambda stage, *so_far: progress(f"{name}: {stage}", *so_far))
        for done, one in enumerate(questions, 1):
            if given := _answer(library, DEFAULT_COLLECTION, one.question):
                holds = [
                    each.rests_on(one.evidence)
                    if name == _MARKED
                    else holds_answer([each.text], one.answers)
                    for each in stated_by(given.reply)
                ]
                yield one, given.judged(name, right=any(holds), first=holds[0])
            progress(f"{name}: questions", done, len(questions))


def _answer(
    library: Library, collection: str, question: str, earlier: Sequence[str] = ()
) -> _Given | None:
    """None where it is an abstention, or a chat model's."""
    fused = 0.0
    for step in library.answering(question, collection=collection, earlier=earlier):
        if isinstance(step, Retrieved):
            fused = max((one.score for one in step.found.passages), default=0.0)
        elif (
            isinstance(step, Reply)
            and isinstance(step.response, Answer)
            and step.composer == EXTRACTIVE
        ):
            signs = signs_of(step.standalone_question, step.response, library.ranker)
            return _Given(reply=step, signs=signs, fused=fused)
    return None
