"""A file's bytes, read: canonical text, where its parts stand, and what the file says about itself."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import PurePosixPath
from typing import cast

from ingest.readers.characters import one_line
from ingest.sniffing import sniff
from rag.errors import DocumentError, EmptyDocument, UnreadableDocument
from rag.types import DocumentDate, Locator

logger = logging.getLogger(__name__)

_TITLE_CHARS = 200
_MARKDOWN_HEADING = re.compile(r"#{1,6}\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a file holds.

    Attributes:
        title: What the file itself says; `read` fills it in where that is nothing.
        text: The canonical text that every offset refers to.
        published, recorded, original: Only dates that the file states, never a guess.
        language: The ISO 639-1 code of the text's main language, where it can be told.
        partial: Whether some of the file could not be read; `warnings` say what.
    """

    media_type: str
    text: str
    title: str = ""
    locators: tuple[Locator, ...] = ()
    published: DocumentDate | None = None
    recorded: DocumentDate | None = None
    original: DocumentDate | None = None
    language: str | None = None
    partial: bool = False
    author: str | None = None
    source_url: str | None = None
    warnings: tuple[str, ...] = ()


def read(content: bytes, *, name: str) -> Reading:
    """Read a file of a format told from its content. `name` is only the last resort for a title.

    Raises:
        UnsupportedFormat: it is of no format that can be read.
        EncryptedDocument: it needs a password.
        UnreadableDocument: it breaks its format's rules beyond repair.
        EmptyDocument: it holds no text.
    """
    if not content.strip():
        raise EmptyDocument("The file is empty.")
    reading = _parsed(content)
    if not reading.text.strip():
        raise EmptyDocument("The file holds no text.")
    title = one_line(reading.title) or _first_line(reading.text) or _stem(name)
    return replace(reading, title=title[:_TITLE_CHARS])


def read_named(content: bytes, name: str) -> Reading:
    """`read`, as the sandbox calls it."""
    return read(content, name=name)


def _parsed(content: bytes) -> Reading:
    """What the format's reader finds; whatever it runs into ends one file only."""
    try:
        return _reader(sniff(content))(content)
    except (DocumentError, MemoryError):
        raise
    except Exception as error:
        logger.exception("a reader failed")
        raise UnreadableDocument(
            "The file makes its reader fail, so it is damaged or hostile. Save it anew and add that file."
        ) from error


def _reader(format_name: str) -> Callable[[bytes], Reading]:
    """A format's reader, imported when its first file comes: the parsers take a second to load."""
    return cast("Callable[[bytes], Reading]", import_module(f"ingest.readers.{format_name}").read)


def _first_line(text: str) -> str:
    """The first line with words, if it looks like a title: short, and not a sentence."""
    line = next((one_line(line) for line in text.split("\n") if line.strip()), "")
    line = _MARKDOWN_HEADING.sub("", line, count=1)
    looks_right = len(line) <= _TITLE_CHARS and not line.endswith((".", ",", ";", ":"))
    return line if looks_right and re.search(r"[^\W\d_]", line) else ""


def _stem(name: str) -> str:
    return one_line(PurePosixPath(name.replace("\\", "/")).stem) or "Untitled"
