import asyncio
from threading import Event

import pytest
from anyio import to_thread
from starlette.types import Message

from api.attending import attended
from rag.abandonment import is_abandoned


class Work:
    """Goes on, on a thread, until nobody waits for it."""

    def __init__(self) -> None:
        self.begun, self.is_left, self.given_up = Event(), Event(), Event()

    def __call__(self) -> None:
        self.begun.set()
        while not self.given_up.wait(0.01):
            if is_abandoned():
                self.is_left.set()
                return


@pytest.mark.parametrize("goes", [True, False], ids=["its sender goes", "it is cancelled"])
def test_what_is_done_for_a_request_ends_with_it(goes: bool) -> None:
    work = Work()

    async def receive() -> Message:
        await to_thread.run_sync(work.begun.wait)
        if not goes:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def serve() -> None:
        async with attended(receive):
            await to_thread.run_sync(work)

    async def serve_and_end() -> bool:
        serving = asyncio.ensure_future(serve())
        await to_thread.run_sync(work.begun.wait)
        if not goes:
            serving.cancel()
        await asyncio.wait({serving})
        return await to_thread.run_sync(work.is_left.wait, 5)

    try:
        assert asyncio.run(serve_and_end())
    finally:
        work.given_up.set()
