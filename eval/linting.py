"""What `verse eval check` looks for: everything that would make a suite judge wrongly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from pydantic import ValidationError
from pydantic_settings import SettingsError

from eval.judging import carriers, shortfalls
from eval.measures import MEASURES
from eval.patterns import UnsafePattern, compiled, found
from eval.places import places_of
from eval.suite import (
    DRAFT,
    QUESTIONS_FILE,
    SUITE_FILE,
    Problem,
    Question,
    QuestionType,
    Suite,
    SuiteError,
    read_suite,
    told,
)
from ingest.reading import Attachment
from ingest.sandbox import Sandbox, shared
from rag.errors import DocumentError
from rag.protocols import inner_key
from rag.settings import Settings

_INFERRED = "inferred"


@dataclass(frozen=True, slots=True)
class Checked:
    """A suite with which nothing is wrong, and what its drafts lack."""

    suite: Suite
    lacking: tuple[Problem, ...]


def checked_suite(folder: Path, sandbox: Sandbox | None = None) -> Suite:
    """Read a suite that is to be asked, and check it.

    Raises:
        SuiteError: with every problem there is; that all questions are drafts is one.
    """
    suite = check(folder, sandbox).suite
    if not suite.questions:
        drafts = "every question is a draft; `verse eval check` says what each lacks"
        raise SuiteError([Problem(folder / QUESTIONS_FILE, None, drafts)])
    return suite


def check(folder: Path, sandbox: Sandbox | None = None) -> Checked:
    """Read a suite and check it; its documents are read too.

    Raises:
        SuiteError: with every problem there is.
    """
    suite = read_suite(folder)
    problems: list[Problem] = list(_suite_problems(suite))
    texts = _extracted(suite, sandbox or shared(), problems)
    for question in suite.questions:
        problems += (suite.at(question, one) for one in _question_problems(question, texts))
    if problems:
        raise SuiteError(problems)
    lacking = [suite.at(one, what) for one in suite.drafts for what in _lacking(one, texts)]
    return Checked(suite, tuple(lacking))


def _lacking(draft: Question, texts: Mapping[str, str]) -> Iterator[str]:
    """What a person has to do before the draft is a question; what would be wrong with that is told too."""
    others = ", ".join(one for one in get_args(QuestionType) if one != DRAFT)
    yield f"draft {draft.id!r}: type: say which it is: {others}"
    for problem in _question_problems(draft, texts):
        yield f"draft {draft.id!r}: {problem}"


def _suite_problems(suite: Suite) -> Iterator[Problem]:
    path = suite.folder / SUITE_FILE
    for name in suite.file.thresholds:
        if name not in MEASURES:
            yield Problem(
                path, None, f"thresholds: there is no measure {name!r}: {', '.join(MEASURES)}"
            )
    try:
        Settings(**suite.file.settings)
    except ValidationError as error:
        for message, _ in told(error):
            yield Problem(path, None, f"settings: {message}")
    except SettingsError as error:  # a variable that should be JSON
        yield Problem(path, None, f"settings: {error}")


def _extracted(suite: Suite, sandbox: Sandbox, problems: list[Problem]) -> dict[str, str]:
    """The text of each document by name, of files inside of them too."""
    texts: dict[str, str] = {}

    def read(name: str, file: Attachment) -> None:
        reading = sandbox.read(file.content, name=file.name)
        texts[name] = reading.text
        for inner in reading.attachments:
            try:
                read(inner_key(name, inner.name.replace("/", "_")), inner)
            except DocumentError:  # ingestion passes it over too, and says so
                continue

    for document in suite.documents:
        try:
            read(document.key, Attachment(document.path.name, document.path.read_bytes()))
        except DocumentError as error:
            problems.append(Problem(document.path, None, str(error)))
    return texts


def _question_problems(question: Question, texts: Mapping[str, str]) -> Iterator[str]:
    unsafe = list(_unsafe(question))
    yield from unsafe
    yield from _evidence_problems(question, texts)
    if question.abstain and (question.must or question.pairs):
        yield "abstain: what must match can be asked of an answer only; leave `must` and `pairs` out"
    if not question.abstain and not question.must and not question.pairs:
        yield "must: nothing tells a right answer from a wrong one; add a pattern"
    if not question.abstain and not question.evidence:
        yield "evidence: name what the answer rests on"
    if unsafe:
        return
    if question.type != "false_premise":
        yield from _unsupported(question)
    if question.expected:
        outcome = "abstained" if question.abstain else "answered"
        for missed in shortfalls(question, question.expected, outcome):
            yield f"expected: the model answer is not right: {missed}"


def _unsafe(question: Question) -> Iterator[str]:
    for pattern in dict.fromkeys(question.patterns):
        try:
            compiled(pattern)
        except UnsafePattern as error:
            yield f"pattern {pattern!r} {error}"


def _evidence_problems(question: Question, texts: Mapping[str, str]) -> Iterator[str]:
    for one in question.evidence:
        if one.doc not in texts:
            yield f"evidence: there is no document {one.doc!r}"
        elif next(places_of(one.quote, texts[one.doc]), None) is None:
            yield f"evidence: {one.doc!r} does not say {one.quote!r}"


def _unsupported(question: Question) -> Iterator[str]:
    """Groups that neither evidence nor the note after "inferred" says anything of."""
    _, _, inferred = question.note.partition(_INFERRED)
    groups = [*question.must, *((one,) for pair in question.pairs for one in pair)]
    for group in groups:
        if not carriers(group, question.evidence) and not any(
            found(one, inferred) for one in group
        ):
            yield f"pattern {' | '.join(group)!r} is supported by no evidence, and not inferred by the note"
