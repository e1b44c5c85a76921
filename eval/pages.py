"""Evidence in PDFs with hundreds of pages: is its page found, and is it named rightly?

A folder holds `pdf/`, questions whose `meta.pages` are the pages (from 1) that hold the answer, and another
extractor's text of every document, its pages parted by form feeds, as an independent look at what is where.
All documents are searched together.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.bench import BenchError, read_lines
from eval.metrics import Proportion, proportion
from ingest.pipeline import Ingester
from rag.bootstrap import open_rag
from rag.library import Found, Library
from rag.protocols import Upload
from rag.settings import Settings

FIRST = 10
_STANDS = (
    0.3  # of a passage's triples of words: tables are told in another order by another extractor
)

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuestion:
    """A question, the document that answers it, and the pages where it does."""

    question: str
    document: str
    pages: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageReport:
    """How often the evidence's page was found and named.

    Attributes:
        found: Whether a page of the evidence is among the pages of the first ten passages.
        named: For questions with a passage in the first ten that, by the independent text, stands on a page of
            the evidence: whether the first such passage names a page of the evidence.
    """

    documents: int
    passages: int
    found: Proportion
    named: Proportion


def read_page_questions(folder: Path) -> list[PageQuestion]:
    """The questions of a set whose evidence is on pages.

    Raises:
        BenchError: there are none, or the file is not in this form.
    """
    questions = [
        PageQuestion(
            question=line["question"],
            document=line["evidence"][0]["doc"],
            pages=frozenset(line["meta"]["pages"]),
        )
        for line in read_lines(folder / "questions.jsonl.gz", ("question", "evidence", "meta"))
        if line["evidence"] and line["meta"].get("pages")
    ]
    if not questions:
        raise BenchError(f"{folder.name} has no questions with pages.")
    return questions


def measure(folder: Path, progress: Progress) -> PageReport:
    """Read every PDF of the folder, search for every question.

    Raises:
        BenchError: the folder is not in this form.
    """
    questions = read_page_questions(folder)
    reference = {
        line["id"]: [_triples(page) for page in line["text"].split("\f")]
        for line in read_lines(folder / "corpus.jsonl.gz", ("id", "text"))
    }
    files = sorted((folder / "pdf").glob("*.pdf"))
    with tempfile.TemporaryDirectory() as data, open_rag(Settings(data=Path(data))) as library:
        ingester = Ingester(library)
        for done, path in enumerate(files, 1):
            ingester.add(path.read_bytes(), Upload(name=path.name, source_key=path.stem))
            progress("index", done, len(files))
        found, named = [], []
        for done, one in enumerate(questions, 1):
            placed = _placed(library.search(one.question, k=FIRST), one.document)
            found.append(any(pages & one.pages for pages, _ in placed))
            named += _named(one, placed, reference[one.document])
            progress("search", done, len(questions))
        return PageReport(
            documents=len(files),
            passages=_passages(library),
            found=proportion(found),
            named=proportion(named),
        )


def _passages(library: Library) -> int:
    return sum(one.passages for one in library.store.collections())


def _placed(found: Found, document: str) -> list[tuple[frozenset[int], str]]:
    """The pages and the text of the document's passages, best first."""
    return [
        (frozenset(source.page_numbers(passage.span)), passage.text)
        for passage in (one.passage for one in found.passages)
        if (source := found.documents[passage.document_id]).source_key == document
    ]


def _named(
    question: PageQuestion,
    placed: Sequence[tuple[frozenset[int], str]],
    reference: Sequence[frozenset[str]],
) -> list[bool]:
    """Whether the first passage that stands on a page of the evidence says so; nothing where there is none."""
    for pages, text in placed:
        if standing := _standing(text, reference) & question.pages:
            return [bool(standing & pages)]
    return []


def _standing(text: str, reference: Sequence[frozenset[str]]) -> frozenset[int]:
    """The pages that hold the most of a passage's triples of words, if that is a good part of them."""
    shares = [len(_triples(text) & page) for page in reference]
    most = max(shares, default=0)
    enough = most >= _STANDS * len(_triples(text))
    return frozenset(n for n, share in enumerate(shares, 1) if enough and share == most)


def _triples(text: str) -> frozenset[str]:
    words = re.findall(r"\w+", text.casefold())
    return frozenset(" ".join(words[at : at + 3]) for at in range(max(1, len(words) - 2)))
