"""One uvicorn process around one library."""

from __future__ import annotations

import contextlib
import ipaddress
import signal
import socket
from collections.abc import Callable

import uvicorn

from api.app import create_app
from ingest.sandbox import shared
from rag.library import Library

_GRACE_S = 30  # for requests that are under way when the process is told to stop


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address; names other than localhost are not looked up."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def bind(host: str, port: int) -> socket.socket:
    """Listen on an address, so that nobody else can take it; connections wait until they are served.

    Raises:
        OSError: the address is taken, or is not this machine's.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener


def serve(
    library: Library,
    listener: socket.socket,
    *,
    hosts: frozenset[str] | None,
    announce: Callable[[str], None],
) -> None:
    """Serve until a signal ends it; `announce` gets the URL once requests are answered.

    Raises:
        ModelError: the embedding model cannot be used.
    """
    shared().start()  # before there are threads, and so that what it lacks is logged at once
    library.embedder.embed_queries(["ready"])  # loads the weights before anybody waits for them
    config = uvicorn.Config(
        create_app(library, own=False, hosts=hosts),
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    # uvicorn raises a signal again once it has ended; SIGTERM must not kill us before the store is closed
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        _Server(config, announce).run(sockets=[listener])


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, announce: Callable[[str], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            self._announce(_url(sockets[0]))


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return (
        f"http://[{host}]:{port}" if listener.family == socket.AF_INET6 else f"http://{host}:{port}"
    )
