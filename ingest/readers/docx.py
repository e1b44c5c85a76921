"""Word documents: paragraphs, headings and tables in their order."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

import docx
from docx.document import Document as WordDocument
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph

from ingest.readers import package, tables
from ingest.readers.blocks import Block, lay_out
from ingest.reading import Reading
from rag.characters import clean
from rag.errors import UnreadableDocument
from rag.types import FurnitureLocator, Span

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_WRAPPERS = {
    qn(f"w:{name}") for name in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag")
}
_BREAKS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_NOTE_PARTS = {qn("w:footnoteReference"): "footnotes", qn("w:endnoteReference"): "endnotes"}
_BETWEEN = "\n\n"
_HEADING = re.compile(r"(?:heading|überschrift|titre|título) (\d)", re.IGNORECASE)


def read(content: bytes) -> Reading:
    """Read the body with tracked changes accepted, each note after the paragraph that refers to it.

    Headers and footers stand once at the end, apart; comments are left out and told of.

    Raises:
        EncryptedDocument, UnreadableDocument: it cannot be opened.
    """
    package.opened(content)
    try:
        document = docx.Document(io.BytesIO(content))
        body = document.element.body
    except (KeyError, ValueError, OSError, AttributeError) as error:
        raise UnreadableDocument("The Word document is damaged. Save it anew.") from error
    for again in list(body.iter(_FALLBACK)):  # the same for older programs
        again.getparent().remove(again)
    layout = lay_out(_blocks(document))
    text, furniture = _with_running_lines(layout.text, _running_lines(document))
    title, author = package.title_and_author(document)
    return Reading(
        media_type=MEDIA_TYPE,
        text=text,
        title=title,
        author=author,
        locators=(*layout.sections, *furniture),
        warnings=tuple(_notes_on(document)),
    )


def _with_running_lines(text: str, lines: Iterable[str]) -> tuple[str, list[FurnitureLocator]]:
    furniture = []
    for line in lines:
        start = len(text) + len(_BETWEEN)
        furniture.append(FurnitureLocator(span=Span(start, start + len(line))))
        text += _BETWEEN + line
    return text, furniture


def _running_lines(document: WordDocument) -> list[str]:
    """The lines of all headers and footers, each once; those that count pages are none."""
    parts = (
        part
        for section in document.sections
        for part in (
            *(section.header, section.first_page_header, section.even_page_header),
            *(section.footer, section.first_page_footer, section.even_page_footer),
        )
        if not part.is_linked_to_previous
    )
    lines = (
        clean(_text(one)).text.strip() for part in parts for one in part._element.iter(qn("w:p"))
    )
    return list(dict.fromkeys(line for line in lines if any(map(str.isalpha, line))))


def _notes_on(document: WordDocument) -> Iterator[str]:
    if count := len(list(document.comments)):
        yield f"{count:,} {'comment was' if count == 1 else 'comments were'} left out."


def _blocks(document: WordDocument) -> Iterator[Block]:
    notes = _notes(document)
    for item in _items(document.element.body):
        if item.tag == qn("w:tbl"):
            yield from _rows(Table(item, document))
        else:
            paragraph = Paragraph(item, document._body)
            yield Block(clean(_text(item)).text.strip(), _level(paragraph))
        for reference in item.iter(*_NOTE_PARTS):
            kind = _NOTE_PARTS[reference.tag]
            yield Block(notes.get((kind, reference.get(qn("w:id"))), ""))


def _notes(document: WordDocument) -> dict[tuple[str, str | None], str]:
    """Footnotes and endnotes by their kind and number."""
    found = {}
    for relation in document.part.rels.values():
        kind = (relation.reltype or "").rsplit("/", 1)[-1]  # damaged files name none
        if kind in _NOTE_PARTS.values() and not relation.is_external:
            for note in package.parsed(relation.target_part.blob):
                paragraphs = (clean(_text(one)).text.strip() for one in note.iter(qn("w:p")))
                found[kind, note.get(qn("w:id"))] = "\n".join(filter(None, paragraphs))
    return found


def _items(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables in order, those inside of content controls and insertions too."""
    for child in parent:
        if child.tag in (qn("w:p"), qn("w:tbl")):
            yield child
        elif child.tag in _WRAPPERS:
            yield from _items(child)


def _text(element: Any) -> str:
    """What stands in an element once tracked changes are accepted; deleted text has tags of its own."""
    parts = []
    for one in element.iter():
        if one.tag == qn("w:t"):
            parts.append(one.text or "")
        elif one.tag in _BREAKS:
            parts.append(_BREAKS[one.tag])
    return "".join(parts)


def _rows(table: Table) -> Iterator[Block]:
    rows = []
    for row in table.rows:
        seen: list[object] = []
        cells = []
        for cell in row.cells:  # a merged cell comes once for each column that it spans
            paragraphs = (clean(_text(one)).text for one in cell._tc.iter(qn("w:p")))
            cells.append("" if cell._tc in seen else " ".join(paragraphs))
            seen.append(cell._tc)
        rows.append(cells)
    for _, line in tables.lines(rows):
        yield Block(line)


def _level(paragraph: Paragraph) -> int | None:
    style = paragraph.style.name if paragraph.style is not None else None
    if style == "Title":
        return 1
    found = _HEADING.match(style or "")
    return int(found[1]) if found else None
