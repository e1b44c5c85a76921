"""From the lines of a page to paragraphs: reading order, cells of tables, and where paragraphs end."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

import numpy as np

from ingest.readers.pdf_pages import BROKEN, Box, Line, Word

ENDS_SENTENCE = re.compile(r"[.!?:;][\"'”’»)\]]*$")
_CONTINUES = re.compile(r"[a-zß-ÿ,;)]")
_OPENS = re.compile(r"[\"'“‘«(\[]*[A-Z0-9À-Þ]")
_ITEM = re.compile(r"[•◦‣▪■●○]|\(?\d{1,2}[.)]\s|\([a-z]{1,4}\)\s")
_ROW = re.compile(
    r"(?:^|\s)[(\-–—$€£]*\d[\d.,]*\s?[)%*]*\s+(?:[$€£]\s*)?[(\-–—$€£]*[\d–—-][\d.,]*\s?[)%*]*$"
)
# What a wide space follows without being a table's: a list's marker, or the end of a sentence in old print.
_NO_CELL = re.compile(r"[\W_]*(?:\w{1,4}[.)])?|.*[.!?][\W_]*", re.DOTALL)

_GLUED, _JOINED = 0.15, 0.6  # of a line's height: the space between parts of a word, and of a line
_OTHER_TYPE = 1.25  # times the height of a line's type: what begins another paragraph
_COLUMN_LINES = 8  # fewer side by side are rather rows of a table
_CELL_GAP = 0.9  # of a line's height: the least space between two columns


Space = Literal["", " ", "\t"]


@dataclass(frozen=True, slots=True, eq=False)
class TextLine:
    """Words of one line, what stands before each of them, and the box around them."""

    words: tuple[Word, ...]
    before: tuple[Space, ...]
    text: str
    box: Box
    level: bool

    @classmethod
    def of(cls, words: tuple[Word, ...], before: Sequence[Space], *, level: bool) -> TextLine:
        """The line of these words, each after its space."""
        text = "".join(
            [part for word, space in zip(words, before, strict=True) for part in (space, word[0])]
        )
        box = Box.around([word[1] for word in words])
        return cls(words, tuple(before), text, box, level)

    def part(self, start: int, end: int | None = None) -> TextLine:
        """Some of its words."""
        return TextLine.of(
            self.words[start:end], ("", *self.before[start:end][1:]), level=self.level
        )


def text_lines(lines: Sequence[Line]) -> list[TextLine]:
    """The lines, put together where PDFium broke them at a raised character, with tabs between cells."""
    joined: list[tuple[tuple[Word, ...], tuple[Space, ...], bool]] = []
    for line in lines:
        between: Space = " "
        spaces: tuple[Space, ...] = ("", *(between for _ in line.words[1:]))
        space = _space_between(*joined[-1][::2], line) if joined else None
        if space is None:
            joined.append((line.words, spaces, line.level))
        else:
            words, before, level = joined[-1]
            joined[-1] = (words + line.words, (*before, space, *spaces[1:]), level)
    widest = _widest(words for words, _, _ in joined)
    return [
        TextLine.of(words, _tabbed(words, before, widest), level=level)
        for words, before, level in joined
    ]


def _space_between(
    words: Sequence[Word],
    level: bool,
    following: Line,
) -> Literal["", " "] | None:
    """What parts two pieces of one line; None where they are two lines."""
    a, b = words[-1], following.words[0]
    gap = b.box.left - a.box.right
    height = max(a.box.height, b.box.height)
    if abs(gap) > _JOINED * height or not (level and following.level):
        return None
    if a.text[-1] == BROKEN or not a.box.is_beside(b.box):
        return None
    return " " if gap > _GLUED * height else ""


def _widest(lines: Iterable[Sequence[Word]]) -> float:
    """A space wider than this can only part two cells of a table."""
    gaps = sorted(gap for words in lines for gap in _gaps(words) if gap > 0)
    return 3.5 * gaps[len(gaps) // 4] if gaps else math.inf  # pages of tables hold many wide spaces


def _gaps(words: Sequence[Word]) -> list[float]:
    return [b[1][0] - a[1][2] for a, b in pairwise(words)]


def _tabbed(words: Sequence[Word], before: Sequence[Space], widest: float) -> Sequence[Space]:
    gaps = _gaps(words)
    if not gaps or max(gaps) <= widest:
        return before
    spaces = list(before)
    text = words[0].text
    for at, gap in enumerate(gaps, start=1):
        if gap > widest and not _NO_CELL.fullmatch(text):
            spaces[at] = "\t"
        text += spaces[at] + words[at].text
    return spaces


# Reading order


def in_reading_order(lines: Sequence[TextLine], width: float) -> list[TextLine]:
    """The lines as they are read, where the file's own order is certainly another one.

    Files mostly draw text as it is read, and know better than a guess from its looks. Mended are pages on
    which no two lines stand side by side, and columns of prose that are drawn line by line across.
    """
    level = [line for line in lines if line.level]
    gutter = _gutter(level, width)
    if gutter is not None:
        parts = [part for line in lines for part in _cut(line, gutter)]
        if _is_interleaved(parts, gutter):
            return _by_columns(parts, gutter)
    elif len(level) == len(lines) and not _any_beside(level):
        return sorted(lines, key=lambda line: line.box.top)
    return list(lines)


def _by_columns(parts: Sequence[TextLine], gutter: float) -> list[TextLine]:
    """The left column before the right one, between lines that lie across both."""
    across = [part.box.top for part in parts if part.level and _side(part, gutter) == 0]

    def place(part: TextLine) -> tuple[bool, int, int, float]:
        """Level parts first; a line across parts the columns above it from those below."""
        side, top = _side(part, gutter), part.box.top
        above = sum(one < top for one in across)
        return not part.level, 2 * above + (side != 0), side, top

    return sorted(parts, key=place)


def _any_beside(lines: Sequence[TextLine]) -> bool:
    """Whether any line stands to the side of another one, wholly or staggered."""
    ordered = sorted((line.box for line in lines), key=lambda box: box.top)
    return any(
        b.top < a.bottom - 0.1 * a.height and (a.right <= b.left or b.right <= a.left)
        for a, b in pairwise(ordered)
    )


def _cut(line: TextLine, gutter: float) -> Iterator[TextLine]:
    """The line's parts on both sides of the gutter, where a space of it lies there."""
    if line.level:
        for at, (a, b) in enumerate(pairwise(line.words), start=1):
            wide = b.box.left - a.box.right > _CELL_GAP * line.box.height
            if wide and a.box.right <= gutter <= b.box.left:
                yield line.part(0, at)
                yield line.part(at)
                return
    yield line


def _side(line: TextLine, gutter: float) -> int:
    """-1 for what is left of the gutter, 1 for right of it, 0 for what lies across."""
    if line.box.right <= gutter:
        return -1
    return 1 if line.box.left >= gutter else 0


def _gutter(lines: Sequence[TextLine], width: float) -> float | None:
    """Where a page of prose in two columns is parted, from the left, in points."""
    if len(lines) < _COLUMN_LINES:
        return None
    words = [line.words for line in lines]
    lefts = np.array([word[1][0] for line in words for word in line])
    rights = np.array([word[1][2] for line in words for word in line])
    best, gutter = len(lefts), None
    for x in np.linspace(0.25 * width, 0.75 * width, 51).tolist():
        crossed = int(((lefts < x) & (rights > x)).sum())
        if crossed < best:
            best, gutter = crossed, x
    if gutter is None:
        return None
    parts = [part for line in lines for part in _cut(line, gutter)]
    columns = [[part for part in parts if _side(part, gutter) == side] for side in (-1, 1)]
    across = len(parts) - sum(len(column) for column in columns)
    many = min(len(column) for column in columns) >= _COLUMN_LINES and across <= len(parts) / 4
    return gutter if many and all(_is_prose(column) for column in columns) else None


def _is_prose(column: Sequence[TextLine]) -> bool:
    """Whether most lines fill their column and many go on in the middle of a sentence."""
    left, right = min(p.box.left for p in column), max(p.box.right for p in column)
    full = sum(p.box.right - p.box.left > 0.8 * (right - left) for p in column)
    goes_on = sum(_CONTINUES.match(p.text) is not None for p in column)
    return full >= 0.5 * len(column) and goes_on >= 0.4 * len(column)


def _is_interleaved(parts: Sequence[TextLine], gutter: float) -> bool:
    """Whether the order jumps between the columns at nearly every line."""
    sides = [side for part in parts if part.level and (side := _side(part, gutter))]
    jumps = sum(a != b for a, b in pairwise(sides))
    return jumps >= len(sides) / 2


# Paragraphs


def paragraphs(lines: Sequence[TextLine]) -> list[list[TextLine]]:
    """The lines, together where they belong to one paragraph; a row of a table is one of its own."""
    if not lines:
        return []
    pitch = _pitch(lines)
    found = [[lines[0]]]
    for index, (line, following) in enumerate(pairwise(lines)):
        before = lines[index - 1] if index else line
        if _ends_paragraph(before, line, following, pitch):
            found.append([])
        found[-1].append(following)
    return found


def _gap(line: TextLine, following: TextLine) -> float:
    """The distance of two lines' baselines."""
    return following.words[0].box.bottom - line.words[-1].box.bottom


def _pitch(lines: Sequence[TextLine]) -> float:
    """The usual distance of the page's baselines, in points."""
    gaps = [_gap(a, b) for a, b in pairwise(lines)]
    return median([gap for gap in gaps if 4 < gap < 60] or [12])


def _ends_paragraph(before: TextLine, line: TextLine, following: TextLine, pitch: float) -> bool:
    """Whether the layout or the wording shows that a paragraph ends with `line`."""
    if line.text.endswith(BROKEN):
        return False
    smaller, larger = sorted((_type(line), _type(following)))
    if _ITEM.match(following.text) or _is_row(line) or larger > _OTHER_TYPE * smaller:
        return True
    ended = bool(ENDS_SENTENCE.search(line.text))
    if not ended and _CONTINUES.match(following.text):
        return False
    gap = _gap(line, following)
    if _is_row(following) or gap > 1.25 * pitch or gap < -0.6 * pitch:
        return True
    if not (ended and _OPENS.match(following.text)):
        return False
    left = min(before.box.left, following.box.left)
    right = max(before.box.right, following.box.right)
    indented = following.box.left > line.box.left + 0.4 * pitch and gap > 0.5 * pitch
    short = line.box.right < right - 0.15 * (right - left)
    return indented or short


def _type(line: TextLine) -> float:
    """The height of the line's type, in points; that of the word in the middle of all heights."""
    return sorted(word[1].height for word in line.words)[len(line.words) // 2]


def _is_row(line: TextLine) -> bool:
    return "\t" in line.text or _ROW.search(line.text) is not None
