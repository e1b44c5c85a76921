"""PDF: text by PDFium, page by page, with line breaks, paragraphs and words put back together."""

from __future__ import annotations

import ctypes
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

import pypdf
import pypdfium2 as pdfium
from pypdf.errors import PyPdfError
from pypdfium2 import raw

from ingest.readers.characters import Cleaned, clean, one_line
from ingest.reading import Reading
from rag.errors import EmptyDocument, EncryptedDocument, UnreadableDocument
from rag.types import PageLocator, Span

_BREAK = re.compile("(?<=\\w)(?:\ufffe|\x02\n?|[-\xad]\n(?=[a-z\xdf-\xff]))(?=\\w)")
_WORD_CHARS = (
    64  # how much of a word is looked up: enough for any, and the cost of long runs stays small
)
_ENDS_SENTENCE = re.compile(r"[.!?:;][\"'”’»)\]]*$")
_CONTINUES = re.compile(r"[a-zß-ÿ,;)]")
_OPENS = re.compile(r"[\"'“‘«(\[]*[A-Z0-9À-Þ]")
_ITEM = re.compile(r"[•◦‣▪■●○]|\(?\d{1,2}[.)]\s|\([a-z]{1,4}\)\s")
_ROW = re.compile(
    r"(?:^|\s)[(\-–—$€£]*\d[\d.,]*\s?[)%*]*\s+(?:[$€£]\s*)?[(\-–—$€£]*[\d–—-][\d.,]*\s?[)%*]*$"
)
# What a wide space follows without being a table's: a list's marker, or the end of a sentence in old print.
_NO_CELL = re.compile(r"[\W_]*(?:\w{1,4}[.)])?|.*[.!?][\W_]*", re.DOTALL)
_NO_TITLE = re.compile(  # what tools write into the title field
    r"[\W\d_]*$|\W*untitled|microsoft \w+ - |[a-z]:\\"
    r"|.*\.(?:docx?|xlsx?|pptx?|pdf|indd|tex|dvi|qxd|rtf|odt|html?)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a page, and where its first and last characters stand, in points from the lower left.

    `gaps` are the widths of its spaces, by their place in the text.
    """

    text: str
    gaps: dict[int, float]
    left: float
    right: float
    first_baseline: float
    last_baseline: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pages:
    texts: Sequence[str]
    labels: Sequence[str]
    title: str
    author: str
    warnings: tuple[str, ...] = ()


def read(content: bytes) -> Reading:
    """Read every page's text.

    Raises:
        EncryptedDocument: a password other than the empty one is needed.
        EmptyDocument: no page holds text.
        UnreadableDocument: neither PDFium nor pypdf can open the file.
    """
    pages = _read_with_pdfium(content) or _read_with_pypdf(content)
    cleaned = [clean(text) for text in _mended(pages.texts)]
    texts = [page.text.strip() for page in cleaned]
    removed = sum(page.removed for page in cleaned)
    if not any(texts):
        raise EmptyDocument(
            "The PDF holds no text. It may be scanned: add a text layer to it by OCR, then add it again."
        )
    text, locators = _join(texts, pages.labels)
    return Reading(
        media_type="application/pdf",
        title="" if _NO_TITLE.match(pages.title) else pages.title,
        text=text,
        locators=locators,
        author=one_line(pages.author) or None,
        warnings=pages.warnings + _blank_pages(texts) + Cleaned("", removed).warnings,
    )


def _read_with_pdfium(content: bytes) -> _Pages | None:
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
        if has_form := document.get_formtype() != raw.FORMTYPE_NONE:
            document.init_forms()
        unreadable = []
        texts = []
        for index in range(len(document)):
            try:
                if has_form:
                    document[index].flatten()  # what was filled in becomes text of the page
                texts.append(_page_text(document[index]))
            except pdfium.PdfiumError:
                unreadable.append(index + 1)
                texts.append("")
        return _Pages(
            texts=texts,
            labels=[_string(raw.FPDF_GetPageLabel, document, n) for n in range(len(texts))],
            title=_string(raw.FPDF_GetMetaText, document, b"Title"),
            author=_string(raw.FPDF_GetMetaText, document, b"Author"),
            warnings=(f"{_numbers(unreadable)} cannot be read.",) if unreadable else (),
        )


def _string(fill: Callable[..., int], *of: object) -> str:
    """A string of the file, from a function of PDFium's that fills a buffer; broken characters are left out."""
    size = fill(*of, None, 0)
    buffer = ctypes.create_string_buffer(size)
    fill(*of, buffer, size)
    return buffer.raw.decode("utf-16-le", errors="ignore").rstrip("\0")


def _read_with_pypdf(content: bytes) -> _Pages:
    try:
        document = pypdf.PdfReader(io.BytesIO(content))
        metadata = document.metadata
        return _Pages(
            texts=[page.extract_text() for page in document.pages],
            labels=document.page_labels,
            title=(metadata.title if metadata else None) or "",
            author=(metadata.author if metadata else None) or "",
        )
    except PyPdfError as error:
        raise UnreadableDocument(
            "The PDF is damaged and cannot be opened. Save it again in a PDF viewer, then add that file."
        ) from error


def _page_text(page: pdfium.PdfPage) -> str:
    """One page's lines, paragraphs separated by a blank line."""
    lines = _with_cells(list(_lines(page.get_textpage())))
    if not lines:
        return ""
    pitch = _pitch(lines)
    parts = [lines[0].text]
    for index, (line, following) in enumerate(pairwise(lines)):
        before = lines[index - 1] if index else line
        parts.append("\n\n" if _ends_paragraph(before, line, following, pitch) else "\n")
        parts.append(following.text)
    return "".join(parts)


def _lines(page: pdfium.PdfTextPage) -> Iterator[_Line]:
    at = 0
    for broken in page.get_text_range().split("\n"):
        text = broken.strip()
        if text:
            first = at + broken.index(text)
            left, first_baseline = _origin(page, first)
            right, last_baseline = _origin(page, first + len(text) - 1)
            gaps = {
                space.start(): _gap(page, first + space.start(), first + space.end())
                for space in re.finditer(" +", text)
            }
            yield _Line(text, gaps, left, right, first_baseline, last_baseline)
        at += len(broken) + 1


def _origin(page: pdfium.PdfTextPage, text_index: int) -> tuple[float, float]:
    x, y = ctypes.c_double(), ctypes.c_double()
    raw.FPDFText_GetCharOrigin(page, raw.FPDFText_GetCharIndexFromTextIndex(page, text_index), x, y)
    return x.value, y.value


def _gap(page: pdfium.PdfTextPage, start: int, end: int) -> float:
    """The distance between the characters before and after a space."""
    return _box(page, end)[0] - _box(page, start - 1)[1]


def _box(page: pdfium.PdfTextPage, text_index: int) -> tuple[float, float]:
    """Where a character begins and ends on its line."""
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    index = raw.FPDFText_GetCharIndexFromTextIndex(page, text_index)
    raw.FPDFText_GetCharBox(page, index, left, right, bottom, top)
    return left.value, right.value


def _with_cells(lines: Sequence[_Line]) -> list[_Line]:
    """The lines, with a tab for each space so wide that it can only part two cells of a table."""
    gaps = sorted(gap for line in lines for gap in line.gaps.values() if gap > 0)
    if not gaps:
        return list(lines)
    widest = 3.5 * gaps[len(gaps) // 4]  # pages of tables hold many wide spaces
    return [replace(line, text=_tabbed(line, widest)) for line in lines]


def _tabbed(line: _Line, widest: float) -> str:
    characters = list(line.text)
    for at, gap in line.gaps.items():
        if gap > widest and not _NO_CELL.fullmatch(line.text, 0, at):
            characters[at] = "\t"
    return "".join(characters)


def _pitch(lines: Sequence[_Line]) -> float:
    """The usual distance of the page's baselines, in points."""
    gaps = [a.last_baseline - b.first_baseline for a, b in pairwise(lines)]
    return median([gap for gap in gaps if 4 < gap < 60] or [12])


def _ends_paragraph(before: _Line, line: _Line, following: _Line, pitch: float) -> bool:
    """Whether the layout or the wording shows that a paragraph ends with `line`."""
    if _ITEM.match(following.text) or _is_row(line):
        return True
    ended = bool(_ENDS_SENTENCE.search(line.text))
    if not ended and _CONTINUES.match(following.text):
        return False
    gap = line.last_baseline - following.first_baseline
    if _is_row(following) or gap > 1.25 * pitch or gap < -0.6 * pitch:
        return True
    if not (ended and _OPENS.match(following.text)):
        return False
    width = max(before.right, following.right) - min(before.left, following.left)
    indented = following.left > line.left + 0.4 * pitch and gap > 0.5 * pitch
    short = line.right < max(before.right, following.right) - 0.15 * width
    return indented or short


def _is_row(line: _Line) -> bool:
    return "\t" in line.text or _ROW.search(line.text) is not None


def _mended(texts: Sequence[str]) -> list[str]:
    """Put words together that a line end broke."""
    words = set(re.findall(r"\w+(?:-\w+)*", "\n".join(texts)))

    def mend(found: re.Match[str]) -> str:
        before = found.string[max(0, found.start() - _WORD_CHARS) : found.start()]
        after = found.string[found.end() : found.end() + _WORD_CHARS]
        head, tail = re.findall(r"\w+", before)[-1], re.findall(r"\w+", after)[0]
        # PDFium marks a compound's own hyphen like a broken word's; the rest of the text tells.
        compound = f"{head}-{tail}" in words and head + tail not in words
        return "-" if compound or not tail[0].islower() else ""

    return [_BREAK.sub(mend, text).replace("\ufffe", "-") for text in texts]


def _join(texts: Sequence[str], labels: Sequence[str]) -> tuple[str, tuple[PageLocator, ...]]:
    """One text of all pages. The separator after a page belongs to it; pages without text have no locator."""
    filled = [(number, text) for number, text in enumerate(texts, start=1) if text]
    parts: list[str] = []
    locators = []
    start = 0
    for index, (number, text) in enumerate(filled):
        part = text + (_separator(text, filled[index + 1][1]) if index + 1 < len(filled) else "")
        parts.append(part)
        span = Span(start, start + len(part))
        locators.append(
            PageLocator(span=span, number=number, label=one_line(labels[number - 1]) or str(number))
        )
        start = span.end
    return "".join(parts), tuple(locators)


def _separator(text: str, following: str) -> str:
    runs_on = not _ENDS_SENTENCE.search(text) and following[0].islower()
    return "\n" if runs_on else "\n\n"


def _blank_pages(texts: Sequence[str]) -> tuple[str, ...]:
    blank = [number for number, text in enumerate(texts, start=1) if not text]
    if not blank:
        return ()
    return (
        f"{_numbers(blank)} {'hold' if len(blank) > 1 else 'holds'} no text; scanned, perhaps.",
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
