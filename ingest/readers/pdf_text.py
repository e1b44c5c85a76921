"""One canonical text of all pages, with where its pages, its running lines and its words stand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.readers.pdf_furniture import PageBody
from ingest.readers.pdf_layout import ENDS_SENTENCE, TextLine, paragraphs
from ingest.readers.pdf_pages import BROKEN, Box, Page
from rag.characters import one_line
from rag.layout import PageLayout
from rag.types import FurnitureLocator, PageLocator, Span

_WORD_CHARS = (
    64  # how much of a word is looked up: enough for any, and the cost of long runs stays small
)
_HYPHENS = ("-", "\xad", BROKEN)


@dataclass(slots=True)
class Written:
    """The text so far; `starts` says by a line's identity where its first word begins."""

    parts: list[str] = field(default_factory=list)
    length: int = 0
    pages: list[PageLocator] = field(default_factory=list)
    furniture: list[FurnitureLocator] = field(default_factory=list)
    layouts: list[PageLayout] = field(default_factory=list)
    starts: dict[int, int] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.parts)

    def add(self, text: str) -> None:
        """Append characters."""
        self.parts.append(text)
        self.length += len(text)


@dataclass(frozen=True, slots=True)
class _Block:
    """A paragraph, or a running line."""

    lines: tuple[TextLine, ...]
    is_furniture: bool = False


def written(pages: Sequence[Page], bodies: Sequence[PageBody]) -> Written:
    """Write the pages that hold text; the separator after a page belongs to it."""
    blocks = [[_Block(tuple(one)) for one in paragraphs(body.lines)] for body in bodies]
    ends = _runs_on(blocks)
    filled = [
        (index, placed)
        for index, body in enumerate(bodies)
        if (placed := _with_furniture(blocks[index], body, ends[index], ends[index + 1]))
    ]
    out = Written()
    known = set(re.findall(r"\w+(?:-\w+)*", "\n".join(_lines_of(bodies))))
    for at, (index, placed) in enumerate(filled):
        start = out.length
        words = _write_page(out, placed, known)
        if at + 1 < len(filled):
            runs_on = ends[index + 1] and filled[at + 1][0] == index + 1
            out.add("\n" if runs_on else "\n\n")
        page = pages[index]
        label = one_line(page.label) or bodies[index].number or str(index + 1)
        out.pages.append(PageLocator(span=Span(start, out.length), number=index + 1, label=label))
        out.layouts.append(_layout(index + 1, page, words))
    return out


def _lines_of(bodies: Sequence[PageBody]) -> list[str]:
    return [line.text.replace(BROKEN, " ") for body in bodies for line in body.lines]


def _runs_on(blocks: Sequence[Sequence[_Block]]) -> list[bool]:
    """Before each page, and after the last one, whether a sentence runs on there."""
    runs = [False]
    for page, following in zip(blocks, [*blocks[1:], []], strict=True):
        last = page[-1].lines[-1].text if page else ""
        first = following[0].lines[0].text if following else ""
        runs.append(bool(last) and not ENDS_SENTENCE.search(last) and first[:1].islower())
    return runs


def _with_furniture(
    blocks: Sequence[_Block], body: PageBody, runs_on_before: bool, runs_on_after: bool
) -> list[_Block]:
    """The page's blocks with its running lines where they interrupt no sentence.

    Headers stand first and footers last, unless a sentence runs over that end of the page: then they stand at
    the other end, or after the first paragraph.
    """
    headers = [_Block((line,), is_furniture=True) for line in body.headers]
    footers = [_Block((line,), is_furniture=True) for line in body.footers]
    inside = 1 if len(blocks) > 1 else 0
    first = 0 if not runs_on_before else len(blocks) if not runs_on_after else inside
    last = len(blocks) if not runs_on_after else 0 if not runs_on_before else inside
    placed = [*blocks[:last], *footers, *blocks[last:]]
    if first > last or (first == last == len(blocks)):
        first += len(footers)
    return [*placed[:first], *headers, *placed[first:]]


def _write_page(
    out: Written, blocks: Sequence[_Block], known: set[str]
) -> list[tuple[int, int, Box]]:
    """Write blocks parted by blank lines; the places of their words."""
    words: list[tuple[int, int, Box]] = []
    for number, block in enumerate(blocks):
        if number:
            out.add("\n\n")
        start = out.length
        _write_block(out, block.lines, known, words)
        if block.is_furniture:
            out.furniture.append(FurnitureLocator(span=Span(start, out.length)))
    return words


def _write_block(
    out: Written,
    lines: Sequence[TextLine],
    known: set[str],
    words: list[tuple[int, int, Box]],
) -> None:
    separator = ""
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        out.starts[id(line)] = out.length + len(separator)
        for word, space in zip(line.words, line.before, strict=True):
            out.add(separator or space)
            separator = ""
            text, box = word
            if word is line.words[-1]:
                text, separator = _line_end(text, following, known)
            elif text[-1] == BROKEN:
                text = text[:-1] + "-"
            words.append((out.length, out.length + len(text), box))
            out.add(text)


def _line_end(text: str, following: TextLine | None, known: set[str]) -> tuple[str, str]:
    """A line's last word, and what parts it from the next line: nothing where one word was broken."""
    if text[-1] not in _HYPHENS:
        return text, "\n"
    marked = text[-1] == BROKEN
    shown = text[:-1] + "-" if marked else text
    if following is None:
        return shown, ""
    tail = following.words[0].text
    broken = tail[0].isalnum() if marked else tail[0].islower()
    if len(text) < 2 or not text[-2].isalnum() or not broken:
        return shown, "\n"
    before = re.findall(r"\w+", text[:-1][-_WORD_CHARS:])[-1]
    after = re.findall(r"\w+", tail[:_WORD_CHARS])[0]
    # PDFium marks a compound's own hyphen like a broken word's; the rest of the text tells.
    compound = f"{before}-{after}" in known and before + after not in known
    keeps = compound or not after[0].islower()
    return text[:-1] + ("-" if keeps else ""), ""


def _layout(number: int, page: Page, words: Sequence[tuple[int, int, Box]]) -> PageLayout:
    width, height = page.width, page.height
    return PageLayout.of(
        number,
        [(start, end) for start, end, _ in words],
        [(a / width, b / height, c / width, d / height) for _, _, (a, b, c, d) in words],
    )
