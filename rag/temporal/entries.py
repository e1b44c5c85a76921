"""Entries of logs and diaries: a line that begins with its day was written on it."""

from __future__ import annotations

import re

from rag.temporal.anchors import Anchor, AnchorKind, anchor_of
from rag.temporal.finding import find
from rag.temporal.resolution import resolve
from rag.types import TO_THE_DAY, Document, Quote, Span, exactness

_LONGEST_DATE_CHARS = 40
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
    """As `anchor_of`, but in an entry of a log the day that its line begins with."""
    start = document.text.rfind("\n", 0, span.start) + 1
    found = leading_day(document.text[start : start + 2 * _LONGEST_DATE_CHARS])
    if found is None or span.start < start + found[0].end:
        return anchor_of(document, span)
    place, value = found
    quote = Quote.cut(document, place.moved(start))
    return Anchor(value=value, kind=AnchorKind.ENTRY, found_by="entry of a log", quote=quote)
