"""The documents of a run as text, and where words stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rag.types import Span

_CELL_MARK = "|"
_AROUND_CELLS = " \t\n*_`"

Sources = Mapping[str, "Source"]  # by name


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where a page begins in the text, in code points, and its number from 1."""

    start: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A document as it was ingested.

    Attributes:
        name: Its source key: the file's name in its suite.
        pages: In order; empty where it has none, or the service does not tell.
    """

    name: str
    version: str
    title: str
    media_type: str
    text: str
    pages: tuple[Page, ...] = ()


def places_of(quote: str, text: str) -> Iterator[Span]:
    """Where the quote stands in the text, its white space being any white space.

    A row of a Markdown table, as in `| 12 | June |`, stands where one line holds its cells in their order: readers
    write the columns' names between them.
    """
    words = r"\s+".join(map(re.escape, quote.split()))
    spans = [Span(*match.span()) for match in re.finditer(words, text)]
    if not spans and _CELL_MARK in quote:
        spans = list(_rows(_cells(quote), text))
    yield from spans


def _cells(row: str) -> list[re.Pattern[str]]:
    cells = (cell.strip(_AROUND_CELLS) for cell in row.split(_CELL_MARK))
    return [re.compile(rf"(?<!\w){re.escape(one)}(?!\w)") for one in cells if one]


def _rows(cells: list[re.Pattern[str]], text: str) -> Iterator[Span]:
    for line in re.finditer(r"[^\n]+", text):
        at, starts = line.start(), []
        for cell in cells:
            match = cell.search(text, at, line.end())
            if match is None:
                break
            starts.append(match.start())
            at = match.end()
        else:
            if starts:
                yield Span(starts[0], at)
