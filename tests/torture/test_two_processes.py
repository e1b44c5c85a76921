"""R8: a data folder belongs to one process at a time, which is named to whoever asks for it."""

import os
import signal
from pathlib import Path

import pytest

from rag.adapters.embedded import EmbeddedStore
from rag.errors import StoreLocked
from tests.torture.forks import forks
from tests.torture.test_kills import wait_for
from tests.torture.worker import EMBEDDER

TIMES = int(os.environ.get("TORTURE_TWO_PROCESSES", "100"))


def test_r8_the_second_process_is_refused_and_told_who_has_the_folder(tmp_path: Path) -> None:
    folder, log = tmp_path / "data", tmp_path / "log"
    with forks() as workers:
        for turn in range(TIMES):
            pid = workers.start(folder, log, turn)
            wait_for(log, "open", turn + 1)
            with pytest.raises(StoreLocked, match=f"process {pid}\\b"):
                EmbeddedStore(folder, EMBEDDER.identity)
            os.kill(pid, signal.SIGKILL)
            workers.wait(pid)
    EmbeddedStore(folder, EMBEDDER.identity).close()  # the lock went with its holder


def test_r8_a_stale_id_in_the_lock_file_keeps_nobody_out(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(f"process {os.getppid()}\n")
    EmbeddedStore(tmp_path, EMBEDDER.identity).close()
