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

from rag.adapters import _answers as answers
from rag.adapters import _copies as copies
from rag.adapters import _documents as documents
from rag.adapters import _durable as durable
from rag.adapters import _embedding_cache as embedding_cache
from rag.adapters import _lexical as lexical
from rag.adapters import _seals as seals
from rag.adapters import _usage as usage
from rag.adapters._access import StoredAudit, StoredKeys, record
from rag.adapters._catalog import StoredCatalog, summaries_of
from rag.adapters._collections import (
    forget,
    known,
    known_or_new,
    leave_traces,
    name_of,
    touch,
)
from rag.adapters._damage import Quarantine
from rag.adapters._jobs import NAMED_VERSIONS, JobQueue
from rag.adapters._locking import LOCK, lock
from rag.adapters._maintenance import Maintenance
from rag.adapters._migration import bring_up_to_date, drop_copies
from rag.adapters._originals import ORIGINALS, Originals, version_of
from rag.adapters._seals import FACTS
from rag.adapters._searches import Searches
from rag.adapters._space import Space
from rag.adapters._vectors import INDEX, VectorIndex
from rag.adapters.fingerprints import fingerprint
from rag.adapters.inspection import refuse_lost_database
from rag.adapters.sqlite import DATABASE, Database, column, first, rows, translated
from rag.errors import IndexMismatch, StoreDamaged, StoreFull, UnknownDocument
from rag.layout import PageLayout
from rag.protocols import DocumentSummary, ModelIdentity
from rag.types import Document, DocumentId, Passage, Vectors, Version

_PER_CHARACTER_BYTES = 4  # a text, its passages, and their words


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
            durable.make_folder(folder)
            self._lock = lock(folder / LOCK)
        try:
            with translated():
                refuse_lost_database(folder)
                self._db = Database(folder / DATABASE)
                self._assemble(folder)
        except BaseException:
            os.close(self._lock)
            raise
        self._maintenance.start()

    def _assemble(self, folder: Path) -> None:
        saved = self._saved()
        bring_up_to_date(self._db)
        self._claim_model()
        with self._db.write() as db:
            lexical.bring_up_to_date(db)
        self._space = Space(folder)
        self._originals = Originals(folder / ORIGINALS)
        self._jobs = JobQueue(self._db, self._originals, self._space, self._changing)
        self._jobs.requeue_interrupted()
        if saved:
            with self._db.read() as db:
                self._originals.sweep(column(db, NAMED_VERSIONS))
        self._vectors = VectorIndex(folder / INDEX, self._db, self._identity, self._changing)
        self._vectors.sweep()
        quarantine = Quarantine(self._db, self._vectors, self._changing)
        self._maintenance = Maintenance(folder, self._db, self._vectors, quarantine)
        self._offer(
            Searches(self._db, self._vectors, quarantine),
            StoredCatalog(self._db, self._originals, quarantine),
        )
        self.damage = quarantine.damage

    def _saved(self) -> bool:
        """Whether the disk has all that the database says.

        A process that was killed may have written a deletion and not waited for the disk. Whoever goes by that and
        deletes the original too has half a document when the power fails next.
        """
        try:
            return self._db.checkpoint()
        except StoreFull:
            return False  # what is left behind is swept away when there is room

    def _offer(self, searches: Searches, catalog: StoredCatalog) -> None:
        self.select = searches.select
        self.dense_search = searches.dense_search
        self.lexical_search = searches.lexical_search
        self.document_frequencies = searches.document_frequencies
        self.vocabulary = searches.vocabulary
        self.count = searches.count
        self.vectors_of = searches.vectors_of
        self.passages = searches.passages

        self.collections = catalog.collections
        self.summaries = catalog.summaries
        self.summary = catalog.summary
        self.document = catalog.document
        self.versions = catalog.versions
        self.original = catalog.original
        self.layouts = catalog.layouts
        self.by_version = catalog.by_version
        self.by_source_key = catalog.by_source_key
        self.near_duplicates = catalog.near_duplicates
        self.mark_seen = catalog.mark_seen
        self.inside = catalog.inside
        self.last_seen = catalog.last_seen
        self.amend = catalog.amend

        self.enqueue = self._jobs.enqueue
        self.claim = self._jobs.claim
        self.update = self._jobs.update
        self.job = self._jobs.job
        self.job_collection = self._jobs.job_collection
        self.queued = self._jobs.queued

        self.keys = StoredKeys(self._db)
        self.answers = answers.StoredAnswers(self._db)
        self.audit = StoredAudit(self._db)

    def close(self) -> None:
        """Fold pending changes into the index files, leave no trace of what was deleted, and let go of the folder."""
        try:
            self._maintenance.stop()
            with self._changing:
                self._maintenance.tidy(least=1)
                self._db.close()
            self._space.give_back()
        finally:
            os.close(self._lock)

    def settle(self) -> None:
        """Do now what else is done in time, or at the latest by `close`: see `Maintenance.tidy`."""
        self._maintenance.tidy(least=1)

    def scrub(self) -> list[str]:
        """Look at everything now; mend or record what is damaged, and tell of it in a sentence each."""
        return [one.what for one in self._maintenance.scrub()]

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
        job: str | None = None,
    ) -> DocumentSummary:
        """See `PassageIndex.add`.

        Raises:
            DocumentChanged: another document has the source key, or another version is the present one.
            StoreFull: the disk has no room; nothing was added.
            UnknownJob: the upload was given up, with its collection.
            ValueError: the parts do not belong together, or the id is another collection's.
        """
        if vectors.shape != (len(passages), self._identity.dimension):
            raise ValueError(f"{len(passages)} passages do not go with vectors of {vectors.shape}")
        if version_of(original) != document.version:
            raise ValueError("the original bytes are not those of the document's version")
        derived = vectors.nbytes + _PER_CHARACTER_BYTES * len(document.text)
        self._space.refuse_without(len(original), derived)
        found = fingerprint(document.text)
        with self._changing:
            if job is not None:
                self._jobs.job(job)
            with self._jobs.keeping(document.version, original), self._db.write() as db:
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
        """See `PassageIndex.delete`.

        Nothing finds it from then on; files hold no trace of it a moment later, at the latest when the store is
        closed.
        """
        self._space.freeing(lambda: self._delete(document_id))

    def _delete(self, document_id: DocumentId) -> None:
        with self._changing:
            with self._db.write() as db:
                row = first(db, "SELECT collection_id FROM documents WHERE id = ?", (document_id,))
                if row is None:
                    raise UnknownDocument(document_id)
                going = [
                    document_id,
                    *documents.inside(db, row[0], documents.source_of(db, document_id)).values(),
                ]
                versions = documents.versions_of(db, going)
                gone = [
                    one for each in going for one in documents.delete_document(db, row[0], each)
                ]
                leave_traces(db, row[0])
                answers.blank(db, going)
                self._jobs.forget(db, going)
                for each in going:
                    record(db, "document.delete", each, name_of(db, row[0]))
            self._vectors.forget(row[0], gone)
            self._drop_files(versions)

    def purge(self, collection: str) -> None:
        """See `PassageIndex.purge`."""
        self._space.freeing(lambda: self._purge(collection))

    def _purge(self, collection: str) -> None:
        with self._changing:
            with self._db.write() as db:
                versions = self._jobs.give_up(db, collection)
                # uploads may be all that there is of it
                collection_id = (known_or_new if versions else known)(db, collection)
                query = "SELECT id FROM documents WHERE collection_id = ?"
                going = column(db, query, (collection_id,))
                versions += documents.versions_of(db, going)
                for one in going:
                    documents.delete_document(db, collection_id, one)
                answers.forget_of(db, collection)
                record(db, "collection.purge", collection, collection)
                forget(db, collection_id)
            self._vectors.drop(collection_id)
            self._maintenance.purged()
            self._drop_files(versions)

    def _drop_files(self, versions: Sequence[str]) -> None:
        drop_copies(self._db.path)
        for version in versions:
            self._jobs.drop_unnamed(version)

    def disk_bytes(self, collection: str) -> int:
        """See `Catalog.disk_bytes`."""
        with self._db.read() as db:
            collection_id = known(db, collection)
            index = self._folder / INDEX / str(collection_id)
            return usage.disk_bytes(db, collection_id, self._originals.path, index)

    def _claim_model(self) -> None:
        stated = json.dumps(dataclasses.asdict(self._identity), sort_keys=True)
        with self._db.write() as db:
            query = "INSERT OR IGNORE INTO facts (name, value) VALUES ('embedding', ?)"
            db.execute(query, (stated,))
            if db.changes():
                seals.close(db, FACTS, "x.name = 'embedding'")
            query = f"SELECT value, {FACTS.sound('x')} FROM facts x WHERE name = 'embedding'"  # noqa: S608 # ours
            found, sound = rows(db, query)[0]
        if not sound:
            raise StoreDamaged("The data folder's database is damaged. Restore it from a backup.")
        if found != stated:
            raise IndexMismatch(str(ModelIdentity(**json.loads(found))), str(self._identity))
