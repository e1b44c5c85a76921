"""`verse doctor`, with hashed vectors instead of a model."""

import json
import logging
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from api.cli import DONE, FAILED, main
from ingest.sandbox import Sandbox
from rag.adapters.embedded import EmbeddedStore
from rag.errors import ModelError, StoreDamaged
from rag.protocols import Embedder
from rag.settings import Settings
from tests.fakes import HashingEmbedder
from tests.make import document

Findings = dict[str, dict[str, str]]
Doctor = Callable[[], tuple[int, Findings]]


class Kept(Sandbox):
    """Stays started: what this machine lacks is the same in every test, and takes a second to find."""

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    kept = Kept()
    yield kept
    Sandbox.close(kept)


@pytest.fixture
def doctor(
    sandbox: Sandbox,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Doctor]:
    """Run it on the data folder of this test; gives the exit code and the findings by name."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr("api.doctor.Sandbox", lambda: sandbox)
    monkeypatch.setattr("api.doctor.open_embedder", lambda _: HashingEmbedder())

    def run() -> tuple[int, Findings]:
        code = main(["doctor", "--data", str(tmp_path / "data"), "--json"])
        body = json.loads(capsys.readouterr().out)
        assert body["well"] == (code == DONE)
        return code, {one["name"]: one for one in body["findings"]}

    yield run
    root.handlers[:], root.level = handlers, level


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedStore:
    """A store that the test closes."""
    return EmbeddedStore(tmp_path / "data", HashingEmbedder.identity)


def test_a_sound_machine_is_well_and_is_not_changed(doctor: Doctor, tmp_path: Path) -> None:
    code, found = doctor()
    assert code == DONE
    assert {one["level"] for one in found.values()} <= {"ok", "note"}
    assert found["data folder"]["found"] == "none yet; adding a document makes it"
    assert found["embedding model"]["found"].startswith("hashing (fp32, sha256 ")
    assert "GB" in found["free disk"]["found"]
    assert not (tmp_path / "data").exists()


def test_it_says_what_a_data_folder_holds_and_who_has_it(
    doctor: Doctor, store: EmbeddedStore
) -> None:
    store.add(document("Text."), (), HashingEmbedder().embed_passages([]), original=b"Text.")
    code, found = doctor()
    assert code == DONE
    assert found["data folder"]["found"].startswith("format 3, in use by process ")
    assert "1 documents, 0 passages, 1 collections" in found["data folder"]["found"]
    assert store.summaries("default")
    store.close()
    assert doctor()[1]["data folder"]["found"].startswith("format 3, not in use: 1 documents")
    EmbeddedStore(store._db.path.parent, HashingEmbedder.identity).close()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_bytes(b"no database" * 500), "damaged"),
        (lambda path: _set_version(path, 99), "newer release"),
        (lambda path: _make_foreign(path), "another program"),
        (lambda path: _lose(path, touch=False), "original files and no database"),
        (lambda path: _lose(path, touch=True), "original files and no database"),
    ],
)
def test_a_data_folder_that_cannot_be_used_is_wrong(
    doctor: Doctor,
    store: EmbeddedStore,
    tmp_path: Path,
    spoil: Callable[[Path], object],
    words: str,
) -> None:
    store.close()
    spoil(tmp_path / "data" / "catalog.sqlite")
    code, found = doctor()
    assert (code, found["data folder"]["level"]) == (FAILED, "wrong")
    assert words in found["data folder"]["advice"]


def _set_version(path: Path, number: int) -> None:
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {number}")
    db.close()


def _make_foreign(path: Path) -> None:
    path.unlink()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE theirs (x)")
    db.close()


def _lose(path: Path, *, touch: bool) -> None:
    """Leave an original beside no database, or beside an empty one."""
    path.unlink()
    if touch:
        path.touch()
    (path.parent / "originals" / ("0" * 64)).write_bytes(b"The last copy.")


def test_what_is_wrong_for_the_doctor_is_refused_by_the_store_in_the_same_words(
    doctor: Doctor, store: EmbeddedStore, tmp_path: Path
) -> None:
    store.close()
    _lose(tmp_path / "data" / "catalog.sqlite", touch=True)
    with pytest.raises(StoreDamaged) as refused:
        EmbeddedStore(tmp_path / "data", HashingEmbedder.identity)
    assert doctor()[1]["data folder"]["advice"] == str(refused.value)
    assert (tmp_path / "data" / "originals" / ("0" * 64)).exists()


def test_an_empty_database_is_none_yet(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "catalog.sqlite").touch()
    code, found = doctor()
    assert (code, found["data folder"]["level"]) == (DONE, "ok")
    assert found["data folder"]["found"].startswith("none yet")
    EmbeddedStore(tmp_path / "data", HashingEmbedder.identity).close()


def test_vectors_of_another_model_are_wrong(
    doctor: Doctor, store: EmbeddedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.close()
    other = HashingEmbedder()
    other.identity = replace(other.identity, name="other")
    monkeypatch.setattr("api.doctor.open_embedder", lambda _: other)
    code, found = doctor()
    assert (code, found["embedding model"]["level"]) == (FAILED, "wrong")
    assert "was embedded by hashing" in found["embedding model"]["advice"]


def test_looking_leaves_nothing_behind(
    doctor: Doctor, store: EmbeddedStore, tmp_path: Path
) -> None:
    store.close()
    before = sorted(path.name for path in (tmp_path / "data").iterdir())
    assert doctor()[0] == DONE
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == before


def test_a_file_is_no_data_folder(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "data").write_text("A file.")
    assert doctor()[1]["data folder"]["level"] == "wrong"


def test_old_libraries_are_wrong(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.doctor.version", lambda name: "6.9.9" if name == "pypdf" else "99")
    monkeypatch.setattr("api.doctor.sqlite_version", lambda: "3.51.2")
    code, found = doctor()
    assert code == FAILED
    assert "below 6.16.1" in found["pypdf"]["advice"]
    assert "below 3.51.3" in found["SQLite"]["advice"]


@pytest.mark.parametrize(
    ("python", "level"),
    [("3.11.7", "note"), ("3.11.14", "ok"), ("3.13.8", "ok"), ("3.9.2", "wrong")],
)
def test_pythons(doctor: Doctor, monkeypatch: pytest.MonkeyPatch, python: str, level: str) -> None:
    monkeypatch.setattr("platform.python_version", lambda: python)
    monkeypatch.setattr("platform.python_version_tuple", lambda: tuple(python.split(".")))
    assert doctor()[1]["Python"]["level"] == level


@pytest.mark.parametrize(("free", "level"), [(5e9, "ok"), (1e9, "note"), (5e7, "wrong")])
def test_a_full_disk_is_wrong(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, free: float, level: str
) -> None:
    usage = SimpleNamespace(free=free)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    code, found = doctor()
    assert (code, found["free disk"]["level"]) == (FAILED if level == "wrong" else DONE, level)


def test_a_missing_model_is_wrong(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Settings) -> Embedder:
        raise ModelError("No embedding model is installed.")

    monkeypatch.setattr("api.doctor.open_embedder", fail)
    code, found = doctor()
    assert code == FAILED
    assert found["embedding model"]["advice"] == "No embedding model is installed."


def test_a_ranker_that_is_not_the_pinned_one_is_wrong(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert doctor()[1]["sentence ranker"]["level"] == "ok"
    monkeypatch.setattr("rag.adapters.sentence_ranker._SHA256", "0" * 64)
    code, found = doctor()
    assert code == FAILED
    assert "not the pinned file" in found["sentence ranker"]["advice"]
    monkeypatch.setenv("VERSE_ANSWERS__RANKER_WEIGHT", "0")
    code, found = doctor()
    assert (code, found["sentence ranker"]["found"]) == (DONE, "statements are ordered without it")


def test_protections_that_are_missing_are_named(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def start(sandbox: Sandbox) -> None:
        sandbox.missing = ("a moat",)

    monkeypatch.setattr("api.doctor.Sandbox", Sandbox)
    monkeypatch.setattr(Sandbox, "start", start)
    code, found = doctor()
    assert (code, found["confinement of files"]["level"]) == (DONE, "note")
    assert found["confinement of files"]["found"] == "missing: a moat"
    assert "refused (VERSE_SANDBOX__ACCEPT_MISSING)" in found["confinement of files"]["advice"]
    main(["doctor"])
    assert " note  confinement of files: missing: a moat\n       Serving" in capsys.readouterr().out
