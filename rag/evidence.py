"""What was found for a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from rag.types import Document, DocumentId, Filters, ScoredPassage, Searched

ALL = Filters()  # of the documents that a question is put to


class Search(Protocol):
    """A further search among the documents of a question."""

    def __call__(self, query: str, k: int, *, among: Filters = ALL) -> Evidence:
        """Up to k passages for another query, of those of the documents that these filters admit too."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Passages, best first, and the documents that they are slices of.

    Attributes:
        query: What they were found for.
        searched: How much there was to search.
        search: Finds passages for another query among the same documents.
    """

    query: str
    passages: tuple[ScoredPassage, ...]
    documents: Mapping[DocumentId, Document]
    searched: Searched
    search: Search

    def with_those_of(self, other: Evidence) -> Evidence:
        """It, and behind its passages those of another search that it lacks."""
        known = {one.passage for one in self.passages}
        return replace(
            self,
            passages=(*self.passages, *(one for one in other.passages if one.passage not in known)),
            documents={**other.documents, **self.documents},
        )
