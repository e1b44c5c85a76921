"""One data folder, opened: everything that the shell, HTTP and Python callers do goes through here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rag.protocols import Catalog, Embedder, JobStore, PassageIndex
from rag.settings import Settings
from rag.types import Document, DocumentId, Filters, Reply, ScoredPassage

DEFAULT_COLLECTION = "default"


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of a conversation."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Passages of one search, best first, with the documents they are slices of."""

    passages: tuple[ScoredPassage, ...]
    documents: Mapping[DocumentId, Document]
    snapshot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """An opened data folder. Safe to use from many threads; close it when done."""

    settings: Settings
    embedder: Embedder
    index: PassageIndex
    catalog: Catalog
    jobs: JobStore

    def ask(
        self,
        question: str,
        *,
        collection: str = DEFAULT_COLLECTION,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
    ) -> Reply:
        """Answer a question from a collection's documents, or abstain.

        Raises:
            InvalidQuestion: the question is empty or too long.
            UnknownCollection: there is none of that name.
        """
        raise NotImplementedError

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
        raise NotImplementedError

    def close(self) -> None:
        """Write what is pending and let go of the data folder."""
        raise NotImplementedError
