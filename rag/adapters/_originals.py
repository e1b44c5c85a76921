"""Original files, each under the digest of its bytes."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from pathlib import Path

from rag.adapters import _durable as durable
from rag.adapters.sqlite import translated
from rag.errors import StoreDamaged
from rag.types import Version

ORIGINALS = "originals"
ORIGINAL_NAME = re.compile(r"[0-9a-f]{64}|\.[0-9a-f]{64}\.[0-9a-f]{8}")


def version_of(content: bytes) -> Version:
    """The version that these bytes are."""
    return Version(f"sha256:{hashlib.sha256(content).hexdigest()}")


class Originals:
    """The folder of original files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        durable.make_folder(folder)

    def path(self, version: str) -> Path:
        """Where the bytes of a version lie."""
        return self._folder / version.removeprefix("sha256:")

    def keep(self, version: str, content: bytes) -> None:
        """Keep the bytes of a version; durable on return."""
        path = self.path(version)
        with translated():
            if path.exists() and path.read_bytes() == content:  # else it is damaged, and mended now
                return
            aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
            try:
                durable.write(aside, content)
                aside.rename(path)
                durable.sync_folder(path.parent)
            except BaseException:
                path.unlink(missing_ok=True)  # or it would be taken for one that is durable
                raise
            finally:
                aside.unlink(missing_ok=True)

    def read(self, version: str) -> bytes:
        """The bytes of a version.

        Raises:
            StoreDamaged: they are gone, or are not those that came.
        """
        try:
            content = self.path(version).read_bytes()
        except OSError as error:
            raise StoreDamaged("Its original file is gone.") from error
        if version_of(content) != version:
            raise StoreDamaged("Its original file is not the one that came.")
        return content

    def drop(self, version: str) -> None:
        """Delete the bytes of a version."""
        self.path(version).unlink(missing_ok=True)

    def sweep(self, named: Iterable[str]) -> None:
        """Delete what a crash left behind: originals that nothing names, and half-written ones."""
        kept = {self.path(one) for one in named}
        for path in self._folder.iterdir():
            if ORIGINAL_NAME.fullmatch(path.name) and path not in kept:
                path.unlink()
