"""Sections of a PDF: by its outline, where its titles stand on the pages it names."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pypdfium2 as pdfium
from pypdfium2 import raw

from ingest.readers.pdf_layout import TextLine
from ingest.readers.pdf_pages import displayed_point
from rag.characters import one_line
from rag.types import SectionLocator, Span

_MOST_ENTRIES = 5000
_MOST_DEPTH = 6
_TITLE_LINES = 3  # that one heading may fill


@dataclass(frozen=True, slots=True)
class Entry:
    """A title of the outline: its depth from 0, and where it leads, in points from the page's top."""

    title: str
    depth: int
    page: int
    top: float | None


@dataclass(frozen=True, slots=True)
class _Heading:
    path: tuple[str, ...]
    line: TextLine


def outline(document: pdfium.PdfDocument) -> list[Entry]:
    """The outline's entries that lead to a page."""
    found: list[Entry] = []
    for bookmark in document.get_toc(max_depth=_MOST_DEPTH):
        if len(found) >= _MOST_ENTRIES:
            break
        title = one_line(bookmark.get_title())
        destination = bookmark.get_dest()
        page = destination.get_index() if destination else None
        if title and page is not None and 0 <= page < len(document):
            found.append(Entry(title, bookmark.level, page, _top(document, destination, page)))
    return found


def _top(document: pdfium.PdfDocument, destination: pdfium.PdfDest, page: int) -> float | None:
    has_x, has_y, has_zoom = (ctypes.c_int() for _ in range(3))
    x, y, zoom = (ctypes.c_float() for _ in range(3))
    raw.FPDFDest_GetLocationInPage(destination, has_x, has_y, has_zoom, x, y, zoom)
    if not has_y.value:
        return None
    try:
        return displayed_point(document[page], x.value, y.value)[1]
    except pdfium.PdfiumError:  # a page that cannot be read
        return None


def sections(
    entries: Sequence[Entry],
    pages: Sequence[Sequence[TextLine]],
    starts: Mapping[int, int],
    end: int,
) -> tuple[SectionLocator, ...]:
    """The characters under each heading of the outline.

    Args:
        entries: The outline.
        pages: The lines of each page, without its running ones.
        starts: Where a line's first word begins in the text, by the line's identity.
        end: The text's length.
    """
    headings = _outlined(entries, pages)
    placed = {starts[id(one.line)]: one.path for one in headings if id(one.line) in starts}
    edges = [*sorted(placed), end]
    return tuple(
        SectionLocator(span=Span(start, stop), path=placed[start])
        for start, stop in pairwise(edges)
        if start < stop
    )


def _outlined(entries: Sequence[Entry], pages: Sequence[Sequence[TextLine]]) -> Iterator[_Heading]:
    path: list[str] = []
    for entry in entries:
        path = [*path[: entry.depth], entry.title]
        if line := _titled(entry, pages[entry.page]):
            yield _Heading(tuple(path), line)


def _titled(entry: Entry, lines: Sequence[TextLine]) -> TextLine | None:
    """The line that begins with the entry's title, the nearest to where it leads."""
    wanted = _letters(entry.title)
    if not wanted:
        return None
    begins = [line for at, line in enumerate(lines) if _begins(lines, at, wanted)]
    if entry.top is None:
        return begins[0] if begins else None
    top = entry.top
    return min(begins, key=lambda line: abs(line.box.top - top), default=None)


def _begins(lines: Sequence[TextLine], at: int, wanted: str) -> bool:
    """Whether the lines from here on begin with the title, alone or after a number."""
    here = _letters(" ".join(line.text for line in lines[at : at + _TITLE_LINES]))
    first = _letters(lines[at].text)
    return (
        bool(first)
        and (wanted.startswith(first) or first.startswith(wanted))
        and (here.startswith(wanted))
    )


def _letters(text: str) -> str:
    """Letters and digits alone, without a number at the beginning."""
    bare = re.sub(r"^\W*[\dIVX][\dIVX.)]*\s+(?=\S)", "", text)
    return "".join(re.findall(r"\w+", bare.casefold()))
