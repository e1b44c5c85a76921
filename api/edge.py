"""What holds for every request before any route sees it, as one plain ASGI wrapper."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import (
    HOST_NOT_ALLOWED,
    INTERNAL,
    ORIGIN_NOT_ALLOWED,
    REQUEST_ID_HEADER,
    REQUEST_TOO_LARGE,
    ProblemError,
    on_problem,
    problem_response,
)

logger = logging.getLogger(__name__)

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Edge:
    """Names and logs each request, refuses foreign pages and oversized bodies, and turns a crash into a problem.

    A page of another site can make a browser send requests to a service on the same machine. Its own
    name in `Host` gives away one that points its name at this machine, and `Origin` one that posts.

    Args:
        app: The application behind it.
        hosts: Names that `Host` may hold, whatever the port; None for any.
        body_bytes: Gives the most bytes that a request's body may have.
    """

    def __init__(
        self, app: ASGIApp, hosts: frozenset[str] | None, body_bytes: Callable[[Scope], int]
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._body_bytes = body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        status, began = None, time.perf_counter()

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        try:
            self._check(scope)
            await self._app(scope, self._limited(scope, receive), send_named)
        except Exception as error:  # the edge of the process: nothing behind it may end the server
            response = _response(Request(scope), error)
            if status is not None:
                raise
            await response(scope, receive, send_named)
        finally:
            took_ms = (time.perf_counter() - began) * 1000
            logger.info(
                "%s %s %s %.0f ms request %s",
                *(scope["method"], _place(scope), status, took_ms, request_id),
            )

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if self._hosts is not None and _name(f"//{host}") not in self._hosts:
            raise ProblemError(
                HOST_NOT_ALLOWED, "This service answers to localhost, 127.0.0.1 and [::1] only."
            )
        if scope["method"] not in _READING and origin is not None and _netloc(origin) != host:
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


def _response(request: Request, error: Exception) -> Response:
    if isinstance(error, ProblemError):
        return on_problem(request, error)
    logger.error("request %s failed", request.state.request_id, exc_info=error)
    return problem_response(
        request, INTERNAL, "An error in the service; its log has it under the request id."
    )


def _place(scope: Scope) -> str:
    """The path as the route was declared; one that no route has could hold a line of its own."""
    route = scope.get("route")
    return repr(scope["path"]) if route is None else route.path


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
