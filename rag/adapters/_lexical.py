"""The lexical tables: one for each collection, because its BM25 must not depend on what others hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import apsw

from rag.adapters.sqlite import Values, rows, value


def table(collection_id: int) -> str:
    """The name of a collection's lexical table."""
    return f"lexical_{collection_id:d}"


def create(db: apsw.Connection, collection_id: int) -> None:
    """Make the lexical table of a new collection."""
    # Terms come in analysed and hold no ASCII separator, so this tokenizer passes them on unchanged.
    db.execute(
        f"CREATE VIRTUAL TABLE {table(collection_id)} USING"
        " fts5(terms, content='', contentless_delete=1, tokenize='ascii')"
    )


def insert(db: apsw.Connection, collection_id: int, passage_id: int, terms: Sequence[str]) -> None:
    """Add a passage's analysed terms."""
    db.execute(
        f"INSERT INTO {table(collection_id)} (rowid, terms) VALUES (?, ?)",
        (passage_id, " ".join(terms)),
    )


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
) -> list[tuple[int, float]]:
    """The ids of highest BM25 for any of the terms, with it; ties by id.

    `among` is a condition on `rowid` that begins with AND, or nothing; `values` are bound in it.
    """
    name = table(collection_id)
    return rows(
        db,
        f"SELECT rowid, -bm25({name}) AS score FROM {name}"
        f" WHERE {name} MATCH ? {among} ORDER BY score DESC, rowid LIMIT ?",
        (_any_of(terms), *values, k),
    )


def frequency(db: apsw.Connection, collection_id: int, term: str) -> int:
    """In how many passages a term occurs."""
    name = table(collection_id)
    query = f"SELECT count(*) FROM {name} WHERE {name} MATCH ?"
    return int(value(db, query, (_any_of([term]),)))


def _any_of(terms: Iterable[str]) -> str:
    """An FTS5 query for any of the terms. Quoted, a term is never read as syntax."""
    return " OR ".join('"' + term.replace('"', '""') + '"' for term in sorted(set(terms)))
