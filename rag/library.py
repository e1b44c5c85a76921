"""One data folder, opened: everything that the shell, HTTP and Python callers do goes through here."""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from rag.composition import EXTRACTIVE
from rag.confidence import FITTED, signs_of
from rag.errors import DocumentDamaged, InvalidQuestion, NotFound
from rag.evidence import ALL, Evidence
from rag.fusion import widened
from rag.layout import boxes_of
from rag.protocols import (
    AnswerComposer,
    AnswerStore,
    AuditLog,
    Catalog,
    Composed,
    DocumentSummary,
    Embedder,
    JobStore,
    KeyStore,
    PassageIndex,
    Rewriter,
    Rewritten,
    Selection,
    SentenceRanker,
    TellingComposer,
    TokenBudget,
)
from rag.question import stand_alone
from rag.retrieval import HybridRetriever
from rag.settings import Settings
from rag.spelling import Speller
from rag.types import (
    DEFAULT_COLLECTION,
    Answer,
    Document,
    DocumentId,
    Filters,
    PageBoxes,
    Quote,
    Reply,
    ScoredPassage,
    Statement,
    Usage,
    Version,
)
from rag.verification import Verifier

_SHARE = 4  # of the passages of a question, for each further query
_PAGE = 500  # documents that are read at a time
AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Passages of one search, best first, with the documents they are slices of."""

    passages: tuple[ScoredPassage, ...]
    documents: Mapping[DocumentId, Document]
    snapshot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """The first step of an answer: the passages that it is written from, and what it will be called."""

    id: str
    standalone_question: str
    found: Found


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A statement whose quotes are exact in `documents`; `boxes` has those of its quotes that have pages."""

    statement: Statement
    documents: Mapping[tuple[DocumentId, Version], Document]
    boxes: Mapping[Quote, tuple[PageBoxes, ...]]


Step = Retrieved | Stated | Reply


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
    ranker: SentenceRanker | None
    speller: Speller
    retriever: HybridRetriever
    composers: Mapping[str, AnswerComposer]
    preferred: str
    rewriter: Rewriter | None = None

    def ask(
        self,
        question: str,
        *,
        collection: str = DEFAULT_COLLECTION,
        filters: Filters | None = None,
        composer: str = AUTO,
        earlier: Sequence[str] = (),
    ) -> Reply:
        """Answer a question from a collection's documents, or abstain.

        `composer` names who writes the answer; `auto` is the chat model where one is configured. `earlier` are
        the questions of a conversation so far, oldest first, which this one may lean on.

        Raises:
            InvalidQuestion: the question is empty or too long, or there is no such composer.
            UnknownCollection: there is none of that name.
        """
        steps = self.answering(
            question, collection=collection, filters=filters, composer=composer, earlier=earlier
        )
        return next(step for step in steps if isinstance(step, Reply))

    def answering(
        self,
        question: str,
        *,
        collection: str = DEFAULT_COLLECTION,
        filters: Filters | None = None,
        composer: str = AUTO,
        earlier: Sequence[str] = (),
        budget: TokenBudget | None = None,
    ) -> Generator[Step, None, None]:
        """An answer as it comes about: what was found, each statement once it is verified, and the whole reply.

        Nothing is done before the first step is asked for, and no more than is asked for; there is no reply where
        nothing was written yet when nobody waited for it any longer (`rag.abandonment`). What a chat model takes is
        taken from `budget`; None bounds nothing.

        Raises:
            InvalidQuestion, UnknownCollection: as `ask`, at the first step.
        """
        self._check(question)
        composing = self._composer(composer)
        clock, reply_id = _Clock(), secrets.token_hex(16)
        filters = filters or Filters()
        selection = self.store.select(collection, filters)
        rewritten = self._rewritten(question, earlier, composing, budget)
        asked = self.speller.spelled(rewritten.question, selection)
        most = self.settings.retrieval.evidence
        evidence = self._evidence(selection, filters, asked, most, further=rewritten.queries)
        clock.lap("retrieve")
        found = _found(evidence, selection)
        yield Retrieved(id=reply_id, standalone_question=asked, found=found)
        clock.resume()
        verifier = Verifier(self.store.document)
        boxes: dict[Quote, tuple[PageBoxes, ...]] = {}
        statements = []
        composed = None
        for written in _written(composing, asked, evidence, budget):
            clock.lap("compose")
            if isinstance(written, Composed):
                composed = written
            elif statement := verifier.statement(written):
                boxes |= self._boxes(statement.quotes, verifier.documents)
                statements.append(statement)
                clock.lap("verify")
                yield Stated(statement=statement, documents=verifier.documents, boxes=boxes)
                clock.resume()
        if composed is None:
            return
        response = verifier.response(composed.response, statements, selection.searched)
        boxes |= self._boxes([q for q in response.quotes if q not in boxes], verifier.documents)
        confidence = None
        if composed.composer == EXTRACTIVE and isinstance(response, Answer):
            confidence = self._confidence(asked, response, verifier.documents.values())
        clock.lap("verify")
        yield Reply(
            id=reply_id,
            question=question,
            standalone_question=asked,
            response=response,
            documents=verifier.documents,
            boxes=boxes,
            collection=collection,
            composer=composed.composer,
            degraded=composed.degraded,
            model=composed.model,
            usage=_both(rewritten.usage, composed.usage),
            snapshot=selection.snapshot,
            timings_ms=clock.laps_ms,
            confidence=confidence,
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
        filters = filters or Filters()
        selection = self.store.select(collection, filters)
        return _found(self._evidence(selection, filters, query, k), selection)

    def close(self) -> None:
        """Write what is pending and let go of the data folder."""
        self.store.close()

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _rewritten(
        self,
        question: str,
        earlier: Sequence[str],
        composer: AnswerComposer,
        budget: TokenBudget | None,
    ) -> Rewritten:
        """The question as it is searched with: by the chat model only where that also writes the answer."""
        if self.rewriter is None or not isinstance(composer, TellingComposer):
            return Rewritten(question=stand_alone(question, earlier))
        return self.rewriter.rewritten(question, earlier, budget)

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

    def _confidence(
        self, question: str, answer: Answer, documents: Collection[Document]
    ) -> float | None:
        """None where the calibration does not hold: for another embedding model, or a language not covered."""
        covered = all(self.embedder.covers(one.language) for one in documents)
        if self.embedder.identity.name != FITTED.model or not covered:
            return None
        return FITTED.confidence(signs_of(question, answer, self.ranker))

    def _boxes(
        self, quotes: Iterable[Quote], documents: Mapping[tuple[DocumentId, Version], Document]
    ) -> dict[Quote, tuple[PageBoxes, ...]]:
        """Where quotes stand on their pages."""
        found = {}
        for quote in quotes:
            if pages := documents[quote.document_id, quote.version].page_numbers(quote.span):
                layouts = self.store.layouts(quote.document_id, quote.version, pages)
                found[quote] = boxes_of(quote.span, layouts)
        return found

    def _evidence(
        self,
        selection: Selection,
        filters: Filters,
        query: str,
        k: int,
        *,
        further: Sequence[str] = (),
        among: Filters = ALL,
    ) -> Evidence:
        """The k passages that fit a query best, and fewer for each further one, of documents that can be read.

        Of all that are selected, or those of them that `among` admits.
        """
        if among:
            filters = filters.narrowed(among)
            selection = self.store.select(selection.collection, filters)
        found = widened(
            self.retriever.retrieve(query, selection, k),
            [self.retriever.retrieve(one, selection, -(-k // _SHARE)) for one in further],
        )
        documents = self._documents(found)
        return Evidence(
            query=query,
            passages=tuple(one for one in found if one.passage.document_id in documents),
            documents=documents,
            searched=selection.searched,
            search=partial(self._evidence, selection, filters),
        )

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


def _written(
    composer: AnswerComposer, question: str, evidence: Evidence, budget: TokenBudget | None
) -> Iterator[Statement | Composed]:
    """Each statement of an answer, as soon as it is written, and then the whole."""
    if isinstance(composer, TellingComposer):
        yield from composer.composing(question, evidence, budget)
        return
    yield from composer.compose(question, evidence).told()


def _both(one: Usage | None, other: Usage | None) -> Usage | None:
    return one + other if one and other else one or other


def _found(evidence: Evidence, selection: Selection) -> Found:
    return Found(
        passages=evidence.passages,
        documents=evidence.documents,
        snapshot=selection.snapshot,
    )


class _Clock:
    """Milliseconds by stage, each summed over its laps."""

    def __init__(self) -> None:
        self.laps_ms: dict[str, float] = {}
        self.resume()

    def resume(self) -> None:
        """Begin a lap; what passed since the last one belongs to nobody."""
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        took_ms = (now - self._last) * 1000
        self.laps_ms[name] = round(self.laps_ms.get(name, 0.0) + took_ms, 1)
        self._last = now
