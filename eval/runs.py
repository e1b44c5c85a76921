"""A run: the folder that holds what was asked, of whom, and what came back; and how it is filled.

::

    run.json          what the run is of; a second start goes on with what is of the same
    documents.jsonl   the documents as they were ingested, by suite
    results.jsonl     an answer a line, in the order they came
    report.json …     what they are worth (`eval.report`), once all are there
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from eval.answered import Answered, answers_as_json
from eval.asking import Asking, Progress, Service
from eval.places import Source
from eval.suite import Question, Suite
from rag.errors import InputError

RUN_FILE, DOCUMENTS_FILE, RESULTS_FILE = "run.json", "documents.jsonl", "results.jsonl"
REPORT_FILE = "report.json"

Key = tuple[str, str, int]  # suite, question, repeat
_T = TypeVar("_T")


class RunError(InputError):
    """A folder that holds no run, or not the one that is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run is of.

    Attributes:
        service: Who answers (`Service.identity`).
        code: The revision of the code that runs, which is the one measured if it runs in process.
        suites: The hashes of each suite's documents and questions, by its name.
        repeats: How many questions of each suite are asked a second time.
    """

    service: Mapping[str, Any]
    code: Mapping[str, str | None]
    suites: Mapping[str, Mapping[str, str]]
    repeats: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a folder holds.

    Attributes:
        sources: By suite and name.
        identities: What answered each suite: settings and models.
        answers: By suite, question and repeat.
    """

    plan: Plan
    sources: Mapping[str, Mapping[str, Source]]
    identities: Mapping[str, Mapping[str, Any]]
    answers: Mapping[Key, Answered]


def plan_of(
    suites: Sequence[Suite], service: Service, code: Mapping[str, str | None], repeats: int
) -> Plan:
    """What a run of these suites would be of.

    Raises:
        RunError: two suites have one name.
    """
    hashes = {
        one.name: {"documents": one.documents_hash, "questions": one.questions_hash}
        for one in suites
    }
    if len(hashes) < len(suites):
        raise RunError("Two suites have the same name; run them apart.")
    return Plan(service=service.identity, code=code, suites=hashes, repeats=repeats)


def run(
    suites: Sequence[Suite],
    service: Service,
    folder: Path,
    plan: Plan,
    *,
    workers: int,
    progress: Progress,
) -> None:
    """Ask every question that has no answer in the folder yet.

    Args:
        suites: They were checked.
        service: Who answers.
        folder: Made if it is not there. Each answer is in it as soon as it is known.
        plan: Of this run.
        workers: Questions that are asked at a time.
        progress: Told of documents and questions.

    Raises:
        RunError: the folder holds something else.
        CannotTakeIn: a document of a suite is not taken in.
        ServiceLost: the service does not answer any more; what is answered is kept.
    """
    _begin(folder, plan)
    done = {key for key, one in _answers(folder).items() if one.error is None}
    with (folder / RESULTS_FILE).open("a", encoding="utf-8") as results:
        for suite in suites:
            tasks = _tasks(suite, plan.repeats)
            open_ = [one for one in tasks if (suite.name, one[0].id, one[1]) not in done]
            if not open_ and suite.name in _kept_sources(folder):
                continue
            with service.taking(suite, progress) as asking:
                _keep_sources(folder, suite, asking)
                answered = _Answering(suite, asking, results, progress, len(tasks))
                answered.all(open_, workers)


def read_run(folder: Path) -> Run:
    """What a folder holds so far.

    Raises:
        RunError: it holds no run.
    """
    kept = _kept_sources(folder)
    return Run(
        plan=_plan(folder),
        sources={name: {each.name: each for each in one.documents} for name, one in kept.items()},
        identities={name: one.identity for name, one in kept.items()},
        answers=_answers(folder),
    )


def take_away(folder: Path) -> None:
    """Take a run away, with its reports.

    Raises:
        RunError: the folder holds something, and it is no run.
    """
    if folder.exists() and any(folder.iterdir()):
        if not (folder / RUN_FILE).exists():
            raise RunError(f"{folder} holds something that is no run, and is left as it is.")
        shutil.rmtree(folder)


def sample(questions: Sequence[Question], size: int) -> list[Question]:
    """The questions that are asked twice: the same ones each time, whatever their order."""
    by_hash = sorted(questions, key=lambda one: sha256(one.id.encode()).hexdigest())
    return by_hash[:size]


def _tasks(suite: Suite, repeats: int) -> list[tuple[Question, int]]:
    return [(one, 0) for one in suite.questions] + [
        (one, 1) for one in sample(suite.questions, repeats)
    ]


@dataclass(frozen=True, slots=True)
class _Answering:
    """Asks questions in several threads, and writes what comes back."""

    suite: Suite
    asking: Asking
    results: IO[str]
    progress: Progress
    total: int

    def all(self, tasks: Sequence[tuple[Question, int]], workers: int) -> None:
        done = self.total - len(tasks)
        pool, stop = ThreadPoolExecutor(workers), threading.Event()

        def answer(question: Question, repeat: int) -> Answered | None:
            return None if stop.is_set() else replace(self.asking.ask(question), repeat=repeat)

        try:
            for future in as_completed([pool.submit(answer, *task) for task in tasks]):
                if answered := future.result():
                    self._write(answered)
                    done += 1
                    self.progress(f"{self.suite.name}: questions", done, self.total)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)

    def _write(self, answered: Answered) -> None:
        self.results.write(answers_as_json().dump_json(answered).decode() + "\n")
        self.results.flush()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A line of `documents.jsonl`."""

    suite: str
    identity: Mapping[str, Any]
    documents: tuple[Source, ...]


@cache
def _plans() -> TypeAdapter[Plan]:
    return TypeAdapter(Plan)


@cache
def _kept() -> TypeAdapter[_Kept]:
    return TypeAdapter(_Kept)


def _begin(folder: Path, plan: Plan) -> None:
    """Write down what the run is of, or see that the folder holds a beginning of the same."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / RUN_FILE
    if path.exists():
        if _plan(folder) != plan:
            raise RunError(
                f"{folder} holds a run of something else: other suites, settings or code. "
                "Name another folder by --out, or take that one away."
            )
    elif any(folder.iterdir()):
        raise RunError(f"{folder} holds something that is no run. Name another folder by --out.")
    else:
        path.write_bytes(_plans().dump_json(plan, indent=2))
    _drop_torn_end(folder / RESULTS_FILE)
    _drop_torn_end(folder / DOCUMENTS_FILE)


def _drop_torn_end(path: Path) -> None:
    """Take away what stands after the last line's end: the process ended while it wrote that."""
    if path.exists():
        content = path.read_bytes()
        with path.open("r+b") as file:
            file.truncate(content.rfind(b"\n") + 1)


def _plan(folder: Path) -> Plan:
    try:
        return _plans().validate_json((folder / RUN_FILE).read_bytes())
    except OSError as error:
        raise RunError(f"{folder} holds no run: {RUN_FILE} is not there.") from error
    except ValidationError as error:
        raise RunError(f"{folder / RUN_FILE} is not what a run of this release writes.") from error


def _keep_sources(folder: Path, suite: Suite, asking: Asking) -> None:
    kept = _Kept(
        suite=suite.name, identity=asking.identity, documents=tuple(asking.sources.values())
    )
    with (folder / DOCUMENTS_FILE).open("ab") as file:
        file.write(_kept().dump_json(kept) + b"\n")


def _kept_sources(folder: Path) -> dict[str, _Kept]:
    lines = _lines(folder / DOCUMENTS_FILE, _kept())
    return {one.suite: one for one in lines}


def _answers(folder: Path) -> dict[Key, Answered]:
    lines = _lines(folder / RESULTS_FILE, answers_as_json())
    return {(one.suite, one.question, one.repeat): one for one in lines}


def _lines(path: Path, adapter: TypeAdapter[_T]) -> Iterator[_T]:
    """The whole lines of a file; none where there is no file."""
    if not path.exists():
        return
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
        try:
            yield adapter.validate_json(line)
        except ValidationError as error:
            raise RunError(
                f"{path}:{number} is damaged; take the run away and start anew."
            ) from error
