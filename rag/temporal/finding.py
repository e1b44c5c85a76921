"""Time expressions in texts: where they stand, and what each says by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rag.errors import SpanOutOfRange
from rag.temporal.context import Candidate
from rag.temporal.expressions import Base, Direction, Kind, TimeExpression, Unit
from rag.temporal.forms import FORMS, beginning
from rag.temporal.wording import fields_of
from rag.types import Span

_CONNECTOR = re.compile(r"\s?[-–—]\s?|\s(?P<word>to|until|till|through|and)\s(?:the\s)?")
_BETWEEN = re.compile(r"\bbetween\s(?:the\s)?$")
_MOVED = re.compile(
    r"\b(?:mov|postpon|push|chang|brought|bring|shift|delay|reschedul|adjourn|transfer)\w*[^.;]{0,40}"
    r"\bfrom\s(?:the\s)?$"
)
_BEFORE = 60  # characters that are looked at before an expression
_AROUND = 256  # characters beside a span that say how to read what stands in it: those before, or of its clause


def find(text: str, span: Span | None = None) -> list[TimeExpression]:
    """The time expressions of an English text, in order, none inside of another.

    Spoken forms, lower case and missing punctuation are understood. Words that are dates only sometimes
    ("may", "march", "sun", "second") count where what stands around them makes them one.

    Args:
        text: In which spans count.
        span: Only what lies inside of it is looked at; all of the text if None.

    Raises:
        SpanOutOfRange: the span does not lie inside the text.
    """
    if span and span.end > len(text):
        raise SpanOutOfRange(span.start, span.end, len(text))
    start, end = (span.start, span.end) if span else (0, len(text))
    first = max(0, start - _AROUND)
    near = text[first : end + _AROUND]  # a sentence must not cost as much as its whole text
    lower = _lower(near)
    found = _joined(near, lower, list(_single(near, lower, start - first, end - first)))
    return [_moved(one, first) for one in found]


def _moved(one: TimeExpression, by: int) -> TimeExpression:
    """The expression at its place in the whole text."""
    until = _moved(one.until, by) if one.until else None
    return replace(one, span=one.span.moved(by), until=until)


def _lower(text: str) -> str:
    """The text in lower case, each character at its place."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(small if len(small := one.lower()) == 1 else one for one in text)
    return lower


def _single(text: str, lower: str, start: int, end: int) -> Iterator[TimeExpression]:
    at = start
    while begun := beginning().search(lower, at, end):
        found, at = _reading(text, lower, begun.start(), end)
        if found:
            yield found


def _reading(text: str, lower: str, start: int, end: int) -> tuple[TimeExpression | None, int]:
    """What begins at one place, and where to go on: the longest form that is a time there decides.

    Ties keep the order of the table. A day that no calendar has ("31 April 2024") is passed over as a whole.
    """
    matches = (form.pattern.match(lower, start, end) for form in FORMS)
    fitting = [(form, match) for form, match in zip(FORMS, matches, strict=True) if match]
    for form, match in sorted(fitting, key=lambda one: -one[1].end()):
        candidate = Candidate(form.id, match, text, lower)
        if candidate.is_time:
            return _read(form.kind, candidate), match.end()
    return None, start + 1


def _read(kind: Kind, candidate: Candidate) -> TimeExpression | None:
    fields = fields_of(candidate.form, candidate.match)
    if fields is None:
        return None
    until = fields.pop("until", None)
    span = Span(*candidate.match.span())
    read = TimeExpression(span=span, text=span.cut(candidate.text), kind=kind, **fields)
    if until is not None:
        return replace(read, until=replace(read, kind=Kind.CALENDAR, weekday=None, **until))
    if read.base is Base.EVENT and candidate.names_no_event:
        return replace(read, base=Base.NARRATED)
    if read.kind is Kind.CALENDAR and not read.direction and candidate.is_last_time:
        return replace(read, direction=Direction.LAST)
    return read


def _joined(text: str, lower: str, found: Sequence[TimeExpression]) -> Iterator[TimeExpression]:
    """The expressions, two that are the ends of a range made one."""
    at = 0
    while at < len(found):
        one = found[at]
        other = found[at + 1] if at + 1 < len(found) else None
        joined = _range(text, lower, one, other) if other else None
        yield joined or one
        at += 2 if joined else 1


def _range(
    text: str, lower: str, one: TimeExpression, other: TimeExpression
) -> TimeExpression | None:
    between = _CONNECTOR.fullmatch(lower, one.span.end, other.span.start)
    preceding = lower[max(0, one.span.start - _BEFORE) : one.span.start]
    if (
        not between
        or one.kind is not other.kind
        or one.kind not in (Kind.CALENDAR, Kind.WEEKDAY, Kind.PERIOD)
        or (between["word"] == "and" and not _BETWEEN.search(preceding))
        or _MOVED.search(preceding)
        or (one.day is None) != (other.day is None)
        or (one.month is None and other.month is not None)
    ):
        return None
    span = Span(one.span.start, other.span.end)
    year = one.year if one.year is not None else other.year
    if one.kind is Kind.WEEKDAY and other.unit is Unit.WEEK and not one.direction:
        # "From Tuesday to Thursday of last week": both are of that week.
        one = replace(
            one,
            base=other.base,
            direction=other.direction,
            unit=other.unit,
            number=other.number,
        )
    return replace(one, span=span, text=span.cut(text), kind=Kind.RANGE, year=year, until=other)
