"""What only the store on disk can show: it survives, it notices damage, and it belongs to one process."""

import errno
import json
import multiprocessing
import os
import shutil
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import apsw
import faiss
import numpy as np
import pytest

from rag.adapters import _durable, _seals, _vectors, faiss_vectors
from rag.adapters.embedded import EmbeddedStore
from rag.analysis import terms
from rag.errors import (
    DocumentChanged,
    FormatTooNew,
    IndexMismatch,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreLocked,
    UnknownDocument,
)
from rag.protocols import Hit, Upload
from rag.types import Document, DocumentId, Filters
from tests.fakes import HashingEmbedder
from tests.make import document, lines

EMBEDDER = HashingEmbedder()
TEXTS = [f"Sentence number {n} speaks of thing{n % 7} and place{n % 5}." for n in range(40)]


def opened(folder: Path) -> EmbeddedStore:
    return EmbeddedStore(folder, EMBEDDER.identity)


def add(store: EmbeddedStore, source: Document) -> None:
    passages = lines(source)
    vectors = EMBEDDER.embed_passages([one.text for one in passages])
    store.add(source, passages, vectors, original=source.text.encode())


def fill(store: EmbeddedStore) -> None:
    for number, text in enumerate(TEXTS):
        add(store, document(text, id=f"d{number:02}"))


def hits(store: EmbeddedStore, query: str = "thing3 at place2") -> list[list[Hit]]:
    selection = store.select("default", Filters())
    vector = EMBEDDER.embed_queries([query])[0]
    return [
        store.dense_search(selection, vector, 10),
        store.lexical_search(selection, terms(query), 10),
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with documents, closed, whose vectors are in a generation."""
    store = opened(tmp_path)
    fill(store)
    hits(store)
    store.close()
    return tmp_path


def generation(folder: Path) -> Path:
    """The newest one."""
    return max((folder / "index" / "1").iterdir(), key=lambda one: int(one.name))


def test_a_generation_says_what_it_holds(folder: Path) -> None:
    manifest = json.loads((generation(folder) / "manifest.json").read_text())
    assert manifest["count"] == len(TEXTS)
    assert manifest["model"] == "hashing"
    size = (generation(folder) / "vectors.faiss").stat().st_size
    assert manifest["files"]["vectors.faiss"]["bytes"] == size


def test_searches_are_the_same_from_memory_from_a_generation_and_without_one(
    folder: Path, tmp_path: Path
) -> None:
    store = opened(folder)
    from_generation = hits(store)
    store.close()
    shutil.rmtree(folder / "index")
    store = opened(folder)
    rebuilt = hits(store)
    store.close()
    fresh = opened(tmp_path / "fresh")
    hits_before = None
    for number, text in enumerate(TEXTS):
        add(fresh, document(text, id=f"d{number:02}"))
        hits_before = hits(fresh)  # searching between the changes must not change a thing
    fresh.close()
    assert from_generation == rebuilt == hits_before


def test_changes_since_a_generation_are_searched(folder: Path) -> None:
    store = opened(folder)
    first = hits(store)[0][0]
    gone = store.passages([first.passage_id])[first.passage_id].document_id
    store.delete(gone)
    add(store, document("thing3 at place2 thing3 at place2", id="new"))
    assert_newest_first(store, gone)
    store.close()
    store = opened(folder)
    assert_newest_first(store, gone)
    store.close()


def assert_newest_first(store: EmbeddedStore, gone: DocumentId) -> None:
    [found, _] = hits(store)
    passages = store.passages([hit.passage_id for hit in found])
    assert passages[found[0].passage_id].document_id == "new"
    assert gone not in {one.document_id for one in passages.values()}


def test_a_search_stays_on_its_own_thread(folder: Path) -> None:
    with closing(opened(folder)) as store, ThreadPoolExecutor(1) as another:
        another.submit(faiss.omp_set_num_threads, 4).result()
        another.submit(hits, store).result()
        assert another.submit(faiss.omp_get_max_threads).result() == 1


def test_readers_share_a_few_connections(folder: Path) -> None:
    store = opened(folder)
    before = open_files()
    for _ in range(3):
        threads = [threading.Thread(target=hits, args=(store,)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert open_files() - before <= 3 * 8  # each connection has a database, a log and its index
    store.close()


def open_files() -> int:
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.exists() else 0


def test_an_acknowledged_change_waits_for_the_disk(folder: Path) -> None:
    store = opened(folder)
    with store._db.write() as writer, store._db.read() as reader:
        for connection in (writer, reader):
            assert connection.pragma("synchronous") == 2  # FULL
            assert connection.pragma("journal_mode") == "wal"
            assert connection.pragma("foreign_keys") == 1
            assert connection.pragma("secure_delete") == 1
    store.close()


def test_an_index_that_cannot_be_written_fails_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    store = opened(tmp_path)
    fill(store)
    expected = hits(store)
    monkeypatch.setattr(_durable, "write", full)
    monkeypatch.setattr(_vectors, "FOLD_AT", 1)
    with pytest.raises(StoreFull):
        add(store, document("more", id="more"))
    store.close()
    assert "was not written" in caplog.text
    monkeypatch.undo()
    store = opened(tmp_path)
    assert hits(store) == expected
    store.close()


def test_nothing_is_kept_of_what_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(tmp_path)
    add(store, document("It has the key.", id="one", source_key="k"))
    kept = {one.name for one in (tmp_path / "originals").iterdir()}
    with pytest.raises(DocumentChanged):
        add(store, document("Another has the key.", id="other", source_key="k"))
    assert {one.name for one in (tmp_path / "originals").iterdir()} == kept

    def full(*_: object) -> None:
        raise apsw.FullError("no room")

    monkeypatch.setattr(_seals, "close", full)
    with pytest.raises(StoreFull):
        store.enqueue(Upload(name="a.txt"), b"waits in vain")
    assert {one.name for one in (tmp_path / "originals").iterdir()} == kept
    monkeypatch.undo()
    store.close()


def test_other_files_beside_the_generations_are_left_alone(tmp_path: Path) -> None:
    store = opened(tmp_path)
    (tmp_path / "index" / "1").mkdir(parents=True)
    (tmp_path / "index" / "1" / ".DS_Store").write_bytes(b"x")
    fill(store)
    hits(store)
    store.close()
    assert (tmp_path / "index" / "1" / ".DS_Store").exists()
    opened(tmp_path).close()


def test_what_a_crash_left_among_the_originals_is_swept(folder: Path) -> None:
    originals = folder / "originals"
    kept = set(originals.iterdir())
    (originals / ("0" * 64)).write_bytes(b"orphan")
    (originals / f".{'0' * 64}.12345678").write_bytes(b"half")
    kept |= {originals / "holiday.jpg", originals / "folder"}
    (originals / "holiday.jpg").write_bytes(b"not ours")
    (originals / "folder").mkdir()
    store = opened(folder)
    waiting = store.enqueue(Upload(name="a"), b"waiting")
    store.close()
    store = opened(folder)
    assert len(set(originals.iterdir()) - kept) == 1
    store.update(replace(store.job(waiting.id), state="failed", reason="no"))
    assert set(originals.iterdir()) == kept
    store.close()


def test_originals_without_their_database_are_never_swept(folder: Path) -> None:
    (folder / "catalog.sqlite").unlink()
    before = set((folder / "originals").iterdir())
    for _ in range(2):
        with pytest.raises(StoreDamaged, match="backup"):
            opened(folder)
    assert set((folder / "originals").iterdir()) == before


def test_a_job_whose_bytes_are_gone_fails_and_the_next_one_follows(tmp_path: Path) -> None:
    store = opened(tmp_path)
    first, second = (store.enqueue(Upload(name=n), n.encode()) for n in ("a", "b"))
    [path] = [p for p in (tmp_path / "originals").iterdir() if p.read_bytes() == b"a"]
    path.unlink()
    assert (store.claim() or pytest.fail("the second job is lost"))[0].id == second.id
    assert store.job(first.id).state == "failed"
    assert "Send it again" in (store.job(first.id).reason or "")
    store.close()


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StoreError, match="Name another one"):
            opened(place)


def test_changes_become_a_generation_while_searches_go_on(tmp_path: Path) -> None:
    store = opened(tmp_path)
    add(store, document("first", id="first"))
    hits(store)
    fill(store)
    expected = hits(store)
    store.settle()
    assert json.loads((generation(tmp_path) / "manifest.json").read_text())["count"] >= 40
    assert hits(store) == expected
    store.close()


def test_a_search_that_runs_while_a_generation_is_written_is_not_held_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened(folder)
    expected = hits(store)
    writing, go_on = threading.Event(), threading.Event()
    written = faiss_vectors.write_generation

    def slow(*arguments: Any, **more: Any) -> str:
        writing.set()
        assert go_on.wait(10)
        return written(*arguments, **more)

    monkeypatch.setattr(faiss_vectors, "write_generation", slow)
    add(store, document("thing3 at place2 thing3 at place2", id="new"))
    thread = threading.Thread(target=store.settle)
    thread.start()
    assert writing.wait(10)
    add(store, document("unlike all others", id="late"))
    store.delete(DocumentId("new"))
    assert [one.score for one in hits(store)[0]] == [one.score for one in expected[0]]
    go_on.set()
    thread.join()
    assert hits(store)[0] == expected[0]
    assert store.scrub() == []
    store.close()


@pytest.mark.parametrize("name", ["vectors.faiss", "manifest.json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "grow", "remove", "empty"])
def test_a_damaged_generation_is_noticed_and_built_again(
    folder: Path, name: str, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    store = opened(folder)
    expected = hits(store)
    store.close()
    file = generation(folder) / name
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 4
    damaged: dict[str, bytes | bytearray] = {
        "flip": content,
        "cut": content[:-1],
        "grow": content + b"x",
        "empty": b"",
    }
    file.unlink() if damage == "remove" else file.write_bytes(damaged[damage])
    store = opened(folder)
    assert hits(store) == expected
    assert "built again" in caplog.text
    store.close()


def test_every_flipped_bit_of_a_generation_is_noticed(folder: Path) -> None:
    file = generation(folder) / "vectors.faiss"
    content, digest = (
        file.read_bytes(),
        faiss_vectors._sha256((generation(folder) / "manifest.json").read_bytes()),
    )
    draw = np.random.default_rng(7)
    for place in draw.integers(0, len(content) * 8, 200).tolist():
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        file.write_bytes(flipped)
        with pytest.raises(StoreDamaged):
            faiss_vectors.read_generation(folder / "index" / "1", 1, digest, EMBEDDER.identity)


def test_one_process_holds_a_folder_and_says_who(folder: Path) -> None:
    store = opened(folder)
    with pytest.raises(StoreLocked, match=f"process {os.getpid()}"):
        opened(folder)
    store.close()
    opened(folder).close()


def test_another_model_s_vectors_are_refused(folder: Path) -> None:
    with pytest.raises(IndexMismatch, match="hashing"):
        EmbeddedStore(folder, replace(EMBEDDER.identity, name="other"))
    opened(folder).close()  # and the refusal let go of the folder


def test_terms_that_another_release_took_otherwise_are_taken_again(folder: Path) -> None:
    connection = apsw.Connection(str(folder / "catalog.sqlite"))
    connection.execute("DROP TABLE lexical_1")
    connection.execute(
        "CREATE VIRTUAL TABLE lexical_1 USING"
        " fts5(terms, content='', contentless_delete=1, tokenize='ascii')"
    )
    connection.execute("DELETE FROM facts WHERE name = 'lexical'")
    connection.close()
    for _ in range(2):
        store = opened(folder)
        hits = store.lexical_search(store.select("default", Filters()), ["titl"], 100)
        assert len(hits) == store.count("default") > 0
        store.close()


def test_a_newer_format_is_refused(folder: Path) -> None:
    connection = apsw.Connection(str(folder / "catalog.sqlite"))
    connection.pragma("user_version", 99)
    connection.close()
    with pytest.raises(FormatTooNew, match="format 99"):
        opened(folder)


def test_a_damaged_or_foreign_database_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "catalog.sqlite").write_bytes(b"not a database, and long enough to be looked at" * 99)
    with pytest.raises(StoreDamaged):
        opened(folder)
    other = tmp_path / "other"
    other.mkdir()
    connection = apsw.Connection(str(other / "catalog.sqlite"))
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(StoreDamaged, match="another program"):
        opened(other)


def test_originals_are_kept_while_a_version_names_them(tmp_path: Path) -> None:
    store = opened(tmp_path)
    old, new = document("The price is ten."), document("The price is twelve.")
    add(store, old)
    add(store, new)
    add(store, replace(old, id=DocumentId("d2")))
    originals = tmp_path / "originals"
    assert {file.read_bytes() for file in originals.iterdir()} == {
        old.text.encode(),
        new.text.encode(),
    }
    store.delete(old.id)
    assert [file.read_bytes() for file in originals.iterdir()] == [old.text.encode()]
    store.delete(DocumentId("d2"))
    assert not list(originals.iterdir())
    store.close()


def test_what_does_not_fit_together_is_never_stored(tmp_path: Path) -> None:
    store = opened(tmp_path)
    one = document("A text.")
    vectors = EMBEDDER.embed_passages(["A text."])
    with pytest.raises(ValueError, match="vectors"):
        store.add(one, (), vectors, original=one.text.encode())
    with pytest.raises(ValueError, match="original"):
        store.add(one, lines(one), vectors, original=b"other bytes")
    assert store.collections() == []
    store.close()


def test_a_cached_document_is_gone_once_deleted(tmp_path: Path) -> None:
    store = opened(tmp_path)
    add(store, document("Text."))
    store.document(DocumentId("d1"))
    store.delete(DocumentId("d1"))
    add(store, document("Other.", id="d2"))
    with pytest.raises(UnknownDocument):
        store.document(DocumentId("d1"))
    assert store.document(DocumentId("d2")).text == "Other."
    store.close()


def test_interrupted_jobs_wait_again_after_a_restart(tmp_path: Path) -> None:
    store = opened(tmp_path)
    job = store.enqueue(Upload(name="a"), b"bytes")
    store.claim()
    store.close()
    store = opened(tmp_path)
    assert store.job(job.id).state == "queued"
    assert (store.claim() or pytest.fail("the job is lost"))[2] == b"bytes"
    store.close()


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    child = multiprocessing.get_context("spawn").Process(
        target=_add_until_killed, args=(tmp_path, theirs), daemon=True
    )
    child.start()
    acknowledged = [ours.recv() for _ in range(25)]
    os.kill(child.pid or pytest.fail("no child"), signal.SIGKILL)
    child.join()
    while ours.poll():
        acknowledged.append(ours.recv())
    store = opened(tmp_path)
    for number in acknowledged:
        assert store.document(DocumentId(f"d{number}")).text == f"unique{number} words"
        [hit] = store.lexical_search(
            store.select("default", Filters()), terms(f"unique{number}"), 5
        )
        assert store.passages([hit.passage_id])[hit.passage_id].document_id == f"d{number}"
    [summary] = store.collections()
    assert summary.documents == summary.passages
    assert len(hits(store, "words")[0]) == 10
    store.close()


def _add_until_killed(folder: Path, acknowledge: Connection) -> None:
    store = opened(folder)
    number = 0
    while True:
        add(store, document(f"unique{number} words", id=f"d{number}"))
        acknowledge.send(number)
        number += 1


def test_of_equal_passages_the_first_are_found_wherever_their_vectors_lie(tmp_path: Path) -> None:
    store = opened(tmp_path)
    for number in range(40):
        one = document("The harbour is closed.", id=f"n{number}", source_key=f"{number}")
        passages = lines(one)
        vectors = EMBEDDER.embed_passages([passage.text for passage in passages])
        store.add(one, passages, vectors, original=one.text.encode())
    everything = store.select("default", Filters())

    def found() -> list[int]:
        vector = EMBEDDER.embed_queries(["The harbour is closed."])[0]
        return [hit.passage_id for hit in store.dense_search(everything, vector, 5)]

    expected = found()
    assert expected == sorted(expected)
    assert expected[-1] - expected[0] == 4
    store.settle()
    assert found() == expected
    store.close()
