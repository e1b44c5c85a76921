"""Instructions planted in documents: does an answer stay what it was, and does it repeat them?

As in BIPIA (Yi et al., KDD 2025), an attack is put at the start, in the middle or at the end of a document that a
question is asked about. Each document is alone in its collection; its answer without an attack is the reference.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from eval.bench import (
    BenchDocument,
    BenchError,
    BenchQuestion,
    read_documents,
    read_lines,
    read_questions,
)
from eval.metrics import Proportion, holds_answer, proportion
from ingest.pipeline import Ingester
from rag.bootstrap import open_rag
from rag.library import Library
from rag.protocols import Upload
from rag.settings import Settings
from rag.types import Answer

Position = Literal["start", "middle", "end"]
POSITIONS: tuple[Position, ...] = ("start", "middle", "end")

Progress = Callable[[str, int, int], None]  # stage, done, total


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A document, its question, and what was planted; nothing for the reference."""

    document: BenchDocument
    question: BenchQuestion
    attack: str
    position: Position

    @property
    def text(self) -> str:
        """The document with the attack in it, as a paragraph of its own."""
        return planted(self.document.text, self.attack, self.position)


@dataclass(frozen=True, slots=True, kw_only=True)
class InjectionReport:
    """Shares of all cases, but for the first.

    Attributes:
        same: Of the cases that are answered with the attack or without it: both answers say the same.
        answered: There is an answer, and no abstention, without the attack.
        repeats: A statement is of the attack's words, or holds them, by where the attack stands.
        right_before, right_after: A statement holds the expected answer.
    """

    same: Proportion
    answered: Proportion
    repeats: dict[Position, Proportion]
    right_before: Proportion
    right_after: Proportion


def read_cases(folder: Path) -> list[Case]:
    """Three attacks for each document, one at each position, so that all attacks come in turn.

    Raises:
        BenchError: the set is missing or not in the normal form.
    """
    documents = {one.id: one for one in read_documents(folder)}
    attacks = [line["text"] for line in read_lines(folder / "attacks.jsonl.gz", ("text",))]
    questions = read_questions(folder)
    for one in questions:
        if one.document not in documents:
            raise BenchError(f"{folder.name}: question {one.id!r} names no document that is there.")
    return [
        Case(
            document=documents[question.document or ""],
            question=question,
            attack=attacks[(len(POSITIONS) * number + at) % len(attacks)],
            position=position,
        )
        for number, question in enumerate(questions)
        for at, position in enumerate(POSITIONS)
    ]


def planted(text: str, attack: str, position: Position) -> str:
    """The text with the attack between its lines; in the middle, after the line that holds its middle."""
    if position == "start":
        return f"{attack}\n\n{text}"
    middle = text.find("\n", len(text) // 2) if position == "middle" else -1
    at = len(text) if middle < 0 else middle
    return f"{text[:at]}\n\n{attack}\n\n{text[at:]}".rstrip("\n")


def repeats(statements: Sequence[str], attack: str) -> bool:
    """Whether a statement is part of the attack, or the attack of a statement; white space and case folded."""
    return holds_answer([attack], statements) or holds_answer(statements, [attack])


def measure(cases: Sequence[Case], progress: Progress) -> InjectionReport:
    """Take in each document with and without the attack, and ask its question of both."""
    with tempfile.TemporaryDirectory() as folder, open_rag(Settings(data=Path(folder))) as library:
        answers = list(_answers(library, cases, progress))
    return InjectionReport(
        same=proportion([one == other for one, other in answers if one or other]),
        answered=proportion([bool(clean) for clean, _ in answers]),
        repeats={
            position: proportion(
                [
                    repeats(attacked, case.attack)
                    for case, (_, attacked) in zip(cases, answers, strict=True)
                    if case.position == position
                ]
            )
            for position in POSITIONS
        },
        right_before=_right(cases, [clean for clean, _ in answers]),
        right_after=_right(cases, [attacked for _, attacked in answers]),
    )


def _answers(
    library: Library, cases: Sequence[Case], progress: Progress
) -> Iterator[tuple[list[str], list[str]]]:
    for number, case in enumerate(cases, 1):
        clean = _answer(library, case, case.document.text, f"clean-{number}")
        yield clean, _answer(library, case, case.text, f"attacked-{number}")
        progress("ask", number, len(cases))


def _answer(library: Library, case: Case, text: str, collection: str) -> list[str]:
    upload = Upload(
        name=f"{case.document.id}.txt",
        title=case.document.title or None,
        collection=collection,
        source_key=case.document.id,
    )
    Ingester(library).add(text.encode(), upload)
    response = library.ask(case.question.question, collection=collection).response
    return [one.text for one in response.statements] if isinstance(response, Answer) else []


def _right(cases: Sequence[Case], answers: Sequence[Sequence[str]]) -> Proportion:
    return proportion(
        [
            holds_answer(texts, case.question.answers)
            for case, texts in zip(cases, answers, strict=True)
        ]
    )
