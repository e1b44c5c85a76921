"""What a document says of time at one place: the expressions there, each worked out by what stands around it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.temporal.anchors import Anchor, AnchorKind
from rag.temporal.entries import said_on
from rag.temporal.expressions import Base, TimeExpression
from rag.temporal.finding import find
from rag.temporal.resolution import resolve
from rag.temporal.resolved import Resolved
from rag.temporal.tense import Tense, is_moved_to, tense_at
from rag.types import Document, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A time that a document states.

    Attributes:
        expression: The words.
        anchor: The day that they are held against, where the document states one.
        days: What they mean.
    """

    expression: TimeExpression
    anchor: Anchor | None
    days: Resolved


_LONGEST_ROW_CHARS = (
    2_000  # a whole text may be one line, which is not looked through for each time in it
)
_HALF_A_YEAR = dt.timedelta(days=183)
_YEAR_CELL = re.compile(r"(?:^|; )year\b[^:;\n]{0,20}: (?P<year>(?:19|20)\d\d)\b", re.IGNORECASE)
_YEAR = re.compile(r"(?<![\d/-])(?:19|20)\d\d(?![\d/-])")


def stated(document: Document, span: Span) -> Iterator[Stated]:
    """The times stated inside of a span whose days are known, in order.

    Raises:
        SpanOutOfRange: the span does not lie inside the document's text.
    """
    for expression in find(document.text, span):
        if one := _stated(document, expression):
            yield one


def _stated(document: Document, expression: TimeExpression) -> Stated | None:
    anchor = said_on(document, expression.span)
    narrated = _year_of_row(document.text, expression.span)
    if narrated is None and (anchor is None or expression.base is Base.NARRATED):
        narrated = _year_of_title(document)
    tense = tense_at(document.text, expression.span)
    days = resolve(expression, anchor, tense=tense, narrated=narrated)
    if anchor and days and is_moved_to(document.text, expression.span):
        # On the day itself "was postponed to" looks ahead; else where it would look back half a year and more.
        long_ago = days.by_anchor and days.interval.last < anchor.interval.first - _HALF_A_YEAR
        if anchor.kind is AnchorKind.ENTRY or long_ago:
            days = resolve(expression, anchor, tense=Tense.FUTURE, narrated=narrated)
    return Stated(expression=expression, anchor=anchor, days=days) if days else None


def _year_of_row(text: str, span: Span) -> Anchor | None:
    """The year of the row of a table that a span stands in: "Year: 2021; Day: 11 September"."""
    least = max(0, span.start - _LONGEST_ROW_CHARS)
    start = text.rfind("\n", least, span.start) + 1
    if not start and least:
        return None
    cell = _YEAR_CELL.search(text[start : span.start])
    return _narrated(cell["year"], "year of its row") if cell else None


def _year_of_title(document: Document) -> Anchor | None:
    """The year that a document's title says, if that is one."""
    years = set(_YEAR.findall(document.title))
    return _narrated(years.pop(), "year of its title") if len(years) == 1 else None


def _narrated(year: str, found_by: str) -> Anchor:
    return Anchor(value=year, kind=AnchorKind.NARRATED, found_by=found_by)
