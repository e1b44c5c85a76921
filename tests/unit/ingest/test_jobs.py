import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ingest.jobs import JobWorker
from ingest.pipeline import Ingested, Progress
from rag.errors import EmptyDocument, UnknownJob
from rag.protocols import Job, Upload
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.make import document, lines

Add = Callable[[bytes, Upload, Progress | None], Ingested]
NOTE = Upload(name="note.txt")
SOON_S = 10.0


def adder(store: InMemoryStore) -> Add:
    """Brings each upload's text into the store as it is."""

    def add(content: bytes, upload: Upload, progress: Progress | None) -> Ingested:
        if not content:
            raise EmptyDocument("There is no text.")
        if content == b"crash":
            raise ZeroDivisionError
        source = document(content.decode(), id=content.decode())
        known = store.by_version("default", source.version)
        if known:
            return Ingested(document=known, outcome="unchanged")
        assert progress is not None
        progress("parsing", 0, 0)
        passages = lines(source)
        progress("embedding", 0, len(passages))
        vectors = HashingEmbedder().embed_passages([one.text for one in passages])
        progress("embedding", len(passages), len(passages))
        store.add(source, passages, vectors, original=content)
        return Ingested(document=store.summary(source.id), outcome="added")

    return add


@contextmanager
def working(store: InMemoryStore, add: Add | None = None) -> Iterator[JobWorker]:
    worker = JobWorker(store, add or adder(store))
    worker.start()
    try:
        yield worker
    finally:
        worker.stop()


class Recording(InMemoryStore):
    """A store that remembers every state it was told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Job] = []

    def update(self, job: Job) -> None:
        self.told.append(job)
        super().update(job)


def test_a_job_goes_through_its_states_and_ends_with_its_document() -> None:
    store = Recording()
    with working(store) as worker:
        job = worker.wait(worker.submit(NOTE, b"one\ntwo").id, SOON_S)
    assert [(one.state, one.done, one.total) for one in store.told] == [
        ("parsing", 0, 0),
        ("embedding", 0, 2),
        ("embedding", 2, 2),
        ("committed", 2, 2),
    ]
    assert (job.document_id, job.known) == ("one\ntwo", False)
    assert all(one.document_id is None for one in store.told[:-1])


def test_known_bytes_are_said_to_be_known() -> None:
    store = InMemoryStore()
    with working(store) as worker:
        worker.submit(NOTE, b"same")
        job = worker.wait(worker.submit(NOTE, b"same").id, SOON_S)
    assert job.known
    assert job.document_id == "same"


def test_a_failure_keeps_its_reason_and_is_raised_to_who_waits() -> None:
    store = InMemoryStore()
    with working(store) as worker:
        job = worker.submit(NOTE, b"")
        with pytest.raises(EmptyDocument, match="no text"):
            worker.wait(job.id, SOON_S)
        assert worker.wait(worker.submit(NOTE, b"next").id, SOON_S).state == "committed"
    assert store.job(job.id).state == "failed"
    assert store.job(job.id).reason == "There is no text."


def test_a_crash_fails_one_job_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    store = InMemoryStore()
    with working(store) as worker, caplog.at_level(logging.ERROR):
        job = worker.wait(worker.submit(NOTE, b"crash").id, SOON_S)
        assert worker.wait(worker.submit(NOTE, b"next").id, SOON_S).state == "committed"
    assert job.state == "failed"
    assert "ZeroDivisionError" not in (job.reason or "")
    assert "ZeroDivisionError" in caplog.text


def test_what_was_queued_before_the_start_comes_first_and_in_order() -> None:
    store = InMemoryStore()
    jobs = [store.enqueue(NOTE, content) for content in (b"a", b"b", b"c")]
    with working(store) as worker:
        assert worker.wait(worker.submit(NOTE, b"d").id, SOON_S).state == "committed"
    assert [store.job(job.id).state for job in jobs] == ["committed"] * 3
    added = [store.summary(one.id) for one in store.summaries(None)]
    assert [one.id for one in sorted(added, key=lambda one: one.added_at)] == ["a", "b", "c", "d"]


def test_stopping_finishes_the_present_job_and_leaves_the_next_one_queued() -> None:
    store = InMemoryStore()
    begun, go_on = threading.Event(), threading.Event()

    def slow(content: bytes, upload: Upload, progress: Progress | None) -> Ingested:
        begun.set()
        assert go_on.wait(SOON_S)
        return adder(store)(content, upload, lambda *_: None)  # it is beyond embedding

    worker = JobWorker(store, slow)
    worker.start()
    first, second = worker.submit(NOTE, b"first"), worker.submit(NOTE, b"second")
    assert begun.wait(SOON_S)
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    assert worker.wait(second.id, SOON_S).state == "queued"  # a stop ends the waiting, too
    go_on.set()
    stopping.join(SOON_S)
    assert not worker.alive
    assert store.job(first.id).state == "committed"
    assert store.job(second.id).state == "queued"


def test_stopping_gives_up_what_is_being_embedded() -> None:
    store = InMemoryStore()
    begun = threading.Event()

    def endless(content: bytes, upload: Upload, progress: Progress | None) -> Ingested:
        assert progress is not None
        for done in range(10_000):
            progress("embedding", done, 10_000)
            begun.set()
            time.sleep(0.001)
        return adder(store)(content, upload, progress)

    worker = JobWorker(store, endless)
    worker.start()
    job = worker.submit(NOTE, b"long")
    assert begun.wait(SOON_S)
    started = time.monotonic()
    worker.stop()
    assert time.monotonic() - started < SOON_S / 2
    assert store.job(job.id).state == "queued"  # for the next start


def test_waiting_ends_when_the_time_is_up() -> None:
    store = InMemoryStore()
    worker = JobWorker(store, adder(store))  # never started
    assert worker.wait(worker.submit(NOTE, b"x").id, 0.01).state == "queued"


def test_an_unknown_job_cannot_be_waited_for() -> None:
    with working(InMemoryStore()) as worker, pytest.raises(UnknownJob):
        worker.wait("j9", SOON_S)


def test_a_store_that_fails_does_not_end_the_worker(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(InMemoryStore):
        fails = True

        def update(self, job: Job) -> None:
            if self.fails:
                raise OSError("disk on fire")
            super().update(job)

    store = Failing()
    with working(store) as worker, caplog.at_level(logging.ERROR):
        lost = worker.submit(NOTE, b"lost")
        assert worker.wait(lost.id, 0.2).state == "parsing"
        store.fails = False
        assert worker.wait(worker.submit(NOTE, b"next").id, SOON_S).state == "committed"
    assert "cannot be recorded" in caplog.text
