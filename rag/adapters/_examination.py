"""Everything that a data folder holds, compared with what was written: all at once, or a piece at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import apsw

from rag.adapters import _copies as copies
from rag.adapters import _lexical as lexical
from rag.adapters import _seals as seals
from rag.adapters import faiss_vectors
from rag.adapters._damage import described
from rag.adapters._originals import ORIGINALS, Originals
from rag.adapters._vectors import INDEX
from rag.adapters.sqlite import column, first, rows
from rag.errors import StoreDamaged, StoreError

_LEXICAL = re.compile(r"\blexical_(\d+)")  # in what SQLite says
_ROWS = 500  # that are looked at together
_CHECKS = (
    ("documents without their version", "SELECT id, '' FROM documents d WHERE NOT EXISTS"
     " (SELECT 1 FROM versions WHERE id = d.version_id AND document_id = d.id)"),
    ("passages without their vector", "SELECT DISTINCT document_id, version FROM passages p WHERE NOT EXISTS"
     " (SELECT 1 FROM vectors WHERE passage_id = p.id)"),
    ("passages of another version", "SELECT DISTINCT p.document_id, p.version FROM passages p"
     " JOIN documents d ON d.id = p.document_id JOIN versions v ON v.id = d.version_id"
     " WHERE v.version != p.version OR d.collection_id != p.collection_id"),
)  # fmt: skip

Reader = Callable[[], AbstractContextManager[apsw.Connection]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is not as it was written.

    Attributes:
        part: Where: in the database as such, in a document, or in what can be made again from documents.
        what: In one sentence.
        document_id, version: Of which document, where it is one's.
        key: Which one, of what can be made again: a collection's id, and a generation's number.
    """

    part: Literal["database", "document", "original", "lexical", "copies", "generation"]
    what: str
    document_id: str | None = None
    version: str | None = None
    key: tuple[int, ...] = ()


def examine(folder: Path, read: Reader) -> Iterator[Problem | None]:
    """Look at everything, piece by piece: a problem, or None for a piece that is sound.

    Args:
        folder: The data folder.
        read: Gives a connection that sees one state until the block ends.
    """
    yield from _guarded("the database", _database(read))
    for sealed in seals.EVERY:
        yield from _guarded(sealed.table, _sealed(read, sealed))
    yield from _guarded("documents", _belonging(read))
    with read() as db:
        sound = f"SELECT id FROM collections x WHERE {seals.COLLECTIONS.sound('x')}"
        collections = column(db, sound)
    for one in collections:
        yield from _guarded("the lexical index", _lexical(read, one))
        yield from _guarded("fingerprints", _copies(read, one))
    yield from _guarded("originals", _originals(folder, read))
    yield from _guarded("the vector index", _generations(folder, read))


def _guarded(what: str, look: Iterator[Problem | None]) -> Iterator[Problem | None]:
    """What a look finds; that it comes to no end is a finding too."""
    try:
        yield from look
    except (ValueError, apsw.Error, StoreError):  # text that is none among them
        yield Problem(part="database", what=f"A part of {what} cannot be read.")


def _database(read: Reader) -> Iterator[Problem | None]:
    with read() as db:
        for name in column(db, "SELECT name FROM sqlite_schema WHERE sql LIKE '%USING fts5(%'"):
            # FTS5's own check goes by what its connection last read of the table; others may have written since
            with suppress(apsw.Error):  # the check tells of it
                db.execute(f"SELECT 1 FROM {name} WHERE {name} MATCH 'a'").fetchall()
        found = [str(one) for one in column(db, "PRAGMA integrity_check(10)") if one != "ok"]
        unbound = len(rows(db, "PRAGMA foreign_key_check"))
    for one in found:
        lexical_table = _LEXICAL.search(one)
        if lexical_table:
            yield _lexical_problem(int(lexical_table.group(1)))
        else:
            yield Problem(part="database", what=f"SQLite finds: {one}.")
    if unbound:
        yield Problem(part="database", what=f"{unbound:,} rows belong to none that is there.")
    yield None


def _sealed(read: Reader, sealed: seals.Sealed) -> Iterator[Problem | None]:
    keys = ", ".join(f'x."{one}"' if one != "rowid" else "x.rowid" for one in sealed.key)
    after: tuple[object, ...] | None = None
    while True:
        condition = f"WHERE ({keys}) > ({', '.join('?' * len(after))})" if after else ""
        with read() as db:
            found = rows(
                db,
                f"SELECT {sealed.sound('x')}, {sealed.document}, {keys}"
                f" FROM {sealed.table} x {condition} ORDER BY {keys} LIMIT {_ROWS}",
                after or (),  # type: ignore[arg-type] # what the database gave
            )
            for document_id, version in _damaged(db, sealed, found):
                yield _of_row(sealed, document_id, version)
        yield None
        if len(found) < _ROWS:
            return
        after = found[-1][2:]


def _damaged(
    db: apsw.Connection, sealed: seals.Sealed, found: list[tuple[object, ...]]
) -> Iterator[tuple[str | None, str | None]]:
    """The documents and versions of rows that are not sound; of one that is nobody's, None."""
    for sound, document_id, *key in found:
        if sound:
            continue
        version = None
        if sealed.table == "versions":
            row = first(db, "SELECT version FROM versions WHERE id = ?", (int(str(key[0])),))
            version = row[0] if row else None
        yield (str(document_id) if document_id is not None else None), version


def _of_row(sealed: seals.Sealed, document_id: str | None, version: str | None) -> Problem:
    if sealed is seals.FINGERPRINTS:
        return Problem(part="copies", what=described(sealed), document_id=document_id)
    if document_id is None:
        return Problem(part="database", what=described(sealed))
    return Problem(
        part="document", what=described(sealed), document_id=document_id, version=version
    )


def _belonging(read: Reader) -> Iterator[Problem | None]:
    for what, query in _CHECKS:
        with read() as db:
            found = rows(db, query)
        for document_id, version in found:
            yield Problem(
                part="document",
                what=f"There are {what}.",
                document_id=document_id,
                version=version or None,
            )
        yield None


def _lexical(read: Reader, collection_id: int) -> Iterator[Problem | None]:
    try:
        with read() as db:
            sound = lexical.agrees(db, collection_id)
    except (ValueError, apsw.SQLError, apsw.CorruptError, StoreDamaged):
        sound = False  # it is not even a table that can be read; a lock, say, would be no damage
    except StoreError as error:
        if not isinstance(error.__cause__, apsw.SQLError):
            raise
        sound = False
    yield None if sound else _lexical_problem(collection_id)


def _lexical_problem(collection_id: int) -> Problem:
    return Problem(
        part="lexical",
        what="A lexical index does not hold the words of its passages.",
        key=(collection_id,),
    )


def _copies(read: Reader, collection_id: int) -> Iterator[Problem | None]:
    with read() as db:
        sound = copies.agree(db, collection_id)
    if not sound:
        yield Problem(
            part="copies", what="Fingerprints do not fit their bands.", key=(collection_id,)
        )
    yield None


def _originals(folder: Path, read: Reader) -> Iterator[Problem | None]:
    originals = Originals(folder / ORIGINALS)
    with read() as db:
        found = rows(db, "SELECT DISTINCT document_id, version FROM versions")
    for document_id, version in found:
        try:
            originals.read(version)
        except StoreDamaged as damage:
            with read() as db:
                there = first(
                    db,
                    "SELECT 1 FROM versions WHERE document_id = ? AND version = ?",
                    (document_id, version),
                )
            if there:  # it was not deleted meanwhile
                yield Problem(
                    part="original", what=str(damage), document_id=document_id, version=version
                )
        yield None


def _generations(folder: Path, read: Reader) -> Iterator[Problem | None]:
    query = "SELECT collection_id, number, manifest_sha256 FROM generations"
    with read() as db:
        found = rows(db, query)
    for collection_id, number, digest in found:
        try:
            faiss_vectors.checked_files(folder / INDEX / str(collection_id), number, digest)
        except StoreDamaged as damage:
            with read() as db:
                there = (collection_id, number, digest) in rows(db, query)
            if there:
                yield Problem(part="generation", what=str(damage), key=(collection_id, number))
        yield None
