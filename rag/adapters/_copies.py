"""Near-duplicates among a collection's present versions, as rows: found when one is added, gone with it."""

from __future__ import annotations

import json

import apsw
import numpy as np

from rag.adapters.fingerprints import Fingerprint, Hashes
from rag.adapters.sqlite import first, rows
from rag.types import DocumentId

_CANDIDATES = 200  # compared with a new document: those that share the most bands
_LINKS = 20  # made for a new document: to those most like it


def remember(
    db: apsw.Connection, collection_id: int, document_id: DocumentId, found: Fingerprint | None
) -> None:
    """Keep a document's fingerprint instead of its earlier version's, and link it with what it is a copy of."""
    forget(db, collection_id, document_id)
    if found is None:
        return
    alike = _alike(db, collection_id, found)
    db.execute(
        "INSERT INTO fingerprints (document_id, minimums, runs, numbers) VALUES (?, ?, ?, ?)",
        (document_id, _packed(found.minimums), found.runs, _packed(found.numbers)),
    )
    number = db.last_insert_rowid()
    db.executemany(
        "INSERT INTO bands VALUES (?, ?, ?)",
        [(collection_id, band, number) for band in found.bands()],
    )
    for similarity, other in alike:
        db.executemany(
            "INSERT INTO near_duplicates VALUES (?, ?, ?)",
            [(document_id, other, similarity), (other, document_id, similarity)],
        )


def forget(db: apsw.Connection, collection_id: int, document_id: DocumentId) -> None:
    """Remove what was remembered of a document, and its links with others."""
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
    db.execute(
        "DELETE FROM near_duplicates WHERE document_id = ?1 OR other_id = ?1", (document_id,)
    )


def _alike(
    db: apsw.Connection, collection_id: int, found: Fingerprint
) -> list[tuple[float, DocumentId]]:
    """The documents of a collection that this is a copy of, or that are one of it, most alike first."""
    candidates = rows(
        db,
        "SELECT f.document_id, f.minimums, f.runs, f.numbers FROM"
        " (SELECT fingerprint_id, count(*) AS shared FROM bands WHERE collection_id = ?"
        "  AND band IN (SELECT value FROM json_each(?))"
        "  GROUP BY fingerprint_id ORDER BY shared DESC, fingerprint_id LIMIT ?) b"
        " JOIN fingerprints f ON f.id = b.fingerprint_id",
        (collection_id, json.dumps(found.bands()), _CANDIDATES),
    )
    compared = [(DocumentId(row[0]), _unpacked(*row[1:])) for row in candidates]
    alike = [(found.similarity(one), other) for other, one in compared if found.is_copy_of(one)]
    return sorted(alike, key=lambda one: (-one[0], one[1]))[:_LINKS]


def _packed(hashes: Hashes) -> bytes:
    return hashes.astype("<u4").tobytes()


def _unpacked(minimums: bytes, runs: int, numbers: bytes) -> Fingerprint:
    return Fingerprint(
        minimums=np.frombuffer(minimums, "<u4").astype(np.uint32),
        runs=runs,
        numbers=np.frombuffer(numbers, "<u4").astype(np.uint32).reshape(-1, 2),
    )
