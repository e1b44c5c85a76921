"""Suites: documents, questions about them, and what makes an answer right (docs/evaluation.md).

A suite is a folder with `suite.toml` and `questions.jsonl`. Their JSON schemas are in `eval/schemas/`.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from ingest.walking import SourceFile, key_of, listed
from rag.errors import InputError

SUITE_FILE, QUESTIONS_FILE = "suite.toml", "questions.jsonl"

QuestionType = Literal[
    "single_fact",
    "who",
    "when",
    "how_many",
    "why",
    "list",
    "compare",
    "latest",
    "per_event",
    "conflict",
    "unanswerable",
    "false_premise",
    "followup",
    "draft",
]
DRAFT = "draft"  # the type of a question that is not finished

_Words = Annotated[str, Field(min_length=1, pattern=r"\S")]
_Pattern = Annotated[str, Field(min_length=1, description="A regular expression; case is ignored.")]
_CLOSED = ConfigDict(extra="forbid")
_BYTE_ORDER_MARK = "\ufeff"
_WILD = re.compile(r"[*?[]")
_AT_LINE = re.compile(r"at line (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """An earlier question of the conversation, and its answer."""

    __pydantic_config__ = _CLOSED

    question: _Words
    answer: _Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Words of a document that an answer can rest on; white space in them is folded."""

    __pydantic_config__ = _CLOSED

    doc: Annotated[_Words, Field(description="The document's file name.")]
    quote: Annotated[_Words, Field(description="A snippet of its extracted text.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question and what makes an answer to it right.

    Attributes:
        must: Groups that all have to match the answer; one pattern of a group is enough.
        pairs: What both have to match in one line or sentence: an event, and the value there.
        must_not: What may not match.
        abstain: Whether declining is right.
        expected: A model answer.
        note: Why it is hard; after "inferred", what has to be worked out from the sources.
    """

    __pydantic_config__ = _CLOSED

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,100}$")]
    question: _Words
    type: QuestionType
    history: tuple[Turn, ...] = ()
    must: tuple[Annotated[tuple[_Pattern, ...], Field(min_length=1)], ...] = ()
    pairs: tuple[tuple[_Pattern, _Pattern], ...] = ()
    must_not: tuple[_Pattern, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    abstain: bool = False
    expected: str = ""
    note: str = ""

    @property
    def patterns(self) -> Iterator[str]:
        """All of its patterns, in their order."""
        for group in (*self.must, *self.pairs):
            yield from group
        yield from self.must_not


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteFile:
    """What `suite.toml` says.

    Attributes:
        documents: Folders, and patterns for files, from the suite's folder; `**` reaches into folders below.
        settings: Settings of the service for this suite, as a tree; only runs in process can apply them.
        thresholds: By measure, the value that a run must reach (or, of what should be low, not exceed).
    """

    __pydantic_config__ = _CLOSED

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
    documents: Annotated[tuple[_Words, ...], Field(min_length=1)]
    settings: dict[str, Any] = field(default_factory=dict)
    thresholds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a file, and in which line, from 1."""

    file: Path
    line: int | None
    message: str

    def __str__(self) -> str:
        at = f"{self.file}:{self.line}" if self.line else str(self.file)
        return f"{at}: {self.message}"


class SuiteError(InputError):
    """A suite that cannot be used."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A suite as it was read.

    Attributes:
        documents: By file name, which is their source key wherever they are ingested.
        questions: Those that can be asked.
        drafts: Those that are not finished.
        lines: Of `questions.jsonl`, by question.
        documents_hash: Of names and bytes.
        questions_hash: Of all questions but drafts, whatever their order and spelling as JSON.
    """

    folder: Path
    file: SuiteFile
    documents: tuple[SourceFile, ...]
    questions: tuple[Question, ...]
    drafts: tuple[Question, ...]
    lines: Mapping[str, int]
    documents_hash: str
    questions_hash: str

    @property
    def name(self) -> str:
        """What the suite is told by."""
        return self.file.name

    @property
    def collection(self) -> str:
        """The collection that holds these documents and no others."""
        return f"eval-{self.name}-{self.documents_hash[:12]}"

    def at(self, question: Question, message: str) -> Problem:
        """A problem with a question."""
        return Problem(self.folder / QUESTIONS_FILE, self.lines[question.id], message)


def read_suite(folder: Path) -> Suite:
    """Read a suite's two files and find its documents, which are hashed and not yet read.

    Raises:
        SuiteError: with every problem there is.
    """
    problems: list[Problem] = []
    stated = _read_suite_file(folder / SUITE_FILE, problems)
    numbered = _read_questions(folder / QUESTIONS_FILE, problems)
    documents = _find_documents(folder, stated.documents, problems) if stated else []
    hashes = _hashed(documents, problems)
    if problems or stated is None:
        raise SuiteError(problems)
    questions = tuple(question for _, question in numbered if question.type != DRAFT)
    return Suite(
        folder=folder,
        file=stated,
        documents=tuple(documents),
        questions=questions,
        drafts=tuple(question for _, question in numbered if question.type == DRAFT),
        lines={question.id: line for line, question in numbered},
        documents_hash=digest(hashes),
        questions_hash=digest({one.id: question_hash(one) for one in questions}),
    )


def question_hash(question: Question) -> str:
    """Names everything that a question says."""
    return digest(_questions().dump_python(question, mode="json"))


def digest(value: object) -> str:
    """The sha256 of a value as JSON with sorted keys."""
    return sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON schemas of the two files, by the name under which each is kept in `eval/schemas/`."""
    return {
        "question.schema.json": _schema(_questions(), "A line of questions.jsonl"),
        "suite.schema.json": _schema(_suite_files(), "suite.toml"),
    }


def write_schemas(folder: Path) -> None:
    """Write the schemas as they are kept, for when the format changes."""
    for name, schema in schemas().items():
        (folder / name).write_text(json.dumps(schema, indent=2) + "\n", encoding="utf-8")


@cache
def _questions() -> TypeAdapter[Question]:
    return TypeAdapter(Question)


@cache
def _suite_files() -> TypeAdapter[SuiteFile]:
    return TypeAdapter(SuiteFile)


def _schema(adapter: TypeAdapter[Any], title: str) -> dict[str, Any]:
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return dialect | adapter.json_schema() | {"title": title}


def _read_suite_file(path: Path, problems: list[Problem]) -> SuiteFile | None:
    text = _text(path, problems)
    if text is None:
        return None
    try:
        return _suite_files().validate_python(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        at = _AT_LINE.search(str(error))
        problems.append(Problem(path, int(at[1]) if at else None, f"is not TOML: {error}"))
    except ValidationError as error:
        for message, key in told(error):
            problems.append(Problem(path, _line_of(key, text), message))
    return None


def _read_questions(path: Path, problems: list[Problem]) -> list[tuple[int, Question]]:
    found: dict[str, tuple[int, Question]] = {}
    text = _text(path, problems)
    for number, line in enumerate((text or "").split("\n"), 1):
        if not line.strip():
            continue
        try:
            question = _questions().validate_json(line, strict=True)
        except ValidationError as error:
            problems += [Problem(path, number, message) for message, _ in told(error)]
            continue
        if question.id in found:
            first = found[question.id][0]
            problems.append(
                Problem(path, number, f"id {question.id!r} is that of line {first} too")
            )
        else:
            found[question.id] = (number, question)
    if text is not None and not found and not problems:
        problems.append(Problem(path, None, "holds no question"))
    return list(found.values())


def _text(path: Path, problems: list[Problem]) -> str | None:
    """The file's text, or None and the problem: it is not there, or not UTF-8."""
    try:
        content = path.read_bytes()
        text = content.decode("utf-8")
    except OSError as error:
        problems.append(Problem(path, None, f"cannot be read: {error.strerror}"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problems.append(Problem(path, line, "is not UTF-8: save it in that encoding"))
    else:
        if not text.startswith(_BYTE_ORDER_MARK):
            return text
        problems.append(Problem(path, 1, "begins with a byte order mark: save it without one"))
    return None


def told(error: ValidationError) -> Iterator[tuple[str, str]]:
    """What is wrong with each field, and the outermost one's name."""
    for one in error.errors(include_url=False):
        where = ".".join(map(str, one["loc"]))
        yield f"{where}: {one['msg']}" if where else one["msg"], str(one["loc"][0]) if where else ""


def _line_of(key: str, text: str) -> int | None:
    """The line of a TOML file in which a key stands."""
    at = re.search(rf"^\s*\[?{re.escape(key)}\b", text, re.MULTILINE) if key else None
    return text.count("\n", 0, at.end()) + 1 if at else None


def _find_documents(
    folder: Path, entries: Sequence[str], problems: list[Problem]
) -> list[SourceFile]:
    by_name: dict[str, SourceFile] = {}
    path = folder / SUITE_FILE
    line = _line_of("documents", _text(path, []) or "")
    for entry in entries:
        files = list(_matching(folder, entry))
        if not files and not _WILD.search(entry):
            problems.append(Problem(path, line, f"no document lies at {entry!r}"))
        for file in files:
            one = SourceFile(key_of(Path(file.name)), file)
            other = by_name.setdefault(one.key, one)
            if other.path.resolve() != file.resolve():
                problems.append(Problem(path, line, f"two documents are named {one.key!r}"))
    if not by_name and not problems:
        problems.append(Problem(path, line, "none of the patterns matches a document"))
    return sorted(by_name.values())


def _matching(folder: Path, entry: str) -> Iterator[Path]:
    if (folder / entry).is_dir():
        yield from (one.path for one in listed(folder / entry, but_not=Path(os.devnull)).files)
        return
    if Path(entry).is_absolute():  # patterns are relative to the suite's folder
        return
    try:
        found = sorted(folder.glob(entry))
    except ValueError:  # no pattern at all
        return
    yield from (one for one in found if one.is_file() and not one.name.startswith("."))


def _hashed(documents: Sequence[SourceFile], problems: list[Problem]) -> dict[str, str]:
    hashes = {}
    for one in documents:
        try:
            hashes[one.key] = sha256(one.path.read_bytes()).hexdigest()
        except OSError as error:
            problems.append(Problem(one.path, None, f"cannot be read: {error.strerror}"))
    return hashes
