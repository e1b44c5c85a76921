"""Servers that start in a tenth of a second: forked from a process that has imported everything and runs no thread."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from api import serving
from rag.adapters import embedded, fingerprints
from tests.integration import server_process
from tests.integration.server_process import Server

__all__ = ("embedded", "serving")  # imported once for all servers

ROOT = Path(__file__).parents[2]


class Forks:
    """Starts servers, and waits for their end."""

    def __init__(self, origin: subprocess.Popen[str]) -> None:
        self._origin = origin

    @contextmanager
    def running(self, folder: Path, **limits: int) -> Iterator[Server]:
        """Start a server over a real store, as `server_process.running` does."""
        said = {"folder": str(folder), "keys": False, "patience": {}, "log": None, "embed_s": 0}
        process = _Forked(self, int(self.ask(said | {"limits": limits})))
        try:
            url, key = self.answer().split()
            yield Server(process, url, key)
        finally:
            process.kill()
            process.wait()

    def ask(self, request: dict[str, Any]) -> str:
        """Send a line, and give the one that comes back."""
        assert self._origin.stdin
        self._origin.stdin.write(f"{json.dumps(request)}\n")
        self._origin.stdin.flush()
        return self.answer()

    def answer(self) -> str:
        """The next line."""
        assert self._origin.stdout
        return self._origin.stdout.readline()


class _Forked:
    """A server's process, which its parent waits for."""

    def __init__(self, forks: Forks, pid: int) -> None:
        self._forks = forks
        self.pid = pid
        self._ended: int | None = None

    def send_signal(self, sig: int, /) -> None:
        if self._ended is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, as `subprocess.Popen.wait` gives it."""
        if self._ended is None:
            self._ended = json.loads(self._forks.ask({"wait": self.pid, "within_s": timeout}))
        if self._ended is None:
            raise TimeoutError(f"Process {self.pid} has not ended within {timeout} s.")
        return self._ended


@contextmanager
def forks() -> Iterator[Forks]:
    """Something that forks servers."""
    origin = subprocess.Popen(  # our own interpreter
        [sys.executable, "-m", "tests.integration.server_forks"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},  # none to lose
    )
    with origin:
        try:
            yield Forks(origin)
        finally:
            assert origin.stdin
            origin.stdin.close()


def _serve() -> None:
    """Fork a server, or wait for the end of one, for each line that comes; a copy serves, and ends in order."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored below nohup, and a server leaves it so
    fingerprints.fingerprint("What is imported when a first document comes.")
    for line in sys.stdin:
        request = json.loads(line)
        if "wait" in request:
            print(json.dumps(_ended(request["wait"], request["within_s"])), flush=True)  # noqa: T201 # the answer
            continue
        pid = os.fork()
        if pid == 0:
            server_process.run(request)
            return
        print(pid, flush=True)  # noqa: T201 # the answer


def _ended(pid: int, within_s: float | None) -> int | None:
    """The exit code of a process, None if it goes on for longer than that."""
    if within_s is None:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    return None


if __name__ == "__main__":
    _serve()
