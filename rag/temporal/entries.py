"""Entries of logs and diaries: what begins with its day, or stands under it as a heading, was written on it."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from rag.temporal.anchors import Anchor, AnchorKind, anchor_of
from rag.temporal.finding import find
from rag.temporal.resolution import resolve
from rag.types import TO_THE_DAY, Document, Quote, Span, exactness

_LONGEST_DATE_CHARS = 40
_LONGEST_HEADING_CHARS = 80
_WORD = re.compile(r"\w\S*")
_MAY_BE_A_DAY = re.compile(
    r"^[ \t]*(?:#+[ \t]+)?(?=[^\n]*(?<!\d)(?:19|20)\d\d(?!\d))(?P<day>\S[^\n]{5,38}?)[:.]?[ \t]*$",
    re.MULTILINE,
)
_LIST_MARK = re.compile(r"[ \t]*(?:[-*•–][ \t]+|#+[ \t]+|\*\*)?")
_LIKE_AN_ENTRY = re.compile(
    rf"(?=[^\n]{{0,{_LONGEST_DATE_CHARS}}}\d)[^\n:]{{4,60}}?(?::|[ \t][–—-])"
)
_ENDS_DATE = re.compile(r"(?:\*\*)?(?::(?:\*\*)?|[ \t][–—-])[ \t]+(?=\S)")


def leading_day(line: str) -> tuple[Span, str] | None:
    """Where the day stands that a line begins with, as in "8 July 2026: …", and which it is; None where none does."""
    if not _LIKE_AN_ENTRY.match(line):  # to find times takes some
        return None
    begun = _LIST_MARK.match(line)
    start = begun.end() if begun else 0
    head = line[: start + _LONGEST_DATE_CHARS]
    found = next((one for one in find(head) if one.span.start == start), None)
    days = resolve(found, None) if found and found.is_absolute else None
    if found is None or days is None or days.value is None or exactness(days.value) != TO_THE_DAY:
        return None
    return (found.span, days.value) if _ENDS_DATE.match(line, found.span.end) else None


def behind_day(line: str) -> str:
    """What an entry says behind its day; the line itself where it begins with none."""
    found = leading_day(line)
    ends = _ENDS_DATE.match(line, found[0].end) if found else None
    return line[ends.end() :] if ends else line


def said_on(document: Document, span: Span) -> Anchor | None:
    """As `anchor_of`, but in an entry of a log the day that its line begins with, or that its heading is."""
    start = document.text.rfind("\n", 0, span.start) + 1
    found = leading_day(document.text[start : start + 2 * _LONGEST_DATE_CHARS])
    if found and span.start >= start + found[0].end:
        place, value = found
        return _entry(value, Quote.cut(document, place.moved(start)))
    return _under_a_day(document, span) or anchor_of(document, span)


def _under_a_day(document: Document, span: Span) -> Anchor | None:
    """The day that a heading of its section is, or a line above it in a text with several such lines.

    The title is none of these: it may name the day that the text is about.
    """
    for heading in reversed(document.place(span).section):
        value = _day_of(heading)
        at = document.text.rfind(heading, 0, span.start) if value else -1
        if value and at >= 0 and heading != document.title:
            return _entry(value, Quote.cut(document, Span(at, at + len(heading))))
    if document.parts:
        return None
    above = [one for one in _days_alone(document.text) if one[0].end <= span.start]
    if not above:
        return None
    place, value = above[-1]
    return _entry(value, Quote.cut(document, place))


@lru_cache(maxsize=4096)
def _day_of(heading: str) -> str | None:
    """The day that a heading begins with, or ends with behind a single word, as the number of a release."""
    days = [one for one in find(heading[:_LONGEST_HEADING_CHARS]) if one.is_absolute]
    if len(days) != 1 or days[0].until or len(_WORD.findall(heading[: days[0].span.start])) > 1:
        return None
    resolved = resolve(days[0], None)
    value = resolved.value if resolved else None
    return value if value and exactness(value) == TO_THE_DAY else None


@lru_cache(maxsize=16)
def _days_alone(text: str) -> tuple[tuple[Span, str], ...]:
    """The lines that are a day and nothing else, as those between the entries of a diary; none if it is only one."""
    found = []
    for line in _MAY_BE_A_DAY.finditer(text):
        day = find(line["day"])
        if len(day) == 1 and day[0].text == line["day"] and (value := _day_of(line["day"])):
            found.append((Span(*line.span("day")), value))
    # of a list of days none has anything under it
    told = [
        one
        for one, other in pairwise([*found, None])
        if one and not (other and not text[one[0].end : other[0].start].strip(" \t\r\n#:."))
    ]
    return tuple(told) if len({value for _, value in told}) > 1 else ()


def _entry(value: str, quote: Quote) -> Anchor:
    return Anchor(value=value, kind=AnchorKind.ENTRY, found_by="entry of a log", quote=quote)
