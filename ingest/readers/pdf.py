"""PDF: text by PDFium in reading order, with pages, sections and the place of every word.

`pdf_pages` asks PDFium for words and their boxes, `pdf_layout` makes lines and paragraphs of them,
`pdf_furniture` takes running headers and footers apart, `pdf_text` writes the canonical text, and `pdf_sections`
finds headings in it.
"""

from __future__ import annotations

import ctypes
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat

import pypdf
import pypdfium2 as pdfium
from pypdf.errors import PyPdfError
from pypdfium2 import raw

from ingest.progress import tell_pages
from ingest.readers.pdf_furniture import without_furniture
from ingest.readers.pdf_layout import in_reading_order, text_lines
from ingest.readers.pdf_ocr import Recogniser, installed
from ingest.readers.pdf_pages import Page, read_page, string
from ingest.readers.pdf_sections import Entry, outline, sections
from ingest.readers.pdf_text import written
from ingest.reading import Attachment, Reading
from rag.characters import clean, one_line, removal_warnings
from rag.errors import EmptyDocument, EncryptedDocument, UnreadableDocument
from rag.types import PageLocator, Span

_NO_TITLE = re.compile(  # what tools write into the title field
    r"[\W\d_]*$|\W*untitled|microsoft \w+ - |[a-z]:\\"
    r"|.*\.(?:docx?|xlsx?|pptx?|pdf|indd|tex|dvi|qxd|rtf|odt|html?)$",
    re.IGNORECASE,
)
_MOST_ATTACHMENTS = 500
_MOST_ATTACHED = 64 << 20  # bytes: packed ones can be made to swell
_NO_TEXT = (
    "The PDF holds no text. If it is scanned, install the extra `ocr`, or add a text layer to it by OCR, then "
    "add it again."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What PDFium makes of a file; a page or an attachment is None where it cannot be read or carried."""

    pages: Sequence[Page | None]
    outline: Sequence[Entry]
    title: str
    author: str
    attachments: Sequence[Attachment | None]


def read(content: bytes) -> Reading:
    """Read every page's text.

    Raises:
        EncryptedDocument: a password other than the empty one is needed.
        EmptyDocument: no page holds text.
        UnreadableDocument: neither PDFium nor pypdf can open the file.
    """
    found = _read_with_pdfium(content)
    return _reading(found) if found else _read_with_pypdf(content)


def _read_with_pdfium(content: bytes) -> _Read | None:
    """What PDFium reads; None where it cannot open the file.

    PDFium is not thread-safe, not even between documents: each file is read in a process of its own.
    """
    try:
        document = pdfium.PdfDocument(content)
    except pdfium.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            raise EncryptedDocument(
                "The PDF needs a password. Save it without one and add it again."
            ) from error
        return None
    with document:
        if document.get_formtype() != raw.FORMTYPE_NONE:
            document.init_forms()
        return _Read(
            pages=list(_pages(document)),
            outline=outline(document),
            title=string(raw.FPDF_GetMetaText, document, b"Title"),
            author=string(raw.FPDF_GetMetaText, document, b"Author"),
            attachments=list(_attachments(document)),
        )


def _attachments(document: pdfium.PdfDocument) -> Iterator[Attachment | None]:
    """The files inside of the file, in its order, as many bytes as it may hold itself; empty ones say nothing."""
    left = _MOST_ATTACHED
    count = raw.FPDFDoc_GetAttachmentCount(document)
    for index in range(min(count, _MOST_ATTACHMENTS)):
        attached = raw.FPDFDoc_GetAttachment(document, index)
        size = ctypes.c_ulong()
        has_size = attached and raw.FPDFAttachment_GetFile(attached, None, 0, size)
        if has_size and not size.value:
            continue
        if not has_size or size.value > left:
            yield None
            continue
        left -= size.value
        content = ctypes.create_string_buffer(size.value)
        if raw.FPDFAttachment_GetFile(attached, content, size.value, size):
            name = one_line(_attachment_name(attached))
            yield Attachment(name or f"attachment {index + 1}", content.raw)
        else:
            yield None
    yield from repeat(None, max(0, count - _MOST_ATTACHMENTS))


def _attachment_name(attached: object) -> str:
    size = raw.FPDFAttachment_GetName(attached, None, 0)  # in bytes
    name = (raw.FPDF_WCHAR * (size // 2 + 1))()
    raw.FPDFAttachment_GetName(attached, name, size)
    return bytes(name).decode("utf-16-le", errors="ignore").rstrip("\0")


def _pages(document: pdfium.PdfDocument) -> Iterator[Page | None]:
    ocr = Recogniser()
    for index in range(len(document)):
        tell_pages(index, len(document))
        yield _page(document, index, ocr)
    tell_pages(len(document), len(document))


def _page(document: pdfium.PdfDocument, index: int, ocr: Recogniser) -> Page | None:
    try:
        page = read_page(document, index)
        return ocr.read(document, index, page) if page.scanned else page
    except pdfium.PdfiumError:
        return None


def _reading(found: _Read) -> Reading:
    pages = [page or Page(lines=(), width=1, height=1) for page in found.pages]
    lines = [text_lines(page.lines) for page in pages]
    bodies = without_furniture(
        [(one, page.height) for one, page in zip(lines, pages, strict=True)],
        [page.label for page in pages],
    )
    bodies = [
        body.with_lines(in_reading_order(body.lines, page.width))
        for body, page in zip(bodies, pages, strict=True)
    ]
    out = written(pages, bodies)
    if not out.text.strip():
        raise EmptyDocument(_NO_TEXT)
    found_sections = sections(
        found.outline, [body.lines for body in bodies], out.starts, out.length
    )
    return Reading(
        media_type="application/pdf",
        title=_title(found.title),
        text=out.text,
        locators=(*out.pages, *found_sections, *out.furniture),
        layouts=tuple(out.layouts),
        author=one_line(found.author) or None,
        attachments=tuple(one for one in found.attachments if one),
        partial=any(page is None or page.scanned for page in found.pages),
        warnings=(
            *_warnings(found.pages),
            *_left_out(sum(one is None for one in found.attachments)),
            *removal_warnings(sum(page.removed for page in pages)),
        ),
    )


def _title(stated: str) -> str:
    return "" if _NO_TITLE.match(stated) else stated


def _warnings(pages: Sequence[Page | None]) -> Iterator[str]:
    numbered = list(enumerate(pages, start=1))
    if unreadable := [number for number, page in numbered if page is None]:
        yield f"{_numbers(unreadable)} cannot be read."
    if scanned := [number for number, page in numbered if page and page.scanned]:
        are, images = ("are", "images") if len(scanned) > 1 else ("is a", "image")
        todo = "Split the file" if installed() else "Install the extra `ocr`"
        yield (
            f"{_numbers(scanned)} {are} scanned {images} without text, and cannot be searched. "
            f"{todo}, or add a text layer by OCR, and add it again."
        )
    if recognised := [number for number, page in numbered if page and page.by_ocr]:
        were = "were" if len(recognised) > 1 else "was"
        yield f"{_numbers(recognised)} {were} read by OCR, which makes mistakes."
    if drawn := [number for number, page in numbered if page and page.drawn]:
        show = "show" if len(drawn) > 1 else "shows"
        yield f"{_numbers(drawn)} {show} drawings or images only, and no text."
    if hidden := [number for number, page in numbered if page and page.hidden]:
        hold, pages_are = ("hold", "pages are") if len(hidden) > 1 else ("holds", "page is")
        yield (
            f"{_numbers(hidden)} {hold} text that is not visible when the {pages_are} shown; it was left out."
        )


def _left_out(attachments: int) -> Iterator[str]:
    if attachments:
        files = "files" if attachments > 1 else "file"
        yield (
            f"{attachments:,} attached {files} cannot be read here, or would be too much. Save what is attached, "
            "and add it by itself."
        )


def _numbers(pages: Sequence[int]) -> str:
    """`Page 2`, or `Pages 2–4, 9`."""
    runs: list[list[int]] = []
    for page in pages:
        if runs and runs[-1][-1] == page - 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    names = [f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return f"{'Pages' if len(pages) > 1 else 'Page'} {', '.join(names)}"


def _read_with_pypdf(content: bytes) -> Reading:
    """Text alone, of a file so damaged that PDFium cannot open it."""
    try:
        document = pypdf.PdfReader(io.BytesIO(content))
        metadata = document.metadata
        pages = [clean(page.extract_text()) for page in document.pages]
        labels = document.page_labels
        title = (metadata.title if metadata else None) or ""
        author = (metadata.author if metadata else None) or ""
    except PyPdfError as error:
        raise UnreadableDocument(
            "The PDF is damaged and cannot be opened. Save it again in a PDF viewer, then add that file."
        ) from error
    text, locators = _joined([page.text.strip() for page in pages], labels)
    if not text:
        raise EmptyDocument(_NO_TEXT)
    return Reading(
        media_type="application/pdf",
        title=_title(title),
        text=text,
        locators=locators,
        author=one_line(author) or None,
        warnings=removal_warnings(sum(page.removed for page in pages)),
    )


def _joined(texts: Sequence[str], labels: Sequence[str]) -> tuple[str, tuple[PageLocator, ...]]:
    """One text of all pages that hold some; the blank line after a page belongs to it."""
    filled = [(number, text) for number, text in enumerate(texts, start=1) if text]
    text = "\n\n".join(text for _, text in filled)
    locators = []
    start = 0
    for number, page in filled:
        end = min(start + len(page) + 2, len(text))
        label = one_line(labels[number - 1]) or str(number)
        locators.append(PageLocator(span=Span(start, end), number=number, label=label))
        start = end
    return text, tuple(locators)
