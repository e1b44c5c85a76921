"""What goes over the wire, as OpenAPI shows it. Offsets are code points, half-open."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from rag.access import Scope
from rag.characters import one_line
from rag.protocols import JobState, Verdict
from rag.types import DEFAULT_COLLECTION

WEB_ADDRESS_PATTERN = r"^https?://\S+$"


def _only_a_day(value: Any) -> Any:
    """Let only YYYY-MM-DD through: pydantic by itself also takes time stamps and numbers."""
    if not isinstance(value, dt.date) and not re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)):
        raise ValueError("a date is written YYYY-MM-DD")
    return value


def has_half_pair(text: str) -> bool:
    """Whether there is half a surrogate pair: JSON and some codecs can spell it, nothing can store it."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def _encodable(text: str) -> str:
    if has_half_pair(text):
        raise ValueError("holds half a surrogate pair, which is no character")
    return text


def _title(text: str) -> str:
    if not one_line(text):
        raise ValueError("a title has at least one character that can be seen")
    return one_line(text)


Day = Annotated[dt.date, BeforeValidator(_only_a_day)]
Words = Annotated[str, AfterValidator(_encodable)]
Identifier = Annotated[Words, Field(max_length=100)]
KnownCollection = Annotated[
    Words,
    Field(max_length=200, description="The collection to ask; there must be one of this name."),
]


CollectionName = Annotated[Words, Field(max_length=200)]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FiltersIn(_Request):
    """Which documents may be seen; both dates are inclusive. What is left out does not restrict."""

    document_ids: list[Identifier] | None = Field(None, max_length=1_000)
    published_after: Day | None = None
    published_before: Day | None = None
    media_types: list[Annotated[Words, Field(max_length=200)]] | None = Field(None, max_length=100)


class TurnIn(_Request):
    """An earlier message of the conversation."""

    role: Literal["user", "assistant"]
    content: Words = Field(min_length=1, max_length=20_000)


class AskIn(_Request):
    """A question to one collection."""

    question: Words = Field(
        description="The question, in words.", examples=["Who signed the treaty?"]
    )
    collection: KnownCollection = DEFAULT_COLLECTION
    history: list[TurnIn] = []
    composer: Literal["auto", "extractive", "chat"] = "auto"
    filters: FiltersIn = FiltersIn()
    stream: bool = Field(
        False,
        strict=True,
        description="Answer by server-sent events, each statement once it stands.",
    )


class SearchIn(_Request):
    """A query to one collection."""

    query: Words = Field(examples=["signing of the treaty"])
    k: int = Field(10, ge=1, strict=True, description="How many passages, at the most.")
    collection: KnownCollection = DEFAULT_COLLECTION
    filters: FiltersIn = FiltersIn()


class DocumentPatch(_Request):
    """What a user says of a document. It wins over what the file says, for later versions too; null takes it back."""

    title: Annotated[Words, Field(max_length=500), AfterValidator(_title)] | None = None
    published: Day | None = None
    recorded: Day | None = None
    original: Day | None = None

    @model_validator(mode="after")
    def _says_something(self) -> DocumentPatch:
        if not self.model_fields_set:
            raise ValueError("name at least one field to change")
        return self


class FeedbackIn(_Request):
    """What a reader says of an answer; `unsupported`: the quote of the citation `marker` does not support it."""

    verdict: Verdict
    marker: int | None = Field(None, ge=1, strict=True)
    comment: Annotated[Words, Field(max_length=2_000)] | None = None

    @model_validator(mode="after")
    def _names_a_citation(self) -> FeedbackIn:
        if (self.verdict == "unsupported") != (self.marker is not None):
            raise ValueError("`marker` names the citation of `unsupported`, and goes with no other")
        return self


class KeyIn(_Request):
    """A key to make."""

    name: Annotated[Words, Field(min_length=1, max_length=200)] = Field(
        description="For people: who it is for."
    )
    scopes: list[Scope] = Field(
        min_length=1, max_length=3, description="`admin` includes both others."
    )
    collections: list[CollectionName] | None = Field(
        None, min_length=1, max_length=1_000, description="All of them, later ones too, if null."
    )
    expires_at: AwareDatetime | None = None


class Problem(BaseModel):
    """RFC 9457 problem details; `type` names the kind of problem, and is where it is described."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str


class EventBody(BaseModel):
    """The event a statement is about; its date was derived by `rule` from the citation named."""

    date: str
    precision: Literal["day", "month", "year"]
    derived_from: int
    rule: str


class StatementBody(BaseModel):
    """One sentence or row of the answer, and the markers of the citations that support it."""

    text: str
    citations: list[int]
    event: EventBody | None = None


Box = tuple[float, float, float, float]


class PageBoxesBody(BaseModel):
    """Where a quote stands on one page."""

    page: int
    boxes: list[Box]


class CitationBody(BaseModel):
    """A verbatim quote and its place: `document.text[start:end] == quote` in `document_version`.

    `boxes` are those of its lines on `page`: left, top, right and bottom as shares of the displayed page, from
    its upper left corner. Where the quote runs on over the page's end, `continued` has the rest, by page. Both
    are null where the document has no pages, or does not say where its words stand on them.
    """

    marker: int
    document_id: str
    document_version: str
    document_title: str
    published: dt.date | None
    quote: str
    start: int
    end: int
    page: int | None
    page_label: str | None
    boxes: list[Box] | None = None
    continued: list[PageBoxesBody] | None = None
    time_s: float | None = None
    time_end_s: float | None = None
    section: str | None
    part: str | None
    sheet: str | None
    row: int | None
    source_url: str | None


class ConflictValueBody(BaseModel):
    """One of the values that sources give for the same thing."""

    value: str
    citations: list[int]
    independent_sources: int


class ConflictBody(BaseModel):
    """A thing that sources disagree about."""

    about: str
    values: list[ConflictValueBody]


class SearchedBody(BaseModel):
    """What was searched after filters."""

    collection: str
    documents: int
    passages: int


class AbstentionBody(BaseModel):
    """Why there is no answer, what was searched, and what came closest; not support for anything."""

    reason: str
    searched: SearchedBody
    closest: list[CitationBody]


class UsageBody(BaseModel):
    """What a language model took for an answer; `cost` is null where its prices are not set.

    It is `estimated`, by what was sent and what came, where the provider did not tell all of it.
    """

    input_tokens: int
    output_tokens: int
    cost: float | None
    estimated: bool = False


class AnswerBody(BaseModel):
    """An answer, or an abstention.

    `confidence` is how likely the answer is to be right, in [0, 1]; null for an abstention, for what a language model
    wrote, and where documents or the embedding model are not of the kind that it was calibrated on.
    `text` says all of it: the statements, what sources disagree on and what is missing; of an abstention, the reason.
    """

    id: str
    question: str
    standalone_question: str
    outcome: Literal["answered", "partial", "abstained"]
    text: str
    statements: list[StatementBody]
    citations: list[CitationBody]
    conflicts: list[ConflictBody] = []
    missing: list[str] = []
    abstention: AbstentionBody | None
    confidence: float | None = None
    composer: str
    degraded: bool
    model: str | None
    usage: UsageBody | None = None
    snapshot: str
    timings_ms: dict[str, float]


class RanksBody(BaseModel):
    """Ranks from 1; null where that half of the search did not bring the passage."""

    lexical: int | None
    dense: int | None
    fused: int


class PassageBody(BaseModel):
    """A passage that a search found: `document.text[start:end] == text`."""

    document_id: str
    document_version: str
    document_title: str
    text: str
    start: int
    end: int
    page: int | None
    time_s: float | None = None
    section: str | None
    ranks: RanksBody
    score: float


class SearchBody(BaseModel):
    """Passages, best first."""

    passages: list[PassageBody]
    snapshot: str


class RetrievedBody(SearchBody):
    """The event `search_results`: what the answer `id` is written from."""

    id: str
    standalone_question: str


class AnswerIdBody(BaseModel):
    """The event `done`: nothing more comes of the answer `id`."""

    id: str


class ReportBody(BaseModel):
    """What became of a document, and what its reader should know."""

    characters: int
    pages: int
    passages: int
    partial: bool
    warnings: list[str]


class DateBody(BaseModel):
    """A day that a document states, and where: `user`, a metadata field, or the rule that read it."""

    value: dt.date
    found_by: str


class DatesBody(BaseModel):
    """When a document came out, was spoken, and first came out elsewhere; null where it does not say."""

    published: DateBody | None
    recorded: DateBody | None
    original: DateBody | None


class DocumentBody(BaseModel):
    """A document without its text."""

    id: str
    version: str
    collection: str
    title: str
    media_type: str
    source_key: str | None
    source_url: str | None
    language: str | None
    published: dt.date | None
    dates: DatesBody
    added_at: dt.datetime
    near_duplicates: list[str] = Field(
        description="Documents of the collection that say nearly the same, most alike first."
    )
    report: ReportBody


class WholeDocumentBody(DocumentBody):
    """A document without its text, and its versions in the order in which they came, the present one last."""

    versions: list[str]


class DocumentsBody(BaseModel):
    """One page of documents; `next_cursor` is null on the last."""

    documents: list[DocumentBody]
    next_cursor: str | None


LandmarkKind = Literal["page", "section", "time", "part", "row"]


class LandmarkBody(BaseModel):
    """Something of a document that begins at `start`, or that a slice begins inside of."""

    kind: LandmarkKind
    start: int
    label: str


class TextBody(BaseModel):
    """A slice of a document's text; `landmarks` where they were asked for."""

    text: str
    start: int
    end: int
    landmarks: list[LandmarkBody] | None = None


class PlaceBody(BaseModel):
    """Where words stand in a document, and the text around them."""

    start: int
    end: int
    text: str
    around: str
    page: int | None
    time_s: float | None
    section: str | None


class PlacesBody(BaseModel):
    """Places in the order of the text; `more` says that there are further ones."""

    places: list[PlaceBody]
    more: bool


class SuggestionsBody(BaseModel):
    """Questions that were asked just now, so to speak, and answered."""

    questions: list[str]


class ComposersBody(BaseModel):
    """Who can write answers here, and which of them `auto` is."""

    composers: list[str]
    auto: str


class CollectionBody(BaseModel):
    """A collection and how much it holds."""

    name: str
    documents: int
    passages: int
    disk_bytes: int = Field(description="Texts, vectors, originals and index files, about.")


class CollectionsBody(BaseModel):
    """Every collection, by name."""

    collections: list[CollectionBody]


class JobBody(BaseModel):
    """An upload on its way.

    `done` and `total` count pages while parsing, where a file has some, and passages while embedding.
    """

    id: str
    state: JobState
    done: int
    total: int
    document_id: str | None
    reason: str | None


class AcceptedBody(BaseModel):
    """An upload that is safe and will be worked off."""

    job: JobBody


class HealthBody(BaseModel):
    """What was checked, and how it is."""

    status: Literal["ok"]
    checks: dict[str, str] = {}


class CitationStateBody(BaseModel):
    """A citation today: its document has this text still, has a later version, or is deleted."""

    marker: int
    state: Literal["exact", "superseded", "deleted", "changed"]


class FeedbackBody(BaseModel):
    """What a reader said."""

    verdict: Verdict
    marker: int | None
    comment: str | None
    at: dt.datetime


class StoredAnswerBody(BaseModel):
    """An answer as it was given, and what today's documents say of its quotes.

    The words of documents that were deleted since are gone from it.
    """

    answer: AnswerBody
    collection: str
    asked_at: dt.datetime
    citations: list[CitationStateBody]
    feedback: list[FeedbackBody]


class KeyBody(BaseModel):
    """A key without what opens."""

    id: str
    name: str
    scopes: list[Scope]
    collections: list[str] | None
    created_at: dt.datetime
    expires_at: dt.datetime | None
    revoked_at: dt.datetime | None


class NewKeyBody(KeyBody):
    """A key that was just made. `key` is shown this once."""

    key: str


class KeysBody(BaseModel):
    """Keys, the oldest first."""

    keys: list[KeyBody]


class AuditEntryBody(BaseModel):
    """One deed: who did what to what."""

    id: int
    at: dt.datetime
    actor: str
    action: str
    subject: str
    collection: str | None


class AuditBody(BaseModel):
    """The latest deeds first; `next_cursor` is null on the last page."""

    entries: list[AuditEntryBody]
    next_cursor: int | None
