"""R1: killed at any moment. What was acknowledged is there, whole; what was not is there whole or not at all."""

import os
import random
import signal
import time
from pathlib import Path

from rag.adapters.backup import verify
from rag.adapters.embedded import EmbeddedStore
from tests.torture.forks import Forks, forks
from tests.torture.oracle import Expected, check
from tests.torture.worker import EMBEDDER

KILLS = int(os.environ.get("TORTURE_KILLS", "450"))
SEED = int(os.environ.get("TORTURE_SEED", "1"))
RESTART_S = 5.0
_OF_ONE_FOLDER = 50  # which grows
_BETWEEN_LOOKS = 10


def test_r1_kills_of_the_storage_process(tmp_path: Path) -> None:
    """Kills at random moments of opening, adding, replacing, deleting, folding and tidying."""
    draw = random.Random(SEED)  # noqa: S311 # when to kill
    print(f"seed {SEED}")
    slowest, acknowledged = 0.0, 0
    with forks() as workers:
        for first in range(0, KILLS, _OF_ONE_FOLDER):
            folder, log = tmp_path / f"data{first}", tmp_path / f"log{first}"
            expected, read = Expected(), 0
            for turn in range(first, min(first + _OF_ONE_FOLDER, KILLS)):
                opening = draw.random() < 0.3
                _killed(workers, folder, log, turn, draw.uniform(0, 0.25), opening=opening)
                if turn % _BETWEEN_LOOKS == _BETWEEN_LOOKS - 1 or turn == KILLS - 1:
                    lines = log.read_text().splitlines() if log.exists() else []
                    for line in lines[read:]:
                        expected.read(line.split())
                    acknowledged += sum(line.startswith("done") for line in lines[read:])
                    read = len(lines)
                    slowest = max(slowest, _look(folder, expected))
            assert verify(folder) == []
    print(f"{KILLS} kills, {acknowledged:,} acknowledged, slowest start {slowest:.2f} s")
    assert acknowledged > KILLS / 2
    assert slowest < RESTART_S


def wait_for(log: Path, word: str, times: int) -> None:
    """Wait until a log has so many lines of this one word."""
    over = time.monotonic() + RESTART_S
    while _times(log, word) < times:
        assert time.monotonic() < over, f"no {word!r} in time"
        time.sleep(0.001)


def _times(log: Path, word: str) -> int:
    return log.read_text().splitlines().count(word) if log.exists() else 0


def _killed(
    workers: Forks, folder: Path, log: Path, seed: int, moment_s: float, *, opening: bool
) -> None:
    """Start a worker, and kill it so long after it began, or else after it opened the folder."""
    opened = _times(log, "open")
    pid = workers.start(folder, log, seed)
    if not opening:
        wait_for(log, "open", opened + 1)
    time.sleep(moment_s)
    os.kill(pid, signal.SIGKILL)
    assert workers.wait(pid) == -signal.SIGKILL


def _look(folder: Path, expected: Expected) -> float:
    """Open a folder and check it; gives the seconds until it answered."""
    began = time.monotonic()
    store = EmbeddedStore(folder, EMBEDDER.identity)
    store.collections()
    took = time.monotonic() - began
    check(store, expected)
    store.close()
    return took
