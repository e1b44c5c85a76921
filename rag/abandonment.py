"""Whether anybody still waits for what is being done: what nobody waits for must not be paid for."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event

_abandoned: ContextVar[Event | None] = ContextVar("abandoned", default=None)


@contextmanager
def abandonable(event: Event) -> Iterator[None]:
    """What is done inside ends early once the event is set."""
    token = _abandoned.set(event)
    try:
        yield
    finally:
        _abandoned.reset(token)


def is_abandoned() -> bool:
    """Whether nobody waits any more for what this context does."""
    event = _abandoned.get()
    return event is not None and event.is_set()
