"""The vectors of each collection: in memory, in files, and in the database, which alone is the truth."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable
from pathlib import Path

import apsw
import numpy as np

from rag.adapters import faiss_vectors
from rag.adapters._collections import change_of
from rag.adapters.faiss_vectors import Ids, Searchable
from rag.adapters.sqlite import Database, column, first
from rag.errors import RagError, StoreDamaged
from rag.protocols import ModelIdentity
from rag.types import Vectors

logger = logging.getLogger(__name__)

INDEX = "index"
_FOLD_AT = 8192  # changes held in memory before they become a generation of their own


class VectorIndex:
    """What dense search looks through.

    Args:
        folder: Where generations lie, in a folder for each collection.
        db: Holds every vector.
        identity: The model that made them.
        changing: Held while vectors and the database change together.
    """

    def __init__(
        self, folder: Path, db: Database, identity: ModelIdentity, changing: threading.RLock
    ) -> None:
        self._folder = folder
        self._db = db
        self._identity = identity
        self._changing = changing
        self._searchables: dict[int, Searchable] = {}

    def fold_all(self) -> None:
        """Fold pending changes of every collection into files."""
        for collection_id in self._searchables:
            self._fold(collection_id)

    @property
    def _no_vectors(self) -> Vectors:
        return np.empty((0, self._identity.dimension), np.float32)

    def searchable(self, collection_id: int) -> Searchable:
        """What a search of a collection looks through."""
        found = self._searchables.get(collection_id)
        if found is None:
            with self._changing:
                found = self._searchables.get(collection_id) or self._open_vectors(collection_id)
                self._searchables[collection_id] = found
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

    def apply(self, collection_id: int, ids: Ids, vectors: Vectors, deleted: Iterable[int]) -> None:
        """Follow a change that the database has committed."""
        found = self._searchables.get(collection_id)
        if found is not None:  # otherwise the first search reads all of it from the database
            self._searchables[collection_id] = found.changed(ids, vectors, deleted)
            if self._searchables[collection_id].pending >= _FOLD_AT:
                self._fold(collection_id)

    def forget(self, collection_id: int, deleted: Iterable[int]) -> None:
        """Follow a deletion that the database has committed."""
        self.apply(collection_id, np.empty(0, np.int64), self._no_vectors, deleted)

    def _fold(self, collection_id: int) -> None:
        """Make what is searchable now the next generation, if anything has changed.

        A generation is a cache: one that cannot be written is logged, and what it would hold stays in memory
        and in the database.
        """
        if self._searchables[collection_id].pending:
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
            change = change_of(db, collection_id)
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
        self._searchables[collection_id] = vectors
        faiss_vectors.remove_other_generations(folder, number)

    def _generations(self, collection_id: int) -> Path:
        return self._folder / str(collection_id)
