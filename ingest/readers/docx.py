"""Word documents: paragraphs, headings and tables in their order."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import docx
from docx.document import Document as WordDocument
from docx.oxml.ns import qn
from docx.table import Table
from docx.text.paragraph import Paragraph

from ingest.readers import package, tables
from ingest.readers.blocks import Block, lay_out
from ingest.readers.characters import clean
from ingest.reading import Reading
from rag.errors import UnreadableDocument

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_WRAPPERS = {
    qn(f"w:{name}") for name in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag")
}
_BREAKS = {qn("w:tab"): "\t", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_HEADING = re.compile(r"(?:heading|überschrift|titre|título) (\d)", re.IGNORECASE)


def read(content: bytes) -> Reading:
    """Read the body with tracked changes accepted; headers, footers, notes and comments are left out.

    Raises:
        EncryptedDocument, UnreadableDocument: it cannot be opened.
    """
    package.opened(content)
    try:
        document = docx.Document(io.BytesIO(content))
    except (KeyError, ValueError, OSError) as error:
        raise UnreadableDocument("The Word document is damaged. Save it anew.") from error
    layout = lay_out(_blocks(document))
    stated = document.core_properties
    return Reading(
        media_type=MEDIA_TYPE,
        text=layout.text,
        title=stated.title or "",
        author=stated.author or None,
        locators=layout.sections,
    )


def _blocks(document: WordDocument) -> Iterator[Block]:
    for item in _items(document.element.body):
        if item.tag == qn("w:tbl"):
            yield from _rows(Table(item, document))
        else:
            paragraph = Paragraph(item, document._body)
            yield Block(clean(_text(item)).text.strip(), _level(paragraph))


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
