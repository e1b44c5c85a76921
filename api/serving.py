"""One uvicorn process around one library."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import math
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from types import FrameType
from typing import cast

import uvicorn

from api.app import create_app
from api.connections import HEAD_BYTES, Connection, Patience
from api.edge import LOOPBACK_HOSTS
from api.readiness import Readiness
from ingest.sandbox import shared
from rag.library import Library

_NOTICE_S = 1.0  # between a SIGTERM or SIGHUP and the end, in which /readyz says that it comes
_GRACE_S = 5  # for requests that are under way then
_TICKS_A_CHECK = 10
# That one thread keeps Python's lock for while another wants it. With 5 ms, as it comes, each word of a chat model's
# reply waits so long whenever an answer is being composed, and the composing for the many that wait.
_SWITCH_S = 0.0005


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address; names other than localhost are not looked up."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def allowed_hosts(host: str, published: Sequence[str]) -> frozenset[str] | None:
    """The names that a request's `Host` may hold: this machine's, and those that a proxy offers; None for any."""
    if is_loopback(host):
        return LOOPBACK_HOSTS | {host, *published}
    return LOOPBACK_HOSTS | {host, *published} if published else None


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
    keys: bool = False,
    root_path: str = "",
    patience: Patience | None = None,
) -> None:
    """Serve until a signal ends it; `announce` gets the URL once questions are answered.

    The first signal lets what is under way end, the second does not.

    Args:
        library: What is served.
        listener: As `bind` gives it.
        hosts: As for `create_app`.
        announce: Called once, on the thread that serves.
        keys: As for `create_app`.
        root_path: What a proxy that serves this below a prefix takes away from every path.
        patience: How long the other end of a connection may take.

    Raises:
        ModelError: the embedding model cannot be used.
    """
    sys.setswitchinterval(_SWITCH_S)
    shared().start()  # before there are threads, and so that what it lacks is logged at once
    app = create_app(library, own=False, hosts=hosts, keys=keys)
    settings = library.settings
    make_connection = partial(
        Connection, most=settings.limits.connections, patience=patience or Patience()
    )
    config = uvicorn.Config(
        app,
        http=cast(type[asyncio.Protocol], make_connection),
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.access.proxies),
        forwarded_allow_ips=list(settings.access.proxies),
        root_path=root_path,
        h11_max_incomplete_event_size=HEAD_BYTES,
        timeout_keep_alive=math.ceil((patience or Patience()).idle_s),
        timeout_graceful_shutdown=_GRACE_S,
    )
    readiness: Readiness = app.state.service.readiness
    server = _Server(config, readiness, announce, _url(listener))
    # outside of uvicorn's own handling a signal must not kill us either: the store is to be closed
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup has it
        signal.signal(signal.SIGHUP, server.handle_exit)
    with contextlib.suppress(KeyboardInterrupt):
        readiness.loading = True
        threading.Thread(target=server.load_model, name="load-model", daemon=True).start()
        server.run(sockets=[listener])
    if server.failure is not None:
        raise server.failure


class _Server(uvicorn.Server):
    """uvicorn, which also watches its connections, and says that it will end before it does.

    Attributes:
        failure: Why the model cannot be used, if it cannot.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        readiness: Readiness,
        announce: Callable[[str], None],
        url: str,
    ) -> None:
        super().__init__(config)
        self._readiness = readiness
        self._announce: Callable[[str], None] | None = announce
        self._url = url
        self._ends_at: float | None = None
        self.failure: Exception | None = None

    def load_model(self) -> None:
        """Bring the model into memory while `/livez` is answered already; end where it cannot be used."""
        try:
            self._readiness.load_model()
        except Exception as error:  # noqa: BLE001 # raised again by `serve`
            self.failure = error
            self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Do what is due; called ten times a second."""
        now = time.monotonic()
        if self._announce is not None and not self._readiness.loading and self.failure is None:
            self._announce(self._url)
            self._announce = None
        if counter % _TICKS_A_CHECK == 0:
            for connection in list(self.server_state.connections):
                if isinstance(connection, Connection):
                    connection.check(now)
        if self._ends_at is not None and now >= self._ends_at:
            self.should_exit = True
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 # as uvicorn has it
        """At a first signal tell whoever asks, and end a moment later; at a second one, end."""
        if self._readiness.stopping:
            self.should_exit = self.force_exit = True
            return
        self._readiness.stopping = True
        self._ends_at = time.monotonic() + (0 if sig == signal.SIGINT else _NOTICE_S)


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return (
        f"http://[{host}]:{port}" if listener.family == socket.AF_INET6 else f"http://{host}:{port}"
    )
