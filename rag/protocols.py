"""The seams: one small protocol each, satisfied by the adapters and by the tests' doubles."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from rag.access import AuditEntry, Key
from rag.evidence import Evidence
from rag.layout import PageLayout
from rag.types import (
    Answer,
    Document,
    DocumentDate,
    DocumentId,
    Filters,
    Passage,
    PassageId,
    Response,
    Searched,
    Statement,
    Usage,
    Vectors,
    Version,
)

INSIDE = "//"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelIdentity:
    """What makes vectors comparable: two stores with equal identities may share them."""

    name: str
    sha256: str
    dimension: int
    compute_path: str

    def __str__(self) -> str:
        return f"{self.name} ({self.compute_path}, sha256 {self.sha256[:12]})"


class Embedder(Protocol):
    """Text to vectors. Instances hold no state of a request and serve many at once."""

    @property
    def identity(self) -> ModelIdentity:
        """The model and how it is computed."""

    @property
    def window_tokens(self) -> int:
        """Tokens of one text that the model reads, its own special tokens excluded."""

    def covers(self, language: str | None) -> bool:
        """Whether vectors of texts in this language (ISO 639-1; None is unknown) say what the texts are about."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens excluded, without any limit."""

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of queries, float32, shape (len(texts), dimension), unit rows."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of passages, float32, shape (len(texts), dimension), unit rows."""


class SentenceRanker(Protocol):
    """Questions and sentences to numbers. Instances hold no state of a request and serve many at once."""

    def covers(self, language: str | None) -> bool:
        """Whether scores of sentences in this language (ISO 639-1; None is unknown) say anything."""

    def scores(self, question: str, sentences: Sequence[str]) -> list[float]:
        """How likely each sentence answers the question: log-odds against "it does not", above 0 where it does."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage's id and its score in one search, higher is better; `embedded` says whether dense search knows it."""

    passage_id: PassageId
    score: float
    embedded: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The documents of one collection that a search may see, resolved from filters once.

    `documents` is None where every document may be seen. `snapshot` names the collection's state then, and
    changes with every add and delete.
    """

    collection: str
    documents: frozenset[DocumentId] | None
    snapshot: str
    searched: Searched


class PassageIndex(Protocol):
    """Documents, their passages and vectors, and both searches over them, kept in step.

    `tests/contract/test_passage_index.py` is the behaviour that every implementation shows.
    Ties in a search go to the passage that was added first.
    """

    def add(
        self,
        document: Document,
        passages: Sequence[Passage],
        vectors: Vectors,
        *,
        original: bytes,
        layouts: Sequence[PageLayout] = (),
        embedded: Sequence[str] = (),
        replaces: Version | None = None,
        root: str | None = None,
        job: str | None = None,
    ) -> DocumentSummary:
        """Store a document's version with everything derived from it: durable and searchable on return.

        An earlier version of the same document id leaves both searches in the same step; its text stays
        readable by version. `vectors[i]` belongs to `passages[i]`, and is that of the text `embedded[i]`
        if that is given; a passage whose vector is all zeros is found by its words alone. `replaces`, if
        given, is what must be the document's present version; `root` is the folder in which its file was
        seen, as `mark_seen` has it; `job` is the upload that it comes by, if it comes by one.

        Raises:
            DocumentChanged: another document has the source key, or another version is the present one.
            UnknownJob: the upload was given up, with its collection.
            ValueError: the parts do not belong together, or the id is another collection's.
        """

    def delete(self, document_id: DocumentId) -> None:
        """Remove every version of a document from everywhere, and the documents that came from inside of it.

        Raises:
            UnknownDocument: there is none.
        """

    def purge(self, collection: str) -> None:
        """Remove a collection with all that is in it, and what was uploaded for it.

        Raises:
            UnknownCollection: there is none of that name, nor an upload for it.
        """

    def select(self, collection: str, filters: Filters) -> Selection:
        """Resolve filters, before any similarity is computed.

        Raises:
            UnknownCollection: there is none of that name.
        """

    def dense_search(self, selection: Selection, vector: Vectors, k: int) -> list[Hit]:
        """The k passages of highest cosine with `vector` (shape (dimension,)), best first."""

    def lexical_search(self, selection: Selection, terms: Sequence[str], k: int) -> list[Hit]:
        """The k passages of highest BM25 for any of the analysed `terms`, best first.

        A passage's terms are those of its text, of its document's title and of its section's headings.
        """

    def document_frequencies(self, collection: str, terms: Sequence[str]) -> dict[str, int]:
        """In how many passages of the collection each analysed term occurs in the text itself.

        Raises:
            UnknownCollection: there is none of that name.
        """

    def vocabulary(self, collection: str) -> list[str]:
        """The analysed terms of the collection's passages, of their titles and headings, sorted.

        Some may be of passages that are deleted: what is to be shown has to be found by a search first.

        Raises:
            UnknownCollection: there is none of that name.
        """

    def count(self, collection: str) -> int:
        """How many passages the collection holds.

        Raises:
            UnknownCollection: there is none of that name.
        """

    def vectors_of(self, collection: str, texts: Sequence[str]) -> dict[str, Vectors]:
        """By text, the vectors of those that `add` was told a present passage of the collection embeds.

        There is nothing of a collection that does not exist.
        """

    def passages(self, ids: Sequence[PassageId]) -> dict[PassageId, Passage]:
        """The passages of these ids that are still searchable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSummary:
    """A document without its text.

    Attributes:
        near_duplicates: Documents of its collection whose present text is nearly its own, the most alike first.
        damage: What of it is not as it was written; it is told among the warnings too, and out of search.
    """

    id: DocumentId
    version: Version
    collection: str
    title: str
    media_type: str
    source_key: str | None
    source_url: str | None
    language: str | None
    partial: bool
    published: DocumentDate | None
    recorded: DocumentDate | None
    original: DocumentDate | None
    characters: int
    pages: int
    passages: int
    warnings: tuple[str, ...]
    added_at: dt.datetime
    near_duplicates: tuple[DocumentId, ...] = ()
    damage: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """What is not as it was written, in one sentence; `document_id` is None where it is no document's."""

    document_id: DocumentId | None
    version: Version
    what: str
    found_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NearDuplicate:
    """A document whose text is nearly that of another one; `similarity` is a share, in (0, 1]."""

    document_id: DocumentId
    title: str
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionSummary:
    """A collection and how much it holds."""

    name: str
    documents: int
    passages: int


def inner_key(source: str, name: str) -> str:
    """The source key of a file inside of another one: of an attachment, say.

    Args:
        source: The outer file's source key, or its version if it has none.
        name: Of the inner file. No path holds the two slashes between.
    """
    return f"{source}{INSIDE}{name}"


class Catalog(Protocol):
    """What is stored, by name and id."""

    def collections(self) -> list[CollectionSummary]:
        """Every collection, by name."""

    def summaries(
        self, collection: str | None, *, after: DocumentId | None = None, limit: int = 100
    ) -> list[DocumentSummary]:
        """Documents in order of their id, from the first whose id is greater than `after`.

        Raises:
            UnknownCollection: a collection is named and does not exist.
        """

    def summary(self, document_id: DocumentId) -> DocumentSummary:
        """One document without its text.

        Raises:
            UnknownDocument: there is none.
        """

    def document(self, document_id: DocumentId, version: Version | None = None) -> Document:
        """One version of a document, the present one by default.

        Raises:
            UnknownDocument: there is none.
            UnknownVersion: it never had that version.
            DocumentDamaged: it is not as it was written.
        """

    def versions(self, document_id: DocumentId) -> list[Version]:
        """The versions of a document, in the order in which they came, the present one last.

        Raises:
            UnknownDocument: there is none.
        """

    def original(self, document_id: DocumentId, version: Version | None = None) -> bytes:
        """The bytes of a version as they came, the present one by default.

        Raises:
            UnknownDocument: there is none.
            UnknownVersion: it never had that version.
            DocumentDamaged: they are lost, or not those that came.
        """

    def damage(self) -> list[Damage]:
        """All that was found damaged and was not mended since."""

    def layouts(
        self, document_id: DocumentId, version: Version, pages: Sequence[int]
    ) -> list[PageLayout]:
        """Where the words of these pages stand on them, in order; of pages that are not known, nothing."""

    def by_version(self, collection: str, version: Version) -> DocumentSummary | None:
        """The first document of a collection whose present version it is."""

    def by_source_key(self, collection: str, source_key: str) -> DocumentSummary | None:
        """The document of a collection that has this source key."""

    def inside(self, collection: str, source: str) -> dict[str, DocumentId]:
        """By source key, the documents that came from inside of a source: `inner_key(source, …)` named them."""

    def near_duplicates(self, document_id: DocumentId) -> list[NearDuplicate]:
        """The documents that the summary's `near_duplicates` names, in its order; none if it is unknown."""

    def mark_seen(self, document_id: DocumentId, root: str | None) -> None:
        """Record that the file of a document, if there is one, was seen in the folder `root`, or in none."""

    def last_seen(self, collection: str, root: str) -> dict[str, DocumentId]:
        """By source key, the documents of a collection whose files were last seen in `root`."""

    def amend(self, document_id: DocumentId, changes: Mapping[str, str | dt.date | None]) -> None:
        """Set fields of a document's `Amendment`, now and for its later versions.

        Raises:
            UnknownDocument: there is none.
        """

    def disk_bytes(self, collection: str) -> int:
        """About how much of the disk a collection takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What users say of a document; None leaves what its file says."""

    title: str | None = None
    published: dt.date | None = None
    recorded: dt.date | None = None
    original: dt.date | None = None


JobState = Literal["queued", "parsing", "embedding", "committed", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """What came with a document's bytes. `name` is a file name: data for the reader, never a path."""

    name: str
    collection: str = "default"
    source_key: str | None = None
    source_url: str | None = None
    title: str | None = None
    published: dt.date | None = None
    job: str | None = None  # under which it was claimed


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One upload on its way into the store.

    `done` and `total` count pages while parsing, where a file has some, and passages while embedding.
    """

    id: str
    state: JobState
    done: int = 0
    total: int = 0
    document_id: DocumentId | None = None
    known: bool = False
    reason: str | None = None


class JobStore(Protocol):
    """Uploads that were acknowledged and are not yet documents. They survive a restart."""

    def enqueue(self, upload: Upload, content: bytes) -> Job:
        """Keep an upload; durable on return."""

    def claim(self) -> tuple[Job, Upload, bytes] | None:
        """Take the oldest queued upload, which becomes `parsing`; None where nothing is queued."""

    def update(self, job: Job) -> None:
        """Record a job's new state.

        Raises:
            UnknownJob: there is none of this id.
        """

    def job(self, job_id: str) -> Job:
        """A job's present state.

        Raises:
            UnknownJob: there is none.
        """

    def job_collection(self, job_id: str) -> str:
        """The collection that a job's document goes to.

        Raises:
            UnknownJob: there is none.
        """

    def queued(self) -> int:
        """How many uploads wait to be worked off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A response and who wrote it.

    Attributes:
        degraded: The composer that was asked for failed, or wrote nothing that stands, and another one wrote the
            response, or it is what had been written until then. One that found no answer has not failed.
        model: The chat model that wrote it, if one did.
        usage: What the chat model took, if one was asked.
    """

    response: Response
    composer: str
    degraded: bool = False
    model: str | None = None
    usage: Usage | None = None

    def told(self) -> Iterator[Statement | Composed]:
        """Its statements one by one, and then it."""
        if isinstance(self.response, Answer):
            yield from self.response.statements
        yield self


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """What is searched for in the place of a question as it was asked.

    Attributes:
        question: It, standing alone.
        queries: Further ones, whose passages are looked at too; what is asked stays the question.
        by_model: Whether a chat model made it stand alone, and not the rules.
        usage: What a chat model took for it, if one was asked.
    """

    question: str
    queries: tuple[str, ...] = ()
    by_model: bool = False
    usage: Usage | None = None


class Rewriter(Protocol):
    """Make questions stand alone, with a chat model."""

    def rewritten(
        self, question: str, earlier: Sequence[str], budget: TokenBudget | None = None
    ) -> Rewritten:
        """The question without what it leans on in earlier ones (oldest first); never raises for a model's fault."""


class AnswerComposer(Protocol):
    """Write a cited answer from evidence, or decline."""

    def compose(self, question: str, evidence: Evidence) -> Composed:
        """A response whose quotes are cut from documents of the evidence, or of what it finds further."""


@runtime_checkable
class TellingComposer(AnswerComposer, Protocol):
    """One that tells what it writes while it writes."""

    def composing(
        self, question: str, evidence: Evidence, budget: TokenBudget | None = None
    ) -> Iterator[Statement | Composed]:
        """Each statement that stands, and then, once, all of it, the statements told before included.

        What it lets a chat model take is taken from the budget; None bounds nothing.

        Closing the iterator ends the writing. There may be no whole where nobody waits for it (`rag.abandonment`).
        """


class ChatModel(Protocol):
    """A language model that reads two messages and writes one. It has no tools."""

    @property
    def name(self) -> str:
        """What an answer says wrote it."""

    def reply(
        self, system: str, user: str, *, within_s: float
    ) -> Generator[str | Usage, None, None]:
        """The model's message in parts as it is written, and what it took so far where that is known.

        Closing the iterator ends the writing, as does `rag.abandonment` while a part is awaited.

        Raises:
            ModelError: it failed; `ModelTimeout` if the message was not written within the time, `ModelUnavailable`
                if it cannot be reached or is overloaded, `ModelKeyRefused` if the provider does not take the key.
        """


class TokenBudget(Protocol):
    """What one asker may let a chat model take. Safe to use from many threads."""

    def reserve(self, tokens: int) -> bool:
        """Set so much aside, even if less is left; False, with nothing set aside, where nothing is left."""

    def settle(self, reserved: int, usage: Usage) -> None:
        """Take what was used in the place of what was set aside for it."""


Budget = Literal["questions", "upload_bytes", "model_tokens"]


class KeyStore(Protocol):
    """The keys that open the service, and what each has spent of its budgets."""

    def key(self, key_id: str) -> Key | None:
        """The key of an id. This is what each request waits for: it takes no disk."""

    def all(self) -> list[Key]:
        """All keys, revoked ones too, the oldest first."""

    def add(self, key: Key) -> None:
        """Keep a key; durable on return."""

    def revoke(self, key_id: str) -> None:
        """Make a key open nothing from now on; revoked once more, it stays as it is.

        Raises:
            UnknownKey: there is none.
        """

    def spend(self, key_id: str, day: dt.date, budget: Budget, amount: int, limit: int) -> bool:
        """Take from a key's budget of a day, durably; False, with nothing taken, if that passed the limit.

        What is below 0 is given back.
        """


class AuditLog(Protocol):
    """Who deleted and purged, and who changed keys. Entries are written with the deed."""

    def entries(self, *, before: int | None = None, limit: int = 100) -> list[AuditEntry]:
        """The latest entries, newest first, with ids below `before`."""


Verdict = Literal["good", "bad", "unsupported"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What somebody says of an answer; `unsupported`: that the quote at `marker` does not support it."""

    verdict: Verdict
    at: dt.datetime
    marker: int | None = None
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """An answer as it was given. `body` is the object of `POST /v1/ask`, which blanking knows the form of."""

    id: str
    collection: str
    asked_at: dt.datetime
    body: dict[str, Any]
    feedback: tuple[Feedback, ...] = ()


class AnswerStore(Protocol):
    """Answers that were given. A document's deletion takes its words out of them."""

    def keep(self, answer: StoredAnswer) -> None:
        """Keep an answer, without the words of documents that were deleted since it was composed."""

    def answer(self, answer_id: str) -> StoredAnswer:
        """An answer with all feedback.

        Raises:
            UnknownAnswer: there is none.
        """

    def add_feedback(self, answer_id: str, feedback: Feedback) -> None:
        """Keep what somebody says of an answer.

        Raises:
            UnknownAnswer: there is none.
        """

    def with_feedback(self, collection: str, since: dt.datetime) -> list[StoredAnswer]:
        """A collection's answers that somebody said something of and that were given since a time, oldest first."""

    def forget_before(self, time: dt.datetime) -> None:
        """Delete the answers that were given before a time, with their feedback."""
