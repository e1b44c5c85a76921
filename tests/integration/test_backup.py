"""Backups: whole or not at all, made while others write, restored byte by byte; and what verify finds."""

import hashlib
import json
import os
import shutil
import threading
import time
from pathlib import Path

import apsw
import pytest

from rag.adapters.backup import back_up, restore, verify
from rag.adapters.embedded import EmbeddedStore
from rag.errors import InvalidBackup, OldFormat, StoreLocked
from rag.types import DocumentId
from tests.golden.make import EMBEDDER, answers, make
from tests.integration.test_cli import Verse, as_json, root_logging, verse
from tests.make import document, lines

__all__ = ("root_logging", "verse")  # fixtures
BACKUPS = int(os.environ.get("TORTURE_BACKUPS", "5"))
GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make(tmp_path / "data")
    return tmp_path / "data"


def opened(folder: Path) -> EmbeddedStore:
    return EmbeddedStore(folder, EMBEDDER.identity)


def add(store: EmbeddedStore, number: int) -> None:
    one = document(f"Backup sentence {number}.\nAnother of word{number}.", id=f"n{number}")
    passages = lines(one)
    vectors = EMBEDDER.embed_passages([passage.text for passage in passages])
    store.add(one, passages, vectors, original=one.text.encode())


def test_a_restored_backup_answers_as_the_folder_did(folder: Path, tmp_path: Path) -> None:
    store = opened(folder)
    before = answers(store)
    made = back_up(folder, tmp_path / "backup")
    assert made.lost == ()
    assert made.originals == len(list((folder / "originals").iterdir()))
    store.delete(DocumentId("harbour"))
    store.close()
    assert verify(tmp_path / "backup") == []
    restore(tmp_path / "backup", tmp_path / "restored")
    store = opened(tmp_path / "restored")
    assert answers(store) == before
    assert store.claim() is not None
    store.close()


def test_r10_backups_during_ingest_are_whole(folder: Path, tmp_path: Path) -> None:
    """Each holds every document that was acknowledged before it began, and passes every check."""
    store = opened(folder)
    acknowledged: list[int] = []
    stop = threading.Event()
    room = threading.Semaphore(0)  # what is backed up must not grow without end

    def write() -> None:
        number = 0
        while room.acquire() and not stop.is_set():
            add(store, number)
            acknowledged.append(number)
            if number % 3 == 2:
                store.delete(DocumentId(f"n{number - 1}"))
            number += 1
            time.sleep(0.01)  # or there is no time for the backups on two cores

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for turn in range(BACKUPS):
            room.release(40)
            least = len(acknowledged)
            back_up(folder, tmp_path / f"backup{turn}")
            restore(tmp_path / f"backup{turn}", tmp_path / f"restored{turn}")
            assert verify(tmp_path / f"restored{turn}") == []
            restored = opened(tmp_path / f"restored{turn}")
            held = {one.id for one in restored.summaries("default", limit=10_000)}
            missing = {n for n in range(least) if f"n{n}" not in held}
            assert missing <= {n for n in range(least + 1) if n % 3 == 1}
            for one in held:
                document_ = restored.document(one)
                assert hashlib.sha256(restored.original(one)).hexdigest() in document_.version
            assert restored.scrub() == []
            restored.close()
    finally:
        stop.set()
        room.release()
        writer.join()
    store.close()


def test_an_unfinished_or_damaged_backup_is_never_restored(folder: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    back_up(folder, backup)
    with pytest.raises(InvalidBackup, match="exists already"):
        back_up(folder, backup)
    for name in (*(one.name for one in backup.glob("*.sqlite")), "manifest.json"):
        spoilt = tmp_path / f"spoilt-{name}"
        shutil.copytree(backup, spoilt)
        content = bytearray((spoilt / name).read_bytes())
        content[len(content) // 2] ^= 1
        (spoilt / name).write_bytes(content)
        with pytest.raises(InvalidBackup):
            restore(spoilt, tmp_path / "never")
    spoilt = tmp_path / "without"
    shutil.copytree(backup, spoilt)
    next((spoilt / "originals").iterdir()).unlink()
    with pytest.raises(InvalidBackup, match="not as it was written"):
        restore(spoilt, tmp_path / "never")
    assert not (tmp_path / "never" / "catalog.sqlite").exists()
    with pytest.raises(InvalidBackup, match="already"):
        restore(backup, folder)
    with pytest.raises(InvalidBackup):
        back_up(tmp_path / "nothing", tmp_path / "other")
    assert not list(tmp_path.glob(".*unfinished"))


def test_a_folder_that_is_backed_up_while_nobody_has_it_is_held(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rag.adapters import backup

    copied = backup._copied

    def look(source: Path, aside: Path) -> list[str]:
        with pytest.raises(StoreLocked):
            opened(folder)
        return copied(source, aside)

    monkeypatch.setattr(backup, "_copied", look)
    back_up(folder, tmp_path / "backup")
    opened(folder).close()


def test_the_commands_say_what_they_did(verse: Verse, tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert verse("verify")[0] == 4
    make(data)
    assert verse("verify") == (0, "Everything is as it was written.\n", "")
    assert as_json(verse("backup", tmp_path / "b", "--json"))["originals"] == 7
    assert as_json(verse("collections", "--json"))["collections"][0]["name"] == "default"
    assert verse("collections", "export", "default", tmp_path / "a.tar")[0] == 0
    assert verse("collections", "export", "default", tmp_path / "a.tar")[0] == 1
    assert verse("collections", "export", "nope", tmp_path / "b.tar")[0] == 1
    assert not (tmp_path / "b.tar").exists()
    assert verse("collections", "purge", "elsewhere")[0] == 0
    db = apsw.Connection(str(data / "catalog.sqlite"))
    db.execute("UPDATE passages SET text = upper(text) WHERE id = (SELECT min(id) FROM passages)")
    db.close()
    code, out, _ = verse("verify")
    assert code == 1
    assert "Document harbour: A passage of it is not as it was written." in out
    assert [one["part"] for one in as_json(verse("verify", "--json"))["problems"]]
    shutil.rmtree(data)
    assert verse("restore", tmp_path / "b")[0] == 0
    assert json.loads(verse("verify", "--json")[1]) == {"sound": True, "problems": []}
    assert len(as_json(verse("collections", "--json"))["collections"]) == 2
    next((data / "originals").iterdir()).unlink()
    code, _, err = verse("backup", tmp_path / "b2")
    assert code == 1
    assert "lost or damaged" in err


def test_a_folder_of_an_older_format_is_backed_up_but_cannot_be_verified(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "format-1", tmp_path / "old")
    with pytest.raises(OldFormat, match="format 1"):
        verify(tmp_path / "old")
    back_up(tmp_path / "old", tmp_path / "backup")
    restore(tmp_path / "backup", tmp_path / "restored")
    opened(tmp_path / "restored").close()
    assert verify(tmp_path / "restored") == []
