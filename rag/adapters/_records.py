"""Rows of the store's tables as values, and back."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import Any

from rag.protocols import DocumentSummary, Job, Upload
from rag.types import (
    Document,
    DocumentDate,
    DocumentId,
    Locator,
    PageLocator,
    Passage,
    SectionLocator,
    Span,
    Version,
)


def document(row: tuple[Any, ...]) -> Document:
    """A version of a document, of the columns that the store reads for it."""
    return Document(
        id=DocumentId(row[0]),
        version=Version(row[1]),
        collection=row[2],
        title=row[3],
        media_type=row[4],
        text=row[5],
        source_key=row[6],
        source_url=row[7],
        author=row[8],
        published=(
            DocumentDate(value=dt.date.fromisoformat(row[9]), found_by=row[10]) if row[9] else None
        ),
        locators=tuple(_locator(one) for one in json.loads(row[11])),
        warnings=tuple(json.loads(row[12])),
    )


def passage(row: tuple[Any, ...]) -> Passage:
    """A passage of (document id, version, start, end, text, section)."""
    document_id, version, start, end, text, section = row
    return Passage(
        document_id=DocumentId(document_id),
        version=Version(version),
        span=Span(start, end),
        text=text,
        section=tuple(json.loads(section)),
    )


def job(row: tuple[Any, ...]) -> Job:
    """A job of (id, state, done, total, document id, known, reason)."""
    return Job(
        id=row[0],
        state=row[1],
        done=row[2],
        total=row[3],
        document_id=None if row[4] is None else DocumentId(row[4]),
        known=bool(row[5]),
        reason=row[6],
    )


def summary(row: tuple[Any, ...]) -> DocumentSummary:
    """A document without its text, of the columns that the store reads for it."""
    return DocumentSummary(
        id=DocumentId(row[0]),
        version=Version(row[1]),
        collection=row[2],
        title=row[3],
        media_type=row[4],
        source_key=row[5],
        source_url=row[6],
        published=dt.date.fromisoformat(row[7]) if row[7] else None,
        characters=row[8],
        pages=row[9],
        passages=row[10],
        warnings=tuple(json.loads(row[11])),
        added_at=dt.datetime.fromisoformat(row[12]),
    )


def locator_row(locator: Locator) -> list[Any]:
    """A locator as JSON: kind, start, end and what the kind carries."""
    span = [locator.span.start, locator.span.end]
    if isinstance(locator, PageLocator):
        return ["page", *span, locator.number, locator.label]
    return ["section", *span, locator.path]


def _locator(row: list[Any]) -> Locator:
    kind, start, end, *rest = row
    if kind == "page":
        return PageLocator(span=Span(start, end), number=rest[0], label=rest[1])
    return SectionLocator(span=Span(start, end), path=tuple(rest[0]))


def upload_json(upload: Upload) -> str:
    """An upload as JSON."""
    return json.dumps(dataclasses.asdict(upload), default=dt.date.isoformat)


def upload(encoded: str) -> Upload:
    """An upload of its JSON."""
    fields = json.loads(encoded)
    published = fields.pop("published")
    return Upload(**fields, published=dt.date.fromisoformat(published) if published else None)
