"""What PDFium says of a page: words with boxes in lines, in the order of the file, as the page is displayed.

Coordinates are points from the upper left corner of the displayed page: its crop box, turned by its rotation.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray
from pypdfium2 import raw

from rag.characters import clean

BROKEN = "\ufffe"  # PDFium's mark of a word that goes on in the next line
_TOKEN = re.compile(f"\n|[^\\s{BROKEN}]+{BROKEN}?|{BROKEN}")
_PALE = 240  # of 255 in every colour: hardly to be told from paper
_FAINT = 16  # of 255 in opacity, and in what tells text from what is behind it
_LEAST_HEIGHT = 1.0  # points
_MOST_PIXELS = 1600  # of a page's longer side, where a look at it is needed
_COVERS = 0.6  # the share of a page that the image of a scan covers at least
_MARGIN = 0.1  # of a page's width and height
_LEVEL = 20  # degrees


class Box(NamedTuple):
    """A rectangle, in points from the upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top

    @classmethod
    def around(cls, boxes: Sequence[Box]) -> Box:
        """The smallest box around all of them."""
        left, top, right, bottom = zip(*boxes, strict=True)
        return cls(min(left), min(top), max(right), max(bottom))

    def overlaps(self, other: Box) -> bool:
        """Whether they share a place."""
        across = min(self.right, other.right) - max(self.left, other.left)
        return across > 0 and min(self.bottom, other.bottom) > max(self.top, other.top)

    def is_beside(self, other: Box) -> bool:
        """Whether at least half of the lower one's height is shared, so that both stand on one line."""
        shared = min(self.bottom, other.bottom) - max(self.top, other.top)
        return shared >= 0.5 * min(self.height, other.height)


class Word(NamedTuple):
    """Characters without white space. One that a line end breaks is two, and the first ends in `BROKEN`."""

    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class Line:
    """Words of one line; it is level unless it is turned against the displayed page."""

    words: tuple[Word, ...]
    level: bool = True

    @property
    def box(self) -> Box:
        """Around all of its words."""
        return Box.around([word.box for word in self.words])


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page.

    Attributes:
        width, height: Of the displayed page, in points.
        label: What the file says is printed on it, "" where it says nothing.
        hidden: Whether it held text, left out here, that is not visible when it is displayed.
        scanned: Whether it is an image without text, but for what stands in its margins.
        drawn: Whether it shows something else, and no text.
        by_ocr: Whether its lines were read from an image.
        removed: How many invisible and control characters were taken out of its text.
    """

    lines: tuple[Line, ...]
    width: float
    height: float
    label: str = ""
    hidden: bool = False
    scanned: bool = False
    drawn: bool = False
    by_ocr: bool = False
    removed: int = 0

    def recognised(self, lines: tuple[Line, ...]) -> Page:
        """The same page with lines that were read from its image, where it holds none itself."""
        own = [line.box for line in self.lines]
        new = [line for line in lines if not any(line.box.overlaps(box) for box in own)]
        return replace(self, lines=(*self.lines, *new), scanned=False, by_ocr=True)


@dataclass(frozen=True, slots=True)
class _Turn:
    """From the file's coordinates to displayed ones: a point (X, Y) is at `(X, Y) @ by + origin`."""

    by: tuple[tuple[float, float], tuple[float, float]]
    origin: tuple[float, float]

    def boxes(self, edges: NDArray[np.float64]) -> NDArray[np.float64]:
        """Rows of two opposite corners each, as rows of left, top, right, bottom."""
        corners = edges.reshape(-1, 2, 2) @ np.array(self.by) + np.array(self.origin)
        return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)


def read_page(document: pdfium.PdfDocument, index: int) -> Page:
    """Read one page, with what was written into its form and onto it.

    Raises:
        PdfiumError: it cannot be read.
    """
    page = document[index]
    if raw.FPDFPage_GetAnnotCount(
        page
    ):  # fields and comments that are shown become text of the page
        raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)
        page = document[index]
    turn, width, height = _displayed(page)
    words = _Words(page, turn)
    lines = [line for line in words.lines() if line.words]
    removed = words.removed
    suspects, undrawn = words.suspects(width, height)
    covered = (suspects.any() or _is_margin(lines, width, height)) and _is_covered_by_images(
        page, turn, width, height
    )
    # Over the image of a scan, words that are not drawn are the text layer that OCR gave it.
    suspected = words.at(suspects & ~undrawn if covered else suspects)
    if hidden := _hidden(page, suspected, width, height):
        without = [_without(line, hidden) for line in lines]
        lines = [line for line in without if line.words]
    return Page(
        lines=tuple(lines),
        width=width,
        height=height,
        removed=removed,
        label=string(raw.FPDF_GetPageLabel, document, index),
        hidden=bool(hidden),
        scanned=covered and _is_margin(lines, width, height),
        drawn=not lines and not covered and raw.FPDFPage_CountObjects(page) > 0,
    )


def string(fill: Callable[..., int], *of: object) -> str:
    """A string of the file, from a function of PDFium's that fills a buffer; broken characters are left out."""
    size = fill(*of, None, 0)
    buffer = ctypes.create_string_buffer(size)
    fill(*of, buffer, size)
    return buffer.raw.decode("utf-16-le", errors="ignore").rstrip("\0")


def displayed_point(page: pdfium.PdfPage, x: float, y: float) -> tuple[float, float]:
    """A point of the file's coordinates in displayed ones."""
    left, top, _, _ = _displayed(page)[0].boxes(np.array([[x, y, x, y]]))[0].tolist()
    return left, top


def _displayed(page: pdfium.PdfPage) -> tuple[_Turn, float, float]:
    left, bottom, right, top = page.get_bbox()
    width, height = right - left, top - bottom
    turns = {
        0: _Turn(((1, 0), (0, -1)), (-left, top)),
        90: _Turn(((0, 1), (1, 0)), (-bottom, -left)),
        180: _Turn(((-1, 0), (0, 1)), (right, -bottom)),
        270: _Turn(((0, -1), (-1, 0)), (top, right)),
    }
    rotation = page.get_rotation()
    if rotation in (90, 270):
        width, height = height, width
    return turns[rotation], max(width, 1.0), max(height, 1.0)


class _Words:
    """A page's words, and which of them may be invisible."""

    def __init__(self, page: pdfium.PdfPage, turn: _Turn) -> None:
        self.removed = 0
        self._page = page.get_textpage()
        self._rotation = page.get_rotation()
        self._text = self._page.get_text_range().replace("\x02", BROKEN)
        self._all_mapped = raw.FPDFText_CountChars(self._page) == len(self._text)
        self._tokens = list(_TOKEN.finditer(self._text))
        self._firsts = [self._index(one.start()) for one in self._tokens if one[0] != "\n"]
        lasts = [self._index(_last(one)) for one in self._tokens if one[0] != "\n"]
        ends = turn.boxes(self._character_boxes(self._firsts + lasts))
        begin, end = ends[: len(lasts)], ends[len(lasts) :]
        self._boxes = np.concatenate(
            [np.minimum(begin[:, :2], end[:, :2]), np.maximum(begin[:, 2:], end[:, 2:])], axis=1
        )

    def lines(self) -> Iterator[Line]:
        """The words, line by line; empty lines too."""
        boxes = iter(self._boxes.tolist())
        words: list[Word] = []
        level = True
        for token in self._tokens:
            if token[0] == "\n":
                yield Line(tuple(words), level)
                words = []
                continue
            word = Word(self._cleaned(token[0]), Box._make(next(boxes)))
            if not word.text:
                continue
            if words and _starts_line(words[-1], word):
                yield Line(tuple(words), level)
                words = []
            if not words:
                level = self._is_level(token.start())
            words.append(word)
        yield Line(tuple(words), level)

    def _cleaned(self, token: str) -> str:
        """The token without characters that nobody sees, the mark of a broken word aside."""
        if token.isprintable():
            return token
        mark = BROKEN if token[-1] == BROKEN else ""
        cleaned = clean(token.removesuffix(BROKEN))
        self.removed += cleaned.removed
        return cleaned.text + mark

    def suspects(self, width: float, height: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """For each word, whether it may be invisible, and whether nothing but its mode makes it so.

        It may be where it has no ink or the colour of paper, lies off the page or is too small.
        """
        left, top, right, bottom = self._boxes.T
        misplaced = (right < 0) | (bottom < 0) | (left > width) | (top > height)
        misplaced |= bottom - top < _LEAST_HEIGHT
        inkless = np.array(list(self._inkless()), np.bool_).reshape(-1, 2)
        return misplaced | inkless.any(axis=1), inkless[:, 1] & ~misplaced

    def at(self, chosen: NDArray[np.bool_]) -> list[Word]:
        """The words chosen."""
        texts = [self._cleaned(token[0]) for token in self._tokens if token[0] != "\n"]
        return [
            Word(texts[at], Box._make(self._boxes[at].tolist())) for at in np.flatnonzero(chosen)
        ]

    def _index(self, text_index: int) -> int:
        if self._all_mapped:
            return text_index
        return int(raw.FPDFText_GetCharIndexFromTextIndex(self._page, text_index))

    def _character_boxes(self, indices: list[int]) -> NDArray[np.float64]:
        """Characters' corners in the file's coordinates, as high as their font and as wide as the pen moves on."""
        rectangles = (raw.FS_RECTF * len(indices))()
        page, get = self._page.raw, raw.FPDFText_GetLooseCharBox
        for index, rectangle in zip(indices, rectangles, strict=True):
            get(page, index, rectangle)
        edges = np.frombuffer(bytes(rectangles), np.float32).reshape(-1, 4)
        return np.nan_to_num(edges.astype(np.float64))

    def _is_level(self, text_index: int) -> bool:
        angle = raw.FPDFText_GetCharAngle(self._page, self._index(text_index))
        turned = (math.degrees(float(angle)) - float(self._rotation)) % 360
        return min(turned, 360 - turned) < _LEVEL

    def _inkless(self) -> Iterator[tuple[bool, bool]]:
        """For each word, whether its ink cannot be seen, and whether its mode is to be drawn in none."""
        page, drawn, mode = (
            self._page.raw,
            raw.FPDFText_GetTextObject,
            raw.FPDFTextObj_GetTextRenderMode,
        )
        red, green, blue, opacity = channels = [ctypes.c_uint() for _ in range(4)]
        pointers = [ctypes.byref(one) for one in channels]
        for index in self._firsts:
            drawn_as = mode(drawn(page, index))  # of no object it is UNKNOWN
            pale = raw.FPDFText_GetFillColor(page, index, *pointers) and (
                opacity.value < _FAINT
                or (red.value >= _PALE and green.value >= _PALE and blue.value >= _PALE)
            )
            clips = drawn_as == raw.FPDF_TEXTRENDERMODE_CLIP
            yield pale or clips, drawn_as == raw.FPDF_TEXTRENDERMODE_INVISIBLE


def _last(token: re.Match[str]) -> int:
    """Where a word's last character stands, the mark of a broken one aside."""
    marked = len(token[0]) > 1 and token[0][-1] == BROKEN
    return token.end() - (2 if marked else 1)


def _starts_line(before: Word, word: Word) -> bool:
    """Whether a word stands on a line of its own although PDFium found no line end before it."""
    if before.text.endswith(BROKEN):
        return True
    return word.box.left < before.box.left and not before.box.is_beside(word.box)


def _is_margin(lines: Sequence[Line], width: float, height: float) -> bool:
    """Whether all text stands in the page's margins, as a stamp on a scan does."""
    return all(
        box.bottom <= _MARGIN * height
        or box.top >= (1 - _MARGIN) * height
        or box.right <= _MARGIN * width
        or box.left >= (1 - _MARGIN) * width
        for box in (line.box for line in lines)
    )


def _without(line: Line, hidden: set[Word]) -> Line:
    return Line(tuple(word for word in line.words if word not in hidden), line.level)


def _hidden(page: pdfium.PdfPage, suspects: list[Word], width: float, height: float) -> set[Word]:
    """The suspected words that leave no trace on the displayed page."""
    if not suspects:
        return set()
    scale = _MOST_PIXELS / max(width, height)
    seen = page.render(scale=scale, draw_annots=False, grayscale=True).to_numpy()
    return {word for word in suspects if not _shows(seen, word.box, scale)}


def _shows(seen: NDArray[np.uint8], box: Box, scale: float) -> bool:
    left, top, right, bottom = (max(0, round(edge * scale)) for edge in box)
    part = seen[top : max(bottom, top + 1), left : max(right, left + 1)]
    readable = box.height >= _LEAST_HEIGHT
    return readable and part.size > 0 and int(part.max()) - int(part.min()) >= _FAINT


def _is_covered_by_images(page: pdfium.PdfPage, turn: _Turn, width: float, height: float) -> bool:
    covered = 0.0
    for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=4):
        left, top, right, bottom = turn.boxes(np.array([image.get_bounds()]))[0].tolist()
        across = max(0.0, min(right, width) - max(left, 0.0))
        down = max(0.0, min(bottom, height) - max(top, 0.0))
        covered += across * down
    return covered >= _COVERS * width * height
