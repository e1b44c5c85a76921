"""How many pages of a file are read, told by the confined process that reads to the one that waits for it.

The one writes two numbers into a file, the other looks at them now and then. They can neither fill up nor hold
anybody up, and are passed on only if they can be true.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
from collections.abc import Callable
from contextvars import ContextVar

Pages = Callable[[int, int], None]  # read, of how many

_NUMBERS = struct.Struct("=II")
_MOST_PAGES = 1_000_000
_told: ContextVar[Pages | None] = ContextVar("told", default=None)

NONE_YET = bytes(_NUMBERS.size)


def tell_pages(read: int, total: int) -> None:
    """Say, as a reader of files, how many pages are read: to nobody, unless `tell_to` named one."""
    if told := _told.get():
        told(read, total)


def tell_to(pages: Pages) -> None:
    """Name who is told of pages in this process from now on."""
    _told.set(pages)


def written_to(descriptor: int) -> Pages:
    """Who writes what is told into a file that holds `NONE_YET`, even where no file may be written any more."""
    shared = mmap.mmap(descriptor, _NUMBERS.size)

    def write(read: int, total: int) -> None:
        _NUMBERS.pack_into(shared, 0, read, total)

    return write


class Watch:
    """Passes on what is new in such a file, and nothing of what is read at once.

    Args:
        descriptor: Of the file. It is read and never mapped: who writes it could cut it short, and a process ends
            that looks at memory behind the end of a file.
        pages: Is told.
    """

    every_s = 0.25

    def __init__(self, descriptor: int, pages: Pages) -> None:
        self._descriptor, self._pages = descriptor, pages
        self._passed_on = NONE_YET
        self._next = time.monotonic() + self.every_s

    def look(self) -> None:
        """Look, if it is time to."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self.every_s
        numbers = os.pread(self._descriptor, _NUMBERS.size, 0)
        if len(numbers) == _NUMBERS.size and numbers != self._passed_on:
            self._passed_on = numbers
            read, total = _NUMBERS.unpack(numbers)
            if read <= total and 0 < total <= _MOST_PAGES:
                self._pages(read, total)
