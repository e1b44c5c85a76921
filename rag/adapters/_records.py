"""Rows of the store's tables as values, and back."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import Any

from rag.encoding import date_of, encode, locators_of
from rag.protocols import DocumentSummary, Job, Upload
from rag.types import Document, DocumentId, Passage, Span, Version

_DETAILS = (
    "source_url",
    "author",
    "published",
    "recorded",
    "original",
    "language",
    "partial",
    "warnings",
)
_NOTHING_STATED = json.dumps(dict.fromkeys(_DETAILS) | {"partial": False, "warnings": []})


def document(row: tuple[Any, ...]) -> Document:
    """A document of (id, version, collection, title, media type, text, source key, details, locators)."""
    stated = json.loads(row[7])
    return Document(
        id=DocumentId(row[0]),
        version=Version(row[1]),
        collection=row[2],
        title=row[3],
        media_type=row[4],
        text=row[5],
        source_key=row[6],
        source_url=stated["source_url"],
        author=stated["author"],
        published=date_of(stated["published"]),
        recorded=date_of(stated["recorded"]),
        original=date_of(stated["original"]),
        language=stated["language"],
        partial=stated["partial"],
        locators=locators_of(json.loads(row[8])),
        warnings=tuple(stated["warnings"]),
    )


def details(source: Document) -> str:
    """As JSON what a document states beside its text, without locators."""
    stated = {name: getattr(source, name) for name in _DETAILS}
    return encode(stated)


def summary(row: tuple[Any, ...], near_duplicates: tuple[DocumentId, ...]) -> DocumentSummary:
    """A document without its text.

    Of (id, version, collection, source key, JSON of [title, media type, details] or nothing where that is damaged,
    characters, pages, passages, added at, what of it is damaged), and the ids of its near-duplicates.
    """
    title, media_type, details_json = json.loads(row[4]) if row[4] else ("", "", _NOTHING_STATED)
    stated = json.loads(details_json)
    damage = row[9] or (None if row[4] else "What is stated of it is not as it was written.")
    warnings = tuple(stated["warnings"])
    return DocumentSummary(
        id=DocumentId(row[0]),
        version=Version(row[1]),
        collection=row[2],
        title=title,
        media_type=media_type,
        source_key=row[3],
        source_url=stated["source_url"],
        language=stated["language"],
        partial=stated["partial"],
        published=date_of(stated["published"]),
        recorded=date_of(stated["recorded"]),
        original=date_of(stated["original"]),
        warnings=(*warnings, f"It is damaged: {damage} Add it again.") if damage else warnings,
        characters=row[5],
        pages=row[6],
        passages=row[7],
        added_at=dt.datetime.fromisoformat(row[8]),
        near_duplicates=near_duplicates,
        damage=damage,
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


def upload_json(upload: Upload) -> str:
    """An upload as JSON."""
    return encode(dataclasses.asdict(upload))


def upload(encoded: str) -> Upload:
    """An upload of its JSON."""
    fields = json.loads(encoded)
    published = fields.pop("published")
    return Upload(**fields, published=dt.date.fromisoformat(published) if published else None)
