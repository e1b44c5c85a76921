"""Streamable HTTP of the Model Context Protocol, behind the same gate as every call."""

from __future__ import annotations

from importlib import import_module

from anyio import to_thread
from fastapi import Request
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from api.access import needs
from api.citing import base_of
from api.dependencies import ServiceDep, ViewDep, new_router
from api.mcp.tools import Desk

router = new_router()


class _Served(Response):
    """What the SDK answers, which writes its own response."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        server = await to_thread.run_sync(import_module, "api.mcp.server")  # not while others wait
        await server.serve_request(self._desk, scope, receive, send)


@router.post("/mcp", include_in_schema=False)
@needs("read")
async def mcp(request: Request, service: ServiceDep, view: ViewDep) -> Response:
    """The tools `search`, `fetch` and `ask`. Each request stands by itself, so there is nothing to GET or DELETE."""
    return _Served(Desk(service=service, view=view, base=base_of(request)))
