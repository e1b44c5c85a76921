"""Services for a browser: the tests' doubles or the real thing, on a port of this machine, on a thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from api.app import create_app
from rag.library import Library


@contextmanager
def running(app: ASGIApp, **options: Any) -> Iterator[str]:
    """Serve an application; gives its address, which ends in a slash."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on", **options))
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True
    )
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(20)
        listener.close()


@contextmanager
def served(library: Library, *, keys: bool = False) -> Iterator[str]:
    """Serve a library."""
    with running(create_app(library, own=False, keys=keys)) as address:
        yield address


def without_policy(app: ASGIApp) -> ASGIApp:
    """The application with its Content-Security-Policy taken off, as some proxies do."""

    async def stripped(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_stripped(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    one for one in message["headers"] if one[0] != b"content-security-policy"
                ]
            await send(message)

        await app(scope, receive, send_stripped)

    return stripped
