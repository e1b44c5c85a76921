"""What one caller sees of a library: to it, the collections of others do not exist."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from api.answer_log import AnswerLog
from rag.access import Grant
from rag.errors import UnknownAnswer, UnknownCollection, UnknownDocument, UnknownJob
from rag.exporting import export
from rag.library import AUTO, Found, Library, Step
from rag.protocols import CollectionSummary, DocumentSummary, Job, StoredAnswer, TokenBudget
from rag.types import Document, DocumentId, Filters, Version

_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True)
class View:
    """A library through a grant. Routes reach documents only through here.

    Raises:
        NotFound: from every method that takes a name or an id, for what is another's as for what is not there.
    """

    library: Library
    grant: Grant

    def collections(self) -> list[CollectionSummary]:
        """The collections it sees."""
        return [one for one in self.library.store.collections() if self.grant.sees(one.name)]

    def require(self, collection: str) -> None:
        """Refuse a collection that it may not add to, whether or not there is one."""
        if not self.grant.sees(collection):
            raise self._unknown(collection)

    def require_existing(self, collection: str) -> None:
        """Refuse a collection that does not exist, or not for it."""
        if collection not in [one.name for one in self.collections()]:
            raise self._unknown(collection)

    def summaries(
        self, collection: str | None, *, after: DocumentId | None, limit: int
    ) -> list[DocumentSummary]:
        """As `Catalog.summaries`, of the collections it sees."""
        if collection is not None:
            self.require(collection)
        if collection is not None or self.grant.collections is None:
            with self._among_its_own():
                return self.library.store.summaries(collection, after=after, limit=limit)
        found = [
            summary
            for one in self.collections()
            for summary in self.library.store.summaries(one.name, after=after, limit=limit)
        ]
        return sorted(found, key=lambda one: one.id)[:limit]

    def summary(self, document_id: str) -> DocumentSummary:
        """As `Catalog.summary`."""
        found = self.library.store.summary(DocumentId(document_id))
        if not self.grant.sees(found.collection):
            raise UnknownDocument(document_id)
        return found

    def document(self, document_id: str, version: str | None) -> Document:
        """As `Catalog.document`."""
        known = self.summary(document_id).id
        return self.library.store.document(known, Version(version) if version else None)

    def versions(self, document_id: str) -> list[Version]:
        """As `Catalog.versions`."""
        return self.library.store.versions(self.summary(document_id).id)

    def original(self, document_id: str, version: str | None) -> bytes:
        """As `Catalog.original`."""
        known = self.summary(document_id).id
        return self.library.store.original(known, Version(version) if version else None)

    def amend(
        self, document_id: str, changes: Mapping[str, str | dt.date | None]
    ) -> DocumentSummary:
        """As `Catalog.amend`; gives the document as it is now."""
        self.library.store.amend(self.summary(document_id).id, changes)
        return self.summary(document_id)

    def delete(self, document_id: str) -> None:
        """As `PassageIndex.delete`."""
        self.library.store.delete(self.summary(document_id).id)

    def purge(self, collection: str) -> None:
        """As `PassageIndex.purge`."""
        self.require(collection)
        with self._among_its_own():
            self.library.store.purge(collection)

    def export(self, collection: str) -> Iterator[bytes]:
        """As `rag.exporting.export`; what is refused is refused before the first piece is asked for."""
        self.require_existing(collection)
        pieces = export(self.library.store, collection)
        with self._among_its_own():
            return _continued(next(pieces), pieces)

    def job(self, job_id: str) -> Job:
        """As `JobStore.job`."""
        if not self.grant.sees(self.library.store.job_collection(job_id)):
            raise UnknownJob(job_id)
        return self.library.store.job(job_id)

    def answer(self, log: AnswerLog, answer_id: str) -> StoredAnswer:
        """As `AnswerLog.answer`."""
        found = log.answer(answer_id)
        if not self.grant.sees(found.collection):
            raise UnknownAnswer(answer_id)
        return found

    def disk_bytes(self, collection: str) -> int:
        """As `Catalog.disk_bytes`."""
        self.require(collection)
        return self.library.store.disk_bytes(collection)

    def answering(
        self,
        question: str,
        collection: str,
        filters: Filters,
        *,
        composer: str = AUTO,
        earlier: Sequence[str] = (),
        budget: TokenBudget | None = None,
    ) -> Iterator[Step]:
        """As `Library.answering`, whose first step is taken at once: what is refused is refused here."""
        self.require(collection)
        steps = self.library.answering(
            question,
            collection=collection,
            filters=filters,
            composer=composer,
            earlier=earlier,
            budget=budget,
        )
        with self._among_its_own():
            return _continued(next(steps), steps)

    def search(self, query: str, collection: str, k: int, filters: Filters) -> Found:
        """As `Library.search`."""
        self.require(collection)
        with self._among_its_own():
            return self.library.search(query, collection=collection, k=k, filters=filters)

    @contextmanager
    def _among_its_own(self) -> Iterator[None]:
        """What there is of an unknown collection is told only as far as it is seen."""
        try:
            yield
        except UnknownCollection as error:
            raise self._unknown(error.name) from error

    def _unknown(self, collection: str) -> UnknownCollection:
        return UnknownCollection(collection, [one.name for one in self.collections()])


def _continued(first: _Part, rest: Generator[_Part, None, None]) -> Iterator[_Part]:
    """All parts, of which the first has been taken; whoever leaves closes the rest, so that what it took is charged."""
    with closing(rest):
        yield first
        yield from rest
