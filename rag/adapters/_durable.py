"""Files that are on the disk when a call returns."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path


def write(path: Path, content: bytes) -> None:
    """Write a file and wait until the disk has it."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def copy(source: Path, path: Path) -> None:
    """Copy a file, whole or not at all, and wait until the disk has it."""
    aside = path.with_name(f".{path.name}.copy")
    try:
        shutil.copyfile(source, aside)
        sync(aside)
        aside.rename(path)
        sync_folder(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Wait until the disk has a file that was written."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, unless it is there; wait until the disk has their names."""
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    # whoever made a folder that is there may have been killed before its name was synced
    for one in missing or [folder]:
        # a folder above that we may not read is none that we made
        with contextlib.suppress(PermissionError):
            sync_folder(one.absolute().parent)


def sync_folder(folder: Path) -> None:
    """Wait until the disk has a folder's entries."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
