import time
from collections.abc import Generator
from threading import Event

import anyio
import pytest

from api.streaming import kept_alive
from rag.abandonment import is_abandoned


def test_a_step_that_is_under_way_is_told_that_nobody_waits_for_it() -> None:
    told = Event()

    def events() -> Generator[bytes, None, None]:
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


@pytest.mark.parametrize("steps", [1, 2])
def test_what_nobody_reads_any_more_is_closed_when_the_response_has_ended(steps: int) -> None:
    closed = Event()

    def events() -> Generator[bytes, None, None]:
        try:
            yield b"first"
            while not is_abandoned():
                time.sleep(0.01)
            yield b"second"
        finally:
            closed.set()

    async def reads_and_goes() -> None:
        coming = kept_alive(events(), ping_s=0.05)
        for _ in range(steps):  # with two, the second one is under way
            await anext(coming)
        await coming.aclose()  # type: ignore[attr-defined] # a generator
        assert closed.is_set()

    anyio.run(reads_and_goes)
