"""What the store does by itself, in one thread: new generations, no traces of what was deleted, the scrub."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from rag.adapters import _copies as copies
from rag.adapters import _lexical as lexical
from rag.adapters._damage import Quarantine
from rag.adapters._examination import Problem, examine
from rag.adapters._vectors import FOLD_AT, VectorIndex
from rag.adapters.sqlite import Database, column, first, rows, value
from rag.errors import RagError

logger = logging.getLogger(__name__)

_PAUSE_S = 1.0  # between two pieces of the scrub, and before what was changed is tidied up
_REST_S = 6 * 3600.0  # between two scrubs


class Maintenance:
    """Keeps a store in order beside its calls.

    Args:
        folder: The data folder.
        db: Its database.
        vectors: Its vectors.
        quarantine: Is told of damage.
    """

    def __init__(
        self, folder: Path, db: Database, vectors: VectorIndex, quarantine: Quarantine
    ) -> None:
        self._folder = folder
        self._db = db
        self._vectors = vectors
        self._quarantine = quarantine
        self._tidying = threading.Lock()
        self._log_holds_traces = True  # of whatever came before this process
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-maintenance", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End what is under way."""
        self._stopping.set()
        self._thread.join()

    def tidy(self, least: int = FOLD_AT) -> None:
        """Fold collections with this many changes, and leave no trace of what was deleted, before returning."""
        with self._tidying:
            for collection_id in self._vectors.pending(least):
                self._vectors.fold(collection_id)
            with self._db.read() as db:
                traces = rows(db, "SELECT id, traces FROM collections WHERE traces > 0")
            done = [one for one in traces if self._forget_deleted(one[0])]
            if done or self._log_holds_traces:
                self._empty_log(done)

    def purged(self) -> None:
        """Know that the log holds what was deleted with its collection."""
        self._log_holds_traces = True

    def scrub(self) -> list[Problem]:
        """Look at everything now, and mend or record what is damaged."""
        return [found for found in self._whole_scrub() if found is not None]

    def _forget_deleted(self, collection_id: int) -> bool:
        """Leave no trace of what was deleted in a collection's files but the log; whether that was done."""
        with self._db.read() as db:
            query = "SELECT count(*) FROM generations WHERE collection_id = ?"
            written = value(db, query, (collection_id,))
        if written and not self._vectors.fold(collection_id, keep_earlier=False):
            return False
        begin = True
        while True:
            with self._db.write() as db:
                gone = first(db, "SELECT 1 FROM collections WHERE id = ?", (collection_id,)) is None
                if gone or not lexical.forget_deleted(db, collection_id, begin=begin):
                    return True
            begin = False

    def _empty_log(self, traces: list[tuple[int, int]]) -> None:
        if not self._db.checkpoint():
            return  # somebody reads; the traces are noted still
        self._log_holds_traces = False
        with self._db.write() as db:
            db.executemany("UPDATE collections SET traces = 0 WHERE id = ? AND traces <= ?", traces)

    def _run(self) -> None:
        pieces = self._pieces()
        while not self._stopping.wait(_PAUSE_S):
            try:
                self.tidy()
                next(pieces)
            except Exception:  # the edge of this thread: it must outlive a store that fails
                logger.exception("the store cannot be kept in order")
                pieces = self._pieces()

    def _pieces(self) -> Iterator[Problem | None]:
        """One scrub after the other, without an end."""
        while True:
            yield from self._whole_scrub()
            over = time.monotonic() + _REST_S
            while time.monotonic() < over:
                yield None

    def _whole_scrub(self) -> Iterator[Problem | None]:
        well = True
        for found in examine(self._folder, self._db.snapshot):
            if found is not None:
                well = well and found.part != "database"
                self._react(found)
            yield found
        if well:
            self._quarantine.forget_database()

    def _react(self, found: Problem) -> None:
        try:
            self._mend(found)
        except RagError:
            logger.exception("what the scrub found cannot be mended or recorded: %s", found.what)

    def _mend(self, found: Problem) -> None:
        """Make again what can be made again, and record the rest."""
        match found.part:
            case "document":
                self._quarantine.record(found.document_id or "", found.what, found.version)
            case "original":
                self._quarantine.record_original(
                    found.document_id or "", found.version or "", found.what
                )
            case "generation":
                logger.error("%s It is built again from the stored vectors.", found.what)
                self._vectors.drop_damaged(*found.key)
            case "lexical" | "copies":
                logger.error("%s It is built again from the stored texts.", found.what)
                self._rebuild(found)
            case "database":
                self._quarantine.record_database(found.what)

    def _rebuild(self, found: Problem) -> None:
        with self._db.write() as db:
            for collection_id in found.key or column(db, "SELECT id FROM collections"):
                if found.part == "lexical":
                    lexical.rebuild(db, collection_id)
                else:
                    copies.rebuild(db, collection_id)
