"""A hash in every row that matters: SQLite reads a row with a flipped bit without a word.

A row's seal covers its table's name, its key and what it says. Whoever reads a row into an answer asks for sound
rows only, and the scrub looks through all of them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import apsw

_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What a seal covers.

    Attributes:
        table: The table it is in.
        key: The columns that name a row.
        texts, others: The columns that are covered, by whether they hold text.
        seal: The column that holds it.
        document: The id of the document that a row belongs to, as SQL over the row; NULL for none.
    """

    table: str
    key: tuple[str, ...]
    texts: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    seal: str = "seal"
    document: str = "NULL"

    def expression(self, alias: str) -> str:
        """The seal that a row should have, as SQL."""
        # Text is hashed as bytes: a flipped bit can leave some that are no text.
        covered = [f'CAST({alias}."{one}" AS BLOB)' for one in self.texts]
        covered += [f'{alias}."{one}"' for one in self.others]
        return f"seal('{self.table}.{self.seal}', {', '.join(covered)})"

    def sound(self, alias: str) -> str:
        """Whether a row is as it was written, as SQL."""
        return f"{alias}.{self.seal} IS {self.expression(alias)}"


FACTS = Sealed(table="facts", key=("rowid",), texts=("name", "value"))
COLLECTIONS = Sealed(table="collections", key=("id",), texts=("name",), others=("id",))
DOCUMENTS = Sealed(
    table="documents",
    key=("rowid",),
    texts=("id", "source_key", "added_at"),
    others=("collection_id", "version_id"),
    document="x.id",
)
VERSIONS = Sealed(  # what is said about a version
    table="versions",
    key=("id",),
    texts=("document_id", "version", "title", "media_type", "published", "details"),
    others=("id", "characters", "pages"),
    document="x.document_id",
)
TEXTS = Sealed(  # apart, so that a list of documents need not read all of them
    table="versions",
    key=("id",),
    texts=("text", "locators"),
    others=("id",),
    seal="text_seal",
    document="x.document_id",
)
PASSAGES = Sealed(
    table="passages",
    key=("id",),
    texts=("document_id", "version", "text", "section"),
    others=("id", "collection_id", "start", "end"),
    document="x.document_id",
)
VECTORS = Sealed(
    table="vectors",
    key=("passage_id",),
    others=("passage_id", "vector"),
    document="(SELECT document_id FROM passages WHERE id = x.passage_id)",
)
EMBEDDED = Sealed(
    table="embedded",
    key=("passage_id",),
    others=("passage_id", "collection_id", "digest"),
    document="(SELECT document_id FROM passages WHERE id = x.passage_id)",
)
LAYOUTS = Sealed(
    table="layouts",
    key=("version_id", "page"),
    others=("version_id", "page", "words"),
    document="(SELECT document_id FROM versions WHERE id = x.version_id)",
)
SOURCES = Sealed(
    table="sources",
    key=("document_id",),
    texts=("document_id", "root"),
    document="x.document_id",
)
FINGERPRINTS = Sealed(
    table="fingerprints",
    key=("id",),
    texts=("document_id",),
    others=("id", "minimums", "runs", "numbers"),
    document="x.document_id",
)
JOBS = Sealed(table="jobs", key=("rowid",), texts=("id", "upload", "version", "added_at"))
GENERATIONS = Sealed(
    table="generations",
    key=("collection_id", "number"),
    texts=("manifest_sha256",),
    others=("collection_id", "number"),
)
EVERY = (
    FACTS,
    COLLECTIONS,
    DOCUMENTS,
    VERSIONS,
    TEXTS,
    PASSAGES,
    VECTORS,
    EMBEDDED,
    LAYOUTS,
    SOURCES,
    FINGERPRINTS,
    JOBS,
    GENERATIONS,
)


def teach(db: apsw.Connection) -> None:
    """Give a connection the function `seal`."""
    db.create_scalar_function("seal", _seal, deterministic=True)


def close(
    db: apsw.Connection, sealed: Sealed, which: str, values: tuple[str | int, ...] = ()
) -> None:
    """Seal the rows of a table x that a condition names."""
    db.execute(
        f"UPDATE {sealed.table} AS x SET {sealed.seal} = {sealed.expression('x')} WHERE {which}",
        values,
    )


def _seal(*values: object) -> bytes:
    digest = hashlib.blake2b(digest_size=_BYTES)
    for value in values:
        kind, content = (b"b", value) if isinstance(value, bytes) else (b"v", repr(value).encode())
        digest.update(kind + len(content).to_bytes(8, "little"))
        digest.update(content)
    return digest.digest()
