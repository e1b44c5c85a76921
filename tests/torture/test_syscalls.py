"""R2 and R3: killed, or refused by the disk, at single system calls of one storage process."""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
from itertools import zip_longest
from pathlib import Path

import pytest

from rag.adapters.backup import verify
from rag.adapters.embedded import EmbeddedStore
from tests.torture import ROOT
from tests.torture.oracle import Expected, check
from tests.torture.recording import STRACE, needs_strace
from tests.torture.worker import EMBEDDER, work

KILLS = int(os.environ.get("TORTURE_SYSCALL_KILLS", "60"))
ERRORS = int(os.environ.get("TORTURE_SYSCALL_ERRORS", "40"))
SEED = int(os.environ.get("TORTURE_SEED", "1"))
CALLS = "write,pwrite64,fsync,fdatasync,rename,renameat2,unlink,ftruncate"
STEPS = 8


def traced(folder: Path, log: Path, inject: str, output: Path) -> int:
    """Run a worker of a few steps under strace; gives its exit code."""
    assert STRACE
    ended = subprocess.run(  # noqa: S603 # our own interpreter
        [
            STRACE,
            "-f",
            # signals are lost with it
            *(() if "signal" in inject else ("--seccomp-bpf",)),
            "-qq",
            "-o",
            str(output),
            "-e",
            f"trace={CALLS}",
            *(("-e", f"inject={inject}") if inject else ()),
            sys.executable,
            "-m",
            "tests.torture.worker",
            str(folder),
            str(log),
            "7",
            str(STEPS),
        ],
        cwd=ROOT,
        check=False,
        stderr=subprocess.DEVNULL,
        timeout=60,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    return ended.returncode


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with some documents, and its log."""
    folder = tmp_path_factory.mktemp("begun")
    work(folder / "data", folder / "log", seed=3, steps=12)
    return folder


@pytest.fixture(scope="module")
def calls(begun: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """How many calls of each kind the worker's steps take."""
    folder = tmp_path_factory.mktemp("counted") / "f"
    shutil.copytree(begun, folder)
    output = folder / "strace"
    assert traced(folder / "data", folder / "log", "", output) == 0
    counted: dict[str, int] = {}
    for name in re.findall(r"^\d+ +(\w+)\(", output.read_text(), re.MULTILINE):
        counted[name] = counted.get(name, 0) + 1
    print(counted)
    assert sum(counted.values()) > 60
    return counted


def _drawn(calls: dict[str, int], seed: int) -> list[tuple[str, int]]:
    """Every single call, the kinds in turn as long as there are any of them: most are writes of pages."""
    draw = random.Random(seed)  # noqa: S311 # which calls
    kinds = [draw.sample(range(1, count + 1), count) for _, count in sorted(calls.items())]
    turns = zip_longest(*kinds)
    return [
        (name, number)
        for turn in turns
        for name, number in zip(sorted(calls), turn, strict=True)
        if number
    ]


def _look(folder: Path) -> None:
    store = EmbeddedStore(folder / "data", EMBEDDER.identity)
    check(store, Expected.of(folder / "log"))
    store.close()
    assert verify(folder / "data") == []


@needs_strace
def test_r2_killed_at_single_system_calls(
    begun: Path, calls: dict[str, int], tmp_path: Path
) -> None:
    killed = tried = 0
    for name, number in _drawn(calls, SEED):
        if killed == KILLS:
            break
        folder = tmp_path / f"{name}-{number}"
        shutil.copytree(begun, folder)
        inject = f"{name}:signal=SIGKILL:when={number}"
        code = traced(folder / "data", folder / "log", inject, folder / "strace")
        # strace ends as the process did; a call that did not come again in this run kills nobody
        assert code in (0, -signal.SIGKILL, 128 + signal.SIGKILL)
        tried += 1
        killed += code != 0
        _look(folder)
        shutil.rmtree(folder)
    print(f"seed {SEED}: {killed} killed of {tried} tried, {sum(calls.values())} calls in all")
    assert killed > 0.9 * min(KILLS, sum(calls.values()))


@needs_strace
def test_r3_errors_of_single_system_calls(
    begun: Path, calls: dict[str, int], tmp_path: Path
) -> None:
    errors = ("EIO", "ENOSPC", "EDQUOT", "EMFILE")
    failed = 0
    for turn, (name, number) in enumerate(_drawn(calls, SEED + 1)[:ERRORS]):
        folder = tmp_path / f"{name}-{number}"
        shutil.copytree(begun, folder)
        error = errors[turn % len(errors)] if "sync" not in name else "EIO"
        inject = f"{name}:error={error}:when={number}"
        code = traced(folder / "data", folder / "log", inject, folder / "strace")
        assert code in (0, 1), f"{inject} ended the process with {code}"
        failed += "failed" in (folder / "log").read_text()
        _look(folder)
        shutil.rmtree(folder)
    assert failed > ERRORS / 4
