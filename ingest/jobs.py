"""Uploads on their way into the store: acknowledged as rows, worked off by one thread, in order."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from ingest.pipeline import Abandoned, Ingested, Progress
from rag.errors import RagError, UnknownJob
from rag.protocols import Job, JobState, JobStore, Upload

logger = logging.getLogger(__name__)

_ENDED: frozenset[JobState] = frozenset({"committed", "failed"})
_FAILURES_KEPT = 1_000
_STOP_S = 3.0
_LOOK_AGAIN_S = 30.0  # nobody wakes the worker for a store that failed and is well again


class JobWorker:
    """Works off the queue of a `JobStore` in one background thread.

    Jobs that an earlier process left behind come first. A job's failure is recorded and never stops
    the worker.

    Args:
        store: Holds the queue.
        add: Brings one upload into the library, and says on the way how far it is.
    """

    def __init__(
        self, store: JobStore, add: Callable[[bytes, Upload, Progress | None], Ingested]
    ) -> None:
        self._store = store
        self._add = add
        self._news = threading.Semaphore(0)
        self._ended = threading.Condition()
        self._stopping = False
        self._failures: dict[str, RagError] = {}
        self._thread = threading.Thread(target=self._run, name="ingest-jobs", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether uploads are being worked off."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin with what is queued already."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is queued stays queued, and a job that is worked off is queued at the next start.

        A file that is being read is not waited for longer than a moment: what becomes of it is not stored.
        """
        self._stopping = True
        self._news.release()
        with self._ended:
            self._ended.notify_all()
        self._thread.join(_STOP_S)

    def submit(self, upload: Upload, content: bytes) -> Job:
        """Queue an upload; durable on return."""
        job = self._store.enqueue(upload, content)
        self._news.release()
        return job

    def wait(self, job_id: str, timeout_s: float) -> Job:
        """The job once it has ended, or as it stands when the time is up or the worker stops.

        Raises:
            UnknownJob: there is none.
            RagError: why the job failed, if it failed since this worker started.
        """
        with self._ended:
            self._ended.wait_for(
                lambda: self._stopping or self._store.job(job_id).state in _ENDED, timeout_s
            )
            failure = self._failures.get(job_id)
        if failure is not None:
            raise failure
        return self._store.job(job_id)

    def _run(self) -> None:
        while not self._stopping:
            claimed = self._claim()
            if claimed:
                self._work_off(*claimed)
            else:
                self._news.acquire(timeout=_LOOK_AGAIN_S)

    def _claim(self) -> tuple[Job, Upload, bytes] | None:
        try:
            return self._store.claim()
        except Exception:  # the edge of this thread: it must outlive a store that fails
            logger.exception("the queue cannot be read")
            return None

    def _work_off(self, job: Job, upload: Upload, content: bytes) -> None:
        try:
            ended = self._outcome(job, upload, content)
            self._store.update(ended)
            logger.info("job %s %s", ended.id, ended.state)
        except Abandoned:
            logger.info("job %s is given up until the next start", job.id)
            self._give_back(job)
        except UnknownJob:
            logger.info("job %s was given up with its collection", job.id)
        except Exception:  # the edge of this thread: it must outlive a store that fails
            logger.exception("the end of job %s cannot be recorded", job.id)
        with self._ended:
            self._ended.notify_all()

    def _give_back(self, job: Job) -> None:
        """Let a job wait again; that it was begun does not count against it."""
        try:
            self._store.update(replace(job, state="queued"))
        except Exception:  # the edge of this thread: it waits at the next start all the same
            logger.exception("job %s cannot be given back", job.id)

    def _outcome(self, job: Job, upload: Upload, content: bytes) -> Job:
        present = job

        def record(state: JobState, done: int, total: int) -> None:
            nonlocal present
            if self._stopping:
                raise Abandoned
            present = replace(present, state=state, done=done, total=total)
            self._store.update(present)

        try:
            ingested = self._add(content, upload, record)
        except RagError as error:
            self._keep(job.id, error)
            return replace(present, state="failed", reason=str(error))
        except Exception:  # the edge of this thread: whatever a reader runs into ends one job only
            logger.exception("job %s failed", job.id)
            return replace(
                present, state="failed", reason=f"Internal error; see job {job.id} in the log."
            )
        return replace(
            present, state="committed", document_id=ingested.document.id, known=ingested.known
        )

    def _keep(self, job_id: str, error: RagError) -> None:
        """Keep why a job failed for whoever waits for it; only its message survives in the store."""
        with self._ended:
            self._failures[job_id] = error
            while len(self._failures) > _FAILURES_KEPT:
                del self._failures[next(iter(self._failures))]
