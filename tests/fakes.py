"""Test doubles that keep the protocols' promises: no model, no disk, no vendor."""

from __future__ import annotations

import copy
import datetime as dt
import math
import threading
import uuid
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from rag.access import AuditEntry, Key, acting
from rag.adapters._amendments import amended
from rag.adapters._answers import without
from rag.adapters.fingerprints import fingerprint
from rag.analysis import terms
from rag.confidence import FITTED
from rag.errors import (
    DocumentChanged,
    UnknownAnswer,
    UnknownCollection,
    UnknownDocument,
    UnknownJob,
    UnknownKey,
    UnknownVersion,
)
from rag.layout import PageLayout
from rag.protocols import (
    Amendment,
    Budget,
    CollectionSummary,
    Damage,
    DocumentSummary,
    Feedback,
    Hit,
    Job,
    ModelIdentity,
    NearDuplicate,
    Selection,
    StoredAnswer,
    Upload,
    inner_key,
)
from rag.types import (
    Document,
    DocumentId,
    Filters,
    Passage,
    PassageId,
    Searched,
    Vectors,
    Version,
)

DIMENSION = 64


class HashingEmbedder:
    """A bag of stems, each hashed to one signed axis: texts that share words are near each other."""

    identity = ModelIdentity(
        name="hashing", sha256="0" * 64, dimension=DIMENSION, compute_path="fp32"
    )
    window_tokens = 256

    def covers(self, language: str | None) -> bool:
        return language in (None, "en")

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return np.stack([_hashed(text) for text in texts]) if texts else _no_vectors()

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self.embed_queries(texts)


class CalibratedEmbedder(HashingEmbedder):
    """By the name of the one that an answer's confidence was calibrated with."""

    identity = replace(HashingEmbedder.identity, name=FITTED.model)


def _hashed(text: str) -> Vectors:
    vector = np.zeros(DIMENSION, np.float32)
    for term in terms(" ".join(text.split()[: HashingEmbedder.window_tokens])):
        code = zlib.crc32(term.encode())
        vector[code % DIMENSION] += 1 if code & DIMENSION else -1
    length = float(np.linalg.norm(vector))
    if length == 0.0:  # no words, or words that cancel out
        vector[0] = length = 1.0
    return vector / np.float32(length)


def _no_vectors() -> Vectors:
    return np.empty((0, DIMENSION), np.float32)


@dataclass(slots=True)
class _Entry:
    """A searchable passage with what both searches need of it."""

    collection: str
    passage: Passage
    vector: Vectors
    counts: Counter[str]  # of the terms above it and of its text
    said: Counter[str]  # of its text alone
    embedded: str | None


@dataclass(slots=True)
class _Stored:
    """A document with every version it ever had, the present one last."""

    versions: dict[Version, Document]
    added_at: dt.datetime
    layouts: dict[Version, tuple[PageLayout, ...]] = field(default_factory=dict)
    originals: dict[Version, bytes] = field(default_factory=dict)
    amendment: Amendment = field(default_factory=Amendment)

    @property
    def present(self) -> Document:
        return self.version(next(reversed(self.versions)))

    def version(self, version: Version) -> Document:
        return amended(self.versions[version], self.amendment)


@dataclass(slots=True)
class _Queued:
    job: Job
    upload: Upload
    content: bytes


class InMemoryAudit:
    def __init__(self) -> None:
        self._entries: list[AuditEntry] = []

    def record(self, action: str, subject: str, collection: str | None = None) -> None:
        entry = AuditEntry(
            id=len(self._entries) + 1,
            at=dt.datetime.now(dt.UTC),
            actor=acting.get(),
            action=action,
            subject=subject,
            collection=collection,
        )
        self._entries.append(entry)

    def entries(self, *, before: int | None = None, limit: int = 100) -> list[AuditEntry]:
        found = [one for one in self._entries if before is None or one.id < before]
        return found[::-1][:limit]


class InMemoryKeys:
    def __init__(self, audit: InMemoryAudit) -> None:
        self._audit = audit
        self._keys: dict[str, Key] = {}
        self._spent: Counter[tuple[str, dt.date, Budget]] = Counter()
        self._lock = threading.Lock()

    def key(self, key_id: str) -> Key | None:
        return self._keys.get(key_id)

    def all(self) -> list[Key]:
        return list(self._keys.values())

    def add(self, key: Key) -> None:
        self._keys[key.id] = key
        self._audit.record("key.create", key.id)

    def revoke(self, key_id: str) -> None:
        if key_id not in self._keys:
            raise UnknownKey(key_id)
        if self._keys[key_id].revoked_at is None:
            self._keys[key_id] = replace(self._keys[key_id], revoked_at=dt.datetime.now(dt.UTC))
            self._audit.record("key.revoke", key_id)

    def spend(self, key_id: str, day: dt.date, budget: Budget, amount: int, limit: int) -> bool:
        with self._lock:
            if self._spent[key_id, day, budget] + amount > limit:
                return False
            self._spent[key_id, day, budget] += amount
            return True


class InMemoryAnswers:
    def __init__(self, documents: Collection[DocumentId]) -> None:
        self._documents = documents
        self._answers: dict[str, StoredAnswer] = {}

    def keep(self, answer: StoredAnswer) -> None:
        quoted = {one["document_id"] for one in answer.body["citations"]}
        body = without(copy.deepcopy(answer.body), frozenset(quoted) - frozenset(self._documents))
        self._answers[answer.id] = replace(answer, body=body)

    def answer(self, answer_id: str) -> StoredAnswer:
        if answer_id not in self._answers:
            raise UnknownAnswer(answer_id)
        return self._answers[answer_id]

    def add_feedback(self, answer_id: str, feedback: Feedback) -> None:
        held = self.answer(answer_id)
        self._answers[answer_id] = replace(held, feedback=(*held.feedback, feedback))

    def with_feedback(self, collection: str, since: dt.datetime) -> list[StoredAnswer]:
        held = [one for one in self._answers.values() if one.collection == collection]
        told = [one for one in held if one.feedback and one.asked_at >= since]
        return sorted(told, key=lambda one: (one.asked_at, one.id))

    def forget_before(self, time: dt.datetime) -> None:
        self._answers = {i: a for i, a in self._answers.items() if a.asked_at >= time}

    def blank(self, document_id: DocumentId) -> None:
        for answer in self._answers.values():
            without(answer.body, frozenset([document_id]))

    def forget_of(self, collection: str) -> None:
        self._answers = {i: one for i, one in self._answers.items() if one.collection != collection}


@dataclass
class InMemoryStore:
    """A `PassageIndex`, `Catalog` and `JobStore` by brute force: what the real ones must agree with."""

    _documents: dict[DocumentId, _Stored] = field(default_factory=dict)
    _entries: dict[PassageId, _Entry] = field(default_factory=dict)
    _changes: Counter[str] = field(default_factory=Counter)
    _jobs: dict[str, _Queued] = field(default_factory=dict)
    _roots: dict[DocumentId, str | None] = field(default_factory=dict)
    _last_id: int = 0
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.audit = InMemoryAudit()
        self.keys = InMemoryKeys(self.audit)
        self.answers = InMemoryAnswers(self._documents)

    # PassageIndex

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
        with self._lock:
            if job is not None:
                self.job(job)
            self._refuse_another(document, replaces)
            self._forget_passages(document.id)
            stored = self._documents.setdefault(document.id, _Stored({}, dt.datetime.now(dt.UTC)))
            stored.versions.pop(document.version, None)
            stored.versions[document.version] = document
            stored.layouts[document.version] = tuple(layouts)
            stored.originals[document.version] = original
            texts: Sequence[str | None] = embedded or [None] * len(passages)
            for passage, vector, text in zip(passages, vectors, texts, strict=True):
                above = terms(" ".join((document.title, *passage.section)))
                self._last_id += 1
                self._entries[PassageId(self._last_id)] = _Entry(
                    document.collection,
                    passage,
                    vector,
                    Counter([*above, *terms(passage.text)]),
                    Counter(terms(passage.text)),
                    text,
                )
            self._changes[document.collection] += 1
            self._roots[document.id] = root
            return self.summary(document.id)

    def _refuse_another(self, document: Document, replaces: Version | None) -> None:
        present = self._documents.get(document.id)
        if present and present.present.collection != document.collection:
            raise ValueError("another collection has a document of this id already")
        held = document.source_key and self.by_source_key(document.collection, document.source_key)
        if held and held.id != document.id:
            raise DocumentChanged
        if replaces and (present is None or present.present.version != replaces):
            raise DocumentChanged

    def delete(self, document_id: DocumentId) -> None:
        with self._lock:
            present = self._stored(document_id).present
            collection = present.collection
            inside = self.inside(collection, present.source_key or present.version)
            for inner in reversed(inside.values()):  # the innermost first
                self.delete(inner)
            del self._roots[document_id]
            self._forget_passages(document_id)
            del self._documents[document_id]
            self._changes[collection] += 1
            self.answers.blank(document_id)
            self._jobs = {i: q for i, q in self._jobs.items() if q.job.document_id != document_id}
            self.audit.record("document.delete", document_id, collection)

    def purge(self, collection: str) -> None:
        with self._lock:
            if any(one.upload.collection == collection for one in self._jobs.values()):
                self._changes[collection] += 1
            for document in self._of(collection):
                self._documents.pop(document.id)
                self._roots.pop(document.id)
                self._forget_passages(document.id)
            del self._changes[collection]
            self._jobs = {
                i: one for i, one in self._jobs.items() if one.upload.collection != collection
            }
            self.answers.forget_of(collection)
            self.audit.record("collection.purge", collection, collection)

    def select(self, collection: str, filters: Filters) -> Selection:
        with self._lock:
            admitted = frozenset(d.id for d in self._of(collection) if filters.admit(d))
            searched = Searched(
                collection=collection,
                documents=len(admitted),
                passages=sum(e.passage.document_id in admitted for e in self._entries.values()),
                filtered=bool(filters),
            )
            return Selection(
                collection=collection,
                documents=admitted if filters else None,
                snapshot=f"{collection}@{self._changes[collection]}",
                searched=searched,
            )

    def dense_search(self, selection: Selection, vector: Vectors, k: int) -> list[Hit]:
        with self._lock:
            scores = [
                (i, round(float(e.vector @ vector), 6))
                for i, e in self._selected(selection)
                if e.vector.any()
            ]
        return _best(scores, k)

    def lexical_search(self, selection: Selection, terms: Sequence[str], k: int) -> list[Hit]:
        with self._lock:
            self._of(selection.collection)
            everything = [e for e in self._entries.values() if e.collection == selection.collection]
            frequencies = {term: sum(term in e.counts for e in everything) for term in terms}
            scores = [
                (i, _bm25(e, frequencies, everything))
                for i, e in self._selected(selection)
                if any(e.counts[term] for term in frequencies)
            ]
            alone = {i for i, e in self._entries.items() if not e.vector.any()}
        return [replace(one, embedded=one.passage_id not in alone) for one in _best(scores, k)]

    def document_frequencies(self, collection: str, terms: Sequence[str]) -> dict[str, int]:
        with self._lock:
            self._of(collection)
            entries = [e for e in self._entries.values() if e.collection == collection]
        return {term: sum(term in e.said for e in entries) for term in terms}

    def vocabulary(self, collection: str) -> list[str]:
        with self._lock:
            self._of(collection)
            entries = [e for e in self._entries.values() if e.collection == collection]
        return sorted({term for one in entries for term in one.counts})

    def count(self, collection: str) -> int:
        with self._lock:
            self._of(collection)
            return sum(e.collection == collection for e in self._entries.values())

    def vectors_of(self, collection: str, texts: Sequence[str]) -> dict[str, Vectors]:
        with self._lock:
            return {
                one.embedded: one.vector
                for one in self._entries.values()
                if one.collection == collection
                and one.embedded is not None
                and one.vector.any()
                and one.embedded in texts
            }

    def passages(self, ids: Sequence[PassageId]) -> dict[PassageId, Passage]:
        with self._lock:
            return {i: self._entries[i].passage for i in ids if i in self._entries}

    def close(self) -> None:
        """Nothing is held."""

    # Catalog

    def collections(self) -> list[CollectionSummary]:
        with self._lock:
            return [self._collection(name) for name in sorted(self._changes)]

    def summaries(
        self, collection: str | None, *, after: DocumentId | None = None, limit: int = 100
    ) -> list[DocumentSummary]:
        with self._lock:
            documents = self._present() if collection is None else self._of(collection)
            ids = sorted(d.id for d in documents if after is None or d.id > after)
            return [self.summary(i) for i in ids[:limit]]

    def summary(self, document_id: DocumentId) -> DocumentSummary:
        with self._lock:
            stored = self._stored(document_id)
            passages = sum(e.passage.document_id == document_id for e in self._entries.values())
        document = stored.present
        return DocumentSummary(
            id=document.id,
            version=document.version,
            collection=document.collection,
            title=document.title,
            media_type=document.media_type,
            source_key=document.source_key,
            source_url=document.source_url,
            language=document.language,
            partial=document.partial,
            published=document.published,
            recorded=document.recorded,
            original=document.original,
            characters=len(document.text),
            pages=len(document.pages),
            passages=passages,
            warnings=document.warnings,
            added_at=stored.added_at,
            near_duplicates=tuple(one.document_id for one in self.near_duplicates(document_id)),
        )

    def document(self, document_id: DocumentId, version: Version | None = None) -> Document:
        with self._lock:
            stored = self._stored(document_id)
            if version is None:
                return stored.present
            if version not in stored.versions:
                raise UnknownVersion(document_id, version)
            return stored.version(version)

    def versions(self, document_id: DocumentId) -> list[Version]:
        with self._lock:
            return list(self._stored(document_id).versions)

    def original(self, document_id: DocumentId, version: Version | None = None) -> bytes:
        document = self.document(document_id, version)
        with self._lock:
            return self._stored(document_id).originals[document.version]

    def damage(self) -> list[Damage]:
        return []  # nothing in memory rots

    def layouts(
        self, document_id: DocumentId, version: Version, pages: Sequence[int]
    ) -> list[PageLayout]:
        with self._lock:
            stored = self._documents.get(document_id)
            known = stored.layouts.get(version, ()) if stored else ()
            return sorted((one for one in known if one.page in pages), key=lambda one: one.page)

    def by_version(self, collection: str, version: Version) -> DocumentSummary | None:
        return self._first(collection, lambda d: d.version == version)

    def by_source_key(self, collection: str, source_key: str) -> DocumentSummary | None:
        return self._first(collection, lambda d: d.source_key == source_key)

    def near_duplicates(self, document_id: DocumentId) -> list[NearDuplicate]:
        with self._lock:
            if document_id not in self._documents:
                return []
            mine = self._documents[document_id].present
            found = [
                NearDuplicate(
                    document_id=one.id, title=one.title, similarity=_similarity(mine, one)
                )
                for one in self._of(mine.collection)
                if one.id != document_id and _is_copy(mine, one)
            ]
        return sorted(found, key=lambda one: (-one.similarity, one.document_id))[:20]

    def mark_seen(self, document_id: DocumentId, root: str | None) -> None:
        with self._lock:
            if document_id in self._documents:
                self._roots[document_id] = root

    def inside(self, collection: str, source: str) -> dict[str, DocumentId]:
        with self._lock:
            keys = {
                one.source_key: one.id
                for one in self._present()
                if one.collection == collection and one.source_key
            }
        return {key: keys[key] for key in sorted(keys) if key.startswith(inner_key(source, ""))}

    def last_seen(self, collection: str, root: str) -> dict[str, DocumentId]:
        with self._lock:
            return {
                one.source_key: one.id
                for one in sorted(self._present(), key=lambda d: d.source_key or "")
                if one.source_key is not None
                and one.collection == collection
                and self._roots[one.id] == root
            }

    def amend(self, document_id: DocumentId, changes: Mapping[str, str | dt.date | None]) -> None:
        with self._lock:
            stored = self._stored(document_id)
            stored.amendment = replace(stored.amendment, **changes)  # type: ignore[arg-type] # by name
            self.audit.record("document.amend", document_id, stored.present.collection)
            self._changes[stored.present.collection] += 1

    def disk_bytes(self, collection: str) -> int:
        return sum(len(one.text.encode()) for one in self._of(collection))

    def _first(self, collection: str, wanted: Callable[[Document], bool]) -> DocumentSummary | None:
        with self._lock:
            for document in self._present():
                if document.collection == collection and wanted(document):
                    return self.summary(document.id)
        return None

    # JobStore

    def enqueue(self, upload: Upload, content: bytes) -> Job:
        job = Job(id=uuid.uuid4().hex, state="queued")
        with self._lock:
            self._jobs[job.id] = _Queued(job, upload, content)
        return job

    def claim(self) -> tuple[Job, Upload, bytes] | None:
        with self._lock:
            for queued in self._jobs.values():
                if queued.job.state == "queued":
                    queued.job = replace(queued.job, state="parsing")
                    return queued.job, replace(queued.upload, job=queued.job.id), queued.content
        return None

    def update(self, job: Job) -> None:
        with self._lock:
            self._queued(job.id).job = job

    def job(self, job_id: str) -> Job:
        with self._lock:
            return self._queued(job_id).job

    def job_collection(self, job_id: str) -> str:
        with self._lock:
            return self._queued(job_id).upload.collection

    def queued(self) -> int:
        with self._lock:
            return sum(one.job.state == "queued" for one in self._jobs.values())

    def _queued(self, job_id: str) -> _Queued:
        if job_id not in self._jobs:
            raise UnknownJob(job_id)
        return self._jobs[job_id]

    def _stored(self, document_id: DocumentId) -> _Stored:
        if document_id not in self._documents:
            raise UnknownDocument(document_id)
        return self._documents[document_id]

    def _present(self) -> list[Document]:
        return [stored.present for stored in self._documents.values()]

    def _of(self, collection: str) -> list[Document]:
        if collection not in self._changes:
            raise UnknownCollection(collection, sorted(self._changes))
        return [d for d in self._present() if d.collection == collection]

    def _collection(self, name: str) -> CollectionSummary:
        return CollectionSummary(
            name=name,
            documents=len(self._of(name)),
            passages=sum(e.collection == name for e in self._entries.values()),
        )

    def _forget_passages(self, document_id: DocumentId) -> None:
        self._entries = {
            i: e for i, e in self._entries.items() if e.passage.document_id != document_id
        }

    def _selected(self, selection: Selection) -> Iterable[tuple[PassageId, _Entry]]:
        for i, entry in self._entries.items():
            if entry.collection == selection.collection and (
                selection.documents is None or entry.passage.document_id in selection.documents
            ):
                yield i, entry


_fingerprint = lru_cache(maxsize=1_000)(fingerprint)


def _similarity(one: Document, other: Document) -> float:
    mine, theirs = _fingerprint(one.text), _fingerprint(other.text)
    return mine.similarity(theirs) if mine and theirs else 0.0


def _is_copy(one: Document, other: Document) -> bool:
    mine, theirs = _fingerprint(one.text), _fingerprint(other.text)
    return bool(mine and theirs and mine.is_copy_of(theirs))


def _best(scores: Iterable[tuple[PassageId, float]], k: int) -> list[Hit]:
    ranked = sorted(scores, key=lambda one: (-one[1], one[0]))
    return [Hit(passage_id, score) for passage_id, score in ranked[:k]]


def _bm25(entry: _Entry, frequencies: dict[str, int], everything: Sequence[_Entry]) -> float:
    """Okapi BM25 with k1 = 1.2 and b = 0.75, each distinct term once, idf never negative."""
    mean = sum(e.counts.total() for e in everything) / len(everything)
    norm = 1.2 * (0.25 + 0.75 * entry.counts.total() / mean)
    return sum(
        math.log(1 + (len(everything) - n + 0.5) / (n + 0.5))
        * entry.counts[term]
        * 2.2
        / (entry.counts[term] + norm)
        for term, n in frequencies.items()
    )
