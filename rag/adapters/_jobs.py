"""Uploads that wait, as rows of the store."""

from __future__ import annotations

import logging
import secrets
import threading
from dataclasses import replace

from rag.adapters import _records as records
from rag.adapters._originals import Originals, version_of
from rag.adapters.sqlite import Database, first, now, value
from rag.errors import UnknownJob
from rag.protocols import Job, Upload

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
        changing: Held while originals and the rows that name them change together.
    """

    def __init__(self, db: Database, originals: Originals, changing: threading.RLock) -> None:
        self._db = db
        self._originals = originals
        self._changing = changing

    def enqueue(self, upload: Upload, content: bytes) -> Job:
        """See `JobStore.enqueue`."""
        version = version_of(content)
        job = Job(id=secrets.token_hex(16), state="queued")
        with self._changing:
            self._originals.keep(version, content)
            with self._db.write() as db:
                db.execute(
                    "INSERT INTO jobs (id, state, upload, version, added_at) VALUES (?, ?, ?, ?, ?)",
                    (job.id, job.state, records.upload_json(upload), version, now()),
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
            content = self._originals.path(row[2]).read_bytes()
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

    def drop_unnamed(self, version: str) -> None:
        """Delete an original that no document and no waiting job names any more."""
        with self._changing, self._db.read() as db:
            if not value(db, f"SELECT ?1 IN ({NAMED_VERSIONS})", (version,)):
                self._originals.drop(version)

    def requeue_interrupted(self) -> None:
        """Let wait again what another process did not end."""
        with self._db.write() as db:
            db.execute(
                "UPDATE jobs SET state = 'queued', done = 0, total = 0"
                " WHERE state IN ('parsing', 'embedding')"
            )
