"""Whether anybody still waits for what is being done: what nobody waits for must not be paid for."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event

_abandoned: ContextVar[tuple[Event, ...]] = ContextVar("abandoned", default=())


class Abandoned(Exception):
    """There is no result, since nobody waited for it any longer."""


@contextmanager
def abandonable(event: Event) -> Iterator[None]:
    """What is done inside ends early once the event is set, or that of a context around this one."""
    token = _abandoned.set((*_abandoned.get(), event))
    try:
        yield
    finally:
        _abandoned.reset(token)


def is_abandoned() -> bool:
    """Whether nobody waits any more for what this context does."""
    return any(one.is_set() for one in _abandoned.get())
