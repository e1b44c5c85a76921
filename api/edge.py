"""What holds for every request before any route sees it, as one plain ASGI wrapper."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.logs import request_ids
from api.problems import (
    HOST_NOT_ALLOWED,
    MALFORMED,
    ORIGIN_NOT_ALLOWED,
    REQUEST_ID_HEADER,
    REQUEST_TOO_LARGE,
    ProblemError,
    problem_of,
)
from rag.access import acting

logger = logging.getLogger(__name__)

# On every response. A route that needs other words for one of them says its own.
SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


Observe = Callable[[str, str | None, int | None, float], None]


class Edge:
    """Names and logs each request, refuses foreign pages and oversized bodies, and turns a crash into a problem.

    A page of another site can make a browser send requests to a service on the same machine. Its own
    name in `Host` gives away one that points its name at this machine, and `Origin` one that posts.

    Args:
        app: The application behind it.
        hosts: Names that `Host` may hold, whatever the port; None for any.
        origins: Other sites whose pages may send what is not a mere reading request.
        body_bytes: Gives the most bytes that a request's body may have.
        observe: Called with method, route, status and seconds of each request.
    """

    def __init__(
        self,
        app: ASGIApp,
        hosts: frozenset[str] | None,
        origins: frozenset[str],
        body_bytes: Callable[[Scope], int],
        observe: Observe,
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._origins = origins
        self._body_bytes = body_bytes
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        request_ids.set(request_id)
        acting.set("anybody")  # until a key says who
        status, began = None, time.perf_counter()

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID_HEADER] = request_id
                for name, said in SECURITY_HEADERS.items():
                    headers.setdefault(name, said)
            await send(message)

        try:
            self._check(scope)
            await self._app(scope, self._limited(scope, receive), send_named)
        except Exception as error:  # the edge of the process: nothing behind it may end the server
            response = problem_of(Request(scope), error)
            if status is not None:
                raise
            await response(scope, receive, send_named)
        finally:
            took_s = time.perf_counter() - began
            route = getattr(scope.get("route"), "path", None)
            self._observe(scope["method"], route, status, took_s)
            logger.info(
                "%s %s %s %.0f ms request %s",
                *(scope["method"], route or repr(scope["path"]), status, took_s * 1000, request_id),
                extra={
                    "method": scope["method"],
                    "route": route,
                    "status": status,
                    "ms": round(took_s * 1000),
                    "actor": acting.get(),
                },
            )

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if scope["http_version"] not in ("1.0", "1.1"):
            raise ProblemError(MALFORMED, "This is served as HTTP/1.1.", {"Connection": "close"})
        # others on the way may see another end of such a request
        if "transfer-encoding" in headers and (
            "content-length" in headers or scope["http_version"] == "1.0"
        ):
            raise ProblemError(
                MALFORMED, "The body's length is stated in two ways.", {"Connection": "close"}
            )
        if self._hosts is not None and _name(f"//{host}") not in self._hosts:
            raise ProblemError(
                HOST_NOT_ALLOWED,
                "This service answers to localhost and to the names in VERSE_ACCESS__HOSTS only.",
            )
        if (
            scope["method"] not in _READING
            and origin is not None
            and _netloc(origin) != host
            and origin not in self._origins
        ):
            raise ProblemError(
                ORIGIN_NOT_ALLOWED, "Only pages of this service itself may send such a request."
            )
        announced = headers.get("content-length", "")
        if announced.isdecimal() and int(announced) > self._body_bytes(scope):
            raise self._too_large(scope)

    def _limited(self, scope: Scope, receive: Receive) -> Callable[[], Awaitable[Message]]:
        """Count a body's bytes as they come: its announced length may be missing."""
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._body_bytes(scope):
                raise self._too_large(scope)
            return message

        return receive_limited

    def _too_large(self, scope: Scope) -> ProblemError:
        return ProblemError(
            REQUEST_TOO_LARGE,
            f"The body is over the limit of {self._body_bytes(scope):,} bytes for this call.",
        )


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _name(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None
