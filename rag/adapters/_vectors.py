"""The vectors of each collection: in memory, in files, and in the database, which alone is the truth."""

from __future__ import annotations

import json
import logging
import shutil
import threading
from collections.abc import Iterable
from pathlib import Path

import apsw
import numpy as np

from rag.adapters import _seals as seals
from rag.adapters import faiss_vectors
from rag.adapters._collections import change_of
from rag.adapters._seals import VECTORS
from rag.adapters.faiss_vectors import Ids, Searchable
from rag.adapters.sqlite import Database, column, first, rows, value
from rag.errors import RagError, StoreDamaged
from rag.protocols import ModelIdentity
from rag.types import Vectors

logger = logging.getLogger(__name__)

INDEX = "index"
FOLD_AT = 8192  # changes held in memory before they become a generation of their own


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
        self._folding = threading.Lock()
        self._searchables: dict[int, Searchable] = {}

    def searchable(self, collection_id: int) -> Searchable:
        """What a search of a collection looks through."""
        found = self._searchables.get(collection_id)
        if found is None:
            with self._changing, self._db.snapshot() as db:
                found = self._searchables.get(collection_id)
                found = found or self._caught_up(db, collection_id, self._base(db, collection_id))
                self._searchables[collection_id] = found
        return found

    def apply(self, collection_id: int, ids: Ids, vectors: Vectors, deleted: Iterable[int]) -> None:
        """Follow a change that the database has committed."""
        found = self._searchables.get(collection_id)
        if found is not None:  # otherwise the first search reads all of it from the database
            some = vectors.any(axis=1)  # the others are found by their words alone
            self._searchables[collection_id] = found.changed(ids[some], vectors[some], deleted)

    def forget(self, collection_id: int, deleted: Iterable[int]) -> None:
        """Follow a deletion that the database has committed."""
        self.apply(collection_id, np.empty(0, np.int64), self._no_vectors, deleted)

    def drop(self, collection_id: int) -> None:
        """Delete all there is of a collection that is no more."""
        self._searchables.pop(collection_id, None)
        shutil.rmtree(self._generations(collection_id), ignore_errors=True)

    def sweep(self) -> None:
        """Delete what a crash left of collections that are no more."""
        with self._db.read() as db:
            known = {str(one) for one in column(db, "SELECT id FROM collections")}
        for entry in self._folder.glob("*"):
            if entry.name.isdecimal() and entry.name not in known:
                shutil.rmtree(entry)

    def pending(self, least: int = FOLD_AT) -> list[int]:
        """The collections with at least so many changes that no generation holds."""
        return [one for one, held in [*self._searchables.items()] if held.pending >= least]

    def fold(self, collection_id: int, *, keep_earlier: bool = True) -> bool:
        """Make what the database holds now the next generation, while searches go on.

        A generation is a cache: one that cannot be written is logged, and what it would hold stays in memory
        and in the database.

        Args:
            collection_id: The collection.
            keep_earlier: Whether the generation before stays, to fall back on.

        Returns:
            Whether it was written.
        """
        try:
            with self._folding:
                self._write_generation(collection_id, keep_earlier=keep_earlier)
        except (OSError, RagError) as error:
            logger.warning("the vector index was not written: %s", error)
            return False
        return True

    def drop_damaged(self, collection_id: int, number: int) -> None:
        """Forget a generation whose files are not those that were written, and write another."""
        with self._changing, self._db.write() as db:
            db.execute(
                "DELETE FROM generations WHERE collection_id = ? AND number = ?",
                (collection_id, number),
            )
        self.fold(collection_id)

    def _write_generation(self, collection_id: int, *, keep_earlier: bool) -> None:
        folder = self._generations(collection_id)
        with self._db.snapshot() as db:
            if not first(db, "SELECT 1 FROM collections WHERE id = ?", (collection_id,)):
                return  # it was purged meanwhile
            ids, vectors = self._stored(db, _present(db, collection_id))
            change = change_of(db, collection_id)
            query = "SELECT max(number) FROM generations WHERE collection_id = ?"
            before = value(db, query, (collection_id,))
        built = faiss_vectors.build(ids, vectors)
        number = (before or 0) + 1
        digest = faiss_vectors.write_generation(
            folder, number, built, identity=self._identity, change=change
        )
        kept = {number, before} if keep_earlier else {number}
        with self._changing:
            with self._db.write() as db:
                db.execute(
                    "INSERT INTO generations (collection_id, number, manifest_sha256)"
                    " VALUES (?, ?, ?)",
                    (collection_id, number, digest),
                )
                db.execute(
                    "DELETE FROM generations WHERE collection_id = ? AND number NOT IN"
                    " (SELECT value FROM json_each(?))",
                    (collection_id, json.dumps(sorted(one for one in kept if one))),
                )
                seals.close(db, seals.GENERATIONS, "x.collection_id = ?", (collection_id,))
            if collection_id in self._searchables:
                with self._db.snapshot() as db:
                    self._searchables[collection_id] = self._caught_up(db, collection_id, built)
        faiss_vectors.remove_other_generations(folder, kept)

    def _base(self, db: apsw.Connection, collection_id: int) -> Searchable:
        """The newest generation that is as it was written, or none."""
        found = rows(
            db,
            "SELECT number, manifest_sha256 FROM generations WHERE collection_id = ?"
            " ORDER BY number DESC",
            (collection_id,),
        )
        for number, digest in found:
            try:
                folder = self._generations(collection_id)
                return faiss_vectors.read_generation(folder, number, digest, self._identity)
            except StoreDamaged as damage:
                logger.warning("%s It is built again from the stored vectors.", damage)
        return faiss_vectors.build(np.empty(0, np.int64), self._no_vectors)

    def _caught_up(self, db: apsw.Connection, collection_id: int, base: Searchable) -> Searchable:
        """A generation and what changed since."""
        present = _present(db, collection_id)
        new = np.setdiff1d(present, base.base_ids, assume_unique=True)
        gone = np.setdiff1d(base.base_ids, present, assume_unique=True)
        return base.changed(*self._stored(db, new), gone.tolist())

    def _stored(self, db: apsw.Connection, ids: Ids) -> tuple[Ids, Vectors]:
        """Those of these ids, which ascend, that have a sound vector, and the vectors.

        Others are found by their words alone, or damaged, which the scrub tells.
        """
        found = rows(
            db,
            "SELECT passage_id, vector FROM vectors x WHERE passage_id IN (SELECT value FROM json_each(?))"
            f" AND length(vector) > 0 AND {VECTORS.sound('x')} ORDER BY passage_id",
            (json.dumps(ids.tolist()),),
        )
        vectors = np.frombuffer(b"".join(blob for _, blob in found), "<f4").astype(np.float32)
        return (
            np.array([one for one, _ in found], np.int64),
            vectors.reshape(len(found), self._identity.dimension),
        )

    @property
    def _no_vectors(self) -> Vectors:
        return np.empty((0, self._identity.dimension), np.float32)

    def _generations(self, collection_id: int) -> Path:
        return self._folder / str(collection_id)


def _present(db: apsw.Connection, collection_id: int) -> Ids:
    query = "SELECT id FROM passages WHERE collection_id = ? ORDER BY id"
    return np.array(column(db, query, (collection_id,)), np.int64)
