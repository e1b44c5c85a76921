"""Near-duplicates among a collection's present versions: fingerprints are kept, links are found when asked for."""

from __future__ import annotations

import json
from typing import Any

import apsw
import numpy as np

from rag.adapters import _seals as seals
from rag.adapters.fingerprints import Fingerprint, Hashes, fingerprint
from rag.adapters.sqlite import first, rows
from rag.types import DocumentId

_CANDIDATES = 200  # compared with a document: those that share the most bands
_LINKS = 20  # told of a document: to those most like it


def remember(
    db: apsw.Connection, collection_id: int, document_id: DocumentId, found: Fingerprint | None
) -> None:
    """Keep a document's fingerprint instead of its earlier version's."""
    forget(db, collection_id, document_id)
    if found is None:
        return
    db.execute(
        "INSERT INTO fingerprints (document_id, minimums, runs, numbers) VALUES (?, ?, ?, ?)",
        (document_id, _packed(found.minimums), found.runs, _packed(found.numbers)),
    )
    number = db.last_insert_rowid()
    seals.close(db, seals.FINGERPRINTS, "x.id = ?", (number,))
    db.executemany(
        "INSERT INTO bands VALUES (?, ?, ?)",
        [(collection_id, band, number) for band in found.bands()],
    )


def forget(db: apsw.Connection, collection_id: int, document_id: DocumentId) -> None:
    """Remove what was remembered of a document."""
    row = first(
        db,
        "DELETE FROM fingerprints WHERE document_id = ? RETURNING id, minimums, runs, numbers",
        (document_id,),
    )
    if row is not None:
        db.executemany(
            "DELETE FROM bands WHERE collection_id = ? AND band = ? AND fingerprint_id = ?",
            [(collection_id, band, row[0]) for band in _unpacked(*row[1:]).bands()],
        )


def alike(db: apsw.Connection, document_id: DocumentId) -> list[tuple[DocumentId, float]]:
    """The documents that one is a copy of, or that are one of it, with how alike they are; most alike first."""
    row = first(
        db,
        "SELECT f.minimums, f.runs, f.numbers, d.collection_id, f.id"
        " FROM fingerprints f JOIN documents d ON d.id = f.document_id WHERE d.id = ?",
        (document_id,),
    )
    if row is None:
        return []
    mine = _unpacked(*row[:3])
    candidates = rows(
        db,
        "SELECT f.document_id, f.minimums, f.runs, f.numbers FROM"
        " (SELECT fingerprint_id, count(*) AS shared FROM bands WHERE collection_id = ?"
        "  AND band IN (SELECT value FROM json_each(?)) AND fingerprint_id != ?"
        "  GROUP BY fingerprint_id ORDER BY shared DESC, fingerprint_id LIMIT ?) b"
        " JOIN fingerprints f ON f.id = b.fingerprint_id",
        (row[3], json.dumps(mine.bands()), row[4], _CANDIDATES),
    )
    compared = [(DocumentId(one[0]), _unpacked(*one[1:])) for one in candidates]
    found = [(other, mine.similarity(one)) for other, one in compared if mine.is_copy_of(one)]
    return sorted(found, key=lambda one: (-one[1], one[0]))[:_LINKS]


def agree(db: apsw.Connection, collection_id: int) -> bool:
    """Whether the bands of a collection are those of its fingerprints, and no others."""
    expected = {
        (band, row[0]) for row in _fingerprints(db, collection_id) for band in _bands_of(row[1:])
    }
    query = "SELECT band, fingerprint_id FROM bands WHERE collection_id = ?"
    return set(rows(db, query, (collection_id,))) == expected


def rebuild(db: apsw.Connection, collection_id: int) -> None:
    """Make the fingerprints and bands of a collection again from the texts of its documents."""
    db.execute("DELETE FROM bands WHERE collection_id = ?", (collection_id,))
    db.execute(
        "DELETE FROM fingerprints WHERE document_id IN"
        " (SELECT id FROM documents WHERE collection_id = ?)"
        " OR document_id NOT IN (SELECT id FROM documents)",
        (collection_id,),
    )
    texts = rows(
        db,
        "SELECT x.document_id, x.text FROM versions x JOIN documents d ON d.version_id = x.id"
        f" WHERE d.collection_id = ? AND {seals.TEXTS.sound('x')} AND {seals.VERSIONS.sound('x')}"
        f" AND {seals.DOCUMENTS.sound('d')} AND d.id = x.document_id ORDER BY x.id",
        (collection_id,),
    )
    for document_id, text in texts:
        remember(db, collection_id, document_id, fingerprint(text))


def _fingerprints(db: apsw.Connection, collection_id: int) -> list[tuple[Any, ...]]:
    return rows(
        db,
        "SELECT f.id, f.minimums, f.runs, f.numbers FROM fingerprints f"
        " JOIN documents d ON d.id = f.document_id WHERE d.collection_id = ?",
        (collection_id,),
    )


def _bands_of(stored: tuple[Any, ...]) -> list[int]:
    try:
        return _unpacked(*stored).bands()
    except ValueError:  # not even of the length of one
        return []


def _packed(hashes: Hashes) -> bytes:
    return hashes.astype("<u4").tobytes()


def _unpacked(minimums: bytes, runs: int, numbers: bytes) -> Fingerprint:
    return Fingerprint(
        minimums=np.frombuffer(minimums, "<u4").astype(np.uint32),
        runs=runs,
        numbers=np.frombuffer(numbers, "<u4").astype(np.uint32).reshape(-1, 2),
    )
