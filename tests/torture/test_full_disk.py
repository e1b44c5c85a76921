"""R5: a disk that fills up. Nothing is lost or half written; search and delete go on; it is well again by itself."""

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest

from rag.adapters.backup import verify
from rag.adapters.embedded import EmbeddedStore
from rag.errors import StoreFull
from rag.protocols import Upload
from rag.types import DocumentId
from tests.torture.oracle import GONE, Expected, check
from tests.torture.worker import EMBEDDER, add, source

POINTS = int(os.environ.get("TORTURE_FILL_POINTS", "5"))
needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not Path("/proc/mounts").exists(),
    reason="mounting a small disk needs root on Linux",
)


@contextmanager
def mounted(place: Path, *arguments: str) -> Iterator[Path]:
    """A small disk."""
    place.mkdir()
    subprocess.run(["/bin/mount", *arguments, str(place)], check=True)  # noqa: S603 # ours
    try:
        yield place
    finally:
        subprocess.run(["/bin/umount", "-l", str(place)], check=True)  # noqa: S603 # ours


@contextmanager
def loop_disk(tmp_path: Path) -> Iterator[Path]:
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.truncate(48 << 20)
    subprocess.run(["/sbin/mkfs.ext4", "-q", "-m", "0", str(image)], check=True)  # noqa: S603 # ours
    with mounted(tmp_path / "disk", "-o", "loop", str(image)) as disk:
        yield disk


@contextmanager
def memory_disk(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=32m", "tmpfs") as disk:
        yield disk


@contextmanager
def few_inodes(tmp_path: Path) -> Iterator[Path]:
    with mounted(tmp_path / "disk", "-t", "tmpfs", "-o", "size=64m,nr_inodes=400", "tmpfs") as disk:
        yield disk


def fill_bytes(disk: Path, point: int) -> None:
    """Leave a little room, another time less, at last none."""
    status = os.statvfs(disk)
    left = 3_000_000 * (POINTS - 1 - point) // max(1, POINTS - 1)
    with suppress(OSError), (disk / "filler").open("wb") as file:
        file.write(bytes(max(0, status.f_bavail * status.f_frsize - left)))


def fill_inodes(disk: Path, point: int) -> None:
    """Leave one inode for each point before this one."""
    (disk / "fillers").mkdir()
    for number in range(max(0, os.statvfs(disk).f_favail - point)):
        (disk / "fillers" / str(number)).touch()


def empty(disk: Path) -> None:
    (disk / "filler").unlink(missing_ok=True)
    if (disk / "fillers").exists():
        for one in (disk / "fillers").iterdir():
            one.unlink()
        (disk / "fillers").rmdir()


@needs_root
@pytest.mark.parametrize(
    ("disk_of", "fill"),
    [(loop_disk, fill_bytes), (memory_disk, fill_bytes), (few_inodes, fill_inodes)],
    ids=["ext4", "tmpfs", "inodes"],
)
def test_r5_a_full_disk(
    tmp_path: Path,
    disk_of: Callable[[Path], AbstractContextManager[Path]],
    fill: Callable[[Path, int], None],
) -> None:
    with disk_of(tmp_path) as disk:
        for point in range(POINTS):
            empty(disk)
            _full(disk, disk / f"data{point}", partial(fill, disk, point), partial(empty, disk))


def test_r5_a_limit_on_the_size_of_files(tmp_path: Path) -> None:
    """As a quota has it; Python ignores the signal, so that writing fails."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, before[1]))

    def lift() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    for point in range(POINTS):
        _full(tmp_path, tmp_path / f"data{point}", limit, lift, frees_by_deleting=False)


def _full(
    disk: Path,
    folder: Path,
    fill: Callable[[], None],
    make_room: Callable[[], None],
    *,
    frees_by_deleting: bool = True,
) -> None:
    store = EmbeddedStore(folder, EMBEDDER.identity)
    expected = Expected()
    for number in range(6):
        add(store, source(f"a{number}", 0))
        expected.read(["done", "add", f"a{number}", "0"])
    store.settle()
    fill()
    try:
        refused = 0
        for number in range(400):
            name = f"b{number}"
            expected.possible[name] = {GONE, 0}
            try:
                add(store, source(name, 0))
            except StoreFull:
                refused += 1
            else:
                expected.read(["done", "add", name, "0"])
            if refused == 3:
                break
        assert refused == 3
        with pytest.raises(StoreFull):
            store.enqueue(Upload(name="a"), bytes(50_000_000))
        check(store, expected)  # search goes on
        if frees_by_deleting:
            store.delete(DocumentId("a0"))
            expected.read(["done", "delete", "a0", "0"])
            check(store, expected)
    finally:
        make_room()
    add(store, source("later", 0))  # without a restart
    expected.read(["done", "add", "later", "0"])
    check(store, expected)
    store.close()
    store = EmbeddedStore(folder, EMBEDDER.identity)
    check(store, expected)
    store.close()
    assert verify(folder) == []
    assert not [one for one in folder.rglob(".*") if one.is_file()], (
        "something half written is left"
    )
    shutil.rmtree(folder)  # the next one finds the disk as this one did
