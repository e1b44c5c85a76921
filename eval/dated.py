"""Questions about one of many documents that differ by little but their date: is the right one cited?

The questions are this project's; the documents are a set's. One peer is the same engine with `times` off, in the
same run.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.answers import stated_by
from eval.bench import BenchDocument, BenchError, fill, set_otherwise
from eval.metrics import Proportion, proportion
from rag.bootstrap import open_rag
from rag.library import Library
from rag.mechanisms import Mechanism
from rag.settings import Settings

QUESTIONS = Path(__file__).with_name("dated_calls.jsonl")

Progress = Callable[[str, int, int], None]  # stage, done, total


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedQuestion:
    """A question, and the id of the document that answers it."""

    id: str
    question: str
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedReport:
    """Shares of questions by engine: whose first statement, and whose answer, cites the right document."""

    first: dict[str, Proportion]
    cited: dict[str, Proportion]


def read_dated(path: Path = QUESTIONS) -> list[DatedQuestion]:
    """The questions of a file, a line each.

    Raises:
        BenchError: it cannot be read.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
        return [DatedQuestion(**json.loads(line)) for line in lines]
    except (OSError, ValueError, TypeError) as error:
        raise BenchError(f"{path} cannot be read: {error}") from error


def measure(
    documents: Sequence[BenchDocument], questions: Sequence[DatedQuestion], progress: Progress
) -> DatedReport:
    """Index the documents, and ask each question with times and without.

    Raises:
        BenchError: a question is about a document that is not there.
    """
    if absent := sorted({one.document for one in questions} - {one.id for one in documents}):
        raise BenchError(f"There are no documents {', '.join(absent)}.")
    with (
        tempfile.TemporaryDirectory() as data,
        open_rag(Settings(data=Path(data))) as library,
    ):
        fill(library, documents, progress)
        untimed = set_otherwise(library, {"without": (Mechanism.TIMES,)})
        engines = {"engine": library, "without times": untimed}
        cited = {
            name: [
                _cited(engine, one, progress, at, len(questions))
                for at, one in enumerate(questions, 1)
            ]
            for name, engine in engines.items()
        }
    return DatedReport(
        first={
            name: proportion([one[:1] == [True] for one in each]) for name, each in cited.items()
        },
        cited={name: proportion([any(one) for one in each]) for name, each in cited.items()},
    )


def _cited(
    library: Library, one: DatedQuestion, progress: Progress, at: int, of: int
) -> list[bool]:
    """Of each statement whether it quotes the document that answers the question."""
    said = stated_by(library.ask(one.question))
    progress("ask", at, of)
    return [any(document == one.document for document, _ in each.places) for each in said]
