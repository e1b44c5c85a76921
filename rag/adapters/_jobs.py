"""Uploads that wait, as rows of the store."""

from __future__ import annotations

import json
import logging
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import apsw

from rag.adapters import _records as records
from rag.adapters import _seals as seals
from rag.adapters._originals import Originals, version_of
from rag.adapters._seals import JOBS
from rag.adapters._space import Space
from rag.adapters.sqlite import Database, column, first, now, value
from rag.errors import DocumentChanged, StoreDamaged, StoreFull, UnknownJob
from rag.protocols import Job, Upload
from rag.types import DocumentId

_MOST_ATTEMPTS = 2
_GIVEN_UP = (
    "The service ended twice while it worked on this file, which is not tried again by itself. Send it again, "
    "alone, if something else was the reason."
)
_UPLOAD_BYTES = 10_000  # of an upload's row and what goes with it

logger = logging.getLogger(__name__)

NAMED_VERSIONS = (
    "SELECT version FROM versions UNION"
    " SELECT version FROM jobs WHERE state NOT IN ('committed', 'failed')"
)


class JobQueue:
    """`JobStore` over the database.

    Args:
        db: Where the rows are.
        originals: Keeps the bytes.
        space: Where they must have room.
        changing: Held while originals and the rows that name them change together.
    """

    def __init__(
        self, db: Database, originals: Originals, space: Space, changing: threading.RLock
    ) -> None:
        self._db = db
        self._space = space
        self._originals = originals
        self._changing = changing

    def enqueue(self, upload: Upload, content: bytes) -> Job:
        """See `JobStore.enqueue`."""
        version = version_of(content)
        job = Job(id=secrets.token_hex(16), state="queued")
        self._space.refuse_without(len(content), _UPLOAD_BYTES)
        with self.keeping(version, content), self._db.write() as db:
            db.execute(
                "INSERT INTO jobs (id, state, upload, version, added_at) VALUES (?, ?, ?, ?, ?)",
                (job.id, job.state, records.upload_json(upload), version, now()),
            )
            seals.close(db, JOBS, "x.id = ?", (job.id,))
        return job

    def claim(self) -> tuple[Job, Upload, bytes] | None:
        """See `JobStore.claim`."""
        with self._db.write() as db:
            row = first(
                db,
                "UPDATE jobs SET state = 'parsing', attempts = attempts + 1 WHERE id ="
                " (SELECT id FROM jobs WHERE state = 'queued' ORDER BY rowid LIMIT 1)"
                f" RETURNING id, upload, version, {JOBS.sound('jobs')}",
            )
        if row is None:
            return None
        job = Job(id=row[0], state="parsing")
        try:
            content = self._originals.read(row[2])
        except StoreDamaged:
            logger.exception("the bytes of job %s cannot be used", job.id)
            return self._next(job, "Its bytes are gone or damaged. Send it again.")
        if not row[3]:
            return self._next(job, "Its record is damaged. Send it again.")
        return job, replace(records.upload(row[1]), job=job.id), content

    def _next(self, lost: Job, reason: str) -> tuple[Job, Upload, bytes] | None:
        self.update(replace(lost, state="failed", reason=reason))
        return self.claim()

    def update(self, job: Job) -> None:
        """See `JobStore.update`."""
        with self._db.write() as db:
            row = first(
                db,
                "UPDATE jobs SET state = ?1, done = ?2, total = ?3, document_id = ?4, known = ?5,"
                " reason = ?6, attempts = attempts - (?1 = 'queued') WHERE id = ?7 RETURNING version",
                (job.state, job.done, job.total, job.document_id, job.known, job.reason, job.id),
            )
        if row is None:
            raise UnknownJob(job.id)
        if job.state == "failed":
            self.drop_unnamed(row[0])

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

    def give_up(self, db: apsw.Connection, collection: str) -> list[str]:
        """Forget the uploads of a collection, whatever became of them; gives the versions that they name."""
        return column(
            db,
            "DELETE FROM jobs WHERE upload ->> 'collection' = ? RETURNING version",
            (collection,),
        )

    def job_collection(self, job_id: str) -> str:
        """See `JobStore.job_collection`."""
        with self._db.read() as db:
            row = first(db, "SELECT upload ->> 'collection' FROM jobs WHERE id = ?", (job_id,))
        if row is None:
            raise UnknownJob(job_id)
        return str(row[0])

    def queued(self) -> int:
        """See `JobStore.queued`."""
        with self._db.read() as db:
            return int(value(db, "SELECT count(*) FROM jobs WHERE state = 'queued'"))

    def forget(self, db: apsw.Connection, documents: Sequence[DocumentId]) -> None:
        """Delete the jobs that documents came by, which know their titles and names."""
        db.execute(
            "DELETE FROM jobs WHERE document_id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(documents)),),
        )

    @contextmanager
    def keeping(self, version: str, content: bytes) -> Iterator[None]:
        """Keep the bytes of a version while rows that name it are written, and no longer if those are refused."""
        with self._changing:
            self._originals.keep(version, content)
            try:
                yield
            except (DocumentChanged, StoreFull):  # nothing of it is on the disk, for certain
                self.drop_unnamed(version)
                raise

    def drop_unnamed(self, version: str) -> None:
        """Delete an original that no document and no waiting job names any more."""
        with self._changing, self._db.read() as db:
            if not value(db, f"SELECT ?1 IN ({NAMED_VERSIONS})", (version,)):
                self._originals.drop(version)

    def requeue_interrupted(self) -> None:
        """Let wait again what another process did not end; what ended it time and again fails."""
        with self._db.write() as db:
            db.execute(
                "UPDATE jobs SET state = 'failed', reason = ?"
                " WHERE state IN ('parsing', 'embedding') AND attempts >= ?",
                (_GIVEN_UP, _MOST_ATTEMPTS),
            )
            db.execute(
                "UPDATE jobs SET state = 'queued', done = 0, total = 0"
                " WHERE state IN ('parsing', 'embedding')"
            )
