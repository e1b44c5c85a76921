"""What is stored, by name and id."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Sequence

import apsw

from rag.adapters import _copies as copies
from rag.adapters import _records as records
from rag.adapters._collections import known
from rag.adapters._documents import inside, mark_seen
from rag.adapters.sqlite import Database, Values, first, json_list, rows
from rag.errors import UnknownDocument, UnknownVersion
from rag.layout import PageLayout
from rag.protocols import CollectionSummary, DocumentSummary, NearDuplicate
from rag.types import Document, DocumentId, Version

_CACHED_CHARACTERS = 50_000_000  # of documents that were read lately
_SUMMARIES = (
    "SELECT d.id, v.version, c.name, v.title, v.media_type, d.source_key, v.details, v.characters,"
    " v.pages, (SELECT count(*) FROM passages WHERE document_id = d.id), d.added_at"
    " FROM documents d JOIN versions v ON v.id = d.version_id"
    " JOIN collections c ON c.id = d.collection_id"
)


class StoredCatalog:
    """`Catalog` over the database."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._cache = _Cache()

    def collections(self) -> list[CollectionSummary]:
        """See `Catalog.collections`."""
        with self._db.read() as db:
            found = rows(
                db,
                "SELECT name,"
                " (SELECT count(*) FROM documents WHERE collection_id = c.id),"
                " (SELECT count(*) FROM passages WHERE collection_id = c.id)"
                " FROM collections c ORDER BY name",
            )
        return [CollectionSummary(name=n, documents=d, passages=p) for n, d, p in found]

    def summaries(
        self, collection: str | None, *, after: DocumentId | None = None, limit: int = 100
    ) -> list[DocumentSummary]:
        """See `Catalog.summaries`."""
        with self._db.read() as db:
            if collection is not None:
                known(db, collection)
            return summaries_of(
                db,
                "WHERE (?1 IS NULL OR c.name = ?1) AND d.id > ?2 ORDER BY d.id LIMIT ?3",
                (collection, after or "", limit),
            )

    def summary(self, document_id: DocumentId) -> DocumentSummary:
        """See `Catalog.summary`."""
        with self._db.read() as db:
            found = summaries_of(db, "WHERE d.id = ?", (document_id,))
        if not found:
            raise UnknownDocument(document_id)
        return found[0]

    def document(self, document_id: DocumentId, version: Version | None = None) -> Document:
        """See `Catalog.document`."""
        with self._db.read() as db:
            row = first(db, "SELECT version_id FROM documents WHERE id = ?", (document_id,))
            if row is not None and version is not None:
                row = first(
                    db,
                    "SELECT id FROM versions WHERE document_id = ? AND version = ?",
                    (document_id, version),
                )
                if row is None:
                    raise UnknownVersion(document_id, version)
        if row is None:
            raise UnknownDocument(document_id)
        return self._cache.get(row[0]) or self._read_version(row[0])

    def layouts(
        self, document_id: DocumentId, version: Version, pages: Sequence[int]
    ) -> list[PageLayout]:
        """See `Catalog.layouts`."""
        with self._db.read() as db:
            found = rows(
                db,
                "SELECT l.page, l.words FROM layouts l JOIN versions v ON v.id = l.version_id"
                " WHERE v.document_id = ? AND v.version = ?"
                " AND l.page IN (SELECT value FROM json_each(?)) ORDER BY l.page",
                (document_id, version, json.dumps(list(pages))),
            )
        return [PageLayout(page=page, words=words) for page, words in found]

    def by_version(self, collection: str, version: Version) -> DocumentSummary | None:
        """See `Catalog.by_version`."""
        return self._first_summary("v.version = ?", collection, version)

    def by_source_key(self, collection: str, source_key: str) -> DocumentSummary | None:
        """See `Catalog.by_source_key`."""
        return self._first_summary("d.source_key = ?", collection, source_key)

    def near_duplicates(self, document_id: DocumentId) -> list[NearDuplicate]:
        """See `Catalog.near_duplicates`."""
        with self._db.read() as db:
            found = dict(copies.alike(db, document_id))
            titles = rows(
                db,
                "SELECT d.id, v.title FROM documents d JOIN versions v ON v.id = d.version_id"
                " WHERE d.id IN (SELECT value FROM json_each(?))",
                json_list(found),
            )
        known = {DocumentId(one): title for one, title in titles}
        return [
            NearDuplicate(document_id=one, title=known[one], similarity=similarity)
            for one, similarity in found.items()
            if one in known
        ]

    def mark_seen(self, document_id: DocumentId, root: str | None) -> None:
        """See `Catalog.mark_seen`."""
        with self._db.read() as db:
            marked = first(db, "SELECT root FROM sources WHERE document_id = ?", (document_id,))
        if marked != (root and (root,)):  # most files of most runs are where they were
            with self._db.write() as db:
                mark_seen(db, document_id, root)

    def inside(self, collection: str, source: str) -> dict[str, DocumentId]:
        """See `Catalog.inside`."""
        with self._db.read() as db:
            row = first(db, "SELECT id FROM collections WHERE name = ?", (collection,))
            return {} if row is None else inside(db, row[0], source)

    def last_seen(self, collection: str, root: str) -> dict[str, DocumentId]:
        """See `Catalog.last_seen`."""
        with self._db.read() as db:
            found = rows(
                db,
                "SELECT d.source_key, d.id FROM documents d JOIN collections c ON c.id = d.collection_id"
                " JOIN sources s ON s.document_id = d.id"
                " WHERE c.name = ? AND s.root = ? AND d.source_key IS NOT NULL ORDER BY d.source_key",
                (collection, root),
            )
        return {key: DocumentId(document_id) for key, document_id in found}

    def _first_summary(
        self, condition: str, collection: str, wanted: str
    ) -> DocumentSummary | None:
        with self._db.read() as db:
            found = summaries_of(
                db,
                f"WHERE {condition} AND c.name = ? ORDER BY d.added_at, d.id LIMIT 1",
                (wanted, collection),
            )
        return found[0] if found else None

    def _read_version(self, version_id: int) -> Document:
        with self._db.read() as db:
            row = first(
                db,
                "SELECT d.id, v.version, c.name, v.title, v.media_type, v.text, d.source_key,"
                " v.details, v.locators"
                " FROM versions v JOIN documents d ON d.id = v.document_id"
                " JOIN collections c ON c.id = d.collection_id WHERE v.id = ?",
                (version_id,),
            )
        if row is None:
            raise UnknownDocument(str(version_id))
        document = records.document(row)
        self._cache.put(version_id, document)
        return document


class _Cache:
    """Document versions read lately, by row, up to a number of characters. Rows are never used twice."""

    def __init__(self) -> None:
        self._documents: OrderedDict[int, Document] = OrderedDict()
        self._characters = 0
        self._changing = threading.Lock()

    def get(self, row: int) -> Document | None:
        with self._changing:
            if row in self._documents:
                self._documents.move_to_end(row)
            return self._documents.get(row)

    def put(self, row: int, document: Document) -> None:
        with self._changing:
            if row not in self._documents:
                self._documents[row] = document
                self._characters += len(document.text)
            while self._characters > _CACHED_CHARACTERS:
                _, oldest = self._documents.popitem(last=False)
                self._characters -= len(oldest.text)


def summaries_of(db: apsw.Connection, which: str, values: Values) -> list[DocumentSummary]:
    """Documents without their texts; `which` is the end of a query over documents d, versions v and collections c."""
    return [
        records.summary(row, tuple(one for one, _ in copies.alike(db, row[0])))
        for row in rows(db, f"{_SUMMARIES} {which}", values)
    ]
