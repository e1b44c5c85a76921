"""An answer as server-sent events: each statement leaves once it is verified, after the citations that it names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Generator, Iterator
from itertools import count
from threading import Event, Lock

from anyio import CancelScope, CapacityLimiter, to_thread
from fastapi import Request
from fastapi.sse import KEEPALIVE_COMMENT, EventSourceResponse, format_sse_event
from pydantic import BaseModel

from api.asking import Part
from api.problems import problem_of
from api.rendering import Told, found_body
from api.schemas import AnswerIdBody
from rag.abandonment import abandonable
from rag.library import Retrieved

EVENT = {  # as OpenAPI 3.2 describes one
    "type": "object",
    "properties": {
        "event": {"enum": ["search_results", "citation", "statement", "answer", "error", "done"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
        "id": {"type": "string"},
    },
    "required": ["event", "data", "id"],
}
PING_S = 10.0  # without an event; proxies give up on what is silent for longer


def answer_events(parts: Iterator[Part], request: Request) -> Generator[bytes, None, None]:
    """The parts of an answer, encoded; whatever fails on the way becomes an `error`, and `done` is always last.

    An event's id is the answer's, a full stop and a number: whoever loses the stream can ask for the answer.

    Args:
        parts: As `Asking.parts` gives them.
        request: What is answered, for the problem that an error becomes.
    """
    numbers = count(1)
    answer_id = ""

    def event(name: str, body: BaseModel | str) -> bytes:
        written = body if isinstance(body, str) else body.model_dump_json()
        number = f"{answer_id}.{next(numbers)}"
        return format_sse_event(event=name, data_str=written, id=number)

    try:
        for part in parts:
            match part:
                case Retrieved():
                    answer_id = part.id
                    yield event("search_results", found_body(part))
                case Told():
                    for cited in part.citations:
                        yield event("citation", cited)
                    yield event("statement", part.statement)
                case _:
                    yield event("answer", part)
    except Exception as error:  # noqa: BLE001 # the edge of the process: the status has been sent
        yield event("error", bytes(problem_of(request, error).body).decode())
    yield event("done", AnswerIdBody(id=answer_id))


def event_stream(events: AsyncIterator[bytes]) -> EventSourceResponse:
    """A response of events that are sent as they come."""
    return EventSourceResponse(
        events,
        headers={"X-Accel-Buffering": "no"},  # nginx would hold back what is small
    )


async def kept_alive(
    events: Generator[bytes, None, None],
    limiter: CapacityLimiter | None = None,
    ping_s: float = PING_S,
) -> AsyncIterator[bytes]:
    """Events, each made on a thread that the limiter admits, with a comment where none comes for `ping_s`.

    When the reader goes, the step that is under way ends, early if it waits for a chat model, and no other is begun:
    the events are closed, so that what a model took until then is counted.
    """
    left, advancing = Event(), Lock()

    def following() -> bytes | None:
        with advancing, abandonable(left):
            return next(events, None)

    def close() -> None:
        with advancing:
            events.close()

    try:
        while True:
            coming = asyncio.ensure_future(to_thread.run_sync(following, limiter=limiter))
            try:
                while not (await asyncio.wait({coming}, timeout=ping_s))[0]:
                    yield KEEPALIVE_COMMENT
            finally:
                coming.cancel()  # does nothing to one that is done
            if (event := coming.result()) is None:
                return
            yield event
    finally:
        left.set()
        with CancelScope(shield=True):
            await to_thread.run_sync(close)
