"""What was found not to be as it was written: recorded, and kept out of search until it is read again."""

from __future__ import annotations

import datetime as dt
import json
import logging
import threading
from collections.abc import Iterable

import apsw

from rag.adapters import _documents as documents
from rag.adapters._collections import touch
from rag.adapters._seals import DOCUMENTS, PASSAGES, Sealed
from rag.adapters._vectors import VectorIndex
from rag.adapters.sqlite import Database, column, first, now, rows
from rag.errors import RagError
from rag.protocols import Damage
from rag.types import DocumentId, Version

logger = logging.getLogger(__name__)


class Quarantine:
    """Versions that are damaged.

    Args:
        db: Where they are recorded.
        vectors: Where their passages are forgotten.
        changing: Held while both change together.
    """

    def __init__(self, db: Database, vectors: VectorIndex, changing: threading.RLock) -> None:
        self._db = db
        self._vectors = vectors
        self._changing = changing

    def damage(self) -> list[Damage]:
        """See `Catalog.damage`."""
        with self._db.read() as db:
            found = rows(db, "SELECT document_id, version, what, found_at FROM damage")
        return [
            Damage(
                document_id=DocumentId(one) or None,
                version=Version(version),
                what=what,
                found_at=dt.datetime.fromisoformat(at),
            )
            for one, version, what, at in found
        ]

    def record(self, document_id: str, what: str, version: str | None = None) -> None:
        """Record what is wrong with a version, the present one by default, and take it out of search.

        An earlier version is in no search; nor is anything taken out for an original that is lost, which no
        search reads: say `record_original` of that.
        """
        with self._changing:
            try:
                with self._db.write() as db:
                    collection_id, gone = self._taken_out(db, document_id, version)
                    _insert(db, document_id, version, what)
                self._vectors.forget(collection_id, gone)
            except (
                RagError
            ):  # whoever found the damage has more to say than that nothing can be written
                logger.exception("damage to document %s cannot be recorded", document_id)
                return
        logger.error("document %s is damaged: %s", document_id, what)

    def record_original(self, document_id: str, version: str, what: str) -> None:
        """Record that the original of a version is lost or is not what came."""
        with self._db.write() as db:
            _insert(db, document_id, version, what)
        logger.error("the original of document %s is damaged: %s", document_id, what)

    def record_database(self, what: str) -> None:
        """Record damage that is no document's."""
        with self._db.write() as db:
            _insert(db, "", "", what)
        logger.error("the database is damaged: %s", what)

    def forget_database(self) -> None:
        """Forget such damage: it is there no more."""
        with self._db.read() as db:
            recorded = first(db, "SELECT 1 FROM damage WHERE document_id = ''")
        if recorded:
            with self._db.write() as db:
                db.execute("DELETE FROM damage WHERE document_id = ''")

    def suspect_passages(self, ids: Iterable[int]) -> None:
        """Record the documents of those of these passages that are damaged."""
        with self._db.read() as db:
            found = column(
                db,
                f"SELECT DISTINCT x.document_id FROM passages x WHERE NOT ({PASSAGES.sound('x')})"
                " AND x.id IN (SELECT value FROM json_each(?))",
                (json.dumps(sorted(ids)),),
            )
        for document_id in found:
            self.record(document_id, PASSAGE_DAMAGED)

    @staticmethod
    def _taken_out(
        db: apsw.Connection, document_id: str, version: str | None
    ) -> tuple[int, list[int]]:
        row = first(
            db,
            "SELECT d.collection_id, v.version FROM documents d LEFT JOIN versions v ON v.id = d.version_id"
            f" WHERE d.id = ? AND {DOCUMENTS.sound('d')}",
            (document_id,),
        )
        if row is not None and version not in (None, row[1]):
            return row[0], []
        found = first(
            db, "SELECT collection_id FROM passages WHERE document_id = ?", (document_id,)
        )
        gone = documents.delete_passages(db, DocumentId(document_id))
        collection_id = row[0] if row else found[0] if found else 0
        touch(db, collection_id)
        return collection_id, gone


PASSAGE_DAMAGED = "A passage of it is not as it was written."


def described(sealed: Sealed) -> str:
    """What is wrong where a row of this kind is not sound."""
    return _DESCRIBED.get(sealed.table, f"A row of {sealed.table} is not as it was written.")


_DESCRIBED = {
    "versions": "Its text, or what is stated of it, is not as it was written.",
    "documents": "Its record is not as it was written.",
    "passages": PASSAGE_DAMAGED,
    "vectors": "A vector of it is not as it was written.",
    "layouts": "Where its words stand on a page is not as it was written.",
}


def _insert(db: apsw.Connection, document_id: str, version: str | None, what: str) -> None:
    db.execute(
        "INSERT OR IGNORE INTO damage VALUES (?1, coalesce(?2, (SELECT v.version FROM documents d"
        " JOIN versions v ON v.id = d.version_id WHERE d.id = ?1), ''), ?3, ?4)",
        (document_id, version, what, now()),
    )
