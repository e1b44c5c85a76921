"""Rows of tables, as they are read: each value behind the header of its column.

Readers write "Header: value; Header: value." where a format says what is a header. PDF says nothing of the kind: its
reader writes a line with tabs between the cells, and the line that heads the columns stands somewhere above.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice, takewhile

from rag.analysis import terms
from rag.temporal import find
from rag.types import Span

_TAB = "\t"
_BROKEN_CELL_CHARS = 30  # of what is left of a header whose last cell did not fit on its line
_LONGEST_TABLE_CHARS = 8_000
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
    if _TAB in sentence:
        return True
    headers = list(_HEADER.finditer(sentence))
    return len(headers) > 1 and headers[0].start() == 0


def is_of_table(text: str, place: Span) -> bool:
    """Whether a row has others beside it, and is no list of what is true of the document, as its last change."""
    row = place.cut(text)
    if not is_row(row):
        return False
    if _TAB in row:
        return True
    head = row[: row.index(": ") + 2]
    return text.find(head, text.find(head) + 1) >= 0


def table_of(text: str, row: Span) -> tuple[Span, ...]:
    """The rows of the table that a row stands in, in order, with it; none where the span is no row."""
    if not is_of_table(text, row):
        return ()
    said = row.cut(text)
    head = header(text, row)
    begins = head.end if head else 0

    def is_beside(line: Span) -> bool:
        return line.start >= begins and _is_alike(line.cut(text), said)

    above = list(takewhile(is_beside, _lines_above(text, row.start)))
    below = takewhile(is_beside, _lines_below(text, row.end))
    return (*reversed(above), row, *below)


def _is_alike(line: str, row: str) -> bool:
    """Whether a line may be a row of the same table: it has as many tabs, or the same first header."""
    if _TAB in row:
        return heads(line, row)
    return is_row(line) and line.startswith(row[: row.index(": ") + 2])


def is_in_header(row: str, at: int) -> bool:
    """Whether a place in a row, counted from its beginning, is in what heads a column: "status today"."""
    headers = () if _TAB in row else _HEADER.finditer(row)  # cells alone, which may hold a colon
    return any(one.start("header") <= at < one.end("header") for one in headers)


def header(text: str, row: Span) -> Span | None:
    """The line that heads the columns of a row with tabs; None where there is none, or this is that line.

    It is the first of the lines above with as many cells, with nothing between them but what was left over of its
    last cell.
    """
    said = row.cut(text)
    if _TAB not in said or "\n" in said:
        return None
    found = left_over = None
    for line in _lines_above(text, row.start):
        above = line.cut(text)
        if heads(above, said):
            found = Span(line.start, (left_over or line).end)
            left_over = None
        elif left_over or _TAB in above or len(above) > _BROKEN_CELL_CHARS:
            break
        else:
            left_over = line
    return found


def is_header(text: str, line: Span) -> bool:
    """Whether a line with tabs heads the columns of the lines below it."""
    said = line.cut(text)
    if _TAB not in said or header(text, line):
        return False
    below = text[line.end : line.end + _LONGEST_TABLE_CHARS].split("\n")
    return any(heads(said, each) for each in islice(filter(str.strip, below), 2))


def heads(header: str, row: str) -> bool:
    """Whether a line may head the columns of a row: both have tabs, and as many."""
    return 0 < header.count(_TAB) == row.count(_TAB)


def labelled(header: str, row: str) -> str:
    """A row with tabs, each value behind the header of its column, as other tables are read."""
    pairs = zip(header.split(_TAB), row.split(_TAB), strict=True)
    return (
        "; ".join(f"{' '.join(of.split())}: {' '.join(value.split())}" for of, value in pairs) + "."
    )


def _lines_above(text: str, at: int) -> Iterator[Span]:
    """The lines before a place that are not empty, the nearest first."""
    end = at
    least = max(0, at - _LONGEST_TABLE_CHARS)
    while end > least:
        start = text.rfind("\n", least, end) + 1 or least
        if text[start:end].strip():
            yield Span(start, end)
        end = start - 1


def _lines_below(text: str, at: int) -> Iterator[Span]:
    """The lines behind a place that are not empty, in order."""
    start = at
    most = min(len(text), at + _LONGEST_TABLE_CHARS)
    while start < most:
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if text[start:end].strip():
            yield Span(start, end)
        start = end + 1


def asked(
    row: str,
    wanted: Collection[str],
    also: Collection[str] = (),
    *,
    question: Collection[str] = (),
) -> tuple[Cell, ...]:
    """The cells of a row that are asked for: none where no header has any of the stems that are wanted.

    The first is the one whose header has the most of them, or of those with as many the most stems of the question,
    unless it says nothing; the others are headed by nothing but stems of `also`, and hold no date.
    """
    if not is_row(row):
        return ()
    headed = [(frozenset(terms(one.header)), one) for one in cells_of(row)]
    if not headed:
        return ()
    stems, best = max(
        headed,
        key=lambda one: (len(one[0].intersection(wanted)), len(one[0].intersection(question))),
    )
    if stems.isdisjoint(wanted) or not _says_something(best):
        return ()
    others = (
        one
        for stems, one in headed
        if one is not best
        and stems
        and stems <= frozenset(also)
        and _says_something(one)
        and not find(one.value)
    )
    return (best, *others)


def _says_something(one: Cell) -> bool:
    """Whether there is a word or number in a cell: tables write "–" where there is nothing."""
    return any(map(str.isalnum, one.value))


def name(row: str) -> str | None:
    """What a row is about: its first cell that is no number, unless a date stands there or before it."""
    for one in cells_of(row):
        if find(one.value):
            return None
        if any(each.isalpha() for each in one.value):
            return one.value
    return None


def also_called(row: str, item: str) -> str | None:
    """What a row that has a cell for an item calls it too: "version 9" where it is "Version: 9; Name: heron"."""
    cells = list(cells_of(row))
    if not any(one.value.casefold() == item.casefold() for one in cells[1:]):
        return None
    key = cells[0]
    called = bool(terms(key.header)) and _says_something(key) and not find(key.value)
    return f"{key.header} {key.value}" if called else None


def values(row: str) -> frozenset[str]:
    """The stems of a row's values, of which those of no other row tell it from others."""
    return frozenset(term for one in cells_of(row) for term in terms(one.value))


def cells_of(row: str) -> Iterator[Cell]:
    """The cells of a row whose values stand behind their headers; none of anything else."""
    headers = list(_HEADER.finditer(row))
    ends = (*(one.start() for one in headers[1:]), len(row))
    for one, end in zip(headers, ends, strict=False):
        yield Cell(one["header"], row[one.end() : end].strip().removesuffix("."))
