"""Boxes of words in PDFs that others made: what PDFium finds in a word's box is the word."""

from pathlib import Path

import pytest

from ingest.reading import read
from tests.displayed import words_and_what_is_there

PDFS = Path(__file__).parents[3] / "shared" / "bench" / "pdf-text" / "pdf"


@pytest.mark.skipif(not PDFS.is_dir(), reason=f"there is no {PDFS.parent.name} beside the checkout")
def test_words_of_real_pages_stand_in_their_boxes() -> None:
    right = total = 0
    for path in sorted(PDFS.glob("*.pdf")):
        if path.stat().st_size > 1 << 20:
            continue
        content = path.read_bytes()
        pairs = list(words_and_what_is_there(content, read(content, name=path.name)))
        exact = sum(word == there for word, there in pairs)
        assert exact >= 0.93 * len(pairs), (
            path.name
        )  # accents beside letters, and formulas, overlap
        right, total = right + exact, total + len(pairs)
    assert right >= 0.99 * total
