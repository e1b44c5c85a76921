"""An answer as a run records it: all that judging and reports need, by the names of documents rather than their ids."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256

from pydantic import TypeAdapter

_MARKERS = re.compile(r"\s*\[\d+(?:\s*,\s*\d+)*\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a statement is about: when it was, and how that was worked out from which citation."""

    date: str
    precision: str
    rule: str
    derived_from: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A statement, and the markers of its citations."""

    text: str
    citations: tuple[int, ...]
    event: Event | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """A quote and its place in code points; `document` is its name, or its id if it is none of the suite's."""

    marker: int
    document: str
    version: str
    start: int
    end: int
    quote: str
    page: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What some sources say of a thing, where they say it, and on how many independent sources it is said to rest."""

    value: str
    citations: tuple[int, ...] = ()
    independent_sources: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Values that sources give for the same thing."""

    about: str
    positions: tuple[Position, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A passage that retrieval found; ranks from 1 in each half of the search that brought it."""

    document: str
    start: int
    end: int
    score: float
    lexical_rank: int | None = None
    dense_rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What became of a question.

    Attributes:
        text: The answer with or without markers, or why there is none.
        outcome: answered, partial or abstained; failed where there is an error.
        closest: Of an abstention.
        retrieved: Best first; None where it was not looked at.
        wall_ms: Until the answer was there, as its caller saw it.
        error: Why there is no answer and no abstention.
    """

    suite: str
    question: str
    repeat: int = 0
    outcome: str
    text: str = ""
    standalone: str | None = None
    statements: tuple[Said, ...] = ()
    citations: tuple[Cited, ...] = ()
    closest: tuple[Cited, ...] = ()
    conflicts: tuple[Contradiction, ...] = ()
    missing: tuple[str, ...] = ()
    confidence: float | None = None
    composer: str = ""
    degraded: bool = False
    model: str | None = None
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    wall_ms: float = 0.0
    retrieved: tuple[Seen, ...] | None = None
    error: str | None = None


def same_answer(one: Answered, other: Answered) -> bool:
    """Whether two answers to one question are the same but for the time they took."""
    return _timeless(one) == _timeless(other)


def answer_hash(one: Answered) -> str:
    """Names what an answer says and quotes, and not how retrieval or the clock came to it."""
    text = without_markers(one.text)  # a server writes them into it
    said = replace(_timeless(one), text=text, retrieved=None, confidence=None)
    return sha256(answers_as_json().dump_json(said)).hexdigest()[:16]


def without_markers(text: str) -> str:
    """An answer's text without the markers of citations."""
    return _MARKERS.sub("", text)


def _timeless(one: Answered) -> Answered:
    return replace(one, repeat=0, timings_ms={}, wall_ms=0.0)


@cache
def answers_as_json() -> TypeAdapter[Answered]:
    """Reads and writes answers as lines of JSON."""
    return TypeAdapter(Answered)
