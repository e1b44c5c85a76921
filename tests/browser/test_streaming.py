"""Answers on their way: stopped, cut off, fetched again; and how the page behaves while many statements come."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

from playwright.sync_api import Browser, Route, expect
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.app import create_app
from rag.library import Library
from tests.browser import scripted
from tests.browser.page import Chat
from tests.browser.served import below, running
from tests.integration.service import HARBOUR, fake_library, upload_to

MANY = scripted.answer(
    [scripted.statement(f"Statement {n} of many, which says a little.", n) for n in range(1, 201)],
    [scripted.citation(n, "The minister came on Friday.") for n in range(1, 201)],
)


class Streaming:
    """A service whose answers are scripted, event by event."""

    def __init__(self, library: Library, parts: list[bytes], pause_s: float) -> None:
        self._app = create_app(library, own=False)
        self._parts, self._pause_s = parts, pause_s
        self.left = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/v1/ask":
            await Request(scope, receive).body()
            response: Response = StreamingResponse(self._sent(), media_type="text/event-stream")
            await response(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _sent(self) -> Iterator[bytes]:
        try:
            for part in self._parts:
                yield part
                time.sleep(self._pause_s)
        finally:
            self.left.set()
