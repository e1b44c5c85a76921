"""How far the write-ahead log reached when a change was last acknowledged: written down in a file beside it.

SQLite takes the log for ended at the first frame whose checksum does not fit, without a word. That is right for a
change that was never finished. It is wrong for frames that were damaged after they were saved, and with them goes
every change that came later. The log alone cannot tell one from the other in its last change, so a witness says what
was acknowledged. It is written once the log is saved, and is not waited for: after lost power it may say less than was
acknowledged, and never more. It is emptied, and that is waited for, before the log is.
"""

from __future__ import annotations

import hashlib
import logging
import os
import struct
from pathlib import Path
from typing import cast

import apsw

from rag.errors import StoreDamaged

logger = logging.getLogger(__name__)

WITNESS = "-acknowledged"
_HEADER, _FRAME_HEADER = 32, 24  # bytes in the log; https://sqlite.org/fileformat2.html#walformat
_SALTS = slice(16, 24)  # in the log's header
_NAMED = struct.Struct("<Q16s")  # a number of frames; the salts and checksums of the last of them
_DIGEST = 16
_NOTHING = bytes(_NAMED.size + _DIGEST)


class Witness:
    """The witness of one database, which this process alone writes."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + WITNESS)
        self._log = _log_of(database)

    def note(self, writer: apsw.Connection) -> None:
        """Write down that all of the log is acknowledged."""
        try:
            frames = _frames(writer)
            if frames < 1:
                return
            named = _NAMED.pack(frames, _last_frame(self._log, frames))
            self._write(named + _digest(named))
        except (OSError, apsw.Error) as error:  # the change is saved all the same
            logger.warning("what was acknowledged cannot be written down: %s", error)

    def forget(self) -> None:
        """Say nothing any more, durably."""
        if not self._path.exists():
            return
        try:
            self._write(_NOTHING, wait=True)
        except OSError:
            # else what it names would be missed once the log is folded, and the folder refused
            self._path.unlink(missing_ok=True)
            raise

    def _write(self, content: bytes, *, wait: bool = False) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.pwrite(descriptor, content, 0)
            if wait:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


def refuse_damaged_log(database: Path) -> None:
    """Refuse a log that lacks what was acknowledged, as long as SQLite has not gone on without it.

    Nobody else may have the folder open.

    Raises:
        StoreDamaged: it does.
    """
    named = _said(database)
    if named is None:
        return
    frames, last = named
    log = _log_of(database)
    header = _header(log)
    if _is_sound(header):
        if header[_SALTS] != last[:8]:
            return  # begun anew, when the database had all of it
        kept = database.exists() and database.stat().st_size  # else SQLite would delete the log
        if kept and _reads(database) >= frames and _last_frame(log, frames) == last:
            return
    raise StoreDamaged(
        "Changes that were acknowledged are missing from the log of the data folder's database, which is lost or "
        "damaged. Restore a backup; or, to go on without them, delete the data folder's file "
        f"{database.name}{WITNESS}."
    )


def remove_beside(database: Path) -> None:
    """Remove what belongs to an earlier database of the same name."""
    for ending in ("-wal", "-shm", WITNESS):
        database.with_name(database.name + ending).unlink(missing_ok=True)


def _said(database: Path) -> tuple[int, bytes] | None:
    path = database.with_name(database.name + WITNESS)
    content = path.read_bytes() if path.exists() else b""
    named = content[: _NAMED.size]
    if not any(named) or content[_NAMED.size :] != _digest(named):
        return None
    frames, last = _NAMED.unpack(named)
    return frames, last


def _reads(database: Path) -> int:
    """How many frames SQLite takes for sound; the log stays as it is."""
    db = apsw.Connection(str(database))
    try:
        db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        db.execute("SELECT count(*) FROM sqlite_schema").fetchall()
        return _frames(db)
    finally:
        db.close()


def _frames(db: apsw.Connection) -> int:
    """How many frames of the log SQLite knows."""
    [(_, frames, _)] = cast(
        list[tuple[int, int, int]], db.execute("PRAGMA wal_checkpoint(NOOP)").fetchall()
    )
    return frames


def _last_frame(log: Path, frames: int) -> bytes:
    """The salts and checksums of a frame; the checksums cover all that is before it too."""
    with log.open("rb") as file:
        page = int.from_bytes(file.read(_HEADER)[8:12])
        file.seek(_HEADER + (frames - 1) * (_FRAME_HEADER + page) + 8)
        return file.read(16)


def _header(log: Path) -> bytes:
    """The first bytes of a log, which may be long; none where there is no log."""
    if not log.exists():
        return b""
    with log.open("rb") as file:
        return file.read(_HEADER)


def _is_sound(header: bytes) -> bool:
    """Whether a log's header fits its checksums."""
    if len(header) < _HEADER:
        return False
    order = ">" if header[3] & 1 else "<"
    first = second = 0
    words = struct.unpack(f"{order}6I", header[:24])
    for one, other in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) & 0xFFFFFFFF
        second = (second + other + first) & 0xFFFFFFFF
    return struct.unpack(">2I", header[24:]) == (first, second)


def _digest(named: bytes) -> bytes:
    return hashlib.blake2b(named, digest_size=_DIGEST).digest()


def _log_of(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")
