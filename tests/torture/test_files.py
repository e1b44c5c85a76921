"""R7: files of a closed folder that are cut, zeroed, missing, of another time, or too many: what comes of each.

What can be made again is made again, and nobody notices. Where the database is damaged, the store stops with what to
do, or tells of it and serves nothing that is wrong; and so it does at every further start.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from api.cli import UNUSABLE
from rag.adapters.backup import verify
from rag.adapters.embedded import EmbeddedStore
from rag.adapters.sqlite import DATABASE
from rag.errors import RagError, StoreError
from rag.types import DocumentId
from tests.golden.make import EMBEDDER, answers, make
from tests.integration.test_cli import Verse, root_logging, verse
from tests.make import lines
from tests.torture.test_flips import TRUTH, content, is_found
from tests.torture.test_full_disk import needs_root
from tests.torture.worker import add, source

__all__ = ("root_logging", "verse")  # fixtures
ORIGINAL = TRUTH["harbour"].version.removeprefix("sha256:")
HINT = r"backup|verify|Name another|permissions"

Harm = Callable[[Path], None]


def cut(name: str, share: float, folder: Path) -> None:
    file = folder / name
    file.write_bytes(file.read_bytes()[: int(file.stat().st_size * share)])


def zero(name: str, share: float, folder: Path) -> None:
    """Zero a page of 4,096 bytes, or all of a smaller file."""
    file = folder / name
    held = bytearray(file.read_bytes())
    at = int(len(held) * share) // 4096 * 4096
    held[at : at + 4096] = bytes(len(held[at : at + 4096]))
    file.write_bytes(held)


def lose(name: str, folder: Path) -> None:
    path = folder / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def swap(name: str, other: str, folder: Path) -> None:
    one, another = (folder / name).read_bytes(), (folder / other).read_bytes()
    (folder / name).write_bytes(another)
    (folder / other).write_bytes(one)


def put(name: str, held: bytes | None, folder: Path) -> None:
    """Put a file where there was none, or another one, or a folder."""
    path = folder / name
    if held is None:
        path.unlink(missing_ok=True)
        path.mkdir(parents=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(held)


_SHARES = [number / 18 for number in range(18)]
_FAISS, _MANIFEST = "index/1/2/vectors.faiss", "index/1/2/manifest.json"
_EARLIER = "index/1/1/vectors.faiss", "index/1/1/manifest.json"
_OTHER_DATABASE = b"SQLite format 3\0" + bytes(4080)

REBUILT: dict[str, Harm] = {
    **{f"{h.__name__} {n} {s:.2f}": partial(h, n, s)
       for h in (cut, zero) for n in (_FAISS, _MANIFEST) for s in _SHARES},
    **{f"{h.__name__} {n}": partial(h, n, s) for h, s in ((cut, 0.5), (zero, 0)) for n in _EARLIER},
    **{f"lose {n}": partial(lose, n)
       for n in (_FAISS, _MANIFEST, *_EARLIER, "index/1/1", "index/1/2", "index/1", "index/2", "index")},
    "swap index files": partial(swap, _FAISS, _EARLIER[0]),
    "swap manifests": partial(swap, _MANIFEST, _EARLIER[1]),
    "swap collections' index files": partial(swap, _FAISS, "index/2/1/vectors.faiss"),
    "swap collections' manifests": partial(swap, _MANIFEST, "index/2/1/manifest.json"),
    **{f"put {n}": partial(put, n, b"what nobody expects") for n in (
        _FAISS, _MANIFEST, "index/1/2/more", "index/1/more", "index/1/9", "index/1/.3", "index/more", "index/9/1/more",
        "index/77/more", "originals/more", f"originals/{'0' * 64}", f"originals/.{'0' * 64}.00000000", "more",
        "reserve", "lock", f"{DATABASE}-shm", f"{DATABASE}-wal", f"{DATABASE}-journal", f"{DATABASE}-acknowledged",
        f"{DATABASE}.format-2", f".{DATABASE}.copy")},
    **{f"folder {n}": partial(put, n, None)
       for n in (_FAISS, _MANIFEST, "index/1/3", "index/1/.3", "index/88", "originals/folder", "more")},
}  # fmt: skip
TOLD: dict[str, Harm] = {  # the text is sound; its original is not
    **{f"{h.__name__} {s:.2f}": partial(h, f"originals/{ORIGINAL}", s) for h in (cut, zero) for s in _SHARES[::3]},
    "lose": partial(lose, f"originals/{ORIGINAL}"),
    "lose all": partial(lose, "originals"),
    "another": partial(put, f"originals/{ORIGINAL}", b"another"),
    "swap": partial(
        swap, f"originals/{ORIGINAL}", f"originals/{TRUTH['island'].version.removeprefix('sha256:')}"
    ),
    "folder": partial(put, f"originals/{ORIGINAL}", None),
}  # fmt: skip
STOPPED: dict[str, Harm] = {
    **{f"cut {s:.2f}": partial(cut, DATABASE, s) for s in (*_SHARES, 0.001, 0.98)},
    "lose": partial(lose, DATABASE),
    "text": partial(put, DATABASE, b"what nobody expects" * 1_000),
    "another program's": partial(put, DATABASE, _OTHER_DATABASE),
    "folder": partial(put, DATABASE, None),
    "zero 0.00": partial(zero, DATABASE, 0),
}
FOUND: dict[str, Harm] = {
    f"zero {number / 40:.3f}": partial(zero, DATABASE, number / 40) for number in range(1, 40)
}
FOUND["cut within the last page"] = partial(cut, DATABASE, 0.999)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, object]:
    """A folder with two generations of its index, and what it answers."""
    folder = tmp_path_factory.mktemp("sound") / "data"
    make(folder)
    store = opened(folder)
    answers(store)  # so that what comes then is folded in
    again = TRUTH["island"]
    passages = lines(again)
    vectors = EMBEDDER.embed_passages([one.text for one in passages])
    store.add(again, passages, vectors, original=again.text.encode())
    store.close()
    assert {one.name for one in (folder / "index" / "1").iterdir()} == {"1", "2"}
    store = opened(folder)
    expected = answers(store)
    store.close()
    return folder, expected


@pytest.fixture
def folder(sound: tuple[Path, object], tmp_path: Path) -> Iterator[Path]:
    copy = tmp_path / "data"
    shutil.copytree(sound[0], copy)
    yield copy
    shutil.rmtree(copy)


def opened(folder: Path) -> EmbeddedStore:
    return EmbeddedStore(folder, EMBEDDER.identity)


@pytest.mark.parametrize("harm", REBUILT)
def test_r7_what_can_be_made_again_is_made_again(
    folder: Path, sound: tuple[Path, object], harm: str
) -> None:
    REBUILT[harm](folder)
    for _ in range(2):
        store = opened(folder)
        assert answers(store) == sound[1]
        store.scrub()
        assert answers(store) == sound[1]
        assert store.scrub() == []
        assert store.damage() == []
        store.close()
    assert verify(folder) == []


@pytest.mark.parametrize("harm", TOLD)
def test_r7_an_original_that_is_not_as_it_came_is_told_of(
    folder: Path, sound: tuple[Path, object], harm: str
) -> None:
    TOLD[harm](folder)
    for _ in range(2):
        store = opened(folder)
        assert answers(store) == sound[1]
        store.scrub()
        assert DocumentId("harbour") in {one.document_id for one in store.damage()}
        with pytest.raises(RagError):
            store.original(DocumentId("harbour"))
        store.close()
        assert verify(folder)


@pytest.mark.parametrize("harm", STOPPED)
def test_r7_a_damaged_database_stops_every_start_with_what_to_do(
    folder: Path, verse: Verse, harm: str
) -> None:
    STOPPED[harm](folder)
    for _ in range(2):
        with pytest.raises(StoreError, match=HINT):
            opened(folder)
        code, _, told = verse("documents")
        assert code == UNUSABLE
        assert "Traceback" not in told
    kept = {one.name for one in (folder / "originals").iterdir()}
    assert ORIGINAL in kept  # which may be the last copies


@pytest.mark.parametrize("harm", FOUND)
def test_r7_a_zeroed_page_of_the_database_is_found_or_held_nothing(
    folder: Path, sound: tuple[Path, object], tmp_path: Path, harm: str
) -> None:
    untouched = tmp_path / "untouched"
    shutil.copytree(sound[0], untouched)
    FOUND[harm](folder)
    for _ in range(2):
        assert is_found(folder, sound[1]) or content(folder) == content(untouched)


def test_r7_a_database_of_another_time_beside_a_newer_index(folder: Path, tmp_path: Path) -> None:
    earlier = (folder / DATABASE).read_bytes()
    store = opened(folder)
    before = answers(store)
    store.delete(DocumentId("island"))
    add(store, source("latest", 0))
    store.close()
    (folder / DATABASE).write_bytes(earlier)
    store = opened(folder)
    assert answers(store) == before
    store.close()


def test_r7_an_empty_folder_is_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    store = opened(tmp_path / "data")
    assert store.collections() == []
    store.close()


@needs_root
def test_r7_a_folder_that_cannot_be_written_to(folder: Path, verse: Verse) -> None:
    mount = ["/bin/mount", "--bind", str(folder), str(folder)]
    subprocess.run(mount, check=True)  # noqa: S603 # ours
    try:
        subprocess.run([*mount[:1], "-o", "remount,bind,ro", str(folder)], check=True)  # noqa: S603 # ours
        with pytest.raises(StoreError, match=HINT):
            opened(folder)
        assert verse("documents")[0] == UNUSABLE
        assert verify(folder) == []
    finally:
        subprocess.run(["/bin/umount", str(folder)], check=True)  # noqa: S603 # ours
    opened(folder).close()
