"""One data folder, opened: everything that the shell, HTTP and Python callers do goes through here."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from rag.errors import DocumentDamaged, InvalidQuestion, NotFound
from rag.layout import boxes_of
from rag.protocols import (
    AnswerComposer,
    AnswerStore,
    AuditLog,
    Catalog,
    DocumentSummary,
    Embedder,
    JobStore,
    KeyStore,
    PassageIndex,
)
from rag.retrieval import HybridRetriever
from rag.settings import Settings
from rag.types import (
    Document,
    DocumentId,
    Filters,
    PageBoxes,
    Quote,
    Reply,
    Response,
    ScoredPassage,
    Version,
)
from rag.verification import verify

DEFAULT_COLLECTION = "default"
_PAGE = 500  # documents that are read at a time
AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Passages of one search, best first, with the documents they are slices of."""

    passages: tuple[ScoredPassage, ...]
    documents: Mapping[DocumentId, Document]
    snapshot: str


class Store(PassageIndex, Catalog, JobStore, Protocol):
    """Where a library keeps what it knows."""

    @property
    def keys(self) -> KeyStore:
        """Who may come in."""

    @property
    def answers(self) -> AnswerStore:
        """What was answered."""

    @property
    def audit(self) -> AuditLog:
        """Who did what."""

    def close(self) -> None:
        """Write what is pending and let go of the data folder."""


def every_summary(catalog: Catalog, collection: str | None) -> Iterator[DocumentSummary]:
    """Every document of a collection, or of all, a page at a time.

    Raises:
        UnknownCollection: there is none of that name.
    """
    after: DocumentId | None = None
    while page := catalog.summaries(collection, after=after, limit=_PAGE):
        yield from page
        after = page[-1].id


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """An opened data folder. Safe to use from many threads; close it, or use it as a context."""

    settings: Settings
    store: Store
    embedder: Embedder
    retriever: HybridRetriever
    composers: Mapping[str, AnswerComposer]
    preferred: str

    def ask(
        self,
        question: str,
        *,
        collection: str = DEFAULT_COLLECTION,
        filters: Filters | None = None,
        composer: str = AUTO,
    ) -> Reply:
        """Answer a question from a collection's documents, or abstain.

        `composer` names who writes the answer; `auto` is the chat model where one is configured.

        Raises:
            InvalidQuestion: the question is empty or too long, or there is no such composer.
            UnknownCollection: there is none of that name.
        """
        self._check(question)
        composing = self._composer(composer)
        clock = _Clock()
        selection = self.store.select(collection, filters or Filters())
        evidence = self.retriever.retrieve(question, selection, self.settings.retrieval.evidence)
        documents = self._documents(evidence)
        evidence = tuple(one for one in evidence if one.passage.document_id in documents)
        clock.lap("retrieve")
        composed = composing.compose(question, evidence, documents, selection.searched)
        clock.lap("compose")
        verified = verify(composed.response, selection.searched, self.store.document)
        boxes = self._boxes(verified.response, verified.documents)
        clock.lap("verify")
        return Reply(
            id=secrets.token_hex(16),
            question=question,
            standalone_question=question,
            response=verified.response,
            documents=verified.documents,
            boxes=boxes,
            collection=collection,
            composer=composed.composer,
            degraded=composed.degraded,
            model=composed.model,
            snapshot=selection.snapshot,
            timings_ms=clock.laps_ms,
        )

    def search(
        self,
        query: str,
        *,
        collection: str = DEFAULT_COLLECTION,
        k: int = 10,
        filters: Filters | None = None,
    ) -> Found:
        """The k passages that fit the query best.

        Raises:
            InvalidQuestion: the query is empty or too long, or k is out of bounds.
            UnknownCollection: there is none of that name.
        """
        self._check(query)
        if not 1 <= k <= self.settings.limits.search_results:
            raise InvalidQuestion(
                f"k is {k}; it may be 1 to {self.settings.limits.search_results}."
            )
        selection = self.store.select(collection, filters or Filters())
        passages = self.retriever.retrieve(query, selection, k)
        documents = self._documents(passages)
        return Found(
            passages=tuple(one for one in passages if one.passage.document_id in documents),
            documents=documents,
            snapshot=selection.snapshot,
        )

    def close(self) -> None:
        """Write what is pending and let go of the data folder."""
        self.store.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _composer(self, name: str) -> AnswerComposer:
        found = self.composers.get(self.preferred if name == AUTO else name)
        if found is None:
            raise InvalidQuestion(
                f"There is no composer {name!r}; known ones: {', '.join((AUTO, *self.composers))}."
            )
        return found

    def _check(self, question: str) -> None:
        limit = self.settings.limits.question_chars
        if not question.strip():
            raise InvalidQuestion("The question is empty.")
        if len(question) > limit:
            raise InvalidQuestion(
                f"The question has {len(question):,} characters; {limit:,} are allowed."
            )

    def _boxes(
        self, response: Response, documents: Mapping[tuple[DocumentId, Version], Document]
    ) -> dict[Quote, tuple[PageBoxes, ...]]:
        """Where the response's quotes stand on their pages."""
        found = {}
        for quote in response.quotes:
            if pages := documents[quote.document_id, quote.version].page_numbers(quote.span):
                layouts = self.store.layouts(quote.document_id, quote.version, pages)
                found[quote] = boxes_of(quote.span, layouts)
        return found

    def _documents(self, scored: Sequence[ScoredPassage]) -> dict[DocumentId, Document]:
        """The versions that the passages are slices of; one deleted meanwhile or damaged is left out."""
        documents = {}
        for passage in dict.fromkeys(one.passage for one in scored):
            if passage.document_id not in documents:
                with suppress(NotFound, DocumentDamaged):
                    documents[passage.document_id] = self.store.document(
                        passage.document_id, passage.version
                    )
        return documents


class _Clock:
    """Milliseconds between laps."""

    def __init__(self) -> None:
        self.laps_ms: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.laps_ms[name] = round((now - self._last) * 1000, 1)
        self._last = now
