"""The data folder's lock, which the operating system lets go when its holder ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from rag.errors import StoreLocked

LOCK = "lock"


def lock(path: Path) -> int:
    """Hold the folder for the life of this process; the operating system lets go when it ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 100, 0).decode(errors="replace").strip()
        os.close(descriptor)
        raise StoreLocked(holder or "another process") from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"process {os.getpid()}\n".encode(), 0)
    return descriptor


def holder(path: Path) -> str | None:
    """What the process that holds the lock wrote into it; the lock is tried for a moment and given back."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.pread(descriptor, 100, 0).decode(errors="replace").strip() or "another process"
    else:
        return None
    finally:
        os.close(descriptor)
