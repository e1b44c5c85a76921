import time
from collections.abc import Iterator
from threading import Event

import anyio

from api.streaming import kept_alive
from rag.abandonment import is_abandoned


def test_a_step_that_is_under_way_is_told_that_nobody_waits_for_it() -> None:
    told = Event()

    def events() -> Iterator[bytes]:
        yield b"first"
        ends = time.monotonic() + 5
        while not is_abandoned() and time.monotonic() < ends:
            time.sleep(0.01)
        if is_abandoned():
            told.set()

    async def reads_and_goes() -> None:
        coming = kept_alive(events(), ping_s=0.05)
        assert await anext(coming) == b"first"
        assert (await anext(coming)).startswith(b":")  # the second step is under way
        await coming.aclose()  # type: ignore[attr-defined] # a generator

    anyio.run(reads_and_goes)
    assert told.wait(2)
    assert not is_abandoned()
