"""A server in a process of its own, over the tests' doubles or a real store, and raw sockets to talk to it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx2 as httpx

_PROGRAM = "from tests.integration.server_process import main; main()"


class Process(Protocol):
    """What tests do with the process of a server, as `subprocess.Popen` does it."""

    pid: int

    def send_signal(self, sig: int, /) -> None: ...
    def kill(self) -> None: ...
    def wait(self, timeout: float | None = None) -> int: ...


@dataclass(frozen=True, slots=True)
class Server:
    """A process that serves, and where."""

    process: Process
    url: str
    key: str

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        assert parts.hostname is not None
        assert parts.port is not None
        return parts.hostname, parts.port

    def connect(self, timeout: float = 20) -> socket.socket:
        return socket.create_connection(self.address, timeout)

    def client(self, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=20, **options)

    def exchange(self, sent: bytes, timeout: float = 20) -> bytes:
        """Send bytes, and read until the other side closes."""
        with self.connect(timeout) as connection:
            connection.sendall(sent)
            return received(connection)

    def end(self, sign: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(sign)
        return self.process.wait(20)


def received(connection: socket.socket) -> bytes:
    """Everything until the other side closes."""
    parts = []
    while True:
        try:
            part = connection.recv(65_536)
        except ConnectionResetError:
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts)


@contextmanager
def running(
    folder: Path | None = None,
    *,
    keys: bool = False,
    patience: dict[str, float] | None = None,
    log: Path | None = None,
    embed_s: float = 0,
    **limits: int,
) -> Iterator[Server]:
    """Start a server; `embed_s` is how long to embed passages takes it."""
    said = {
        "folder": folder and str(folder),
        "keys": keys,
        "patience": patience or {},
        "limits": limits,
        "log": log and str(log),
        "embed_s": embed_s,
    }
    with subprocess.Popen(  # noqa: S603 # ourselves
        [sys.executable, "-c", _PROGRAM, json.dumps(said)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            url, key = process.stdout.readline().split()
            yield Server(process, url, key)
        finally:
            process.kill()


def main() -> None:
    """What the process does."""
    run(json.loads(sys.argv[1]))


def run(said: dict[str, Any]) -> None:
    """Serve until told to end; `said` is what `running` was."""
    from api.connections import Patience
    from api.edge import LOOPBACK_HOSTS
    from api.logs import set_up
    from api.serving import bind, serve
    from rag.access import SCOPES
    from rag.adapters.embedded import EmbeddedStore
    from rag.bootstrap import assemble
    from rag.settings import LimitSettings, Settings
    from rag.types import Vectors
    from tests.fakes import HashingEmbedder, InMemoryStore
    from tests.integration.service import key_for

    class SlowEmbedder(HashingEmbedder):
        def embed_passages(self, texts: Any) -> Vectors:
            if said["embed_s"]:  # libfaketime 0.9.10 fails sleeps while its clock jumps
                time.sleep(said["embed_s"])
            return super().embed_passages(texts)

    if said["log"]:
        sys.stderr = open(said["log"], "a", buffering=1)  # noqa: PTH123, SIM115 # as long as the process
        set_up(10, as_json=True)
    folder = Path(said["folder"] or "nowhere")
    settings = Settings(data=folder, limits=LimitSettings(**said["limits"]))
    embedder = SlowEmbedder()
    store = EmbeddedStore(folder, embedder.identity) if said["folder"] else InMemoryStore()
    with (
        assemble(settings, store, embedder) as library,
        bind("127.0.0.1", 0) as listener,
    ):
        if said["patience"]:  # so that what is not read is soon seen here
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8_192)
        key = key_for(library, *SCOPES)
        serve(
            library,
            listener,
            hosts=LOOPBACK_HOSTS,
            keys=said["keys"],
            patience=Patience(**said["patience"]),
            announce=lambda url: print(url, key, flush=True),  # noqa: T201 # to whoever started it
        )
