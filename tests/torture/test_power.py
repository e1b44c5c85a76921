"""R4: the power fails. What was not synced is gone, or part of it, in any order; what was acknowledged is there.

One recording of a storage process, killed and started again on the way, gives any number of states of its disk.
"""

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from rag.adapters.backup import verify
from rag.adapters.embedded import EmbeddedStore
from rag.errors import RagError
from tests.torture.oracle import Expected, check
from tests.torture.power import Disk
from tests.torture.recording import Operation, needs_strace, record
from tests.torture.worker import EMBEDDER

STATES = int(os.environ.get("TORTURE_POWER_STATES", "100"))
SEED = int(os.environ.get("TORTURE_SEED", "1"))
_TRIES = 150
_RECORDED = 60  # processes at most

Recording = tuple[Path, list[Operation]]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """What several processes did to one folder: some ended in order, some were killed before a sync.

    What was killed has written more than the disk need have; the next process must not go by that.
    """
    base = tmp_path_factory.mktemp("recorded")
    done: list[Operation] = []
    for seed in count(1):
        assert seed < _RECORDED, "no deletion was under way at any kill"
        killed_at = f"fdatasync:{10 + seed % 6}" if seed > 3 else ""
        further = record(base, seed=seed, steps=14, killed_at=killed_at)
        done += [replace(one, since=one.since + len(done)) for one in further]
        said = [one.content for one in further if one.kind == "said"]
        if said[-1].startswith(b"begin delete"):  # whose original may not be swept away yet
            break
    done += [replace(one, since=one.since + len(done)) for one in record(base, seed=0, steps=14)]
    return base, done


def _look(disk: Disk, draw: random.Random, target: Path) -> None:
    """Start on what a crash may leave, and check it."""
    disk.crash(draw, target)
    expected = Expected()
    for line in disk.said:
        expected.read(line.split())
    if not expected.possible:
        return
    store = EmbeddedStore(target / "data", EMBEDDER.identity)
    try:
        check(store, expected)
    finally:
        store.close()
    assert verify(target / "data") == []
    shutil.rmtree(target)


@needs_strace
def test_r4_what_was_acknowledged_outlasts_lost_power(recording: Recording, tmp_path: Path) -> None:
    base, done = recording
    print(f"seed {SEED}: {len(done):,} operations, {sum(o.kind == 'sync' for o in done)} syncs")
    draw = random.Random(SEED)  # noqa: S311 # when the power fails, and what is kept
    disk, at = Disk(base), 0
    for turn, moment in enumerate(sorted(draw.choices(range(len(done) + 1), k=STATES))):
        disk.follow(done[at:moment])
        at = moment
        _look(disk, draw, tmp_path / str(turn))


FORGOTTEN: dict[str, Callable[[Operation], bool]] = {
    "the log": lambda one: one.path.name.endswith("-wal"),
    "the database": lambda one: one.path.name == "catalog.sqlite",
    "originals": lambda one: one.path.parent.name == "originals",
    "the names of originals": lambda one: one.path.name == "originals",
    "the names in the data folder": lambda one: one.path.name == "data",
}


@needs_strace
@pytest.mark.parametrize("what", FORGOTTEN)
def test_r4_every_sync_is_needed(recording: Recording, tmp_path: Path, what: str) -> None:
    """The oracle notices each sync that is left out, so it would notice one that was never there."""
    base, done = recording
    draw = random.Random(SEED)  # noqa: S311 # when the power fails, and what is kept
    disk, at = Disk(base, honest=lambda one: not FORGOTTEN[what](one)), 0
    found = 0
    for turn, moment in enumerate(sorted(draw.choices(range(len(done) + 1), k=_TRIES))):
        disk.follow(done[at:moment])
        at = moment
        try:
            _look(disk, draw, tmp_path / str(turn))
        except (AssertionError, RagError, ValueError):
            found += 1
            break
    assert found, f"nothing is lost without the syncs of {what}"
