"""Do work ahead of who needs it, in order and within bounds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")


def mapped_ahead(
    function: Callable[[_T], _R],
    items: Iterable[_T],
    *,
    threads: int,
    size: Callable[[_T], int],
    most: int,
) -> Generator[_R, None, None]:
    """`map(function, items)` by several threads, which are ahead of the reader by sizes of `most` in sum.

    One item is worked on in any case, however large. What `function` raises is raised when its item's turn
    comes; items that were begun are finished when the reader stops early.
    """
    pool = ThreadPoolExecutor(threads)
    begun: deque[tuple[Future[_R], int]] = deque()
    ahead = 0
    try:
        for item in items:
            while begun and ahead + size(item) > most:
                result, done = begun.popleft()
                yield result.result()
                ahead -= done
            begun.append((pool.submit(function, item), size(item)))
            ahead += begun[-1][1]
        while begun:
            yield begun.popleft()[0].result()
    finally:
        pool.shutdown(cancel_futures=True)
