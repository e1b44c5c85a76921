"""Read documents of any supported format into canonical text with exact places, and index them."""

from __future__ import annotations

import logging
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.library import Library

__all__ = ["open_library"]

logger = logging.getLogger(__name__)


def open_library(
    folder: str | PathLike[str], *, data: str | PathLike[str] | None = None
) -> Library:
    """Open a library that holds the documents of a folder: new and changed files are added to it.

    Args:
        folder: The documents; hidden files are left out.
        data: Where the library is kept; a hidden folder beside the documents when not given.

    Raises:
        NotFound: there is no such folder.
    """
    # here, because the process that reads files imports this package and needs none of them
    from ingest.folders import Folders
    from ingest.pipeline import Ingester
    from rag.bootstrap import open_rag
    from rag.errors import NotFound
    from rag.settings import Settings

    root = Path(folder)
    if not root.is_dir():
        raise NotFound(f"There is no folder {str(root)!r}.")
    library = open_rag(Settings(data=Path(data) if data else root / ".chapterverse"))
    try:
        folders = Folders(ingester=Ingester(library), paths=(root,))
        for file in folders.run(folders.look()):
            if file.reason:
                logger.warning("%s was not added: %s", file.path, file.reason)
    except BaseException:
        library.close()
        raise
    return library
