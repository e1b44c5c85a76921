"""Room on the disk: uploads are refused before it is used up, and what is kept back lets deletes go on."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path

from rag.errors import StoreFull

_RESERVE_BYTES = 8_000_000
_RESERVED_SHARE = 1 / 20  # of a small disk, at the most
_COPIES = (
    3  # what a document takes: in the write-ahead log, in the database, and for what is derived
)
_NO_ROOM = "The disk has no room for this; nothing was written. Delete documents, or make room."


class Space:
    """The disk that the data folder is on, and a file there that is given up when nothing else is left."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._reserve = folder / "reserve"
        self._bytes = min(_RESERVE_BYTES, int(shutil.disk_usage(folder).total * _RESERVED_SHARE))
        self.keep_back()

    def refuse_without(self, original: int, derived: int) -> None:
        """Refuse what the disk has no room for.

        Args:
            original: Bytes of the original file.
            derived: Bytes that go into the database.

        Raises:
            StoreFull: there is no room.
        """
        needed = original + _COPIES * derived + self._bytes
        if shutil.disk_usage(self._folder).free < needed:
            raise StoreFull(_NO_ROOM)

    def freeing(self, change: Callable[[], None]) -> None:
        """Make a change that frees room, with what is kept back if there is no other room for it."""
        try:
            change()
        except StoreFull:
            self._reserve.unlink(missing_ok=True)
            change()
            self.keep_back()

    def keep_back(self) -> None:
        """Set room aside, where there is some to spare."""
        if shutil.disk_usage(self._folder).free < 2 * self._bytes:
            return
        with contextlib.suppress(OSError):  # whoever needs it will do without
            self._reserve.write_bytes(bytes(self._bytes))

    def give_back(self) -> None:
        """Set no room aside any more."""
        self._reserve.unlink(missing_ok=True)
