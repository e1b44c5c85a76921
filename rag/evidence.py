"""What was found for a question."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rag.types import Document, DocumentId, ScoredPassage, Searched


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Passages, best first, and the documents that they are slices of.

    Attributes:
        query: What they were found for.
        searched: How much there was to search.
        search: Finds up to so many passages for another query among the same documents.
    """

    query: str
    passages: tuple[ScoredPassage, ...]
    documents: Mapping[DocumentId, Document]
    searched: Searched
    search: Callable[[str, int], Evidence]
