"""What is stored, by name and id."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import apsw

from rag.adapters import _amendments as amendments
from rag.adapters import _copies as copies
from rag.adapters import _records as records
from rag.adapters._access import record
from rag.adapters._collections import known, touch
from rag.adapters._damage import Quarantine, described
from rag.adapters._documents import inside, mark_seen
from rag.adapters._originals import Originals
from rag.adapters._seals import DOCUMENTS, LAYOUTS, TEXTS, VERSIONS, Sealed
from rag.adapters.sqlite import Database, Values, column, first, json_list, rows, value
from rag.errors import DocumentDamaged, StoreDamaged, UnknownDocument, UnknownVersion
from rag.layout import PageLayout
from rag.protocols import CollectionSummary, DocumentSummary, NearDuplicate
from rag.types import Document, DocumentId, Version

_CACHED_CHARACTERS = 50_000_000  # of documents that were read lately
_STATED = "json_array(x.title, x.media_type, x.details)"
_SUMMARIES = (
    "SELECT d.id, v.version, c.name, d.source_key, v.stated, v.characters, v.pages,"
    " (SELECT count(*) FROM passages WHERE document_id = d.id), d.added_at,"
    " (SELECT what FROM damage WHERE document_id = d.id AND version = v.version),"
    f" {amendments.SAID}"
    f" FROM (SELECT x.*, x.rowid AS number FROM documents x WHERE {DOCUMENTS.sound('x')}) d"
    " JOIN (SELECT x.id, x.version, x.characters, x.pages,"
    f" iif({VERSIONS.sound('x')}, {_STATED}, NULL) AS stated FROM versions x) v ON v.id = d.version_id"
    " JOIN collections c ON c.id = d.collection_id"
)
_VERSION = (
    "SELECT d.id, x.version, c.name, x.title, x.media_type, x.text, d.source_key, x.details, x.locators,"
    f" {amendments.SAID} FROM versions x JOIN documents d ON d.id = x.document_id"
    f" JOIN collections c ON c.id = d.collection_id WHERE x.id = ? AND {VERSIONS.sound('x')}"
    f" AND {TEXTS.sound('x')} AND {DOCUMENTS.sound('d')}"
)


class StoredCatalog:
    """`Catalog` over the database; a row that is not as it was written is never read into anything."""

    def __init__(self, db: Database, originals: Originals, quarantine: Quarantine) -> None:
        self._db = db
        self._originals = originals
        self._quarantine = quarantine
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
            there = first(db, "SELECT 1 FROM documents WHERE id = ?", (document_id,))
        if not found and there:
            raise self._damaged(document_id, DOCUMENTS)
        if not found:
            raise UnknownDocument(document_id)
        return found[0]

    def document(self, document_id: DocumentId, version: Version | None = None) -> Document:
        """See `Catalog.document`."""
        row_id = self._version_id(document_id, version)
        cache = self._cache  # an amendment puts another one in its place
        return cache.get(row_id) or self._read_version(document_id, row_id, cache)

    def versions(self, document_id: DocumentId) -> list[Version]:
        """See `Catalog.versions`."""
        with self._db.read() as db:
            found = column(
                db,
                "SELECT v.version FROM versions v JOIN documents d ON d.id = v.document_id WHERE d.id = ?"
                " ORDER BY v.id = d.version_id, v.id",
                (document_id,),
            )
        if not found:
            raise UnknownDocument(document_id)
        return [Version(one) for one in found]

    def original(self, document_id: DocumentId, version: Version | None = None) -> bytes:
        """See `Catalog.original`."""
        row_id = self._version_id(document_id, version)
        with self._db.read() as db:
            found = Version(value(db, "SELECT version FROM versions WHERE id = ?", (row_id,)))
        try:
            return self._originals.read(found)
        except StoreDamaged as damage:
            self._quarantine.record_original(document_id, found, str(damage))
            raise DocumentDamaged(document_id) from damage

    def amend(self, document_id: DocumentId, changes: Mapping[str, str | dt.date | None]) -> None:
        """See `Catalog.amend`."""
        with self._db.write() as db:
            row = first(
                db,
                "SELECT c.id, c.name FROM documents d JOIN collections c ON c.id = d.collection_id"
                " WHERE d.id = ?",
                (document_id,),
            )
            if row is None:
                raise UnknownDocument(document_id)
            amendments.write(db, document_id, changes)
            record(db, "document.amend", document_id, row[1])
            touch(db, row[0])
        self._cache = _Cache()

    def _version_id(self, document_id: DocumentId, version: Version | None) -> int:
        with self._db.read() as db:
            row = first(
                db,
                f"SELECT version_id, {DOCUMENTS.sound('x')} FROM documents x WHERE id = ?",
                (document_id,),
            )
            if row is None:
                raise UnknownDocument(document_id)
            if version is not None:
                query = "SELECT id FROM versions WHERE document_id = ? AND version = ?"
                named = first(db, query, (document_id, version))
                if named is None:
                    raise UnknownVersion(document_id, version)
                return int(named[0])
        if not row[1]:
            raise self._damaged(document_id, DOCUMENTS)
        return int(row[0])

    def layouts(
        self, document_id: DocumentId, version: Version, pages: Sequence[int]
    ) -> list[PageLayout]:
        """See `Catalog.layouts`."""
        with self._db.read() as db:
            found = rows(
                db,
                "SELECT l.page, l.words FROM layouts l JOIN versions v ON v.id = l.version_id"
                f" WHERE v.document_id = ? AND v.version = ? AND {LAYOUTS.sound('l')}"
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
                "SELECT d.id, x.title FROM documents d JOIN versions x ON x.id = d.version_id"
                f" WHERE {VERSIONS.sound('x')} AND d.id IN (SELECT value FROM json_each(?))",
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
                f"WHERE {condition} AND c.name = ? ORDER BY d.number LIMIT 1",
                (wanted, collection),
            )
        return found[0] if found else None

    def _read_version(self, document_id: DocumentId, row_id: int, cache: _Cache) -> Document:
        with self._db.read() as db:
            row = first(db, _VERSION, (row_id,))
            there = first(db, "SELECT version FROM versions WHERE id = ?", (row_id,))
        if row is not None:
            document = amendments.stated(records.document(row), row[9])
            cache.put(row_id, document)
            return document
        if there is None:
            raise UnknownDocument(document_id)
        raise self._damaged(document_id, TEXTS, there[0])

    def _damaged(
        self, document_id: str, sealed: Sealed, version: str | None = None
    ) -> DocumentDamaged:
        self._quarantine.record(document_id, described(sealed), version)
        return DocumentDamaged(document_id)


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
        amendments.stated(
            records.summary(row, tuple(one for one, _ in copies.alike(db, row[0]))), row[10]
        )
        for row in rows(db, f"{_SUMMARIES} {which}", values)
    ]
