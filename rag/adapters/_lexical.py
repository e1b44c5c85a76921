"""The lexical tables: one for each collection, because its BM25 must not depend on what others hold.

A passage is found by what stands above it too: its document's title and its section's headings.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import apsw

from rag.adapters.sqlite import Values, column, first, rows, value
from rag.analysis import terms as analysed

_DERIVED_AS = "2"  # another number wherever terms, or what they are taken from, come out otherwise


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
    above = analysed(" ".join((title, *section)))
    db.execute(
        f"INSERT INTO {table(collection_id)} (rowid, above, terms) VALUES (?, ?, ?)",
        (passage_id, " ".join(above), " ".join(analysed(text))),
    )


def bring_up_to_date(db: apsw.Connection) -> None:
    """Derive every table anew from the stored passages where another release derived it otherwise."""
    if first(db, "SELECT value FROM facts WHERE name = 'lexical'") == (_DERIVED_AS,):
        return
    for collection_id in column(db, "SELECT id FROM collections ORDER BY id"):
        rebuild(db, collection_id)
    db.execute("INSERT OR REPLACE INTO facts VALUES ('lexical', ?)", (_DERIVED_AS,))


def rebuild(db: apsw.Connection, collection_id: int) -> None:
    """Derive a collection's table anew from its stored passages."""
    db.execute(f"DROP TABLE IF EXISTS {table(collection_id)}")
    create(db, collection_id)
    present = db.execute(
        "SELECT p.id, p.text, v.title, p.section FROM passages p JOIN documents d ON d.id = p.document_id"
        " JOIN versions v ON v.id = d.version_id WHERE p.collection_id = ? ORDER BY p.id",
        (collection_id,),
    )
    for passage_id, text, title, section in present:
        insert(db, collection_id, passage_id, text, title=title, section=json.loads(section))


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
    """The ids of highest BM25 for any of the terms in both columns, with it; ties by id.

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
    """In how many passages' own text a term occurs."""
    name = table(collection_id)
    query = f"SELECT count(*) FROM {name} WHERE {name} MATCH ?"
    return int(value(db, query, (f"terms : {_any_of([term])}",)))


def _any_of(terms: Iterable[str]) -> str:
    """An FTS5 query for any of the terms. Quoted, a term is never read as syntax."""
    return " OR ".join('"' + term.replace('"', '""') + '"' for term in sorted(set(terms)))
