"""Rows of tables, as they are read: each value behind the header of its column."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from rag.analysis import terms
from rag.temporal import find

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
    headers = list(_HEADER.finditer(sentence))
    return len(headers) > 1 and headers[0].start() == 0


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
    """What a row is about, by its first cell; None where that holds a number or a date, or there is none."""
    first = next(_cells(row), None)
    if first is None or not any(each.isalpha() for each in first.value) or find(first.value):
        return None
    return first.value


def _cells(row: str) -> Iterator[Cell]:
    headers = list(_HEADER.finditer(row))
    ends = (*(one.start() for one in headers[1:]), len(row))
    for one, end in zip(headers, ends, strict=False):
        yield Cell(one["header"], row[one.end() : end].strip().removesuffix("."))
