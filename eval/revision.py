"""Which code runs: the commit where it lies in a repository, and a hash of its sources wherever it lies."""

from __future__ import annotations

import shutil
import subprocess
from hashlib import sha256
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

_ENGINE = ("rag", "ingest")


def code_revision() -> dict[str, str | None]:
    """The release, the commit if there is one, and the hash of the engine's sources, changed ones too."""
    return {
        "version": version("chapterverse"),
        "commit": _commit(_folder_of(_ENGINE[0])),
        "sources": engine_hash(),
    }


def engine_hash() -> str:
    """Names the sources of what reads documents, finds passages and writes answers."""
    return _hash_of([_folder_of(name) for name in _ENGINE])


def _folder_of(package: str) -> Path:
    return Path(str(import_module(package).__file__)).parent


def _hash_of(folders: list[Path]) -> str:
    hashed = sha256()
    for folder in folders:
        for path in sorted(folder.rglob("*.py")):
            hashed.update(path.relative_to(folder.parent).as_posix().encode() + b"\0")
            hashed.update(sha256(path.read_bytes()).digest())
    return hashed.hexdigest()


def _commit(folder: Path) -> str | None:
    """The commit that is checked out, if these very sources are in a repository."""
    git = shutil.which("git")
    if git is None:
        return None
    tracked, head = (
        subprocess.run(  # noqa: S603 # git itself, where our sources lie
            [git, "-C", folder, *command], capture_output=True, text=True, check=False
        )
        for command in (["ls-files", "__init__.py"], ["rev-parse", "HEAD"])
    )
    return (head.stdout.strip() or None) if tracked.stdout else None
