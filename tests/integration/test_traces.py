"""What is deleted is in no file a moment later; and what restarts, clocks and bad files do to jobs and answers."""

import datetime as dt
import os
from pathlib import Path

import pytest

from rag.adapters import _documents, _jobs
from rag.adapters.embedded import EmbeddedStore
from rag.analysis import terms
from rag.protocols import Hit, Upload
from rag.types import DocumentId, Filters
from tests.golden.make import EMBEDDER
from tests.torture.worker import add, source


def opened(folder: Path) -> EmbeddedStore:
    return EmbeddedStore(folder, EMBEDDER.identity)


def traces(folder: Path, words: list[bytes]) -> list[tuple[str, bytes]]:
    return [
        (one.name, word)
        for one in folder.rglob("*")
        if one.is_file()
        for word in words
        if word in one.read_bytes().lower()
    ]


def test_i3_a_delete_leaves_no_trace_in_any_file(tmp_path: Path) -> None:
    store = opened(tmp_path)
    for number in range(60):
        add(store, source(f"zq{number:03}", 0))
    store.settle()
    gone = range(3, 60, 7)
    vectors = [
        EMBEDDER.embed_passages([f"Sentinel zq{n:03}x0 stands here alone."])[0] for n in gone
    ]
    # what the documents say; the audit keeps their ids, which are random outside of tests
    words = [f"zq{n:03}x0".encode() for n in gone]
    assert len({word for _, word in traces(tmp_path, words)}) == len(words)
    for number in gone:
        store.delete(DocumentId(f"zq{number:03}"))
    store.settle()
    packed = [one.astype("<f4").tobytes() for one in vectors]
    assert traces(tmp_path, words) == []
    assert not [
        one for one in packed for file in tmp_path.rglob("*.faiss") if one in file.read_bytes()
    ]
    with store._db.read() as db:  # and it is known that there is nothing left to do
        assert db.execute("SELECT sum(traces) FROM collections").get == 0
    assert len(store.summaries("default")) == 60 - len(gone)
    assert store.scrub() == []
    store.purge("default")
    store.settle()
    assert traces(tmp_path, [b"x0", b"harbour"]) == []
    store.close()


def test_i3_traces_that_a_kill_left_go_at_the_next_start(tmp_path: Path) -> None:
    store = opened(tmp_path)
    for number in range(20):
        add(store, source(f"zq{number:03}", 0))
    store.settle()
    store.delete(DocumentId("zq007"))
    store._maintenance.stop()  # and nothing is tidied: as if it had been killed here
    store._db.close()
    os.close(store._lock)
    opened(tmp_path).close()
    assert traces(tmp_path, [b"zq007x0"]) == []


def test_r18_answers_are_the_same_after_a_restart(tmp_path: Path) -> None:
    store = opened(tmp_path)
    for number in range(40):
        add(store, source(f"d{number}", 0))
    queries = [f"common words harbour {n % 7} line {n} d{n % 40}x0" for n in range(300)]

    def found() -> list[list[Hit]]:
        everything = store.select("default", Filters())
        return [
            hits
            for query in queries
            for hits in (
                store.dense_search(everything, EMBEDDER.embed_queries([query])[0], 10),
                store.lexical_search(everything, terms(query), 10),
            )
        ]

    before = found()
    store.close()
    store = opened(tmp_path)
    assert found() == before
    store.close()


def test_r19_a_job_that_ends_its_process_twice_is_given_up_and_the_next_one_follows(
    tmp_path: Path,
) -> None:
    store = opened(tmp_path)
    jobs = [store.enqueue(Upload(name=f"{n}"), f"bytes {n}".encode()) for n in range(50)]
    for job in jobs:
        for _ in range(2):
            claimed = store.claim()
            assert claimed is not None
            assert claimed[0].id == job.id
            store.close()  # with the job under way: to the next start as good as killed
            store = opened(tmp_path)
        assert store.job(job.id).state == "failed"
        assert "twice" in (store.job(job.id).reason or "")
    assert store.claim() is None
    assert list((tmp_path / "originals").iterdir()) == []
    store.close()


def test_r16_a_clock_that_jumps_changes_no_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of the rows is put a year on and back; nothing else that the store does asks for the day."""
    jumps = iter(dt.timedelta(days=days) for days in (365, -365) * 100)

    def jumping() -> str:
        return (dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + next(jumps)).isoformat()

    for module in (_jobs, _documents):
        monkeypatch.setattr(module, "now", jumping)
    store = opened(tmp_path)
    jobs = [store.enqueue(Upload(name=f"{n}"), f"bytes {n}".encode()).id for n in range(20)]
    assert [(store.claim() or pytest.fail("lost"))[0].id for _ in jobs] == jobs
    for number in range(20):
        add(store, source(f"d{number}", 0))
    same = store.select("default", Filters())
    hits = store.lexical_search(same, ["harbour"], 100)
    assert [one.passage_id for one in hits] == sorted(one.passage_id for one in hits)
    store.close()
