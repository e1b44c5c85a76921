"""Rows of the store's tables as values, and back."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import Any

from rag.protocols import DocumentSummary, Job, Upload
from rag.types import (
    LOCATOR_KINDS,
    Document,
    DocumentDate,
    DocumentId,
    Locator,
    Passage,
    Span,
    Version,
)

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
_KINDS = {kind.__name__.removesuffix("Locator").lower(): kind for kind in LOCATOR_KINDS}
_KIND_NAMES = {kind: name for name, kind in _KINDS.items()}


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
        published=_date(stated["published"]),
        recorded=_date(stated["recorded"]),
        original=_date(stated["original"]),
        language=stated["language"],
        partial=stated["partial"],
        locators=tuple(_locator(one) for one in json.loads(row[8])),
        warnings=tuple(stated["warnings"]),
    )


def details(source: Document) -> str:
    """As JSON what a document states beside its text, without locators."""
    stated = {name: getattr(source, name) for name in _DETAILS}
    return json.dumps(stated, default=_plain)


def locators(source: Document) -> str:
    """A document's locators as JSON, each the name of its kind and its fields in order."""
    rows = [[_KIND_NAMES[type(one)], *dataclasses.astuple(one)] for one in source.locators]
    return json.dumps(rows, default=_plain)


def summary(row: tuple[Any, ...]) -> DocumentSummary:
    """A document without its text.

    Of (id, version, collection, title, media type, source key, details, characters, pages, passages, added at).
    """
    stated = json.loads(row[6])
    return DocumentSummary(
        id=DocumentId(row[0]),
        version=Version(row[1]),
        collection=row[2],
        title=row[3],
        media_type=row[4],
        source_key=row[5],
        source_url=stated["source_url"],
        language=stated["language"],
        partial=stated["partial"],
        published=_date(stated["published"]),
        recorded=_date(stated["recorded"]),
        original=_date(stated["original"]),
        warnings=tuple(stated["warnings"]),
        characters=row[7],
        pages=row[8],
        passages=row[9],
        added_at=dt.datetime.fromisoformat(row[10]),
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
    return json.dumps(dataclasses.asdict(upload), default=_plain)


def upload(encoded: str) -> Upload:
    """An upload of its JSON."""
    fields = json.loads(encoded)
    published = fields.pop("published")
    return Upload(**fields, published=dt.date.fromisoformat(published) if published else None)


def _locator(row: list[Any]) -> Locator:
    name, span, *rest = row
    kind = _KINDS[name]
    fields = [field.name for field in dataclasses.fields(kind)][1:]
    values = dict(zip(fields, rest, strict=True))
    if "path" in values:
        values["path"] = tuple(values["path"])
    if values.get("date"):
        values["date"] = _date(values["date"])
    return kind(span=Span(*span), **values)


def _date(stated: list[Any] | None) -> DocumentDate | None:
    if stated is None:
        return None
    value, found_by, span = stated
    return DocumentDate(
        value=dt.date.fromisoformat(value), found_by=found_by, span=Span(*span) if span else None
    )


def _plain(value: object) -> object:
    """What JSON has no form for: days, and values of ours as lists of their fields."""
    if isinstance(value, dt.date):
        return value.isoformat()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.astuple(value)
    raise TypeError(f"{type(value).__name__} is not stored")
