"""Entries of logs and diaries: a line that begins with its day, or a section that a day heads, was written on it."""

from __future__ import annotations

import re
from functools import lru_cache

from rag.temporal.anchors import Anchor, AnchorKind, anchor_of
from rag.temporal.finding import find
from rag.temporal.resolution import resolve
from rag.types import TO_THE_DAY, Document, Quote, Span, exactness

_LONGEST_DATE_CHARS = 40
_LONGEST_HEADING_CHARS = 80
_WORD = re.compile(r"\w\S*")
_LIST_MARK = re.compile(r"[ \t]*(?:[-*•–][ \t]+|#+[ \t]+|\*\*|\[)?")
_LIKE_AN_ENTRY = re.compile(
    rf"(?=[^\n]{{0,{_LONGEST_DATE_CHARS}}}\d)[^\n:]{{4,60}}?(?::|[ \t][–—-])"
)
# A chat's message has its hour behind its day: "14/05/2025, 18:02 - Ann: …", "[2025-05-14 18:02:11] Ann: …".
HOUR_OF_MESSAGE = r"(?:,?[ T]\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:[ \u202f]?[AaPp]\.?[Mm]\b\.?)?)"
_SAYS = r"[^\W\d][^\n:]{0,40}:\s"
_ENDS_DATE = re.compile(
    rf"(?:(?:\*\*)?(?::(?:\*\*)?|[ \t][–—-])|{HOUR_OF_MESSAGE}?\]"
    rf"|{HOUR_OF_MESSAGE}[ \t][–—-](?=[ \t]+{_SAYS}))[ \t]+(?=\S)"
)


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
    own, entry = anchor_of(document, span), _under_a_day(document, span)
    if entry and own and entry.interval.first > own.interval.last:
        return own  # a day of a programme: nothing was written on it yet
    return entry or own


def _under_a_day(document: Document, span: Span) -> Anchor | None:
    """The day that a heading of its section is, but for what the text begins with: that may name what it is about."""
    for heading in reversed(document.place(span).section):
        value = _day_of(heading)
        at = _line_of(heading, document.text, span.start) if value else None
        if value and at is not None and _WORD.search(document.text, 0, at):
            return _entry(value, Quote.cut(document, Span(at, at + len(heading))))
    return None


def _line_of(heading: str, text: str, end: int) -> int | None:
    """Where a heading stands last before a place, with no word before it in its line."""
    at = text.rfind(heading, 0, end)
    while at >= 0 and _WORD.search(text, text.rfind("\n", 0, at) + 1, at):
        at = text.rfind(heading, 0, at)
    return at if at >= 0 else None


@lru_cache(maxsize=4096)
def _day_of(heading: str) -> str | None:
    """The day that a heading begins with, or ends with behind the number of a release ("Version 1.2 (2024-05-01)")."""
    days = [one for one in find(heading[:_LONGEST_HEADING_CHARS]) if one.is_absolute]
    if len(days) != 1 or days[0].until:
        return None
    before = _WORD.findall(heading[: days[0].span.start])
    if before and (len(before) > 2 or not any(one.isdigit() for one in before[-1])):
        return None
    resolved = resolve(days[0], None)
    value = resolved.value if resolved else None
    return value if value and exactness(value) == TO_THE_DAY else None


def _entry(value: str, quote: Quote) -> Anchor:
    return Anchor(value=value, kind=AnchorKind.ENTRY, found_by="entry of a log", quote=quote)
