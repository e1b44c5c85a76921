"""The documents of a run as text, and where words stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rag.types import Span

_CELL_MARK = "|"
_AROUND_CELLS = " \t\n*_`"
_TELLING_CHARS = (
    40  # of a quote that two documents share because they say the same, not because words are few
)

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
        pages: In order; empty where it has none.
    """

    name: str
    version: str
    title: str
    media_type: str
    text: str
    pages: tuple[Page, ...] = ()


def places_of(quote: str, text: str) -> Iterator[Span]:
    """Where the quote stands in the text as whole words, its white space being any white space.

    A row of a Markdown table, as in `| 12 | June |`, stands where one line holds its cells in their order: readers
    write the columns' names between them.
    """
    words = _whole(r"\s+".join(map(re.escape, quote.split())), quote.strip())
    spans = [Span(*match.span()) for match in re.finditer(words, text)]
    if not spans and _CELL_MARK in quote:
        spans = list(_rows(_cells(quote), text))
    yield from spans


def is_telling(quote: str) -> bool:
    """Whether another document with these words says the same: a name or a date stands in many that do not."""
    return len(" ".join(quote.split())) >= _TELLING_CHARS


def _whole(pattern: str, words: str) -> str:
    """The pattern of these words, which may not begin or end inside of a longer word or number."""
    before = r"(?<![^\W_])" if words[:1].isalnum() else ""  # an underscore is emphasis
    after = r"(?![^\W_])" if words[-1:].isalnum() else ""
    return before + pattern + after


def _cells(row: str) -> list[re.Pattern[str]]:
    cells = (cell.strip(_AROUND_CELLS) for cell in row.split(_CELL_MARK))
    return [re.compile(_whole(re.escape(one), one)) for one in cells if one]


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
