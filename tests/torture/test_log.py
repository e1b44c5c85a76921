"""The write-ahead log is damaged between a kill and the next start: what is missing is told of, never left out."""

import os
import random
import shutil
import signal
from pathlib import Path

import pytest

from rag.adapters._witness import WITNESS, refuse_damaged_log
from rag.adapters.backup import back_up, verify
from rag.adapters.embedded import EmbeddedStore
from rag.adapters.sqlite import DATABASE
from rag.errors import StoreDamaged
from tests.torture.forks import forks
from tests.torture.oracle import Expected, check
from tests.torture.test_kills import wait_for
from tests.torture.worker import EMBEDDER

FLIPS = int(os.environ.get("TORTURE_LOG_FLIPS", "60"))
SEED = int(os.environ.get("TORTURE_SEED", "1"))
LOG = f"{DATABASE}-wal"


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose process was killed, with a log, and what it acknowledged."""
    base = tmp_path_factory.mktemp("killed")
    with forks() as workers:
        pid = workers.start(base / "data", base / "log", SEED)
        wait_for(base / "log", "open", 1)
        while sum(one.startswith("done") for one in (base / "log").read_text().splitlines()) < 8:
            pass
        os.kill(pid, signal.SIGKILL)
        workers.wait(pid)
    assert (base / "data" / LOG).stat().st_size
    return base


def _copy(killed: Path, target: Path) -> Path:
    shutil.copytree(killed / "data", target)
    (target / f"{DATABASE}-shm").unlink(missing_ok=True)  # memory of the process that is gone
    return target


def _is_whole(killed: Path, folder: Path) -> bool:
    """Whether everything is there; False where the folder is refused instead."""
    try:
        store = EmbeddedStore(folder, EMBEDDER.identity)
    except StoreDamaged:
        return False
    try:
        check(store, Expected.of(killed / "log"))
    finally:
        store.close()
    return True


def test_a_flipped_bit_in_the_log_loses_nothing_without_a_word(
    killed: Path, tmp_path: Path
) -> None:
    draw = random.Random(SEED)  # noqa: S311 # which bit
    refused = 0
    for turn in range(FLIPS):
        folder = _copy(killed, tmp_path / str(turn))
        content = bytearray((folder / LOG).read_bytes())
        place = draw.randrange(len(content) * 8)
        content[place // 8] ^= 1 << place % 8
        (folder / LOG).write_bytes(content)
        refused += not _is_whole(killed, folder)
        shutil.rmtree(folder)
    print(f"seed {SEED}: {refused} of {FLIPS} flips refused, the others harmless")
    assert refused > FLIPS / 2


def test_what_was_never_acknowledged_may_end_anywhere(killed: Path, tmp_path: Path) -> None:
    for turn, more in enumerate((b"\x00" * 24, os.urandom(5_000), b"x")):
        folder = _copy(killed, tmp_path / str(turn))
        with (folder / LOG).open("ab") as log:
            log.write(more)
        assert _is_whole(killed, folder)


@pytest.mark.parametrize("harm", ["lost", "emptied", "cut", "header"])
def test_a_log_that_lacks_what_was_acknowledged_is_refused_until_that_is_accepted(
    killed: Path, tmp_path: Path, harm: str
) -> None:
    folder = _copy(killed, tmp_path / "data")
    log = folder / LOG
    content = log.read_bytes()
    if harm == "lost":
        log.unlink()
    else:
        kept = {"emptied": b"", "cut": content[: len(content) // 2], "header": b"x" + content[1:]}
        log.write_bytes(kept[harm])
    for attempt in (
        lambda: EmbeddedStore(folder, EMBEDDER.identity),
        lambda: verify(folder),
        lambda: back_up(folder, tmp_path / "backup"),
    ):
        with pytest.raises(StoreDamaged, match=f"Restore a backup; or, .*{DATABASE}{WITNESS}"):
            attempt()
    (folder / f"{DATABASE}{WITNESS}").unlink()
    EmbeddedStore(folder, EMBEDDER.identity).close()
    assert verify(folder) == []


def test_a_folder_that_was_closed_in_order_has_nothing_to_miss(
    killed: Path, tmp_path: Path
) -> None:
    folder = _copy(killed, tmp_path / "data")
    assert _is_whole(killed, folder)
    assert not (folder / LOG).exists()
    assert _is_whole(killed, folder)


@pytest.mark.parametrize("left", [None, b""])
def test_a_lost_database_takes_no_log_with_it(
    killed: Path, tmp_path: Path, left: bytes | None
) -> None:
    folder = _copy(killed, tmp_path / "data")
    log = (folder / LOG).read_bytes()
    (folder / DATABASE).unlink()
    if left is not None:
        (folder / DATABASE).write_bytes(left)
    with pytest.raises(StoreDamaged):
        refuse_damaged_log(folder / DATABASE)
    assert (folder / LOG).read_bytes() == log
    assert (folder / DATABASE).exists() == (left is not None)
