"""Do work ahead of who needs it, in order and within bounds."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Generic, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")


def mapped_ahead(
    function: Callable[[_T], _R],
    items: Iterable[_T],
    *,
    threads: int,
    size: Callable[[_T], int],
    held: Callable[[_R], int],
    most: int,
) -> Generator[_R, None, None]:
    """`map(function, items)` by several threads, which are ahead of the reader by sizes of `most` in sum.

    An item counts by its `size`, and once it is done by what its result has `held`; while that is more than
    `most`, nothing else is begun but what the reader waits for. What `function` raises is raised when its item's
    turn comes, and what `items` raises after the results before it; items that were begun are finished when the
    reader stops early.
    """
    ahead = _Ahead(function, held, threads, most)
    following = _Following(items)
    try:
        for item in following:
            while ahead.is_full(size(item)):
                yield from ahead.first()
            ahead.begin(item, size(item))
        while ahead.begun:
            yield from ahead.first()
    finally:
        ahead.close()
    if following.error:
        raise following.error


class _Following(Generic[_T]):
    """Items up to an error, which is kept."""

    def __init__(self, items: Iterable[_T]) -> None:
        self._items = iter(items)
        self.error: Exception | None = None

    def __iter__(self) -> Iterator[_T]:
        try:
            yield from self._items
        except Exception as error:  # noqa: BLE001 # it is raised in its turn
            self.error = error


class _Ahead(Generic[_T, _R]):
    """Items that were begun, in their order, and how much they hold."""

    def __init__(
        self,
        function: Callable[[_T], _R],
        held: Callable[[_R], int],
        threads: int,
        most: int,
    ) -> None:
        self._function, self._held, self._most = function, held, most
        self._pool = ThreadPoolExecutor(threads)
        self._changed = threading.Condition()
        self._count = self._sum = 0
        self._turn = 0  # the number of the item that the reader has or waits for
        self._closed = False
        self.begun: deque[Future[tuple[_R, int]]] = deque()

    def is_full(self, size: int) -> bool:
        return bool(self.begun) and self._sum + size > self._most

    def begin(self, item: _T, size: int) -> None:
        with self._changed:
            self._sum += size
        self.begun.append(self._pool.submit(self._work, self._count, item, size))
        self._count += 1

    def first(self) -> Iterator[_R]:
        """The first result, which counts until the reader asks for the next one."""
        result, held = self.begun.popleft().result()
        yield result
        with self._changed:
            self._sum -= held
            self._turn += 1
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._pool.shutdown(cancel_futures=True)

    def _work(self, number: int, item: _T, size: int) -> tuple[_R, int]:
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._sum <= self._most or number == self._turn
            )
            if self._closed:
                raise CancelledError
        result = self._function(item)
        held = self._held(result)
        with self._changed:
            self._sum += held - size
            self._changed.notify_all()
        return result, held
