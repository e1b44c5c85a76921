"""Documents as rows: what one transaction of the store writes and deletes."""

from __future__ import annotations

import json
from collections.abc import Sequence

import apsw
import numpy as np

from rag.adapters import _copies as copies
from rag.adapters import _lexical as lexical
from rag.adapters import _records as records
from rag.adapters import _seals as seals
from rag.adapters.faiss_vectors import Ids
from rag.adapters.sqlite import column, first, now, rows, value
from rag.encoding import encode, locator_rows
from rag.errors import DocumentChanged
from rag.layout import PageLayout
from rag.protocols import inner_key
from rag.types import Document, DocumentId, Passage, Vectors, Version


def refuse_another(
    db: apsw.Connection, collection_id: int, document: Document, replaces: Version | None
) -> None:
    """Refuse another collection's id, another document's source key, and what replaces another version."""
    elsewhere = "SELECT 1 FROM documents WHERE id = ? AND collection_id != ?"
    if first(db, elsewhere, (document.id, collection_id)):
        raise ValueError(f"another collection has a document {document.id!r} already")
    same_key = "SELECT 1 FROM documents WHERE collection_id = ? AND source_key = ? AND id != ?"
    if first(db, same_key, (collection_id, document.source_key, document.id)):
        raise DocumentChanged
    present = (
        "SELECT v.version FROM documents d JOIN versions v ON v.id = d.version_id WHERE d.id = ?"
    )
    if replaces is not None and first(db, present, (document.id,)) != (replaces,):
        raise DocumentChanged


def insert_document(
    db: apsw.Connection,
    collection_id: int,
    document: Document,
    layouts: Sequence[PageLayout],
) -> None:
    """Make a version the present one of its document."""
    db.execute(
        "DELETE FROM versions WHERE document_id = ? AND version = ?",
        (document.id, document.version),
    )
    db.execute(
        "INSERT INTO versions (document_id, version, title, media_type, text, characters, pages,"
        " published, details, locators) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            document.id,
            document.version,
            document.title,
            document.media_type,
            document.text,
            len(document.text),
            len(document.pages),
            document.published.value.isoformat() if document.published else None,
            records.details(document),
            encode(locator_rows(document.locators)),
        ),
    )
    version_id = db.last_insert_rowid()
    db.executemany(
        "INSERT INTO layouts (version_id, page, words) VALUES (?, ?, ?)",
        [(version_id, one.page, one.words) for one in layouts],
    )
    db.execute(
        "INSERT INTO documents (id, collection_id, source_key, version_id, added_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET version_id = excluded.version_id",
        (document.id, collection_id, document.source_key, version_id, now()),
    )
    db.execute(
        "DELETE FROM damage WHERE document_id = ? AND version = ?", (document.id, document.version)
    )
    for sealed in (seals.VERSIONS, seals.TEXTS):
        seals.close(db, sealed, "x.id = ?", (version_id,))
    seals.close(db, seals.LAYOUTS, "x.version_id = ?", (version_id,))
    seals.close(db, seals.DOCUMENTS, "x.id = ?", (document.id,))


def insert_passages(
    db: apsw.Connection,
    collection_id: int,
    title: str,
    passages: Sequence[Passage],
    vectors: Vectors,
) -> Ids:
    """Store passages of a document of this title with their vectors, a vector of zeros as none.

    Returns:
        Their ids, which ascend.
    """
    ids = []
    for passage, vector in zip(passages, vectors, strict=True):
        db.execute(
            'INSERT INTO passages (collection_id, document_id, version, start, "end", text, section)'
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                collection_id,
                passage.document_id,
                passage.version,
                passage.span.start,
                passage.span.end,
                passage.text,
                json.dumps(passage.section),
            ),
        )
        ids.append(db.last_insert_rowid())
        db.execute(
            "INSERT INTO vectors (passage_id, vector) VALUES (?, ?)",
            (ids[-1], vector.astype("<f4").tobytes() if vector.any() else b""),
        )
        lexical.insert(
            db, collection_id, ids[-1], passage.text, title=title, section=passage.section
        )
    if ids:  # they ascend, and nobody else's are between them
        seals.close(db, seals.PASSAGES, "x.id BETWEEN ? AND ?", (ids[0], ids[-1]))
        seals.close(db, seals.VECTORS, "x.passage_id BETWEEN ? AND ?", (ids[0], ids[-1]))
    return np.array(ids, np.int64)


def delete_document(db: apsw.Connection, collection_id: int, document_id: DocumentId) -> list[int]:
    """Delete all rows of a document; gives the ids of its passages."""
    passages = delete_passages(db, document_id)
    copies.forget(db, collection_id, document_id)
    db.execute("DELETE FROM damage WHERE document_id = ?", (document_id,))
    db.execute("DELETE FROM documents WHERE id = ?", (document_id,))
    return passages


def versions_of(db: apsw.Connection, document_ids: Sequence[str]) -> list[str]:
    """Every version of these documents."""
    query = "SELECT version FROM versions WHERE document_id IN (SELECT value FROM json_each(?))"
    return column(db, query, (json.dumps(document_ids),))


def source_of(db: apsw.Connection, document_id: DocumentId) -> str:
    """What the keys of documents from inside of this one begin with."""
    return str(
        value(
            db,
            "SELECT coalesce(d.source_key, v.version) FROM documents d JOIN versions v ON v.id = d.version_id"
            " WHERE d.id = ?",
            (document_id,),
        )
    )


def inside(db: apsw.Connection, collection_id: int, source: str) -> dict[str, DocumentId]:
    """By source key, the documents from inside of a source."""
    first_key = inner_key(source, "")
    after_last = first_key[:-1] + chr(ord(first_key[-1]) + 1)
    found = rows(
        db,
        "SELECT source_key, id FROM documents WHERE collection_id = ? AND source_key >= ? AND source_key < ?"
        " ORDER BY source_key",
        (collection_id, first_key, after_last),
    )
    return {key: DocumentId(document_id) for key, document_id in found}


def delete_passages(db: apsw.Connection, document_id: DocumentId) -> list[int]:
    """Delete a document's passages from both searches; gives their ids."""
    found = rows(db, "SELECT id, collection_id FROM passages WHERE document_id = ?", (document_id,))
    for passage_id, collection_id in found:
        lexical.delete(db, collection_id, passage_id)
    db.execute("DELETE FROM passages WHERE document_id = ?", (document_id,))
    return [row[0] for row in found]


def mark_seen(db: apsw.Connection, document_id: DocumentId, root: str | None) -> None:
    """Record the folder in which a document's file was seen, or that it was in none."""
    db.execute("DELETE FROM sources WHERE document_id = ?", (document_id,))
    if root is not None:
        db.execute(
            "INSERT INTO sources (document_id, root) SELECT id, ? FROM documents WHERE id = ?",
            (root, document_id),
        )
        seals.close(db, seals.SOURCES, "x.document_id = ?", (document_id,))
