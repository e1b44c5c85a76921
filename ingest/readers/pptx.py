"""Slides: each is a page, and a section of its title; its notes follow its text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

import pptx
from pptx.exc import PackageNotFoundError

from ingest.readers import package, tables
from ingest.reading import Reading
from rag.characters import clean, one_line
from rag.errors import UnreadableDocument
from rag.types import Locator, PageLocator, SectionLocator, Span

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
_BETWEEN = "\n\n"


def read(content: bytes) -> Reading:
    """Read every slide that is shown.

    Raises:
        EncryptedDocument, UnreadableDocument: it cannot be opened.
    """
    package.opened(content)
    try:
        deck = pptx.Presentation(io.BytesIO(content))
    except (KeyError, ValueError, OSError, PackageNotFoundError) as error:
        raise UnreadableDocument("The presentation is damaged. Save it anew.") from error
    text = ""
    locators: list[Locator] = []
    sections: list[Locator] = []
    for number, slide in enumerate(deck.slides, 1):
        if slide._element.get("show") == "0":
            continue
        start = len(text)
        text += _BETWEEN.join(_paragraphs(slide)) + _BETWEEN
        span = Span(start, len(text))
        locators.append(PageLocator(span=span, number=number, label=str(number)))
        title = slide.shapes.title
        if title is not None and one_line(title.text_frame.text):
            path = (one_line(clean(title.text_frame.text).text),)
            sections.append(SectionLocator(span=span, path=path))
    named, author = package.title_and_author(deck)
    return Reading(
        media_type=MEDIA_TYPE,
        text=text,
        title=named,
        author=author,
        locators=(*locators, *sections),
    )


def _paragraphs(slide: Any) -> Iterator[str]:
    yield from _of_shapes(slide.shapes)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        yield from _of_frame(slide.notes_slide.notes_text_frame)


def _of_shapes(shapes: Iterable[Any]) -> Iterator[str]:
    for shape in shapes:
        if hasattr(shape, "shapes"):  # a group
            yield from _of_shapes(shape.shapes)
        elif shape.has_text_frame:
            yield from _of_frame(shape.text_frame)
        elif shape.has_table:
            rows = [[clean(cell.text).text for cell in row.cells] for row in shape.table.rows]
            yield from (line for _, line in tables.lines(rows))


def _of_frame(frame: Any) -> Iterator[str]:
    for paragraph in frame.paragraphs:
        if text := clean(paragraph.text).text.strip():
            yield text
