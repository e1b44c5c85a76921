"""The default store: one folder with a SQLite database, the original files and FAISS generations.

The database is the only truth. Everything that one document brings goes in by one transaction; the FAISS
files can be deleted at any time and are built again from the vectors in the database.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import fcntl
import hashlib
import json
import logging
import os
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import apsw
import numpy as np

from rag.adapters import _copies as copies
from rag.adapters import _records as records
from rag.adapters import faiss_vectors
from rag.adapters.faiss_vectors import Ids, Searchable
from rag.adapters.fingerprints import fingerprint
from rag.adapters.inspection import ORIGINAL_NAME, ORIGINALS, refuse_lost_database
from rag.adapters.sqlite import DATABASE, Database, Values, column, first, rows, translated, value
from rag.analysis import terms as analysed
from rag.encoding import encode, locator_rows
from rag.errors import (
    DocumentChanged,
    IndexMismatch,
    RagError,
    StoreDamaged,
    StoreLocked,
    UnknownCollection,
    UnknownDocument,
    UnknownJob,
    UnknownVersion,
)
from rag.layout import PageLayout
from rag.protocols import (
    CollectionSummary,
    DocumentSummary,
    Hit,
    Job,
    ModelIdentity,
    NearDuplicate,
    Selection,
    Upload,
    inner_key,
)
from rag.types import (
    Document,
    DocumentId,
    Filters,
    Passage,
    PassageId,
    Searched,
    Vectors,
    Version,
)

logger = logging.getLogger(__name__)

_FOLD_AT = 8192  # changes held in memory before they become a generation of their own
_CACHED_CHARACTERS = 50_000_000  # of documents that were read lately


class EmbeddedStore:
    """`PassageIndex`, `Catalog` and `JobStore` over one folder, which one process holds at a time.

    Args:
        folder: Made if it does not exist.
        identity: The model whose vectors are stored.

    Raises:
        StoreLocked: another process holds the folder.
        IndexMismatch: the folder holds another model's vectors.
        FormatTooNew: a newer release wrote it.
        StoreDamaged: the database is damaged, or is not ours.
    """

    def __init__(self, folder: Path, identity: ModelIdentity) -> None:
        self._folder = folder
        self._originals = folder / ORIGINALS
        self._identity = identity
        self._changing = (
            threading.RLock()
        )  # one change at a time, to the database and the vectors both
        self._vectors: dict[int, Searchable] = {}
        self._cache = _Cache()
        with translated():
            folder.mkdir(parents=True, exist_ok=True)
            self._originals.mkdir(exist_ok=True)
            self._lock = _lock(folder / "lock")
        try:
            with translated():
                refuse_lost_database(folder)
                self._db = Database(folder / DATABASE)
                self._claim_model()
                self._requeue_interrupted()
                self._sweep_originals()
        except BaseException:
            os.close(self._lock)
            raise

    def close(self) -> None:
        """Fold pending changes into the index files and let go of the folder."""
        with self._changing:
            try:
                for collection_id in self._vectors:
                    self._fold(collection_id)
                self._db.close()
            finally:
                os.close(self._lock)

    # Passage index

    def add(
        self,
        document: Document,
        passages: Sequence[Passage],
        vectors: Vectors,
        *,
        original: bytes,
        layouts: Sequence[PageLayout] = (),
        replaces: Version | None = None,
        root: str | None = None,
    ) -> DocumentSummary:
        """See `PassageIndex.add`.

        Raises:
            DocumentChanged: another document has the source key, or another version is the present one.
            StoreFull: the disk has no room; nothing was added.
            ValueError: the parts do not belong together, or the id is another collection's.
        """
        if vectors.shape != (len(passages), self._identity.dimension):
            raise ValueError(f"{len(passages)} passages do not go with vectors of {vectors.shape}")
        if _version_of(original) != document.version:
            raise ValueError("the original bytes are not those of the document's version")
        found = fingerprint(document.text)
        with self._changing:
            self._keep_original(document.version, original)
            with self._db.write() as db:
                collection_id = _collection_id(db, document.collection)
                _refuse_another(db, collection_id, document, replaces)
                replaced = _delete_passages(db, document.id)
                _insert_document(db, collection_id, document, layouts)
                _mark_seen(db, document.id, root)
                copies.remember(db, collection_id, document.id, found)
                ids = _insert_passages(db, collection_id, passages, vectors)
                _touch(db, collection_id)
                [added] = _summaries(db, "WHERE d.id = ?", (document.id,))
            self._apply(collection_id, ids, vectors, replaced)
        return added

    def delete(self, document_id: DocumentId) -> None:
        """See `PassageIndex.delete`."""
        with self._changing:
            with self._db.write() as db:
                row = first(db, "SELECT collection_id FROM documents WHERE id = ?", (document_id,))
                if row is None:
                    raise UnknownDocument(document_id)
                going = [document_id, *_inside(db, row[0], _source(db, document_id)).values()]
                versions = column(
                    db,
                    "SELECT version FROM versions WHERE document_id IN (SELECT value FROM json_each(?))",
                    (json.dumps(going),),
                )
                gone = [one for each in going for one in _delete_document(db, row[0], each)]
                _touch(db, row[0])
            self._apply(row[0], np.empty(0, np.int64), self._no_vectors, gone)
            for version in versions:
                self._drop_original(version)

    def select(self, collection: str, filters: Filters) -> Selection:
        """See `PassageIndex.select`."""
        with self._db.read() as db:
            collection_id = self._known(db, collection)
            documents = (
                frozenset(DocumentId(one) for one in _matching(db, collection_id, filters))
                if filters
                else None
            )
            passages = "SELECT count(*) FROM passages WHERE collection_id = ?"
            among = "" if documents is None else _AMONG
            total = "SELECT count(*) FROM documents WHERE collection_id = ?"
            return Selection(
                collection=collection,
                documents=documents,
                snapshot=f"{collection_id}.{_change(db, collection_id)}",
                searched=Searched(
                    collection=collection,
                    documents=(
                        value(db, total, (collection_id,)) if documents is None else len(documents)
                    ),
                    passages=value(db, f"{passages} {among}", (collection_id, *_json(documents))),
                    filtered=bool(filters),
                ),
            )

    def dense_search(self, selection: Selection, vector: Vectors, k: int) -> list[Hit]:
        """See `PassageIndex.dense_search`. Exact; cosines are rounded to six decimals."""
        with self._db.read() as db:
            collection_id = self._known(db, selection.collection)
            among = None
            if selection.documents is not None:
                query = f"SELECT id FROM passages WHERE collection_id = ? {_AMONG} ORDER BY id"
                found = column(db, query, (collection_id, *_json(selection.documents)))
                among = np.array(found, np.int64)
        return self._searchable(collection_id).search(vector, k, among)

    def lexical_search(self, selection: Selection, terms: Sequence[str], k: int) -> list[Hit]:
        """See `PassageIndex.lexical_search`. BM25 as FTS5 computes it: k1 = 1.2, b = 0.75."""
        with self._db.read() as db:
            table = _lexical(self._known(db, selection.collection))
            if not terms:
                return []
            chosen = (
                ""
                if selection.documents is None
                else f"AND rowid IN (SELECT id FROM passages WHERE true {_AMONG})"
            )
            found = rows(
                db,
                f"SELECT rowid, -bm25({table}) AS score FROM {table}"
                f" WHERE {table} MATCH ? {chosen} ORDER BY score DESC, rowid LIMIT ?",
                (_any_of(terms), *_json(selection.documents), k),
            )
        return [Hit(PassageId(row), score) for row, score in found]

    def document_frequencies(self, collection: str, terms: Sequence[str]) -> dict[str, int]:
        """See `PassageIndex.document_frequencies`."""
        with self._db.read() as db:
            table = _lexical(self._known(db, collection))
            query = f"SELECT count(*) FROM {table} WHERE {table} MATCH ?"
            return {term: value(db, query, (_any_of([term]),)) for term in dict.fromkeys(terms)}

    def count(self, collection: str) -> int:
        """See `PassageIndex.count`."""
        with self._db.read() as db:
            query = "SELECT count(*) FROM passages WHERE collection_id = ?"
            return int(value(db, query, (self._known(db, collection),)))

    def passages(self, ids: Sequence[PassageId]) -> dict[PassageId, Passage]:
        """See `PassageIndex.passages`."""
        with self._db.read() as db:
            found = rows(
                db,
                'SELECT id, document_id, version, start, "end", text, section FROM passages'
                " WHERE id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(ids)),),
            )
        return {PassageId(row[0]): records.passage(row[1:]) for row in found}

    # Catalog

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
                self._known(db, collection)
            return _summaries(
                db,
                "WHERE (?1 IS NULL OR c.name = ?1) AND d.id > ?2 ORDER BY d.id LIMIT ?3",
                (collection, after or "", limit),
            )

    def summary(self, document_id: DocumentId) -> DocumentSummary:
        """See `Catalog.summary`."""
        with self._db.read() as db:
            found = _summaries(db, "WHERE d.id = ?", (document_id,))
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
                _json(found),
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
                _mark_seen(db, document_id, root)

    def inside(self, collection: str, source: str) -> dict[str, DocumentId]:
        """See `Catalog.inside`."""
        with self._db.read() as db:
            row = first(db, "SELECT id FROM collections WHERE name = ?", (collection,))
            return {} if row is None else _inside(db, row[0], source)

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
            found = _summaries(
                db,
                f"WHERE {condition} AND c.name = ? ORDER BY d.added_at, d.id LIMIT 1",
                (wanted, collection),
            )
        return found[0] if found else None

    # Jobs

    def enqueue(self, upload: Upload, content: bytes) -> Job:
        """See `JobStore.enqueue`."""
        version = _version_of(content)
        job = Job(id=secrets.token_hex(16), state="queued")
        with self._changing:
            self._keep_original(version, content)
            with self._db.write() as db:
                db.execute(
                    "INSERT INTO jobs (id, state, upload, version, added_at) VALUES (?, ?, ?, ?, ?)",
                    (job.id, job.state, records.upload_json(upload), version, _now()),
                )
        return job

    def claim(self) -> tuple[Job, Upload, bytes] | None:
        """See `JobStore.claim`."""
        with self._db.write() as db:
            row = first(
                db,
                "UPDATE jobs SET state = 'parsing' WHERE id ="
                " (SELECT id FROM jobs WHERE state = 'queued' ORDER BY added_at, id LIMIT 1)"
                " RETURNING id, upload, version",
            )
        if row is None:
            return None
        job = Job(id=row[0], state="parsing")
        try:
            content = self._original(row[2]).read_bytes()
        except OSError:
            logger.exception("the bytes of job %s are gone", job.id)
            self.update(replace(job, state="failed", reason="Its bytes are gone. Send it again."))
            return self.claim()
        return job, records.upload(row[1]), content

    def update(self, job: Job) -> None:
        """See `JobStore.update`."""
        with self._db.write() as db:
            row = first(
                db,
                "UPDATE jobs SET state = ?, done = ?, total = ?, document_id = ?, known = ?,"
                " reason = ? WHERE id = ? RETURNING version",
                (job.state, job.done, job.total, job.document_id, job.known, job.reason, job.id),
            )
        if row is None:
            raise UnknownJob(job.id)
        if job.state == "failed":
            self._drop_original(row[0])

    def job(self, job_id: str) -> Job:
        """See `JobStore.job`."""
        with self._db.read() as db:
            row = first(
                db,
                "SELECT id, state, done, total, document_id, known, reason FROM jobs WHERE id = ?",
                (job_id,),
            )
        if row is None:
            raise UnknownJob(job_id)
        return records.job(row)

    # Vectors in memory and their files

    @property
    def _no_vectors(self) -> Vectors:
        return np.empty((0, self._identity.dimension), np.float32)

    def _searchable(self, collection_id: int) -> Searchable:
        found = self._vectors.get(collection_id)
        if found is None:
            with self._changing:
                found = self._vectors.get(collection_id) or self._open_vectors(collection_id)
                self._vectors[collection_id] = found
        return found

    def _open_vectors(self, collection_id: int) -> Searchable:
        """The generation in force and what changed since; everything from the database without one."""
        with self._db.read() as db:
            base = self._generation(db, collection_id)
            query = "SELECT id FROM passages WHERE collection_id = ? ORDER BY id"
            present = np.array(column(db, query, (collection_id,)), np.int64)
            new = np.setdiff1d(present, base.base_ids, assume_unique=True)
            gone = np.setdiff1d(base.base_ids, present, assume_unique=True)
            return base.changed(new, self._stored_vectors(db, new), gone.tolist())

    def _generation(self, db: apsw.Connection, collection_id: int) -> Searchable:
        row = first(
            db,
            "SELECT number, manifest_sha256 FROM generations WHERE collection_id = ?",
            (collection_id,),
        )
        if row is not None:
            folder = self._generations(collection_id)
            try:
                return faiss_vectors.read_generation(folder, row[0], row[1], self._identity)
            except StoreDamaged as damage:
                logger.warning("%s It is built again from the stored vectors.", damage)
        return faiss_vectors.build(np.empty(0, np.int64), self._no_vectors)

    def _stored_vectors(self, db: apsw.Connection, ids: Ids) -> Vectors:
        """The vectors of these ids, which ascend, in their order."""
        if not len(ids):
            return self._no_vectors
        blobs = column(
            db,
            "SELECT vector FROM vectors WHERE passage_id IN (SELECT value FROM json_each(?))"
            " ORDER BY passage_id",
            (json.dumps(ids.tolist()),),
        )
        return np.frombuffer(b"".join(blobs), "<f4").reshape(len(ids), -1).astype(np.float32)

    def _apply(
        self, collection_id: int, ids: Ids, vectors: Vectors, deleted: Iterable[int]
    ) -> None:
        found = self._vectors.get(collection_id)
        if found is not None:  # otherwise the first search reads all of it from the database
            self._vectors[collection_id] = found.changed(ids, vectors, deleted)
            if self._vectors[collection_id].pending >= _FOLD_AT:
                self._fold(collection_id)

    def _fold(self, collection_id: int) -> None:
        """Make what is searchable now the next generation, if anything has changed.

        A generation is a cache: one that cannot be written is logged, and what it would hold stays in memory
        and in the database.
        """
        if self._vectors[collection_id].pending:
            try:
                self._write_generation(collection_id)
            except (OSError, RagError) as error:
                logger.warning("the vector index was not written: %s", error)

    def _write_generation(self, collection_id: int) -> None:
        folder = self._generations(collection_id)
        with self._db.read() as db:
            query = "SELECT id FROM passages WHERE collection_id = ? ORDER BY id"
            ids = np.array(column(db, query, (collection_id,)), np.int64)
            vectors = faiss_vectors.build(ids, self._stored_vectors(db, ids))
            change = _change(db, collection_id)
            row = first(
                db, "SELECT number FROM generations WHERE collection_id = ?", (collection_id,)
            )
        number = row[0] + 1 if row else 1
        digest = faiss_vectors.write_generation(
            folder, number, vectors, identity=self._identity, change=change
        )
        with self._db.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO generations VALUES (?, ?, ?)",
                (collection_id, number, digest),
            )
        self._vectors[collection_id] = vectors
        faiss_vectors.remove_other_generations(folder, number)

    def _generations(self, collection_id: int) -> Path:
        return self._folder / "index" / str(collection_id)

    # Originals

    def _original(self, version: str) -> Path:
        return self._originals / version.removeprefix("sha256:")

    def _keep_original(self, version: str, content: bytes) -> None:
        path = self._original(version)
        if path.exists():
            return
        aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with translated():
            try:
                faiss_vectors.write_durably(aside, content)
                aside.rename(path)
                faiss_vectors.sync_folder(path.parent)
            finally:
                aside.unlink(missing_ok=True)

    def _drop_original(self, version: str) -> None:
        """Delete an original that no document and no waiting job names any more."""
        with self._changing, self._db.read() as db:
            if not value(db, f"SELECT ?1 IN ({_NAMED_VERSIONS})", (version,)):
                self._original(version).unlink(missing_ok=True)

    def _sweep_originals(self) -> None:
        """Delete what a crash left behind: originals that nothing names, and half-written ones."""
        with self._db.read() as db:
            named = {self._original(one) for one in column(db, _NAMED_VERSIONS)}
        for path in self._originals.iterdir():
            if ORIGINAL_NAME.fullmatch(path.name) and path not in named:
                path.unlink()

    # Opening

    def _claim_model(self) -> None:
        stated = json.dumps(dataclasses.asdict(self._identity), sort_keys=True)
        with self._db.write() as db:
            db.execute("INSERT OR IGNORE INTO facts VALUES ('embedding', ?)", (stated,))
            found = value(db, "SELECT value FROM facts WHERE name = 'embedding'")
        if found != stated:
            raise IndexMismatch(str(ModelIdentity(**json.loads(found))), str(self._identity))

    def _requeue_interrupted(self) -> None:
        with self._db.write() as db:
            db.execute(
                "UPDATE jobs SET state = 'queued', done = 0, total = 0"
                " WHERE state IN ('parsing', 'embedding')"
            )

    def _known(self, db: apsw.Connection, collection: str) -> int:
        row = first(db, "SELECT id FROM collections WHERE name = ?", (collection,))
        if row is None:
            raise UnknownCollection(
                collection, column(db, "SELECT name FROM collections ORDER BY name")
            )
        return int(row[0])

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


_NAMED_VERSIONS = (
    "SELECT version FROM versions UNION"
    " SELECT version FROM jobs WHERE state NOT IN ('committed', 'failed')"
)
_AMONG = "AND document_id IN (SELECT value FROM json_each(?))"
_SUMMARIES = (
    "SELECT d.id, v.version, c.name, v.title, v.media_type, d.source_key, v.details, v.characters,"
    " v.pages, (SELECT count(*) FROM passages WHERE document_id = d.id), d.added_at"
    " FROM documents d JOIN versions v ON v.id = d.version_id"
    " JOIN collections c ON c.id = d.collection_id"
)


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


def _lock(path: Path) -> int:
    """Hold the folder for the life of this process; the operating system lets go when it ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 100, 0).decode(errors="replace").strip()
        os.close(descriptor)
        raise StoreLocked(holder or "another process") from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"process {os.getpid()}\n".encode(), 0)
    return descriptor


def _summaries(db: apsw.Connection, which: str, values: Values) -> list[DocumentSummary]:
    return [
        records.summary(row, tuple(one for one, _ in copies.alike(db, row[0])))
        for row in rows(db, f"{_SUMMARIES} {which}", values)
    ]


def _collection_id(db: apsw.Connection, name: str) -> int:
    row = first(db, "SELECT id FROM collections WHERE name = ?", (name,))
    if row is None:
        db.execute("INSERT INTO collections (name) VALUES (?)", (name,))
        row = (db.last_insert_rowid(),)
        # Terms come in analysed and hold no ASCII separator, so this tokenizer passes them on unchanged.
        db.execute(
            f"CREATE VIRTUAL TABLE {_lexical(row[0])} USING"
            " fts5(terms, content='', contentless_delete=1, tokenize='ascii')"
        )
    return int(row[0])


def _refuse_another(
    db: apsw.Connection, collection_id: int, document: Document, replaces: Version | None
) -> None:
    """Refuse another collection's id, another document's source key, and what replaces another version."""
    elsewhere = "SELECT 1 FROM documents WHERE id = ? AND collection_id != ?"
    if first(db, elsewhere, (document.id, collection_id)):
        raise ValueError(f"another collection has a document {document.id!r} already")
    same_key = "SELECT 1 FROM documents WHERE collection_id = ? AND source_key = ? AND id != ?"
    if first(db, same_key, (collection_id, document.source_key, document.id)):
        raise DocumentChanged
    present = (
        "SELECT v.version FROM documents d JOIN versions v ON v.id = d.version_id WHERE d.id = ?"
    )
    if replaces is not None and first(db, present, (document.id,)) != (replaces,):
        raise DocumentChanged


def _insert_document(
    db: apsw.Connection,
    collection_id: int,
    document: Document,
    layouts: Sequence[PageLayout],
) -> None:
    db.execute(
        "DELETE FROM versions WHERE document_id = ? AND version = ?",
        (document.id, document.version),
    )
    db.execute(
        "INSERT INTO versions (document_id, version, title, media_type, text, characters, pages,"
        " published, details, locators) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            document.id,
            document.version,
            document.title,
            document.media_type,
            document.text,
            len(document.text),
            len(document.pages),
            document.published.value.isoformat() if document.published else None,
            records.details(document),
            encode(locator_rows(document.locators)),
        ),
    )
    version_id = db.last_insert_rowid()
    db.executemany(
        "INSERT INTO layouts VALUES (?, ?, ?)",
        [(version_id, one.page, one.words) for one in layouts],
    )
    db.execute(
        "INSERT INTO documents (id, collection_id, source_key, version_id, added_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET version_id = excluded.version_id",
        (document.id, collection_id, document.source_key, version_id, _now()),
    )


def _insert_passages(
    db: apsw.Connection, collection_id: int, passages: Sequence[Passage], vectors: Vectors
) -> Ids:
    ids = []
    for passage, vector in zip(passages, vectors, strict=True):
        db.execute(
            'INSERT INTO passages (collection_id, document_id, version, start, "end", text, section)'
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                collection_id,
                passage.document_id,
                passage.version,
                passage.span.start,
                passage.span.end,
                passage.text,
                json.dumps(passage.section),
            ),
        )
        ids.append(db.last_insert_rowid())
        db.execute("INSERT INTO vectors VALUES (?, ?)", (ids[-1], vector.astype("<f4").tobytes()))
        db.execute(
            f"INSERT INTO {_lexical(collection_id)} (rowid, terms) VALUES (?, ?)",
            (ids[-1], " ".join(analysed(passage.text))),
        )
    return np.array(ids, np.int64)


def _delete_document(db: apsw.Connection, collection_id: int, document_id: DocumentId) -> list[int]:
    """Delete all rows of a document; gives the ids of its passages."""
    passages = _delete_passages(db, document_id)
    copies.forget(db, collection_id, document_id)
    db.execute("DELETE FROM documents WHERE id = ?", (document_id,))
    return passages


def _source(db: apsw.Connection, document_id: DocumentId) -> str:
    """What the keys of documents from inside of this one begin with."""
    return str(
        value(
            db,
            "SELECT coalesce(d.source_key, v.version) FROM documents d JOIN versions v ON v.id = d.version_id"
            " WHERE d.id = ?",
            (document_id,),
        )
    )


def _inside(db: apsw.Connection, collection_id: int, source: str) -> dict[str, DocumentId]:
    first_key = inner_key(source, "")
    after_last = first_key[:-1] + chr(ord(first_key[-1]) + 1)
    found = rows(
        db,
        "SELECT source_key, id FROM documents WHERE collection_id = ? AND source_key >= ? AND source_key < ?"
        " ORDER BY source_key",
        (collection_id, first_key, after_last),
    )
    return {key: DocumentId(document_id) for key, document_id in found}


def _delete_passages(db: apsw.Connection, document_id: DocumentId) -> list[int]:
    found = rows(db, "SELECT id, collection_id FROM passages WHERE document_id = ?", (document_id,))
    for passage_id, collection_id in found:
        db.execute(f"DELETE FROM {_lexical(collection_id)} WHERE rowid = ?", (passage_id,))
    db.execute("DELETE FROM passages WHERE document_id = ?", (document_id,))
    return [row[0] for row in found]


def _mark_seen(db: apsw.Connection, document_id: DocumentId, root: str | None) -> None:
    db.execute("DELETE FROM sources WHERE document_id = ?", (document_id,))
    if root is not None:
        db.execute(
            "INSERT INTO sources SELECT id, ? FROM documents WHERE id = ?", (root, document_id)
        )


def _matching(db: apsw.Connection, collection_id: int, filters: Filters) -> list[str]:
    return column(
        db,
        "SELECT d.id FROM documents d JOIN versions v ON v.id = d.version_id"
        " WHERE d.collection_id = ?1"
        " AND (?2 IS NULL OR d.id IN (SELECT value FROM json_each(?2)))"
        " AND (?3 IS NULL OR v.media_type IN (SELECT value FROM json_each(?3)))"
        " AND (?4 IS NULL OR v.published >= ?4) AND (?5 IS NULL OR v.published <= ?5)",
        (
            collection_id,
            *(_json(filters.document_ids) or (None,)),
            *(_json(filters.media_types) or (None,)),
            filters.published_after.isoformat() if filters.published_after else None,
            filters.published_before.isoformat() if filters.published_before else None,
        ),
    )


def _touch(db: apsw.Connection, collection_id: int) -> None:
    db.execute("UPDATE collections SET change = change + 1 WHERE id = ?", (collection_id,))


def _change(db: apsw.Connection, collection_id: int) -> int:
    return int(value(db, "SELECT change FROM collections WHERE id = ?", (collection_id,)))


def _lexical(collection_id: int) -> str:
    """The collection's own lexical table: its BM25 must not depend on what other collections hold."""
    return f"lexical_{collection_id:d}"


def _any_of(terms: Iterable[str]) -> str:
    """An FTS5 query for any of the terms. Quoted, a term is never read as syntax."""
    return " OR ".join('"' + term.replace('"', '""') + '"' for term in sorted(set(terms)))


def _json(values: Iterable[str] | None) -> tuple[str, ...]:
    """The bound value of a list, or none where there is no list."""
    return () if values is None else (json.dumps(sorted(values)),)


def _version_of(content: bytes) -> Version:
    return Version(f"sha256:{hashlib.sha256(content).hexdigest()}")


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
