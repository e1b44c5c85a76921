"""Development sets in the normal form: `corpus.jsonl.gz` and `questions.jsonl.gz` in one folder."""

import gzip
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ingest.pipeline import Ingester
from rag.bootstrap import assemble
from rag.library import Library
from rag.protocols import Upload
from rag.types import Span

_Question = TypeVar("_Question")


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchDocument:
    """A document of a development set."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchQuestion:
    """A question of a development set; without answers, its documents do not answer it.

    Attributes:
        evidence: The excerpts that answer it: each a document's id and a span of its text.
        resting_on: The documents that it can be answered from, with or without an excerpt.
        document: The one that it is asked of, where the set says so.
    """

    id: str
    question: str
    answers: tuple[str, ...]
    evidence: tuple[tuple[str, Span], ...] = ()
    resting_on: tuple[str, ...] = ()
    document: str | None = None


class BenchError(Exception):
    """A development set that is missing or not in the normal form."""


def read_documents(folder: Path, language: str | None = None) -> list[BenchDocument]:
    """The documents of a set, or those of one language: the second part of their id.

    Raises:
        BenchError: there are none, or a line is not in the normal form.
    """
    found = [
        BenchDocument(id=line["id"], title=line["title"], text=line["text"])
        for line in read_lines(folder / "corpus.jsonl.gz", ("id", "title", "text"))
        if language is None or line["id"].split("-")[1:2] == [language]
    ]
    if not found:
        raise BenchError(f"{folder.name} has no documents in language {language!r}.")
    return found


def read_questions(folder: Path, language: str | None = None) -> list[BenchQuestion]:
    """The questions of a set, or those whose `meta.lang` is one language.

    Raises:
        BenchError: there are none, or a line is not in the normal form.
    """
    found = [
        BenchQuestion(
            id=line["id"],
            question=line["question"],
            answers=tuple(line["answers"]) if line["answerable"] else (),
            evidence=tuple(
                (one["doc"], Span(one["start"], one["end"]))
                for one in line.get("evidence", ())
                if "start" in one  # some name the document alone
            ),
            resting_on=tuple(dict.fromkeys(one["doc"] for one in line.get("evidence", ()))),
            document=line.get("meta", {}).get("doc"),
        )
        for line in read_lines(
            folder / "questions.jsonl.gz", ("id", "question", "answers", "answerable")
        )
        if language is None or line.get("meta", {}).get("lang") == language
    ]
    if not found:
        raise BenchError(f"{folder.name} has no questions in language {language!r}.")
    return found


def sampled(questions: Sequence[_Question], most: int) -> list[_Question]:
    """The questions, or so many of them in their order: the same ones each time."""
    if len(questions) <= most:
        return list(questions)
    drawn = random.Random(0).sample(range(len(questions)), most)  # noqa: S311 # no secret
    return [questions[at] for at in sorted(drawn)]


def read_lines(path: Path, fields: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The records of a packed file, each with these fields at least.

    Raises:
        BenchError: it cannot be read, or a record lacks one.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                record = json.loads(line)
                if missing := [field for field in fields if field not in record]:
                    raise BenchError(f"{path.name}, line {number}, lacks {', '.join(missing)}.")
                yield record
    except (OSError, EOFError, ValueError) as error:
        raise BenchError(f"{path} cannot be read: {error}") from error


def set_otherwise(library: Library, answers: Mapping[str, object]) -> Library:
    """The library with other settings of its answers."""
    changed = library.settings.answers.model_copy(update=answers)
    return assemble(
        library.settings.model_copy(update={"answers": changed}),
        library.store,
        library.embedder,
        ranker=library.ranker,
    )


def fill(
    library: Library,
    documents: Sequence[BenchDocument],
    progress: Callable[[str, int, int], None],
) -> None:
    """Add a set's documents to a library, under their ids as source keys; those that it has are left."""
    ingester = Ingester(library)
    for done, one in enumerate(documents, 1):
        upload = Upload(name=f"{one.id}.txt", title=one.title, source_key=one.id)
        ingester.add(one.text.encode(), upload)
        progress("index", done, len(documents))
