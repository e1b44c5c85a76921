"""Word documents: paragraphs, headings and tables in their order."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import docx
from docx.document import Document as WordDocument
from docx.table import Table
from docx.text.paragraph import Paragraph

from ingest.readers import package, tables
from ingest.readers.blocks import Block, lay_out
from ingest.readers.characters import clean
from ingest.reading import Reading
from rag.errors import UnreadableDocument

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_HEADING = re.compile(r"(?:heading|überschrift|titre|título) (\d)", re.IGNORECASE)


def read(content: bytes) -> Reading:
    """Read the body; headers, footers, comments and deleted text are left out.

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
    for item in document.iter_inner_content():
        if isinstance(item, Table):
            yield from _rows(item)
        else:
            yield Block(clean(item.text).text.strip(), _level(item))


def _rows(table: Table) -> Iterator[Block]:
    rows = []
    for row in table.rows:
        seen: list[object] = []
        cells = []
        for cell in row.cells:  # a merged cell comes once for each column that it spans
            if cell._tc not in seen:
                seen.append(cell._tc)
                cells.append(clean(cell.text).text)
        rows.append(cells)
    for _, line in tables.lines(rows):
        yield Block(line)


def _level(paragraph: Paragraph) -> int | None:
    style = paragraph.style.name if paragraph.style is not None else None
    if style == "Title":
        return 1
    found = _HEADING.match(style or "")
    return int(found[1]) if found else None
