"""Statements with quotes, as they come out of a chat model's reply while it is being written.

The reply should be one JSON object, and often is not: it is cut, fenced, talked about, or goes on for ever. What is
looked for in it is therefore the beginning of a statement, `{"text":` or `{"quotes":`, which no string of valid JSON
can hold, since a quote mark is escaped there. Whatever is broken costs the one statement that it stands in, and each
character is read a bounded number of times.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from pydantic_core import from_json

from rag.errors import ModelError

REPLY_CHARS = 200_000  # of a reply that are read: a hundred times what is asked for
STATEMENT_CHARS = 20_000  # of a statement with its quotes
_TRIES = 32  # to read one that may not be complete: one try for a part with a closing brace
_BEGINNING = re.compile(r'\{\s{0,40}"(?:text|quotes)"\s{0,40}:')
_LONGEST_BEGINNING = 100  # characters of one, at the most
_NONE_SAID = re.compile(r'"statements"\s{0,40}:\s{0,40}\[\s{0,40}\]')
_NUMBER_WRITTEN = re.compile(r"\s{0,9}(?:passage\s{1,9})?\[?(\d{1,3})\]?\s{0,9}", re.IGNORECASE)
_DECODER = json.JSONDecoder(strict=False)  # models break lines inside of strings


class NotAsAsked(Exception):
    """A model's reply that is not what it was asked for."""


@dataclass(frozen=True, slots=True)
class WrittenQuote:
    """What a model claims to stand in the passage of a number, which counts from 1."""

    passage: int
    text: str


@dataclass(frozen=True, slots=True)
class Written:
    """A statement as a model wrote it: nothing of it is proved."""

    text: str
    quotes: tuple[WrittenQuote, ...]


def written_statements(parts: Iterable[str]) -> Iterator[Written]:
    """Each statement of a reply as soon as it is complete; no part is asked for before it is needed.

    What of a statement is of another kind than it should be is left out, and so is a statement without words.

    Args:
        parts: The reply, cut anywhere.

    Raises:
        NotAsAsked: after the statements, where there are none and the reply does not say that there are none, or
            where it goes on beyond `REPLY_CHARS`.
        ModelError: as the reply raises it, after what was complete by then.
    """
    read: list[str] = []
    reader, found = _Reader(), False
    try:
        for part in _bounded(parts):
            read.append(part)
            for one in reader.completed(part):
                found = True
                yield one
    except ModelError:
        yield from reader.rest()
        raise
    for one in reader.rest():
        found = True
        yield one
    if sum(map(len, read)) > REPLY_CHARS:
        raise NotAsAsked("the model's reply does not end")
    if not found and not _NONE_SAID.search("".join(read)):
        raise NotAsAsked("there is no statement in the model's reply")


def _bounded(parts: Iterable[str]) -> Iterator[str]:
    """The parts, up to the first character too many."""
    left = REPLY_CHARS + 1
    for part in parts:
        yield part[:left]
        left -= len(part)
        if left <= 0:
            return


class _Reader:
    """Holds what has come of the statement that is being written, or of what may begin one."""

    def __init__(self) -> None:
        self._pending, self._tries = "", 0

    def completed(self, part: str) -> Iterator[Written]:
        """The statements that end with this part."""
        *ended, pending = _cut(self._pending, part)
        if ended:
            self._tries = 0
        for one in ended:
            yield from _statement(_value(one).of)
        self._pending = pending if _may_be_one(pending) else pending[-_LONGEST_BEGINNING:]
        if "}" in part and self._tries < _TRIES:
            self._tries += 1
            value = _value(self._pending)
            self._pending = self._pending[value.end :]
            yield from _statement(value.of)

    def rest(self) -> Iterator[Written]:
        """What the end of the reply cut off, as far as it goes: a statement without the quote that is cut."""
        if _may_be_one(self._pending):
            value = _value(self._pending)
            yield from _statement(value.of if value.end else _cut_value(self._pending))


def _cut(pending: str, part: str) -> list[str]:
    """What is pending and what comes, in pieces: each but the first is from a statement's beginning to the next one's.

    What is pending was looked through when it came, but for a beginning that the part completes.
    """
    text, seen = pending + part, max(1, len(pending) - _LONGEST_BEGINNING) if pending else 0
    starts = [0, *(one.start() for one in _BEGINNING.finditer(text, seen)), len(text)]
    return [text[start:end] for start, end in pairwise(starts)]


def _may_be_one(piece: str) -> bool:
    return len(piece) <= STATEMENT_CHARS and _BEGINNING.match(piece) is not None


@dataclass(frozen=True, slots=True)
class _Value:
    """What a piece begins with, and where that ends: nothing at 0, where it is broken or not complete."""

    of: object = None
    end: int = 0


def _value(piece: str) -> _Value:
    if not _may_be_one(piece):
        return _Value()
    try:
        return _Value(*_DECODER.raw_decode(piece))
    except (ValueError, RecursionError):
        return _Value()


def _cut_value(piece: str) -> object | None:
    try:
        value: object = from_json(piece, allow_partial=True)
    except ValueError:
        return None
    return value


def _statement(value: object) -> Iterator[Written]:
    """The statement that a value is, if it is one."""
    if not isinstance(value, dict):
        return
    text, quotes = value.get("text"), value.get("quotes")
    if isinstance(text, str) and text.strip() and isinstance(quotes, list):
        yield Written(encodable(text), tuple(_quotes(quotes)))


def _quotes(values: list[object]) -> Iterator[WrittenQuote]:
    for one in values:
        if isinstance(one, dict):
            passage, text = _number(one.get("passage")), one.get("quote")
            if passage is not None and isinstance(text, str):
                yield WrittenQuote(passage, encodable(text))


def _number(value: object) -> int | None:
    """The number of a passage, also where it is written as a string, or behind what passages are called by."""
    if isinstance(value, str) and (written := _NUMBER_WRITTEN.fullmatch(value)):
        return int(written[1])
    return (
        value if type(value) is int else None
    )  # what is true is none, although Python counts it as 1


def encodable(text: str) -> str:
    """The text without halves of surrogate pairs, which JSON can hold and no answer can."""
    return text.encode("utf-8", "ignore").decode()
