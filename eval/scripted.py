"""Answers of a scripted chat model: are its quotes there, is what it altered caught, is what is right kept?

A suite's own questions are asked, so that passages come as they do for users; the script (`eval.scripting`) then writes
an answer of a known kind of them, and what is shown in the end is held against what was written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TypeVar

from eval.latency import Times, times_of
from eval.metrics import Proportion, proportion
from eval.scripting import ALTERED, MISQUOTED, RIGHT, Kind, Shown, written
from eval.suite import Suite
from ingest.pipeline import Ingester
from rag.bootstrap import open_rag
from rag.chat_composition import CHAT, ChatComposer
from rag.composition import EXTRACTIVE
from rag.library import Library
from rag.protocols import ChatModel
from rag.settings import Settings
from rag.types import Answer, Reply

_WITHIN_S = 60.0
LEAST_CAUGHT, LEAST_KEPT = 0.98, 0.97
_T = TypeVar("_T")
Progress = Callable[[str, int, int], None]  # stage, done, total


@dataclass(slots=True)
class Script:
    """A chat model that writes answers of given kinds."""

    chance: Random
    kind: Kind = Kind.RIGHT
    said: str = field(default="", init=False)
    held_ms: float = field(default=0.0, init=False)
    name: str = field(default="scripted", init=False)

    def reply(self, system: str, user: str, *, within_s: float) -> Generator[str, None, None]:
        """What it writes of the passages; an empty answer where they have nothing to write it of.

        Until the next part is asked for, the last one is read, and what it states verified: `held_ms`.
        """
        del system, within_s
        self.said = written(self.kind, Shown.of(user, self.chance), self.chance) or ""
        began = time.perf_counter()
        try:
            yield self.said
        finally:
            self.held_ms = (time.perf_counter() - began) * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One answer.

    Attributes:
        kind: Of what was written.
        kept: What was written is shown as the model's.
        inexact: How many quotes are shown that are not in their documents.
        checking_ms: What reading and verifying the reply took by the clock, where its answer is shown.
        wrote: The beginning of the reply.
    """

    kind: Kind
    kept: bool
    inexact: int
    checking_ms: float | None
    wrote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedReport:
    """Shares of answers.

    Attributes:
        kept: Of right statements, by kind.
        caught: Of altered ones, those that are not shown, by kind.
        misquoted: Of those with a quote that is not in the passage it names, those that are not shown, by kind.
        inexact: Quotes shown that are not in their documents.
        foreign: Of statements in a language that the passages are not in, those that are not shown.
        answers: How many were written; each ended in an answer or an abstention.
        checking_ms: The time by the clock that reading and verifying a reply took.
        wrong: What was shown and should not have been, and the reverse: up to 20 replies.
    """

    kept: Mapping[Kind, Proportion]
    caught: Mapping[Kind, Proportion]
    misquoted: Mapping[Kind, Proportion]
    foreign: Proportion
    inexact: int
    answers: int
    checking_ms: Times
    wrong: Sequence[tuple[Kind, str]]

    @property
    def passed(self) -> bool:
        """Whether no invalid quote is shown, and enough is caught and kept."""
        kept = [one.value for one in self.kept.values()]
        caught = [one.value for one in self.caught.values()]
        quoted = [one.value for one in self.misquoted.values()]
        return (
            self.inexact == 0
            and min(quoted) == 1
            and min(caught) >= LEAST_CAUGHT
            and min(kept) >= LEAST_KEPT
        )


def measure(suites: Sequence[Suite], answers: int, seed: int, progress: Progress) -> ScriptedReport:
    """Ask until the script has written so many answers, of all kinds in turn."""
    with TemporaryDirectory() as data, open_rag(Settings(data=Path(data))) as library:
        for done, suite in enumerate(suites, 1):
            list(Ingester(library).add_files(suite.documents, suite.collection))
            progress("documents", done, len(suites))
        found: list[Outcome] = []
        for outcome in _outcomes(library, suites, seed):
            found.append(outcome)
            progress("answers", len(found), answers)
            if len(found) == answers:
                break
    return _report(found)


def _outcomes(library: Library, suites: Sequence[Suite], seed: int) -> Iterator[Outcome]:
    chance = Random(seed)  # noqa: S311 # no secret
    questions = [(suite.collection, one.question) for suite in suites for one in suite.questions]
    script = Script(chance)
    for script.kind in cycle(Kind):
        answers = (
            worded_by(script, library).ask(question, collection=collection)
            for collection, question in _drawn(questions, chance)
        )
        yield next(_outcome(script, one) for one in answers if script.said)


def worded_by(model: ChatModel, library: Library) -> Library:
    """The library with a chat model, and no memory of what another one wrote."""
    composer = ChatComposer(
        model=model, otherwise=library.composers[EXTRACTIVE], within_s=_WITHIN_S
    )
    return replace(library, composers={CHAT: composer}, preferred=CHAT)


def _drawn(questions: Sequence[_T], chance: Random) -> Iterator[_T]:
    while True:
        yield chance.choice(questions)


def _outcome(script: Script, answered: Reply) -> Outcome:
    response = answered.response
    by_model = answered.composer == CHAT and isinstance(response, Answer)
    return Outcome(
        kind=script.kind,
        kept=by_model,
        inexact=sum(
            not one.is_exact(answered.documents[one.document_id, one.version])
            for one in response.quotes
        ),
        checking_ms=script.held_ms if by_model else None,
        wrote=script.said[:400],
    )


def _report(found: Sequence[Outcome]) -> ScriptedReport:
    judged = (*RIGHT, *ALTERED, *MISQUOTED, Kind.LANGUAGE)
    wrong = [one for one in found if one.kind in judged and one.kept != (one.kind in RIGHT)]
    return ScriptedReport(
        kept={kind: _shown(found, kind) for kind in RIGHT},
        caught={kind: _not_shown(found, kind) for kind in ALTERED},
        misquoted={kind: _not_shown(found, kind) for kind in MISQUOTED},
        foreign=_not_shown(found, Kind.LANGUAGE),
        inexact=sum(one.inexact for one in found),
        answers=len(found),
        checking_ms=times_of([one.checking_ms for one in found if one.checking_ms is not None]),
        wrong=[(one.kind, one.wrote) for one in wrong[:20]],
    )


def _shown(found: Sequence[Outcome], kind: Kind) -> Proportion:
    return proportion([one.kept for one in found if one.kind is kind])


def _not_shown(found: Sequence[Outcome], kind: Kind) -> Proportion:
    return proportion([not one.kept for one in found if one.kind is kind])
