"""A file's bytes, read: canonical text, where its parts stand, and what the file says about itself."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable
from contextlib import suppress
from ctypes import CDLL
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import PurePosixPath
from pkgutil import iter_modules
from typing import cast

from ingest import boilerplate, dates, language, readers
from ingest.sniffing import sniff
from rag.characters import one_line
from rag.errors import DocumentError, EmptyDocument, UnreadableDocument
from rag.layout import PageLayout
from rag.speech import borders
from rag.types import DocumentDate, FurnitureLocator, Locator, RowLocator, Span, TimeLocator

logger = logging.getLogger(__name__)

_TITLE_CHARS = 200
_HEADING_MARK = re.compile(r"#{1,6}\s+")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file inside of another one. Its name comes from there: data, and never a path."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a file holds.

    Attributes:
        title: What the file itself says; `read` fills it in where that is nothing.
        text: The canonical text that every offset refers to.
        published, recorded, original: Only dates that the file states, never a guess.
        language: The ISO 639-1 code of the text's main language, where it can be told.
        partial: Whether some of the file could not be read; `warnings` say what.
        layouts: Where the words of a paged file stand on its pages.
        attachments: The files inside of the file.
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
    layouts: tuple[PageLayout, ...] = ()
    attachments: tuple[Attachment, ...] = ()


def read(content: bytes, *, name: str) -> Reading:
    """Read a file of a format told from its content.

    Args:
        content: The file's bytes.
        name: Decides between kinds of text that the content leaves open, and is the last resort for a
            title and a date.

    Raises:
        UnsupportedFormat: it is of no format that can be read.
        EncryptedDocument: it needs a password.
        UnreadableDocument: it breaks its format's rules beyond repair.
        EmptyDocument: it holds no text.
    """
    if not content.strip():
        raise EmptyDocument("The file is empty.")
    try:
        return _read(content, name)
    except (DocumentError, MemoryError):
        raise
    except Exception as error:
        # Neither the message nor the values of the traceback may be logged: they can hold the file's text.
        last = traceback.extract_tb(error.__traceback__)[-1]
        logger.error(  # noqa: TRY400
            "a reader failed: %s in %s, %s:%d",
            type(error).__name__,
            last.name,
            last.filename,
            last.lineno or 0,
        )
        raise UnreadableDocument(
            "The file makes its reader fail, so it is damaged or hostile. Save it anew and add that file."
        ) from error


def _read(content: bytes, name: str) -> Reading:
    reading = _reader(sniff(content, name))(content)
    if not reading.text.replace("\ufffd", "").strip():
        raise EmptyDocument("The file holds no text.")
    title = one_line(reading.title) or _first_line(reading) or _stem(name)
    return _with_boilerplate(
        _in_language(_dated(replace(reading, title=title[:_TITLE_CHARS]), name))
    )


def read_named(content: bytes, name: str) -> Reading:
    """`read`, as the sandbox calls it."""
    return read(content, name=name)


def preload() -> None:
    """Import every reader and what it needs, before a process is forked that can open no file."""
    for module in iter_modules(readers.__path__, "ingest.readers."):
        import_module(module.name)
    borders()
    # recognition of text links to it, and can open nothing outside of the packages; not there on every system
    with suppress(OSError):
        CDLL("libdl.so.2")
    read(
        b"Preloaded: this sentence is long enough for its language to be told.", name="preload.txt"
    )


def _reader(format_name: str) -> Callable[[bytes], Reading]:
    """A format's reader, imported when its first file comes: the parsers take a second to load."""
    return cast("Callable[[bytes], Reading]", import_module(f"ingest.readers.{format_name}").read)


def _dated(reading: Reading, name: str) -> Reading:
    """The reading with the dates that its text states where its metadata holds none, and last its name."""
    if any(
        isinstance(one, RowLocator) for one in reading.locators
    ):  # dates in rows are the rows' own
        return replace(reading, published=reading.published or dates.in_name(name))
    published = (
        dates.Stated(reading.published)
        if reading.published
        else dates.published(_body(reading), reading.title)
    )
    header = dates.in_running_lines(reading.text, _furniture(reading))
    out = published.date or header or dates.in_name(name)
    recorded = (
        dates.Stated(reading.recorded)
        if reading.recorded
        else dates.recorded(reading.text, out.value if out else None)
    )
    first = dates.Stated(reading.original) if reading.original else dates.original(reading.text)
    return replace(
        reading,
        published=out,
        recorded=recorded.date,
        original=first.date,
        warnings=reading.warnings + published.warnings + recorded.warnings + first.warnings,
    )


def _furniture(reading: Reading) -> list[Span]:
    return [one.span for one in reading.locators if isinstance(one, FurnitureLocator)]


def _body(reading: Reading) -> str:
    """The text with blanks for its running headers and footers, so that places in it stay true."""
    text = reading.text
    for span in _furniture(reading):
        text = text[: span.start] + " " * len(span) + text[span.end :]
    return text


def _in_language(reading: Reading) -> Reading:
    """The reading with its text's language where its metadata names none."""
    code = reading.language or language.main_language(reading.text)
    return replace(reading, language=code)


def _with_boilerplate(reading: Reading) -> Reading:
    """The reading with what its publisher says of itself marked, so that no search finds it."""
    if any(isinstance(one, RowLocator) for one in reading.locators):  # a row is somebody's entry
        return reading
    known = _furniture(reading)
    marked = [
        span
        for span in boilerplate.stretches(reading.text)
        if not any(span.overlaps(one) for one in known)
    ]
    others = [one for one in reading.locators if not isinstance(one, FurnitureLocator)]
    ordered = sorted([*known, *marked], key=lambda span: span.start)
    return replace(reading, locators=(*others, *(FurnitureLocator(span=one) for one in ordered)))


def _first_line(reading: Reading) -> str:
    """The first line with words, if it looks like a title: short, not a sentence, and not spoken."""
    line = next((one_line(line) for line in _body(reading).split("\n") if line.strip()), "")
    line = _HEADING_MARK.sub("", line, count=1)
    spoken = any(isinstance(one, TimeLocator) and not one.span.start for one in reading.locators)
    looks_right = (
        not spoken and len(line) <= _TITLE_CHARS and not line.endswith((".", ",", ";", ":"))
    )
    return line if looks_right and re.search(r"[^\W\d_]", line) else ""


def _stem(name: str) -> str:
    return one_line(PurePosixPath(name.replace("\\", "/")).stem) or "Untitled"
