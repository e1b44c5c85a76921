"""How much of the disk a collection takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import apsw

from rag.adapters.sqlite import column, value

_ROWS = (  # what octet_length gives is in a row's header: no text is read
    "SELECT coalesce(sum(octet_length(v.text) + octet_length(v.locators)), 0)"
    " FROM versions v JOIN documents d ON d.id = v.document_id WHERE d.collection_id = ?",
    "SELECT coalesce(sum(octet_length(l.words)), 0) FROM layouts l JOIN versions v ON v.id = l.version_id"
    " JOIN documents d ON d.id = v.document_id WHERE d.collection_id = ?",
    "SELECT coalesce(sum(octet_length(p.text) + octet_length(x.vector)), 0)"
    " FROM passages p JOIN vectors x ON x.passage_id = p.id WHERE p.collection_id = ?",
)
_VERSIONS = (
    "SELECT DISTINCT v.version FROM versions v JOIN documents d ON d.id = v.document_id"
    " WHERE d.collection_id = ?"
)


def disk_bytes(
    db: apsw.Connection, collection_id: int, original: Callable[[str], Path], index: Path
) -> int:
    """Texts, vectors, originals and index files, without what SQLite adds; a shared original counts."""
    files = [original(one) for one in column(db, _VERSIONS, (collection_id,))]
    files += index.rglob("*")
    stored = sum(int(value(db, query, (collection_id,))) for query in _ROWS)
    return stored + sum(one.stat().st_size for one in files if one.is_file())
