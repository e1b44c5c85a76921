"""The day that relative expressions are held against, and how it is known."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from rag.temporal.intervals import Interval
from rag.types import Document, DocumentDate, Quote, Span


class AnchorKind(StrEnum):
    """What happened on an anchor's day."""

    SENT = "sent"
    RECORDED = "recorded"
    PUBLISHED = "published"
    PRINTED = "printed"  # by a page header
    ORIGINAL = "original"
    NARRATED = "narrated"  # given by the caller
    ENTRY = "entry"  # of a log or diary


class DatedLike(Protocol):
    """Anything with an ISO date of day, month or year precision: a `Dated`, a `Resolved`, an `Anchor`."""

    @property
    def value(self) -> str:
        """YYYY-MM-DD, YYYY-MM or YYYY."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A day, or month or year, on which words were said or written.

    Attributes:
        value: ISO date of day, month or year precision.
        found_by: As `DocumentDate.found_by`.
        quote: Where the document states it; None where its metadata or the user does.
    """

    value: str
    kind: AnchorKind
    found_by: str
    quote: Quote | None = None

    def __post_init__(self) -> None:
        Interval.of(self.value)

    @property
    def interval(self) -> Interval:
        """The days it may be."""
        return Interval.of(self.value)


def anchor_of(document: Document, span: Span) -> Anchor | None:
    """What relative expressions at `span` are held against; None where the document states no such day.

    Inside of a mail it is the day on which that part of it was sent, and a quoted mail without a day has none.
    Otherwise what was spoken is held against its recording, and what was written against its publication, or
    else against its first publication elsewhere.
    """
    part = next(
        (one for one in document.parts if one.span.start <= span.start < one.span.end), None
    )
    if part and (part.date or part.name != document.parts[0].name):
        return _anchor(document, part.date, AnchorKind.SENT)
    for date, kind in (
        (document.recorded, AnchorKind.RECORDED),
        (document.published, AnchorKind.PUBLISHED),
        (document.original, AnchorKind.ORIGINAL),
    ):
        if date:
            return _anchor(document, date, kind)
    return None


def _anchor(document: Document, date: DocumentDate | None, kind: AnchorKind) -> Anchor | None:
    if date is None:
        return None
    return Anchor(
        value=date.value.isoformat(),
        kind=AnchorKind.PRINTED if date.found_by == "page header" else kind,
        found_by=date.found_by,
        quote=Quote.cut(document, date.span) if date.span else None,
    )
