"""The lexical tables: one for each collection, because its BM25 must not depend on what others hold.

A passage is found by what stands above it too: its document's title and its section's headings.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import apsw

from rag.adapters import _seals as seals
from rag.adapters.sqlite import Values, column, first, rows, value
from rag.analysis import terms as analysed

_DERIVED_AS = "4"  # another number wherever terms, or what they are taken from, come out otherwise
_COLUMNS = ("above", "terms")
_MERGED_PAGES = 500  # at a time, some hundredths of a second
_NOTHING_MERGED = 2  # rows that a merge changes at least, as FTS5 documents it


def table(collection_id: int) -> str:
    """The name of a collection's lexical table."""
    return f"lexical_{collection_id:d}"


def create(db: apsw.Connection, collection_id: int) -> None:
    """Make the lexical table of a new collection."""
    # Terms come in analysed and hold no ASCII separator, so this tokenizer passes them on unchanged.
    db.execute(
        f"CREATE VIRTUAL TABLE {table(collection_id)} USING"
        " fts5(above, terms, content='', contentless_delete=1, tokenize='ascii')"
    )


def insert(
    db: apsw.Connection,
    collection_id: int,
    passage_id: int,
    text: str,
    *,
    title: str,
    section: Sequence[str],
) -> None:
    """Add a passage of a document with this title, under these headings."""
    above, terms = _terms(text, title, section)
    db.execute(
        f"INSERT INTO {table(collection_id)} (rowid, above, terms) VALUES (?, ?, ?)",
        (passage_id, " ".join(above), " ".join(terms)),
    )


def _terms(text: str, title: str, section: Sequence[str]) -> tuple[list[str], list[str]]:
    """What a passage is found by: what stands above it, and what it says."""
    return analysed(" ".join((title, *section))), analysed(text)


def bring_up_to_date(db: apsw.Connection) -> None:
    """Derive every table anew from the stored passages where another release derived it otherwise."""
    if first(db, "SELECT value FROM facts WHERE name = 'lexical'") == (_DERIVED_AS,):
        return
    for collection_id in column(db, "SELECT id FROM collections ORDER BY id"):
        rebuild(db, collection_id)
    query = "INSERT OR REPLACE INTO facts (name, value) VALUES ('lexical', ?)"
    db.execute(query, (_DERIVED_AS,))
    seals.close(db, seals.FACTS, "x.name = 'lexical'")


def rebuild(db: apsw.Connection, collection_id: int) -> None:
    """Derive a collection's table anew from its stored passages."""
    db.execute(f"DROP TABLE IF EXISTS {table(collection_id)}")
    create(db, collection_id)
    for passage_id, text, title, section in _present(db, collection_id):
        insert(db, collection_id, passage_id, text, title=title, section=json.loads(section))


def _present(db: apsw.Connection, collection_id: int) -> list[tuple[Any, ...]]:
    """Id, text, title and section of every passage of a collection that is as it was written."""
    return rows(
        db,
        "SELECT p.id, p.text, v.title, p.section FROM passages p JOIN documents d ON d.id = p.document_id"
        f" JOIN versions v ON v.id = d.version_id WHERE p.collection_id = ? AND {seals.PASSAGES.sound('p')}"
        " ORDER BY p.id",
        (collection_id,),
    )


def forget_deleted(db: apsw.Connection, collection_id: int, *, begin: bool) -> bool:
    """Do a bounded part of the work that leaves no deleted term in the table's pages.

    Args:
        db: A connection that writes.
        collection_id: The collection.
        begin: Whether this is the first part.

    Returns:
        Whether there may be more to do.
    """
    name = table(collection_id)
    before = db.total_changes()
    db.execute(
        f"INSERT INTO {name} ({name}, rank) VALUES ('merge', ?)",
        (-_MERGED_PAGES if begin else _MERGED_PAGES,),
    )
    return db.total_changes() - before >= _NOTHING_MERGED


def delete(db: apsw.Connection, collection_id: int, passage_id: int) -> None:
    """Remove a passage."""
    db.execute(f"DELETE FROM {table(collection_id)} WHERE rowid = ?", (passage_id,))


def search(
    db: apsw.Connection,
    collection_id: int,
    terms: Sequence[str],
    k: int,
    *,
    among: str = "",
    values: Values = (),
) -> list[tuple[int, float, bool]]:
    """The ids of highest BM25 for any of the terms in both columns, with it; ties by id.

    The third value says whether the passage has a vector too.
    `among` is a condition on `rowid` that begins with AND, or nothing; `values` are bound in it.
    """
    name = table(collection_id)
    return rows(
        db,
        "SELECT id, score, EXISTS (SELECT 1 FROM vectors WHERE passage_id = id AND length(vector) > 0)"
        f" FROM (SELECT rowid AS id, -bm25({name}) AS score FROM {name}"
        f" WHERE {name} MATCH ? {among} ORDER BY score DESC, rowid LIMIT ?) ORDER BY score DESC, id",
        (_any_of(terms), *values, k),
    )


def frequency(db: apsw.Connection, collection_id: int, term: str) -> int:
    """In how many passages' own text a term occurs."""
    name = table(collection_id)
    query = f"SELECT count(*) FROM {name} WHERE {name} MATCH ?"
    return int(value(db, query, (f"terms : {_any_of([term])}",)))


def vocabulary(db: apsw.Connection, collection_id: int) -> list[str]:
    """The terms of a table, sorted; those of deleted passages stay until their pages are merged."""
    db.execute(
        f"CREATE VIRTUAL TABLE temp.vocabulary USING fts5vocab(main, {table(collection_id)}, row)"
    )
    try:
        return column(db, "SELECT term FROM temp.vocabulary")
    finally:
        db.execute("DROP TABLE temp.vocabulary")


def agrees(db: apsw.Connection, collection_id: int) -> bool:
    """Whether the table holds the words of the collection's passages, each at its place, and nothing else."""
    name = table(collection_id)
    words, sizes, totals = 0, {}, [0, 0]
    for passage_id, text, title, section in _present(db, collection_id):
        columns = _terms(text, title, json.loads(section))
        for number, terms in enumerate(columns):
            column_name = _COLUMNS[number]
            words += sum(_place(term, passage_id, column_name, at) for at, term in enumerate(terms))
            totals[number] += len(terms)
        sizes[passage_id] = b"".join(_variable_length(len(terms)) for terms in columns)
    db.execute(f"CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, {name}, instance)")
    try:
        query = "SELECT term, doc, col, offset FROM temp.words"
        found = sum(_place(*row) for row in db.execute(query))
    finally:
        db.execute("DROP TABLE temp.words")
    averages = b"".join(map(_variable_length, (len(sizes), *totals)))
    return (
        found == words
        and dict(rows(db, f"SELECT id, sz FROM {name}_docsize")) == sizes
        and (not sizes or value(db, f"SELECT block FROM {name}_data WHERE id = 1") == averages)
    )


def _place(*occurrence: object) -> int:
    """A number for one word at one place; their sum does not depend on the order in which they come."""
    return zlib.crc32(repr(occurrence).encode())


def _variable_length(number: int) -> bytes:
    """A number as SQLite packs those below 2 ** 56: seven bits a byte, the highest first."""
    packed = [number & 0x7F]
    while number := number >> 7:
        packed.append(number & 0x7F | 0x80)
    return bytes(reversed(packed))


def _any_of(terms: Iterable[str]) -> str:
    """An FTS5 query for any of the terms. Quoted, a term is never read as syntax."""
    return " OR ".join('"' + term.replace('"', '""') + '"' for term in sorted(set(terms)))
