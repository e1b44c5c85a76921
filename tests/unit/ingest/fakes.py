"""Doubles for what ingestion speaks to."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from rag.bootstrap import assemble
from rag.errors import UnknownDocument
from rag.library import Library
from rag.protocols import (
    CollectionSummary,
    DocumentSummary,
    Hit,
    Job,
    ModelIdentity,
    Selection,
    Upload,
)
from rag.settings import LimitSettings, Settings
from rag.types import (
    Document,
    DocumentId,
    Filters,
    Passage,
    PassageId,
    SectionLocator,
    Span,
    Vectors,
    Version,
)


class WordEmbedder:
    """Counts words and punctuation marks as tokens; a long word counts once per four characters."""

    def __init__(self, window_tokens: int = 60) -> None:
        self.window_tokens = window_tokens
        self.embedded: list[str] = []

    @property
    def identity(self) -> ModelIdentity:
        return ModelIdentity(name="words", sha256="0" * 64, dimension=2, compute_path="fp32")

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [
            sum(-(-len(word) // 4) for word in re.findall(r"\w+|[^\w\s]", text)) for text in texts
        ]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        return np.tile(np.array([1, 0], np.float32), (len(texts), 1))

    embed_queries = embed_passages


class Shelf:
    """A catalog, an index and a job store that hold documents in memory and search nothing."""

    def __init__(self) -> None:
        self.versions: dict[tuple[DocumentId, Version], Document] = {}
        self.present: dict[DocumentId, DocumentSummary] = {}
        self.originals: dict[Version, bytes] = {}
        self.vectors: dict[DocumentId, Vectors] = {}

    def add(
        self,
        document: Document,
        passages: Sequence[Passage],
        vectors: Vectors,
        *,
        original: bytes,
    ) -> None:
        assert len(passages) == len(vectors) > 0
        self.versions[document.id, document.version] = document
        self.originals[document.version] = original
        self.vectors[document.id] = vectors
        self.present[document.id] = DocumentSummary(
            id=document.id,
            version=document.version,
            collection=document.collection,
            title=document.title,
            media_type=document.media_type,
            source_key=document.source_key,
            source_url=document.source_url,
            published=document.published.value if document.published else None,
            characters=len(document.text),
            pages=len(document.pages),
            passages=len(passages),
            warnings=document.warnings,
            added_at=dt.datetime.now(dt.UTC),
        )

    def summary(self, document_id: DocumentId) -> DocumentSummary:
        if document_id not in self.present:
            raise UnknownDocument(document_id)
        return self.present[document_id]

    def find(
        self, collection: str, *, version: Version | None = None, source_key: str | None = None
    ) -> DocumentSummary | None:
        for one in self.present.values():
            named = one.source_key == source_key if version is None else one.version == version
            if one.collection == collection and named:
                return one
        return None

    def document(self, document_id: DocumentId, version: Version | None = None) -> Document:
        return self.versions[document_id, version or self.summary(document_id).version]

    def collections(self) -> list[CollectionSummary]:
        raise NotImplementedError

    def summaries(
        self, collection: str | None, *, after: DocumentId | None = None, limit: int = 100
    ) -> list[DocumentSummary]:
        raise NotImplementedError

    def delete(self, document_id: DocumentId) -> None:
        raise NotImplementedError

    def select(self, collection: str, filters: Filters) -> Selection:
        raise NotImplementedError

    def dense_search(self, selection: Selection, vector: Vectors, k: int) -> list[Hit]:
        raise NotImplementedError

    def lexical_search(self, selection: Selection, terms: Sequence[str], k: int) -> list[Hit]:
        raise NotImplementedError

    def document_frequencies(self, collection: str, terms: Sequence[str]) -> dict[str, int]:
        raise NotImplementedError

    def count(self, collection: str) -> int:
        raise NotImplementedError

    def passages(self, ids: Sequence[PassageId]) -> dict[PassageId, Passage]:
        raise NotImplementedError

    def snapshot(self, collection: str) -> str:
        raise NotImplementedError

    def enqueue(self, upload: Upload, content: bytes) -> Job:
        raise NotImplementedError

    def claim(self) -> tuple[Job, Upload, bytes] | None:
        raise NotImplementedError

    def update(self, job: Job) -> None:
        raise NotImplementedError

    def job(self, job_id: str) -> Job:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError


def library(shelf: Shelf, *, upload_bytes: int = 1_000_000) -> Library:
    settings = Settings(data=Path("unused"), limits=LimitSettings(upload_bytes=upload_bytes))
    return assemble(settings, shelf, WordEmbedder())


def document(
    text: str, *, title: str = "Title", sections: Mapping[int, str] | None = None
) -> Document:
    """A document whose sections begin at the given offsets, each to the next one's start."""
    names = dict(sorted((sections or {}).items()))
    edges = pairwise([*names, len(text)])
    return Document(
        id=DocumentId("d1"),
        version=Version("sha256:0"),
        collection="default",
        title=title,
        media_type="text/plain",
        text=text,
        locators=tuple(
            SectionLocator(span=Span(start, end), path=(names[start],)) for start, end in edges
        ),
    )
