"""Data folders of every format that was ever released: golden ones, written by the last release of each."""

import json
import multiprocessing
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import apsw
import pytest

from rag.adapters import _durable, _lexical
from rag.adapters._schema import FORMAT
from rag.adapters.embedded import EmbeddedStore
from rag.adapters.sqlite import DATABASE
from rag.errors import FormatTooNew
from tests.golden.make import EMBEDDER, answers, documents, make

GOLDEN = Path(__file__).parents[1] / "golden"
OLDER = range(1, FORMAT)


def copied(number: int, folder: Path) -> Path:
    shutil.copytree(GOLDEN / f"format-{number}", folder)
    return folder


def same_answers(store: EmbeddedStore, folder: Path) -> bool:
    """Whether a store finds what its release found; by words, and among equals, what a folder of today finds.

    What words are taken from passages is derived anew where another release took others. Of passages that are
    equally near, older releases kept any where only some of them were asked for.
    """
    fresh = folder.with_name(f"{folder.name}-fresh")
    if not fresh.exists():
        make(fresh)
    then, now = (
        json.loads((one / "answers.json").read_text(encoding="utf-8")) for one in (folder, fresh)
    )
    as_it_did = all(nearer(now[name]) == nearer(then[name]) for name in then if "dense" in name)
    return as_it_did and answers(store) == now


def nearer(found: list[tuple[str, float]]) -> list[tuple[str | None, float]]:
    """Scores, and the texts of all but the least of them."""
    return [(text if score > found[-1][1] else None, score) for text, score in found]


def format_of(database: Path) -> object:
    db = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return db.pragma("user_version")
    finally:
        db.close()


def test_there_is_a_golden_folder_of_every_format() -> None:
    assert sorted(one.name for one in GOLDEN.glob("format-*")) == [
        f"format-{number}" for number in range(1, FORMAT + 1)
    ]
    for number in range(1, FORMAT + 1):
        assert format_of(GOLDEN / f"format-{number}" / DATABASE) == number


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_a_folder_of_any_format_answers_as_it_did_and_is_sound(number: int, tmp_path: Path) -> None:
    folder = copied(number, tmp_path / "data")
    for _ in range(2):  # migrated, and opened again
        store = EmbeddedStore(folder, EMBEDDER.identity)
        assert same_answers(store, folder)
        for one in documents():
            assert store.document(one.id, one.version) == one
            assert store.original(one.id, one.version) == one.text.encode()
        assert store.scrub() == []
        assert (store.claim() or pytest.fail("the job is lost"))[1].title == "Waiting"
        store.close()
    assert format_of(folder / DATABASE) == FORMAT


@pytest.mark.parametrize("number", OLDER)
def test_the_database_is_put_aside_until_something_is_deleted(number: int, tmp_path: Path) -> None:
    folder = copied(number, tmp_path / "data")
    store = EmbeddedStore(folder, EMBEDDER.identity)
    copy = folder / f"{DATABASE}.format-{number}"
    assert format_of(copy) == number
    store.delete(documents()[0].id)
    assert not copy.exists()
    store.close()


def test_a_newer_format_is_refused_and_left_alone(tmp_path: Path) -> None:
    folder = copied(FORMAT, tmp_path / "data")
    db = apsw.Connection(str(folder / DATABASE))
    db.pragma("user_version", FORMAT + 1)
    db.close()
    before = (folder / DATABASE).read_bytes()
    with pytest.raises(FormatTooNew, match="Install a newer release"):
        EmbeddedStore(folder, EMBEDDER.identity)
    assert (folder / DATABASE).read_bytes() == before


def test_a_migration_that_is_killed_begins_anew(tmp_path: Path) -> None:
    """Killed at ten moments of the one transaction, and once while the copy is made."""
    for moment in range(11):
        folder = copied(1 + moment % (FORMAT - 1), tmp_path / str(moment))
        child = multiprocessing.get_context("spawn").Process(
            target=_killed_at, args=(folder, moment), daemon=True
        )
        child.start()
        child.join()
        assert child.exitcode == -signal.SIGKILL
        store = EmbeddedStore(folder, EMBEDDER.identity)
        assert same_answers(store, folder)
        assert store.scrub() == []
        store.close()


def _killed_at(folder: Path, moment: int) -> None:
    """Open a folder, and kill this process at the given step of the migration."""

    def kill(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(60)

    if moment == 0:
        _durable.sync = kill  # type: ignore[assignment] # it takes what the real one takes
    inserted = _lexical.insert
    rebuilt = 0

    def insert(*arguments: Any, **more: Any) -> None:
        nonlocal rebuilt
        rebuilt += 1
        if rebuilt == moment * 6:
            kill()
        inserted(*arguments, **more)

    _lexical.insert = insert
    EmbeddedStore(folder, EMBEDDER.identity)
