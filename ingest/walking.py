"""The files below a folder, and their names as keys."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from rag.errors import NotFound


@dataclass(frozen=True, slots=True, order=True)
class SourceFile:
    """A file to add.

    Attributes:
        key: Its path below the folder that it was found in, with `/` between the parts.
        root: That folder, by its own path as text; None for a file that was named alone.
    """

    key: str
    path: Path
    root: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What lies at a path: its files by key, and the folders that could not be looked into."""

    files: tuple[SourceFile, ...]
    closed: tuple[SourceFile, ...] = ()


def listed(root: Path, *, but_not: Path) -> Listing:
    """The file at `root`, or all files below it, sorted by key.

    Left out are hidden files and folders, what a symbolic link reaches outside of `root`, and the folder
    `but_not`.

    Raises:
        NotFound: there is nothing at `root`.
    """
    if not root.exists():
        raise NotFound(f"There is no file or folder {str(root)!r}.")
    if root.is_file():
        return Listing(files=(SourceFile(key_of(Path(root.name)), root),))
    return below(root, root, but_not=but_not)


def below(root: Path, top: Path, *, but_not: Path) -> Listing:
    """As `listed(root)`, but only what lies below `top`, a folder inside of `root`."""
    home, left_out = root.resolve(), but_not.resolve()
    name = root_of(root)
    files: list[SourceFile] = []
    closed: list[SourceFile] = []

    def skip(error: OSError) -> None:
        path = Path(error.filename)
        closed.append(SourceFile(key_of(path.relative_to(root)), path))

    for folder, folders, names in os.walk(top, onerror=skip):
        if Path(folder).resolve() == left_out:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += (
            SourceFile(key_of(path.relative_to(root)), path, name)
            for path in (Path(folder, name) for name in names)
            if is_source(path, home)
        )
    return Listing(files=tuple(sorted(files)), closed=tuple(sorted(closed)))


def is_source(path: Path, home: Path) -> bool:
    """Whether it is a file by a name that is not hidden, and lies in `home`, links followed."""
    return not path.name.startswith(".") and path.is_file() and path.resolve().is_relative_to(home)


def root_of(folder: Path) -> str:
    """What a folder is remembered by."""
    return key_of(folder.resolve())


def key_of(path: Path) -> str:
    """A path as text; bytes of it that are not UTF-8 are spelt out, so that two names stay two keys."""
    return os.fsencode(path.as_posix()).decode(errors="backslashreplace")
