"""Storage processes that start in a millisecond: forked from one that has imported everything and runs no thread."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.adapters.fingerprints import fingerprint
from tests.torture import ROOT
from tests.torture.worker import source, work


class Forks:
    """Starts workers of `tests.torture.worker`, and waits for their end."""

    def __init__(self, server: subprocess.Popen[str]) -> None:
        self._server = server

    def start(self, folder: Path, log: Path, seed: int, steps: int = 0) -> int:
        """The process id of a worker that has begun."""
        return int(self._ask(f"{folder}\t{log}\t{seed}\t{steps}"))

    def wait(self, pid: int) -> int:
        """How a worker ended, as `os.waitstatus_to_exitcode` tells it."""
        return int(self._ask(str(pid)))

    def _ask(self, line: str) -> str:
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write(f"{line}\n")
        self._server.stdin.flush()
        return self._server.stdout.readline()


@contextmanager
def forks() -> Iterator[Forks]:
    """Something that forks workers."""
    server = subprocess.Popen(  # our own interpreter
        [sys.executable, "-m", "tests.torture.forks"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},  # none to lose
    )
    with server:
        try:
            yield Forks(server)
        finally:
            assert server.stdin
            server.stdin.close()


def _serve() -> None:
    fingerprint(source("warm", 0).text)  # imports what it needs, once for all workers
    for line in sys.stdin:
        parts = line.rstrip("\n").split("\t")
        if len(parts) == 1:
            _, status = os.waitpid(int(parts[0]), 0)
            print(os.waitstatus_to_exitcode(status), flush=True)  # the answer
            continue
        folder, log, seed, steps = parts
        pid = os.fork()
        if pid == 0:
            try:
                work(Path(folder), Path(log), int(seed), int(steps) or None)
            except BaseException:  # noqa: BLE001 # the edge of the process, which must not go on as the server
                import traceback

                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        print(pid, flush=True)  # the answer


if __name__ == "__main__":
    _serve()
