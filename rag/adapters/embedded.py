"""The default store: one folder with a SQLite database, the original files and FAISS generations.

The database is the only truth. Everything that one document brings goes in by one transaction; the FAISS
files can be deleted at any time and are built again from the vectors in the database.
"""

from __future__ import annotations

import dataclasses
import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from rag.adapters import _copies as copies
from rag.adapters import _documents as documents
from rag.adapters import _embedding_cache as embedding_cache
from rag.adapters import _lexical as lexical
from rag.adapters._catalog import StoredCatalog, summaries_of
from rag.adapters._collections import known_or_new, touch
from rag.adapters._jobs import NAMED_VERSIONS, JobQueue
from rag.adapters._locking import LOCK, lock
from rag.adapters._originals import ORIGINALS, Originals, version_of
from rag.adapters._searches import Searches
from rag.adapters._vectors import INDEX, VectorIndex
from rag.adapters.fingerprints import fingerprint
from rag.adapters.inspection import refuse_lost_database
from rag.adapters.sqlite import DATABASE, Database, column, first, translated, value
from rag.errors import IndexMismatch, UnknownDocument
from rag.layout import PageLayout
from rag.protocols import DocumentSummary, ModelIdentity
from rag.types import Document, DocumentId, Passage, Vectors, Version


class EmbeddedStore:
    """`PassageIndex`, `Catalog` and `JobStore` over one folder, which one process holds at a time.

    Changes of documents are here; every other call is that of the part that answers it.

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
        self._identity = identity
        # one change at a time, to the database, the vectors and the originals together
        self._changing = threading.RLock()
        with translated():
            folder.mkdir(parents=True, exist_ok=True)
            self._originals = Originals(folder / ORIGINALS)
            self._lock = lock(folder / LOCK)
        try:
            with translated():
                refuse_lost_database(folder)
                self._db = Database(folder / DATABASE)
                self._claim_model()
                with self._db.write() as db:
                    lexical.bring_up_to_date(db)
                self._jobs = JobQueue(self._db, self._originals, self._changing)
                self._jobs.requeue_interrupted()
                with self._db.read() as db:
                    self._originals.sweep(column(db, NAMED_VERSIONS))
        except BaseException:
            os.close(self._lock)
            raise
        self._vectors = VectorIndex(folder / INDEX, self._db, identity, self._changing)
        self._offer(Searches(self._db, self._vectors), StoredCatalog(self._db), self._jobs)

    def _offer(self, searches: Searches, catalog: StoredCatalog, jobs: JobQueue) -> None:
        self.select = searches.select
        self.dense_search = searches.dense_search
        self.lexical_search = searches.lexical_search
        self.document_frequencies = searches.document_frequencies
        self.count = searches.count
        self.vectors_of = searches.vectors_of
        self.passages = searches.passages

        self.collections = catalog.collections
        self.summaries = catalog.summaries
        self.summary = catalog.summary
        self.document = catalog.document
        self.layouts = catalog.layouts
        self.by_version = catalog.by_version
        self.by_source_key = catalog.by_source_key
        self.near_duplicates = catalog.near_duplicates
        self.mark_seen = catalog.mark_seen
        self.inside = catalog.inside
        self.last_seen = catalog.last_seen

        self.enqueue = jobs.enqueue
        self.claim = jobs.claim
        self.update = jobs.update
        self.job = jobs.job

    def close(self) -> None:
        """Fold pending changes into the index files and let go of the folder."""
        with self._changing:
            try:
                self._vectors.fold_all()
                self._db.close()
            finally:
                os.close(self._lock)

    def add(
        self,
        document: Document,
        passages: Sequence[Passage],
        vectors: Vectors,
        *,
        original: bytes,
        layouts: Sequence[PageLayout] = (),
        embedded: Sequence[str] = (),
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
        if version_of(original) != document.version:
            raise ValueError("the original bytes are not those of the document's version")
        found = fingerprint(document.text)
        with self._changing:
            self._originals.keep(document.version, original)
            with self._db.write() as db:
                collection_id = known_or_new(db, document.collection)
                documents.refuse_another(db, collection_id, document, replaces)
                replaced = documents.delete_passages(db, document.id)
                documents.insert_document(db, collection_id, document, layouts)
                documents.mark_seen(db, document.id, root)
                copies.remember(db, collection_id, document.id, found)
                ids = documents.insert_passages(
                    db, collection_id, document.title, passages, vectors
                )
                if embedded:
                    embedding_cache.remember(db, collection_id, ids, embedded)
                touch(db, collection_id)
                [added] = summaries_of(db, "WHERE d.id = ?", (document.id,))
            self._vectors.apply(collection_id, ids, vectors, replaced)
        return added

    def delete(self, document_id: DocumentId) -> None:
        """See `PassageIndex.delete`."""
        with self._changing:
            with self._db.write() as db:
                row = first(db, "SELECT collection_id FROM documents WHERE id = ?", (document_id,))
                if row is None:
                    raise UnknownDocument(document_id)
                going = [
                    document_id,
                    *documents.inside(db, row[0], documents.source_of(db, document_id)).values(),
                ]
                versions = column(
                    db,
                    "SELECT version FROM versions WHERE document_id IN (SELECT value FROM json_each(?))",
                    (json.dumps(going),),
                )
                gone = [
                    one for each in going for one in documents.delete_document(db, row[0], each)
                ]
                touch(db, row[0])
            self._vectors.forget(row[0], gone)
            for version in versions:
                self._jobs.drop_unnamed(version)

    def _claim_model(self) -> None:
        stated = json.dumps(dataclasses.asdict(self._identity), sort_keys=True)
        with self._db.write() as db:
            db.execute("INSERT OR IGNORE INTO facts VALUES ('embedding', ?)", (stated,))
            found = value(db, "SELECT value FROM facts WHERE name = 'embedding'")
        if found != stated:
            raise IndexMismatch(str(ModelIdentity(**json.loads(found))), str(self._identity))
