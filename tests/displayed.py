"""What PDFium itself says stands in a box of a displayed page: an independent look at where words are."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator

import numpy as np
import pypdfium2 as pdfium
from pypdfium2 import raw

from ingest.reading import Reading
from rag.types import Span

_STEPS = 1_000_000


def words_and_what_is_there(content: bytes, reading: Reading) -> Iterator[tuple[str, str]]:
    """Each word of the reading's layouts, and the characters in its box; hyphens and white space left out."""
    everything = Span(0, len(reading.text))
    with pdfium.PdfDocument(content) as document:
        for layout in reading.layouts:
            characters, centres = _characters(document, layout.page - 1)
            for word in layout.within(everything):
                left, top, right, bottom = word.box
                x, y = centres.T
                inside = (left <= x) & (x <= right) & (top <= y) & (y <= bottom)
                there = "".join(characters[at] for at in np.flatnonzero(inside))
                yield _folded(word.span.cut(reading.text)), _folded(there)


def _characters(document: pdfium.PdfDocument, index: int) -> tuple[list[str], np.ndarray]:
    """A page's visible characters, and their boxes' centres as shares of the displayed page."""
    page = document[index]
    text = page.get_textpage()
    characters, centres = [], []
    edges = [ctypes.c_double() for _ in range(4)]
    x, y = ctypes.c_int(), ctypes.c_int()
    for at in range(raw.FPDFText_CountChars(text)):
        character = chr(raw.FPDFText_GetUnicode(text, at))
        if character.isspace() or not raw.FPDFText_GetCharBox(text, at, *edges):
            continue
        left, right, bottom, top = (edge.value for edge in edges)
        centre = (left + right) / 2, (bottom + top) / 2
        raw.FPDF_PageToDevice(page, 0, 0, _STEPS, _STEPS, 0, *centre, x, y)
        characters.append(character)
        centres.append((x.value / _STEPS, y.value / _STEPS))
    return characters, np.array(centres).reshape(-1, 2)


def _folded(text: str) -> str:
    return re.sub("[\\s\x02\xad\ufffe‐-]", "", text)
