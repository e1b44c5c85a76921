"""Collections as rows: their ids, and the number that grows with every change."""

from __future__ import annotations

import secrets

import apsw

from rag.adapters import _lexical as lexical
from rag.adapters import _seals as seals
from rag.adapters.sqlite import column, first, value
from rag.errors import UnknownCollection


def known(db: apsw.Connection, name: str) -> int:
    """The id of a collection.

    Raises:
        UnknownCollection: there is none of that name.
    """
    row = first(db, "SELECT id FROM collections WHERE name = ?", (name,))
    if row is None:
        raise UnknownCollection(name, column(db, "SELECT name FROM collections ORDER BY name"))
    return int(row[0])


def known_or_new(db: apsw.Connection, name: str) -> int:
    """The id of a collection, which is made if there is none of that name."""
    row = first(db, "SELECT id FROM collections WHERE name = ?", (name,))
    if row is not None:
        return int(row[0])
    # An id may come again after a purge; with a count that begins anywhere, a snapshot's name does not.
    first_change = secrets.randbelow(1 << 32)
    db.execute("INSERT INTO collections (name, change) VALUES (?, ?)", (name, first_change))
    collection_id = db.last_insert_rowid()
    seals.close(db, seals.COLLECTIONS, "x.id = ?", (collection_id,))
    lexical.create(db, collection_id)
    return collection_id


def name_of(db: apsw.Connection, collection_id: int) -> str:
    """The name of a collection."""
    return str(value(db, "SELECT name FROM collections WHERE id = ?", (collection_id,)))


def touch(db: apsw.Connection, collection_id: int) -> None:
    """Count a change of a collection."""
    db.execute("UPDATE collections SET change = change + 1 WHERE id = ?", (collection_id,))


def leave_traces(db: apsw.Connection, collection_id: int) -> None:
    """Count a change that deleted something, of which files may hold traces."""
    db.execute(
        "UPDATE collections SET change = change + 1, traces = change + 1 WHERE id = ?",
        (collection_id,),
    )


def forget(db: apsw.Connection, collection_id: int) -> None:
    """Delete a collection, whose documents are deleted already."""
    db.execute(f"DROP TABLE {lexical.table(collection_id)}")
    db.execute("DELETE FROM bands WHERE collection_id = ?", (collection_id,))
    db.execute("DELETE FROM collections WHERE id = ?", (collection_id,))


def change_of(db: apsw.Connection, collection_id: int) -> int:
    """How many changes a collection has seen."""
    return int(value(db, "SELECT change FROM collections WHERE id = ?", (collection_id,)))
