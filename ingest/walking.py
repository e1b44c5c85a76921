"""The files below a folder, and their names as keys."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from rag.errors import InputError, NotFound

_NOTHING_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})


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
    """What lies at a path: its files by key, and the files and folders that could not be looked at."""

    files: tuple[SourceFile, ...]
    closed: tuple[SourceFile, ...] = ()


def listed(root: Path, *, but_not: Path) -> Listing:
    """The file at `root`, or all files below it, sorted by key.

    Left out are hidden files and folders, what a symbolic link reaches outside of `root`, and the folder
    `but_not`.

    Raises:
        NotFound: there is nothing at `root`.
        InputError: it cannot be told.
    """
    try:
        mode = _mode(root)
    except OSError as error:
        raise InputError(f"{str(root)!r} cannot be looked at: {error.strerror}.") from error
    if mode is None:
        raise NotFound(f"There is no file or folder {str(root)!r}.")
    if stat.S_ISREG(mode):
        return Listing(files=(SourceFile(key_of(Path(root.name)), root),))
    return below(root, root, but_not=but_not)


def below(root: Path, top: Path, *, but_not: Path) -> Listing:
    """As `listed(root)`, but only what lies below `top`, a folder inside of `root`."""
    home, left_out = root.resolve(), but_not.resolve()
    name_of_root = root_of(root)
    files: list[SourceFile] = []
    closed: list[SourceFile] = []

    def named(path: Path) -> SourceFile:
        return SourceFile(key_of(path.relative_to(root)), path, name_of_root)

    def skip(error: OSError) -> None:
        closed.append(named(Path(error.filename)))

    for folder, folders, names in os.walk(top, onerror=skip):
        if Path(folder).resolve() == left_out:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".")]
        for path in (Path(folder, name) for name in names):
            try:
                if is_source(path, home):
                    files.append(named(path))
            except OSError:
                closed.append(named(path))
    return Listing(files=tuple(sorted(files)), closed=tuple(sorted(closed)))


def is_source(path: Path, home: Path) -> bool:
    """Whether it is a file by a name that is not hidden, and lies in `home`, links followed.

    Raises:
        OSError: it cannot be told.
    """
    if path.name.startswith(".") or not _real(path).is_relative_to(home):
        return False
    mode = _mode(path)
    return mode is not None and stat.S_ISREG(mode)


def is_folder(path: Path) -> bool:
    """Whether it is a folder itself, and no link to one, which a listing does not follow either."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False


def _real(path: Path) -> Path:
    """Where links lead to; `Path.resolve` raises another kind of error for those in a circle."""
    return Path(os.path.realpath(path))


def _mode(path: Path) -> int | None:
    """What a path is, links followed; None where there is nothing."""
    try:
        return path.stat().st_mode
    except OSError as error:
        if error.errno in _NOTHING_THERE:
            return None
        raise


def root_of(folder: Path) -> str:
    """What a folder is remembered by."""
    return key_of(folder.resolve())


def key_of(path: Path) -> str:
    r"""A path as text; bytes of it that are not UTF-8 are spelt out, as \xff.

    Backslashes are doubled, so that two names stay two keys.
    """
    doubled = path.as_posix().replace("\\", "\\\\")
    return os.fsencode(doubled).decode(errors="backslashreplace")
