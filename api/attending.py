"""Requests whose senders may go before they have a response: what is done for them then ends early."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from threading import Event
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response
from starlette.types import Receive

from rag.abandonment import Abandoned, abandonable

_GONE = 499  # what proxies write into their logs for it; nobody gets it


@asynccontextmanager
async def attended(receive: Receive) -> AsyncIterator[None]:
    """What is done inside ends early (`rag.abandonment`) once the sender has gone, or the request is cancelled.

    Args:
        receive: Of a request whose body was read.
    """
    left = Event()

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        left.set()

    watching = asyncio.ensure_future(watch())
    try:
        with abandonable(left):
            yield
    finally:
        left.set()  # a thread outlives the request that a server cancels when it ends
        watching.cancel()


async def _attended_request(request: Request) -> AsyncIterator[None]:
    async with attended(request.receive):
        yield


# For a route's function alone: a stream looks after its reader itself.
Attended = Annotated[None, Depends(_attended_request, scope="function")]


def on_abandoned(_: Request, __: Abandoned) -> Response:
    """What ends a request that nobody waits for, without a complaint in the log."""
    return Response(status_code=_GONE)
