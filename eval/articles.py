"""Article extraction from saved web pages, beside trafilatura on the same pages.

The measure is that of Scrapinghub's article extraction benchmark: precision and recall over 4-grams of
words against the text that a person marked, averaged over the pages; F1 is of the two means.
"""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import trafilatura

from eval.bench import BenchError, read_lines
from eval.metrics import Mean, mean
from ingest.readers.html import decoded_page
from ingest.reading import read
from rag.errors import DocumentError

_WORD = re.compile(r"\w+")
_NGRAM = 4


@dataclass(frozen=True, slots=True)
class Page:
    """A saved page and the article on it."""

    content: bytes
    article: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionScore:
    """Means over the pages."""

    precision: Mean
    recall: Mean

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        precision, recall = self.precision.value, self.recall.value
        return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def read_pages(folder: Path) -> list[Page]:
    """The pages that `files.jsonl.gz` lists.

    Raises:
        BenchError: the set is missing or not in the normal form.
    """
    try:
        return [
            Page(gzip.decompress((folder / line["file"]).read_bytes()), line["text"])
            for line in read_lines(folder / "files.jsonl.gz", ("file", "text"))
        ]
    except (OSError, EOFError) as error:
        raise BenchError(f"{folder.name} is not complete: {error}") from error


def measure(pages: Sequence[Page]) -> dict[str, ExtractionScore]:
    """Scores by extractor; a page that an extractor refuses counts as an empty text."""
    extractors: dict[str, Callable[[bytes], str]] = {"chapterverse": _ours, "trafilatura": _peers}
    return {name: _score(extract, pages) for name, extract in extractors.items()}


def _score(extract: Callable[[bytes], str], pages: Sequence[Page]) -> ExtractionScore:
    shares = [overlap(extract(page.content), page.article) for page in pages]
    precision, recall = (mean(each) for each in zip(*shares, strict=True))
    return ExtractionScore(precision=precision, recall=recall)


def overlap(found: str, expected: str) -> tuple[float, float]:
    """Precision and recall of the 4-grams of `found`; a shorter text is one n-gram of all its words."""
    ours, theirs = _ngrams(found), _ngrams(expected)
    shared = (ours & theirs).total()
    precision = shared / ours.total() if ours else float(not theirs)
    recall = shared / theirs.total() if theirs else 1.0
    return precision, recall


def _ngrams(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    size = min(_NGRAM, len(words))
    return Counter(tuple(words[at : at + size]) for at in range(len(words) - size + 1) if size)


def _ours(content: bytes) -> str:
    try:
        return read(content, name="page.html").text
    except DocumentError:
        return ""


def _peers(content: bytes) -> str:
    return trafilatura.extract(decoded_page(content).text, include_comments=False) or ""
