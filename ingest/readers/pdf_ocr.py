"""Text of scanned pages by OCR, where the extra `ocr` is installed: RapidOCR's models come with its wheel."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray

from ingest.readers.pdf_pages import Box, Line, Page, Word
from rag.characters import one_line

logger = logging.getLogger(__name__)

_PIXELS = 1600  # of a page's longer side
_SETTINGS = {
    "Global.log_level": "critical",
    "EngineConfig.onnxruntime.intra_op_num_threads": 1,
    "EngineConfig.onnxruntime.inter_op_num_threads": 1,
    "Det.limit_type": "max",
    "Det.limit_side_len": 1200,
    "Rec.rec_batch_num": 1,
}
# A file may take 20 s of processor time and 30 s in all, a page up to ten: no page begins later than this.
_LAST_BEGIN_CPU_S, _LAST_BEGIN_S = 7.0, 10.0


class Recogniser:
    """Reads scanned pages of one file as long as its processor time allows; the model is loaded for the first."""

    def __init__(self) -> None:
        self._begun_cpu_s, self._begun_s = time.process_time(), time.monotonic()
        self._model: _Model | None = None

    def read(self, document: pdfium.PdfDocument, index: int, page: Page) -> Page:
        """The page with the lines that OCR finds; as it was where there is no OCR, no time, or no text."""
        if not installed() or self._is_late():
            return page
        self._model = self._model or _Model()
        scale = _PIXELS / max(page.width, page.height)
        found = self._model.read(document[index].render(scale=scale).to_numpy())
        if found is None or not found.txts:
            return page
        lines = tuple(
            line
            for text, corners in zip(found.txts, found.boxes.tolist(), strict=True)
            if (line := _line(text, corners, scale)).words
        )
        return page.recognised(lines)

    def _is_late(self) -> bool:
        return (
            time.process_time() - self._begun_cpu_s > _LAST_BEGIN_CPU_S
            or time.monotonic() - self._begun_s > _LAST_BEGIN_S
        )


def installed() -> bool:
    """Whether the extra `ocr` is there."""
    return all(find_spec(name) for name in ("rapidocr", "onnxruntime"))


class _Model:
    """RapidOCR, loaded; set so that a page fits into the memory that a file may take."""

    def __init__(self) -> None:
        with _quiet():
            import onnxruntime  # these take a second to load
            from rapidocr import RapidOCR
            from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError

            onnxruntime.disable_telemetry_events()
            self._failures = (ONNXRuntimeError, MemoryError)
            self._read = RapidOCR(params=_SETTINGS)

    def read(self, image: NDArray[np.uint8]) -> Any:
        """Texts and corners of lines; None where the model fails, for want of memory mostly."""
        try:
            return self._read(image)
        except self._failures as error:
            logger.warning("a scanned page is not read by OCR: %s", type(error).__name__)
            return None


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep off standard error what native code complains of: in a confined process it finds no devices."""
    kept = os.dup(2)
    unread, written = os.pipe()
    os.dup2(written, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        for descriptor in (kept, unread, written):
            os.close(descriptor)


def _line(text: str, corners: list[list[float]], scale: float) -> Line:
    """A line of words; each is as wide as its share of the line's characters."""
    left, top = (min(corner[axis] for corner in corners) / scale for axis in (0, 1))
    right, bottom = (max(corner[axis] for corner in corners) / scale for axis in (0, 1))
    text = one_line(text)
    each = (right - left) / max(1, len(text))
    words = []
    at = 0
    for word in text.split():
        words.append(Word(word, Box(left + at * each, top, left + (at + len(word)) * each, bottom)))
        at += len(word) + 1
    return Line(tuple(words))
