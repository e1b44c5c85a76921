"""Services that suites are put to in tests, and runs of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from eval.answered import Answered, Said
from eval.asking import Asking, Identity, Progress, ServiceLost, failed, taken_in
from eval.places import Source
from eval.runs import Plan, Run, plan_of, read_run, run
from eval.suite import Question, Suite
from rag.library import Library
from tests.integration.service import fake_library

CODE: dict[str, str | None] = {"sources": "1"}


@dataclass
class Scripted:
    """A service that answers by a function, and remembers what it was asked."""

    answer: Callable[[Question], str] = lambda question: f"About {question.id}."
    asked: list[str] = field(default_factory=list)
    lost_after: int | None = None

    @property
    def identity(self) -> Identity:
        return {"kind": "scripted"}

    @contextmanager
    def taking(self, suite: Suite, progress: Progress) -> Iterator[Asking]:
        source = Source(name="a", version="sha256:1", title="A", media_type="text/plain", text="A")

        def ask(question: Question) -> Answered:
            if self.lost_after is not None and len(self.asked) >= self.lost_after:
                raise ServiceLost("It is gone.")
            self.asked.append(question.id)
            text = self.answer(question)
            if text == "fail":
                return failed(suite, question, "status 500")
            said = (Said(text=text, citations=()),)
            return Answered(
                suite=suite.name,
                question=question.id,
                outcome="answered",
                text=text,
                statements=said,
            )

        yield Asking(sources={"a": source}, identity={"model": "none"}, ask=ask)


@dataclass
class Fake:
    """The library of the tests' doubles as a service."""

    library: Library = field(default_factory=fake_library)

    @property
    def identity(self) -> Identity:
        return {"kind": "fake"}

    @contextmanager
    def taking(self, suite: Suite, progress: Progress) -> Iterator[Asking]:
        yield taken_in(self.library, suite, progress)


def planned(suite: Suite, service: Scripted | Fake, repeats: int = 2) -> Plan:
    return plan_of([suite], service, CODE, repeats)


def started(
    suite: Suite, service: Scripted | Fake, folder: Path, *, workers: int = 1, repeats: int = 2
) -> Run:
    plan = planned(suite, service, repeats)
    run([suite], service, folder, plan, workers=workers, progress=lambda *_: None)
    return read_run(folder)
