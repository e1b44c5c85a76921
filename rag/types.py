"""The values that everything else speaks in: frozen, and true by construction.

All offsets are half-open ranges of Unicode code points in one version of one document's canonical text.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal, NewType, TypeVar

import numpy as np
from numpy.typing import NDArray

from rag.errors import SpanOutOfRange

DocumentId = NewType("DocumentId", str)
Version = NewType("Version", str)  # "sha256:" and the hex digest of the original bytes
PassageId = NewType("PassageId", int)
Vectors = NDArray[np.float32]  # shape (n, dimension), rows of unit length


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A non-empty range `[start, end)` of code points."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"not a span: [{self.start}, {self.end})")

    def __len__(self) -> int:
        return self.end - self.start

    def __contains__(self, other: Span) -> bool:
        return self.start <= other.start and other.end <= self.end

    def cut(self, text: str) -> str:
        """The characters of `text` that the span names.

        Raises:
            SpanOutOfRange: the span does not lie inside the text.
        """
        if self.end > len(text):
            raise SpanOutOfRange(self.start, self.end, len(text))
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLocator:
    """The characters that stand on one page; `number` counts from 1, `label` is what is printed on it."""

    span: Span
    number: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionLocator:
    """The characters under one heading; `path` runs from the outermost heading to this one."""

    span: Span
    path: tuple[str, ...]


Locator = PageLocator | SectionLocator
_L = TypeVar("_L", PageLocator, SectionLocator)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in its source a span begins, in the source's own terms."""

    page: int | None = None
    page_label: str | None = None
    section: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDate:
    """A calendar day and how it was found: `user`, or the metadata field that states it."""

    value: dt.date
    found_by: str


@dataclass(frozen=True, kw_only=True)
class Document:
    """One version of one source in one collection.

    Attributes:
        text: The canonical text that every offset refers to.
        locators: By kind in order of their spans; spans of one kind never overlap.
        source_key: What names the source in its collection, so that a new version replaces the old; None
            for a document that nothing ever replaces.
        warnings: What a reader of the ingestion report should know, one sentence each.
    """

    id: DocumentId
    version: Version
    collection: str
    title: str
    media_type: str
    text: str
    source_key: str | None = None
    source_url: str | None = None
    author: str | None = None
    published: DocumentDate | None = None
    locators: tuple[Locator, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for kind in (PageLocator, SectionLocator):
            spans = [one.span for one in self.locators if isinstance(one, kind)]
            if any(a.end > b.start for a, b in pairwise(spans)):
                raise ValueError(f"{kind.__name__}s overlap or are out of order")
            if spans and spans[-1].end > len(self.text):
                raise SpanOutOfRange(spans[-1].start, spans[-1].end, len(self.text))

    @cached_property
    def pages(self) -> tuple[PageLocator, ...]:
        """The page locators, in order."""
        return tuple(one for one in self.locators if isinstance(one, PageLocator))

    @cached_property
    def sections(self) -> tuple[SectionLocator, ...]:
        """The section locators, in order."""
        return tuple(one for one in self.locators if isinstance(one, SectionLocator))

    def place(self, span: Span) -> Place:
        """Where the first character of `span` stands."""
        page = _covering(self.pages, span.start)
        section = _covering(self.sections, span.start)
        return Place(
            page=page.number if page else None,
            page_label=page.label if page else None,
            section=section.path if section else (),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A retrievable slice: `text == document.text[span.start:span.end]`, always."""

    document_id: DocumentId
    version: Version
    span: Span
    text: str
    section: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.text) != len(self.span):
            raise ValueError(f"a passage of {len(self.text)} characters cannot fill {self.span}")

    @classmethod
    def of(cls, document: Document, span: Span) -> Passage:
        """The slice of `document` that `span` names, with the section it begins in."""
        return cls(
            document_id=document.id,
            version=document.version,
            span=span,
            text=span.cut(document.text),
            section=document.place(span).section,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredPassage:
    """A passage and what one search thought of it.

    Attributes:
        lexical, dense: BM25 and cosine; None where that half of the search did not bring the passage.
        lexical_rank, dense_rank: Its rank there, from 1.
        score: The fused score, in [0, 1].
    """

    passage: Passage
    score: float
    lexical: float | None = None
    dense: float | None = None
    lexical_rank: int | None = None
    dense_rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A span of one version of a document, and its verbatim text."""

    document_id: DocumentId
    version: Version
    span: Span
    text: str

    def __post_init__(self) -> None:
        if len(self.text) != len(self.span):
            raise ValueError(f"a quote of {len(self.text)} characters cannot fill {self.span}")

    @classmethod
    def cut(cls, document: Document, span: Span) -> Quote:
        """Quote `document` at `span`.

        Raises:
            SpanOutOfRange: the span does not lie inside the document.
        """
        return cls(
            document_id=document.id,
            version=document.version,
            span=span,
            text=span.cut(document.text),
        )

    def is_exact(self, document: Document) -> bool:
        """Whether this very text stands at this very place of this very version."""
        return (
            (self.document_id, self.version) == (document.id, document.version)
            and self.span.end <= len(document.text)
            and self.span.cut(document.text) == self.text
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One sentence or row of an answer and the quotes that support it, at least one.

    Attributes:
        score: How well the first quote fits the question; comparable between questions, not a probability.
    """

    text: str
    quotes: tuple[Quote, ...]
    score: float

    def __post_init__(self) -> None:
        if not self.text.strip() or not self.quotes:
            raise ValueError("a statement needs words and at least one quote")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """At least one statement, each of which carries its quotes: it cannot be built otherwise."""

    statements: tuple[Statement, ...]

    def __post_init__(self) -> None:
        if not self.statements:
            raise ValueError(
                "an answer needs at least one statement; say why not with an Abstention"
            )

    @property
    def outcome(self) -> Literal["answered"]:
        """What the caller may rely on."""
        return "answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention:
    """Declining for want of evidence.

    Attributes:
        reason: One sentence for the person who asked.
        searched: How many passages and documents stood to be searched after filters.
        closest: The best passages' best sentences, for judging whether the abstention is right.
    """

    reason: str
    searched: Searched
    closest: tuple[Quote, ...] = ()

    @property
    def outcome(self) -> Literal["abstained"]:
        """What the caller may rely on."""
        return "abstained"


Response = Answer | Abstention


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """How much a question was asked of."""

    collection: str
    documents: int
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """Which documents of a collection a search may see; no field set means all of them.

    A document without a publication date satisfies no date filter.
    """

    document_ids: frozenset[DocumentId] | None = None
    published_after: dt.date | None = None
    published_before: dt.date | None = None
    media_types: frozenset[str] | None = None

    def __bool__(self) -> bool:
        return any(
            x is not None
            for x in (
                self.document_ids,
                self.published_after,
                self.published_before,
                self.media_types,
            )
        )

    def admit(self, document: Document) -> bool:
        """Whether a search with these filters may see the document. Both dates are inclusive."""
        published = document.published.value if document.published else None
        return (
            (self.document_ids is None or document.id in self.document_ids)
            and (self.media_types is None or document.media_type in self.media_types)
            and (
                self.published_after is None
                or (published is not None and published >= self.published_after)
            )
            and (
                self.published_before is None
                or (published is not None and published <= self.published_before)
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A response with what a caller needs to cite, compare and debug it.

    Attributes:
        documents: Every document version that a quote of the response refers to.
        snapshot: Names the state of the collection that was searched; equal snapshots, equal replies.
        timings_ms: Milliseconds by stage.
    """

    id: str
    question: str
    response: Response
    documents: Mapping[tuple[DocumentId, Version], Document]
    collection: str
    composer: str
    snapshot: str
    timings_ms: Mapping[str, float]
    degraded: bool = False
    model: str | None = None


def _covering(locators: Sequence[_L], offset: int) -> _L | None:
    at = bisect_right(locators, offset, key=lambda one: one.span.start) - 1
    return locators[at] if at >= 0 and offset < locators[at].span.end else None
