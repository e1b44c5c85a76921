"""What users say of a document, which goes over what its file says and outlives its versions."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

import apsw

from rag.adapters.sqlite import first
from rag.protocols import Amendment, DocumentSummary
from rag.types import Document, DocumentDate, DocumentId

_Amended = TypeVar("_Amended", Document, DocumentSummary)
_DATES = ("published", "recorded", "original")
# Of `documents d` and the version `v` that is asked for:
SAID = (
    "(SELECT json_object('title', a.title, 'published', a.published, 'recorded', a.recorded,"
    " 'original', a.original) FROM amendments a WHERE a.document_id = d.id)"
)
PUBLISHED = (
    "coalesce((SELECT a.published FROM amendments a WHERE a.document_id = d.id), v.published)"
)


def write(
    db: apsw.Connection, document_id: DocumentId, changes: Mapping[str, str | dt.date | None]
) -> None:
    """Change what users say of a document that exists."""
    row = first(db, f"SELECT {SAID} FROM documents d WHERE d.id = ?", (document_id,))
    said = replace(_amendment(row and row[0]), **changes)  # type: ignore[arg-type] # by name
    days = [getattr(said, name) for name in _DATES]
    db.execute(
        "INSERT OR REPLACE INTO amendments VALUES (?, ?, ?, ?, ?)",
        (document_id, said.title, *(day and day.isoformat() for day in days)),
    )


def stated(source: _Amended, said: str | None) -> _Amended:
    """A document, or its summary, with what `SAID` gave of it."""
    return source if said is None else amended(source, _amendment(said))


def amended(source: _Amended, amendment: Amendment) -> _Amended:
    """A document, or its summary, with what users say of it."""
    days = {name: getattr(amendment, name) for name in _DATES}
    dates: dict[str, Any] = {
        name: DocumentDate(value=day, found_by="user")
        for name, day in days.items()
        if day is not None
    }
    return replace(source, title=amendment.title or source.title, **dates)


def _amendment(said: str | None) -> Amendment:
    found = json.loads(said) if said else {}
    days = {name: dt.date.fromisoformat(found[name]) for name in _DATES if found.get(name)}
    return Amendment(title=found.get("title"), **days)
