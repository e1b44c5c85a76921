"""Keys, what they have spent, and the audit trail, as tables of the store."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import apsw

from rag.access import AuditEntry, Key, acting
from rag.adapters import _durable as durable
from rag.adapters._locking import LOCK, lock
from rag.adapters._migration import bring_up_to_date
from rag.adapters.inspection import refuse_lost_database
from rag.adapters.sqlite import DATABASE, Database, first, rows, translated
from rag.errors import UnknownKey
from rag.protocols import Budget

_ALL = "SELECT id, name, digest, scopes, collections, created_at, expires_at, revoked_at FROM keys"


class StoredKeys:
    """`KeyStore` over a database that one process holds, so that all keys can be known by heart.

    Looking one up then takes the same time whether it exists or not, and waits for no disk.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        with database.read() as db:
            self._keys = {row[0]: _key(row) for row in rows(db, _ALL)}

    def key(self, key_id: str) -> Key | None:
        """See `KeyStore.key`."""
        return self._keys.get(key_id)

    def all(self) -> list[Key]:
        """See `KeyStore.all`."""
        return sorted(self._keys.values(), key=lambda one: (one.created_at, one.id))

    def add(self, key: Key) -> None:
        """See `KeyStore.add`."""
        with self._database.write() as db:
            db.execute(
                "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
                (
                    key.id,
                    key.name,
                    key.digest,
                    json.dumps(sorted(key.scopes)),
                    None if key.collections is None else json.dumps(sorted(key.collections)),
                    key.created_at.isoformat(),
                    key.expires_at and key.expires_at.isoformat(),
                ),
            )
            record(db, "key.create", key.id)
        self._keys[key.id] = key

    def revoke(self, key_id: str) -> None:
        """See `KeyStore.revoke`."""
        key = self._keys.get(key_id)
        if key is None:
            raise UnknownKey(key_id)
        if key.revoked_at is not None:
            return
        now = dt.datetime.now(dt.UTC)
        with self._database.write() as db:
            db.execute("UPDATE keys SET revoked_at = ? WHERE id = ?", (now.isoformat(), key_id))
            record(db, "key.revoke", key_id)
        self._keys[key_id] = replace(key, revoked_at=now)

    def spend(self, key_id: str, day: dt.date, budget: Budget, amount: int, limit: int) -> bool:
        """See `KeyStore.spend`."""
        if amount > limit:
            return False
        with self._database.write() as db:
            db.execute("DELETE FROM spending WHERE day < ?", (day.isoformat(),))
            taken = first(
                db,
                "INSERT INTO spending VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE"
                " SET amount = amount + ?4 WHERE amount + ?4 <= ?5 RETURNING amount",
                (day.isoformat(), key_id, budget, amount, limit),
            )
        return taken is not None


@contextmanager
def opened_keys(folder: Path) -> Iterator[StoredKeys]:
    """The keys of a data folder that nobody else has open, without the model that its documents need.

    Raises:
        StoreLocked: another process holds the folder.
        StoreError: it cannot be used.
    """
    with translated():
        durable.make_folder(folder)
        held = lock(folder / LOCK)
    try:
        with translated():
            refuse_lost_database(folder)
        with closing(Database(folder / DATABASE)) as database:
            with translated():
                bring_up_to_date(database)
            yield StoredKeys(database)
    finally:
        os.close(held)


class StoredAudit:
    """`AuditLog` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entries(self, *, before: int | None = None, limit: int = 100) -> list[AuditEntry]:
        """See `AuditLog.entries`."""
        with self._database.read() as db:
            found = rows(
                db,
                "SELECT id, at, actor, action, subject, collection FROM audit"
                " WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2",
                (before, limit),
            )
        return [
            AuditEntry(
                id=row[0],
                at=dt.datetime.fromisoformat(row[1]),
                actor=row[2],
                action=row[3],
                subject=row[4],
                collection=row[5],
            )
            for row in found
        ]


def record(db: apsw.Connection, action: str, subject: str, collection: str | None = None) -> None:
    """Note a deed in the transaction that does it, under the name of whoever acts."""
    db.execute(
        "INSERT INTO audit (at, actor, action, subject, collection) VALUES (?, ?, ?, ?, ?)",
        (
            dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
            *(acting.get(), action, subject, collection),
        ),
    )


def _key(row: tuple[str, str, bytes, str, str | None, str, str | None, str | None]) -> Key:
    key_id, name, digest, scopes, collections, created_at, expires_at, revoked_at = row
    return Key(
        id=key_id,
        name=name,
        digest=digest,
        scopes=frozenset(json.loads(scopes)),
        collections=None if collections is None else frozenset(json.loads(collections)),
        created_at=dt.datetime.fromisoformat(created_at),
        expires_at=dt.datetime.fromisoformat(expires_at) if expires_at else None,
        revoked_at=dt.datetime.fromisoformat(revoked_at) if revoked_at else None,
    )
