"""One index of real documents, and an engine over it that a mutant changes before a slice of questions is put to it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from eval.answered import Answered
from eval.asking import Asking, Identity, Progress, _Asked, taken_in
from eval.report import Report, build
from eval.runs import plan_of, read_run, run
from eval.suite import Question, Suite, read_suite
from ingest.pipeline import Ingester
from ingest.walking import SourceFile
from rag.bootstrap import assemble, open_rag
from rag.library import Library
from rag.remembering import RememberingEmbedder
from rag.settings import Settings

BUNDLED = Path(__file__).parents[2] / "eval/suites"
REPEATS = 4  # of each suite
# What a blank line more leaves as it is.
_PLAIN_TEXT = (".md", ".txt", ".csv", ".html", ".vtt", ".srt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """What is changed of the engine, or of an answer on its way out."""

    engine: Callable[[Library], Library] = lambda library: library
    answer: Callable[[Answered], Answered] = lambda answered: answered
    order: Callable[[Sequence[Question]], Sequence[Question]] = lambda questions: questions
    workers: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The sliced suites with their documents taken in, and the same suites as a whole."""

    library: Library
    suites: tuple[Suite, ...]
    whole: tuple[Suite, ...]
    taken_in: Mapping[str, Asking]

    def report(self, mutant: Mutant, folder: Path) -> Report:
        """Put the slice to the engine that this mutant is."""
        service = _Mutated(world=self, mutant=mutant, library=mutant.engine(self.library))
        suites = [replace(one, questions=tuple(mutant.order(one.questions))) for one in self.suites]
        plan = plan_of(suites, service, {}, REPEATS)
        run(suites, service, folder, plan, workers=mutant.workers, progress=_silent)
        return build(read_run(folder), self.suites)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mutated:
    """A service whose documents are there already."""

    world: World
    mutant: Mutant
    library: Library

    @property
    def identity(self) -> Identity:
        return {"kind": "mutant"}

    @contextmanager
    def taking(self, suite: Suite, progress: Progress) -> Iterator[Asking]:
        asking = self.world.taken_in[suite.name]
        names: dict[str, str] = {
            one.id: one.source_key or one.id
            for one in self.world.library.store.summaries(suite.collection)
        }
        asked = _Asked(self.library, suite, names)
        yield replace(asking, ask=lambda question: self.mutant.answer(asked.ask(question)))


@contextmanager
def opened(folder: Path) -> Iterator[World]:
    """Take in every document of the slice's suites, those of plain text in an earlier version first."""
    slices = tomllib.loads((Path(__file__).parent / "questions.toml").read_text())
    whole = tuple(read_suite(BUNDLED / name) for name in slices)
    suites = tuple(_sliced(one, ids) for one, ids in zip(whole, slices.values(), strict=True))
    with open_rag(Settings(data=folder / "data")) as opened_library:
        embedder = RememberingEmbedder(opened_library.embedder)
        library = assemble(opened_library.settings, opened_library.store, embedder)
        for suite in suites:
            earlier = list(_earlier(suite, folder / "earlier" / suite.name))
            assert all(
                one.document for one in Ingester(library).add_files(earlier, suite.collection)
            )
        yield World(
            library=library,
            suites=suites,
            whole=whole,
            taken_in={one.name: taken_in(library, one, _silent) for one in suites},
        )


def _sliced(suite: Suite, ids: Sequence[str]) -> Suite:
    questions = tuple(one for one in suite.questions if one.id in ids)
    assert len(questions) == len(ids)
    return replace(suite, questions=questions)


def _earlier(suite: Suite, folder: Path) -> Iterator[SourceFile]:
    folder.mkdir(parents=True)
    for one in suite.documents:
        if one.path.suffix in _PLAIN_TEXT:
            path = folder / one.path.name
            path.write_bytes(one.path.read_bytes() + b"\n\n")
            yield replace(one, path=path)


def _silent(stage: str, done: int, total: int) -> None:
    """No progress is shown."""
