"""Rows of tables, as they are read: each value behind the header of its column."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from rag.analysis import terms
from rag.temporal import find

_ROW = re.compile(r"[^:;\n]{1,60}: [^;\n]*; ")
_HEADER = re.compile(r"(?:^|; )(?P<header>[^:;\n]{1,60}): ")


@dataclass(frozen=True, slots=True)
class Cell:
    """A value and the header of its column."""

    header: str
    value: str

    @property
    def text(self) -> str:
        """Both, as a line."""
        return f"{self.header}: {self.value}"


def is_row(sentence: str) -> bool:
    """Whether a sentence is a row of two cells or more."""
    return _ROW.match(sentence) is not None


def cell(sentence: str, wanted: Collection[str]) -> Cell | None:
    """The cell of a row whose header has the most of the stems that are wanted; None where none has any."""
    if not is_row(sentence):
        return None
    worth = [
        (len(frozenset(terms(one.header)).intersection(wanted)), one) for one in _cells(sentence)
    ]
    most, best = max(worth, key=lambda one: one[0])
    return best if most else None


def name(row: str) -> str | None:
    """What a row is about: its first value that is neither a number nor a date; None where there is none."""
    values = (one.value for one in _cells(row) if any(each.isalpha() for each in one.value))
    return next((one for one in values if not find(one)), None)


def _cells(row: str) -> Iterator[Cell]:
    headers = list(_HEADER.finditer(row))
    ends = [one.start() for one in headers[1:]] + [len(row)]
    for one, end in zip(headers, ends, strict=True):
        yield Cell(one["header"], row[one.end() : end].strip().removesuffix("."))
