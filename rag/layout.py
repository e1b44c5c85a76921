"""Where words stand on a document's pages: kept apart from the text, and read for cited pages only.

Packed, little endian, 14 bytes a word: its first character in the text (4 bytes), its number of characters (2),
and its box (4 x 2), whose edges are shares of the displayed page in steps of 1/65535, from the upper left corner.
A word that a line end breaks is two of them. Words come in order of the text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rag.types import Box, PageBoxes, Span

_STEPS = 65535
_WORD = np.dtype([("start", "<u4"), ("length", "<u2"), ("box", "<u2", 4)])
_LONGEST = 65535
_DECIMALS = 4


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word and its box on the displayed page."""

    span: Span
    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLayout:
    """The packed words of one page; `page` counts from 1."""

    page: int
    words: bytes

    def __post_init__(self) -> None:
        if len(self.words) % _WORD.itemsize:
            raise ValueError(f"{len(self.words)} bytes are no words")

    @classmethod
    def of(cls, page: int, spans: Sequence[tuple[int, int]], boxes: Sequence[Box]) -> PageLayout:
        """Pack the words of a page, each by its start and end; boxes are cut at the page's edges."""
        packed = np.zeros(len(spans), _WORD)
        if spans:
            starts, ends = np.array(spans).T
            packed["start"], packed["length"] = starts, np.minimum(ends - starts, _LONGEST)
            packed["box"] = np.rint(np.clip(np.array(boxes), 0, 1) * _STEPS)
        return cls(page=page, words=packed.tobytes())

    def within(self, span: Span) -> list[PlacedWord]:
        """The words that share a character with `span`."""
        words = np.frombuffer(self.words, _WORD)
        start = words["start"].astype(np.int64)
        end = start + words["length"]
        at = np.flatnonzero((start < span.end) & (end > span.start))
        boxes = words["box"][at] / _STEPS
        return [
            PlacedWord(Span(a, b), (left, top, right, bottom))
            for a, b, (left, top, right, bottom) in zip(
                start[at].tolist(), end[at].tolist(), boxes.tolist(), strict=True
            )
        ]


def boxes_of(span: Span, layouts: Iterable[PageLayout]) -> tuple[PageBoxes, ...]:
    """Where `span` stands, page by page, on pages that hold some of it."""
    found = ((layout.page, layout.within(span)) for layout in layouts)
    return tuple(
        PageBoxes(page=page, boxes=tuple(_lines([word.box for word in words])))
        for page, words in found
        if words
    )


def _lines(boxes: Sequence[Box]) -> Iterator[Box]:
    """Boxes of words put together to boxes of lines."""
    line: Box | None = None
    for box in boxes:
        if line is not None and _goes_on(line, box):
            line = (
                min(line[0], box[0]),
                min(line[1], box[1]),
                max(line[2], box[2]),
                max(line[3], box[3]),
            )
            continue
        if line is not None:
            yield _rounded(line)
        line = box
    if line is not None:
        yield _rounded(line)


def _goes_on(line: Box, box: Box) -> bool:
    """Whether a word follows on the same line, level or not."""
    across = min(line[2], box[2]) - max(line[0], box[0])
    down = min(line[3], box[3]) - max(line[1], box[1])
    level = down >= 0.5 * min(line[3] - line[1], box[3] - box[1])
    upright = across >= 0.5 * min(line[2] - line[0], box[2] - box[0]) and down <= 0
    sideways = line[3] - line[1] > 2 * (line[2] - line[0])
    return level or (upright and sideways)


def _rounded(box: Box) -> Box:
    left, top, right, bottom = (round(edge, _DECIMALS) for edge in box)
    return left, top, right, bottom
