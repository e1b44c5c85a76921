"""Streamable HTTP of the Model Context Protocol, behind the same gate as every call."""

from __future__ import annotations

from importlib import import_module

from anyio import sleep_forever, to_thread
from fastapi import Request
from fastapi.responses import Response
from starlette.types import Message, Receive, Scope, Send

from api.access import needs
from api.attending import attended
from api.citing import base_of
from api.dependencies import Service, ServiceDep, ViewDep, new_router
from api.view import View

router = new_router()


class _Served(Response):
    """What the SDK answers, which writes its own response."""

    def __init__(self, service: Service, view: View, base: str, sent: bytes) -> None:
        super().__init__()
        self._service, self._view, self._base, self._sent = service, view, base, sent

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        server = await to_thread.run_sync(import_module, "api.mcp.server")  # not while others wait
        desk = server.Desk(service=self._service, view=self._view, base=self._base)
        coming = iter([{"type": "http.request", "body": self._sent, "more_body": False}])

        async def received() -> Message:
            for message in coming:
                return message
            await sleep_forever()  # nothing else comes; who goes is seen beside it
            raise AssertionError

        async with attended(receive):
            await server.serve_request(desk, scope, received, send)


@router.post("/mcp", include_in_schema=False)
@needs("read")
async def mcp(request: Request, service: ServiceDep, view: ViewDep) -> Response:
    """The tools `search`, `fetch` and `ask`. Each request stands by itself, so there is nothing to GET or DELETE."""
    return _Served(service, view, base_of(request), await request.body())
