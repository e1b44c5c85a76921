"""Near-duplicates among a collection's present versions: fingerprints are kept, links are found when asked for."""

from __future__ import annotations

import json

import apsw
import numpy as np

from rag.adapters.fingerprints import Fingerprint, Hashes
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


def _packed(hashes: Hashes) -> bytes:
    return hashes.astype("<u4").tobytes()


def _unpacked(minimums: bytes, runs: int, numbers: bytes) -> Fingerprint:
    return Fingerprint(
        minimums=np.frombuffer(minimums, "<u4").astype(np.uint32),
        runs=runs,
        numbers=np.frombuffer(numbers, "<u4").astype(np.uint32).reshape(-1, 2),
    )
