"""Backups: a folder like a data folder, whole by construction, with a list of what each file must be."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from rag.adapters import _durable as durable
from rag.adapters._examination import Problem, examine
from rag.adapters._jobs import NAMED_VERSIONS
from rag.adapters._locking import LOCK, lock
from rag.adapters._originals import ORIGINALS, Originals
from rag.adapters._schema import FORMAT
from rag.adapters._witness import refuse_damaged_log, remove_beside
from rag.adapters.sqlite import DATABASE, column, format_of, looking, translated
from rag.errors import InvalidBackup, OldFormat, StoreDamaged, StoreLocked

_MANIFEST = "manifest.json"
_MANIFEST_FORMAT = 1
_SNAPSHOTS = 5  # tries, should documents be deleted while their originals are copied


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """A backup that was made; `lost` are originals that are gone or damaged in the data folder itself."""

    originals: int
    bytes: int
    lost: tuple[str, ...]


def back_up(folder: Path, destination: Path) -> BackedUp:
    """Write the state of a data folder at one moment, durable on return, while others go on using it.

    Args:
        folder: The data folder.
        destination: Is made; an unfinished backup lies beside it under another name.

    Raises:
        InvalidBackup: the destination exists, or there is nothing to back up.
        StoreError: the data folder cannot be read, or the destination not written.
    """
    with translated():
        if not (folder / DATABASE).is_file():
            raise InvalidBackup("There is no data folder to back up; name one by --data.")
        if destination.exists():
            raise InvalidBackup(
                f"{destination.name!r} exists already: name a folder that does not, so that no backup is lost."
            )
        aside = destination.with_name(f".{destination.name}.unfinished")
        shutil.rmtree(aside, ignore_errors=True)
        (aside / ORIGINALS).mkdir(parents=True)
        try:
            with _held_if_free(folder):
                lost = _copied(folder, aside)
            done = _listed(aside, lost)
            aside.rename(destination)
            durable.sync_folder(destination.absolute().parent)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    return done


def restore(source: Path, folder: Path) -> int:
    """Make a data folder of a backup after checking every byte of it; gives the number of files.

    Raises:
        InvalidBackup: it is none, it is damaged, or there is a data folder already.
        FormatTooNew: a newer release wrote it.
    """
    with translated():
        if (folder / DATABASE).exists():
            raise InvalidBackup(
                "The data folder holds a database already: name another by --data, or move it away first."
            )
        files = _checked(source)
        with looking(source / DATABASE) as db:
            format_of(db)
        (folder / ORIGINALS).mkdir(parents=True, exist_ok=True)
        held = lock(folder / LOCK)
        try:
            remove_beside(folder / DATABASE)
            for name in sorted(files, key=lambda one: one == DATABASE):  # without it there is none
                durable.copy(source / name, folder / name)
        finally:
            os.close(held)
    return len(files)


def verify(folder: Path) -> list[Problem]:
    """Compare everything that a data folder or a backup holds with what was written.

    Raises:
        InvalidBackup: there is no data folder.
        OldFormat: it is of an older format, whose rows carry no hashes.
        FormatTooNew: a newer release wrote it.
        StoreError: it cannot be read at all.
    """
    with translated():
        if not (folder / DATABASE).is_file():
            raise InvalidBackup("There is no data folder to look at; name one by --data.")
    with _held_if_free(folder), looking(folder / DATABASE) as db:
        found = format_of(db)
        if found is not None and found < FORMAT:
            raise OldFormat(found, FORMAT)

        @contextlib.contextmanager
        def snapshot() -> Iterator[apsw.Connection]:
            db.execute("BEGIN")
            try:
                yield db
            finally:
                db.execute("ROLLBACK")

        return [one for one in examine(folder, snapshot) if one is not None]


@contextlib.contextmanager
def _held_if_free(folder: Path) -> Iterator[None]:
    """Keep others from opening the folder meanwhile, unless somebody has it open, who may go on."""
    try:
        held = lock(folder / LOCK)
    except (StoreLocked, OSError):  # in use, or on a disk that cannot be written to
        yield
        return
    try:
        with translated():
            refuse_damaged_log(folder / DATABASE)
        yield
    finally:
        os.close(held)


def _copied(folder: Path, aside: Path) -> list[str]:
    """Copy the database as of one moment and every original that it names; gives those that are lost."""
    originals = Originals(folder / ORIGINALS)
    for _ in range(_SNAPSHOTS):
        (aside / DATABASE).unlink(missing_ok=True)
        with looking(folder / DATABASE) as db:
            format_of(db)
            db.execute("VACUUM INTO ?", (str(aside / DATABASE),))
        _forget_generations(aside / DATABASE)
        durable.sync(aside / DATABASE)
        with looking(aside / DATABASE) as db:
            named = column(db, NAMED_VERSIONS)
        lost = [one for one in named if not _copied_original(originals, one, aside)]
        with looking(folder / DATABASE) as db:
            still_named = set(column(db, NAMED_VERSIONS))
        if still_named.issuperset(lost):
            return lost
    raise InvalidBackup("Documents are deleted faster than they are copied. Try again later.")


def _forget_generations(database: Path) -> None:
    """A backup has no index files: they are built again."""
    db = apsw.Connection(str(database))
    try:
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("DELETE FROM generations")
    finally:
        db.close()


def _copied_original(originals: Originals, version: str, aside: Path) -> bool:
    try:
        content = originals.read(version)
    except StoreDamaged:
        return False
    durable.write(aside / ORIGINALS / originals.path(version).name, content)
    return True


def _listed(aside: Path, lost: list[str]) -> BackedUp:
    """Write the list of files, and wait until the disk has everything."""
    with looking(aside / DATABASE) as db:
        named = {f"{ORIGINALS}/{one.removeprefix('sha256:')}" for one in column(db, NAMED_VERSIONS)}
    files: dict[str, Any] = {}
    for path in sorted((aside / DATABASE, *(aside / ORIGINALS).iterdir())):
        name = path.relative_to(aside).as_posix()
        if path.parent == aside or name in named:
            files[name] = {"bytes": path.stat().st_size, "sha256": _sha256(path)}
        else:
            path.unlink()  # of an earlier snapshot
    manifest = {
        "format": _MANIFEST_FORMAT,
        "created_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "files": files,
    }
    durable.write(aside / _MANIFEST, json.dumps(manifest, indent=1).encode())
    durable.sync_folder(aside / ORIGINALS)
    durable.sync_folder(aside)
    return BackedUp(
        originals=len(files) - 1,
        bytes=sum(one["bytes"] for one in files.values()),
        lost=tuple(lost),
    )


def _checked(source: Path) -> list[str]:
    """The names of a backup's files, each of which is what the list says."""
    try:
        files = json.loads((source / _MANIFEST).read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidBackup(
            f"{source.name!r} is no backup that was finished: it has no list of its files."
        ) from error
    for name, stated in files.items():
        path = source / name
        if not path.is_file() or path.stat().st_size != stated["bytes"]:
            raise InvalidBackup(f"The backup is damaged: {name} is not as it was written.")
        if _sha256(path) != stated["sha256"]:
            raise InvalidBackup(f"The backup is damaged: {name} is not as it was written.")
    if DATABASE not in files or any(Path(one).is_absolute() or ".." in one for one in files):
        raise InvalidBackup("The backup's list of files is not one that was written for it.")
    return list(files)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
