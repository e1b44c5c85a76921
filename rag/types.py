"""The values that everything else speaks in: frozen, and true by construction.

All offsets are half-open ranges of Unicode code points in one version of one document's canonical text.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Literal, NewType, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from rag.errors import SpanOutOfRange

DEFAULT_COLLECTION = "default"

DocumentId = NewType("DocumentId", str)
Version = NewType("Version", str)  # "sha256:" and the hex digest of the original bytes
PassageId = NewType("PassageId", int)
Vectors = NDArray[np.float32]  # shape (n, dimension), rows of unit length
Box = tuple[float, float, float, float]  # left, top, right, bottom; shares of the page as displayed


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

    def cut(self, text: str) -> str:
        """The characters of `text` that the span names.

        Raises:
            SpanOutOfRange: the span does not lie inside the text.
        """
        if self.end > len(text):
            raise SpanOutOfRange(self.start, self.end, len(text))
        return text[self.start : self.end]

    def moved(self, by: int) -> Span:
        """The span so many code points further on: of a slice's place, the place in the whole."""
        return Span(self.start + by, self.end + by)

    def overlaps(self, other: Span) -> bool:
        """Whether some code point is in both."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentDate:
    """A calendar day and how it was found.

    Attributes:
        found_by: `user`, a metadata field's name, or the rule that read it from the text.
        span: Where in the text it stands, if it was read there.
    """

    value: dt.date
    found_by: str
    span: Span | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLocator:
    """The characters spoken from `start_s` to `end_s`, in seconds from the beginning of the recording."""

    span: Span
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLocator:
    """The characters of one part of a mail: its own body, or a mail quoted or forwarded inside of it.

    `date` is when that part was sent, which is what "yesterday" in it refers to.
    """

    span: Span
    name: str
    date: DocumentDate | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLocator:
    """The characters of one row of a sheet; `row` counts from 1, as the sheet's own program does."""

    span: Span
    sheet: str
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FurnitureLocator:
    """What is around the subject: a running header or footer, or what the publisher says of itself.

    It stands in the text once, can be quoted for its date, and is in no passage.
    """

    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class PageBoxes:
    """Where a quote stands on one page: a box for each of its lines, in order."""

    page: int
    boxes: tuple[Box, ...]


Locator = PageLocator | SectionLocator | TimeLocator | PartLocator | RowLocator | FurnitureLocator
LOCATOR_KINDS: tuple[type[Locator], ...] = get_args(Locator)
_L = TypeVar("_L", bound=Locator)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in its source a span begins, in the source's own terms."""

    page: int | None = None
    page_label: str | None = None
    section: tuple[str, ...] = ()
    time_s: float | None = None
    time_end_s: float | None = None
    part: str | None = None
    sheet: str | None = None
    row: int | None = None


@dataclass(frozen=True, kw_only=True)
class Document:
    """One version of one source in one collection.

    Attributes:
        text: The canonical text that every offset refers to.
        locators: By kind in order of their spans; spans of one kind never overlap.
        source_key: What names the source in its collection, so that a new version replaces the old; None
            for a document that nothing ever replaces.
        published, recorded, original: When the source came out, when it was spoken, and when it first came
            out elsewhere; None where the source does not say, and never a guess.
        language: The ISO 639-1 code of the text's main language.
        partial: Whether some of the source could not be read; `warnings` say what.
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
    recorded: DocumentDate | None = None
    original: DocumentDate | None = None
    language: str | None = None
    partial: bool = False
    locators: tuple[Locator, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for kind in LOCATOR_KINDS:
            spans = [one.span for one in self._of(kind)]
            if any(a.end > b.start for a, b in pairwise(spans)):
                raise ValueError(f"{kind.__name__}s overlap or are out of order")
            if spans and spans[-1].end > len(self.text):
                raise SpanOutOfRange(spans[-1].start, spans[-1].end, len(self.text))

    @property
    def dates(self) -> tuple[DocumentDate, ...]:
        """When it was spoken, when it came out, and when it first came out elsewhere, as far as its source says so."""
        return tuple(filter(None, (self.recorded, self.published, self.original)))

    @property
    def day(self) -> dt.date | None:
        """The first of these; None where there is none."""
        return self.dates[0].value if self.dates else None

    @cached_property
    def pages(self) -> tuple[PageLocator, ...]:
        """The page locators, in order."""
        return self._of(PageLocator)

    @cached_property
    def sections(self) -> tuple[SectionLocator, ...]:
        """The section locators, in order."""
        return self._of(SectionLocator)

    @cached_property
    def furniture(self) -> tuple[FurnitureLocator, ...]:
        """The running headers and footers, in order."""
        return self._of(FurnitureLocator)

    @cached_property
    def parts(self) -> tuple[PartLocator, ...]:
        """The mail parts, in order."""
        return self._of(PartLocator)

    @cached_property
    def times(self) -> tuple[TimeLocator, ...]:
        """The time locators, in order."""
        return self._of(TimeLocator)

    @cached_property
    def _rows(self) -> tuple[RowLocator, ...]:
        return self._of(RowLocator)

    def _of(self, kind: type[_L]) -> tuple[_L, ...]:
        return tuple(one for one in self.locators if isinstance(one, kind))

    def headings(self, span: Span) -> tuple[str, ...]:
        """What the place where a span begins is called by: the title, and the headings of its section."""
        return (self.title, *self.place(span).section)

    def page_numbers(self, span: Span) -> list[int]:
        """The pages that hold some of `span`."""
        first = bisect_right(self.pages, span.start, key=lambda one: one.span.end)
        last = bisect_right(self.pages, span.end - 1, key=lambda one: one.span.start)
        return [one.number for one in self.pages[first:last]]

    def place(self, span: Span) -> Place:
        """Where the first character of `span` stands, and when its last one was spoken."""
        page = _covering(self.pages, span.start)
        section = _covering(self.sections, span.start)
        begun, ended = (
            _covering(self.times, span.start),
            _covering(self.times, span.end - 1),
        )
        part = _covering(self.parts, span.start)
        row = _covering(self._rows, span.start)
        return Place(
            page=page.number if page else None,
            page_label=page.label if page else None,
            section=section.path if section else (),
            time_s=begun.start_s if begun else None,
            time_end_s=ended.end_s if ended else None,
            part=part.name if part else None,
            sheet=row.sheet if row else None,
            row=row.row if row else None,
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


def first_day(value: str) -> dt.date:
    """The first day of a date as far as it is known.

    Raises:
        ValueError: it is none.
    """
    if not re.fullmatch(r"\d{4}(-\d\d){0,2}", value):
        raise ValueError(f"not a date: {value!r}")
    return dt.date.fromisoformat(value + "-01" * (TO_THE_DAY - exactness(value)))


Precision = Literal["day", "month", "year"]
TO_THE_DAY = 2


def exactness(value: str) -> int:
    """How exact an ISO date is: 0 to the year, 1 to the month, `TO_THE_DAY`."""
    return value.count("-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """When an event was, and how that is known.

    Attributes:
        value: The ISO 8601 date as far as it is known: YYYY-MM-DD, YYYY-MM or YYYY.
        rule: The rule that derived it.
        quote: What it was derived from.
    """

    value: str
    rule: str
    quote: Quote

    def __post_init__(self) -> None:
        first_day(self.value)

    @property
    def precision(self) -> Precision:
        """How much of the date is known."""
        parts: tuple[Precision, ...] = ("year", "month", "day")
        return parts[exactness(self.value)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One sentence or row of an answer and the quotes that support it, at least one.

    Attributes:
        score: How well the first quote fits the question; comparable between questions, not a probability.
        log_odds: That it answers the question, by the sentence ranker; None where that was not asked about it.
        event: When that was which the statement is about; its quote is one of the statement's.
    """

    text: str
    quotes: tuple[Quote, ...]
    score: float
    event: Dated | None = None
    log_odds: float | None = None

    def __post_init__(self) -> None:
        if not self.text.strip() or not self.quotes:
            raise ValueError("a statement needs words and at least one quote")
        if self.event and self.event.quote not in self.quotes:
            raise ValueError("what a statement's date was derived from is one of its quotes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What some sources say where others say something else.

    Attributes:
        independent_sources: How many, copies of one counted once.
    """

    value: str
    quotes: tuple[Quote, ...]
    independent_sources: int

    def __post_init__(self) -> None:
        if not self.value.strip() or not 1 <= self.independent_sources <= len(self.quotes):
            raise ValueError("a position needs words, and a quote for each independent source")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A thing for which sources give two values or more."""

    about: str
    positions: tuple[Position, ...]

    def __post_init__(self) -> None:
        if len(self.positions) < 2:
            raise ValueError("a conflict has at least two sides")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """At least one statement, each of which carries its quotes: it cannot be built otherwise.

    Attributes:
        missing: What was asked too and the documents do not say, a phrase each.
    """

    statements: tuple[Statement, ...]
    conflicts: tuple[Conflict, ...] = ()
    missing: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.statements:
            raise ValueError(
                "an answer needs at least one statement; say why not with an Abstention"
            )

    @property
    def outcome(self) -> Literal["answered", "partial"]:
        """What the caller may rely on."""
        return "partial" if self.missing else "answered"

    @property
    def quotes(self) -> tuple[Quote, ...]:
        """All quotes, each once, in the order of statements and then of conflicts."""
        stated = [quote for one in self.statements for quote in one.quotes]
        held = [q for one in self.conflicts for position in one.positions for q in position.quotes]
        return tuple(dict.fromkeys([*stated, *held]))


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

    @property
    def quotes(self) -> tuple[Quote, ...]:
        """What came closest; support for nothing."""
        return self.closest


Response = Answer | Abstention


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """How much a question was asked of, and whether filters chose it."""

    collection: str
    documents: int
    passages: int
    filtered: bool = False


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

    def narrowed(self, others: Filters) -> Filters:
        """What admits the documents that both admit."""
        return Filters(
            document_ids=_both(self.document_ids, others.document_ids),
            published_after=max(
                filter(None, (self.published_after, others.published_after)), default=None
            ),
            published_before=min(
                filter(None, (self.published_before, others.published_before)), default=None
            ),
            media_types=_both(self.media_types, others.media_types),
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


def _both(some: frozenset[_T] | None, others: frozenset[_T] | None) -> frozenset[_T] | None:
    return others if some is None else some if others is None else some & others


@dataclass(frozen=True, slots=True)
class Usage:
    """What a chat model's reply took; `cost` is None where its prices are not set.

    It is `estimated` where the provider did not tell all of it.
    """

    input_tokens: int
    output_tokens: int
    cost: float | None = None
    estimated: bool = False

    def __add__(self, other: Usage) -> Usage:
        """Both together."""
        costs = [one.cost for one in (self, other) if one.cost is not None]
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            sum(costs) if costs else None,
            estimated=self.estimated or other.estimated,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A response with what a caller needs to cite, compare and debug it.

    Attributes:
        standalone_question: The question as it was understood, which says without the history what is asked.
        documents: Every document version that a quote of the response refers to.
        confidence: How likely the answer is to be right, in [0, 1]; None where that is not known (`rag.confidence`).
        boxes: Where quotes stand on the pages of their documents, for those that have pages.
        snapshot: Names the state of the collection that was searched; equal snapshots, equal replies.
        timings_ms: Milliseconds by stage.
        usage: What the chat model took, if one was asked.
    """

    id: str
    question: str
    standalone_question: str
    response: Response
    documents: Mapping[tuple[DocumentId, Version], Document]
    collection: str
    composer: str
    snapshot: str
    timings_ms: Mapping[str, float]
    boxes: Mapping[Quote, tuple[PageBoxes, ...]] = field(default_factory=dict)
    degraded: bool = False
    model: str | None = None
    usage: Usage | None = None
    confidence: float | None = None


def _covering(locators: Sequence[_L], offset: int) -> _L | None:
    at = bisect_right(locators, offset, key=lambda one: one.span.start) - 1
    return locators[at] if at >= 0 and offset < locators[at].span.end else None
