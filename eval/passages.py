"""Passages: how much of what answers a question do the best passages hold, and how much else?

Ours beside LangChain's RecursiveCharacterTextSplitter at the same mean length, with the same embedding model
and dense search alone, on questions whose answering excerpts are known as spans. The measures are those of
Smith and Troynikov, "Evaluating Chunking Strategies for Retrieval", Chroma 2024, over characters where theirs
are over tokens.
"""

from __future__ import annotations

import hashlib
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from langchain_text_splitters import RecursiveCharacterTextSplitter

from eval.bench import BenchDocument, BenchQuestion
from eval.metrics import Mean, mean
from ingest.passages import embedded_texts, split
from rag.protocols import Embedder
from rag.types import Document, DocumentId, Passage, Span, Version

_RETRIEVED = 5
_USUAL_OVERLAP = 0.2  # LangChain's own examples split at 1,000 with an overlap of 200

Splitter = Callable[[Document], Sequence[Passage]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageScores:
    """Means over the questions, each in [0, 1].

    Attributes:
        recall: Of the excerpts' characters, those in a retrieved passage.
        precision: Of the retrieved passages' characters, those in an excerpt.
        iou: Characters in both, of those in either; what several passages repeat counts each time.
        precision_omega: The precision if just the passages that touch an excerpt were retrieved.
    """

    passages: int
    mean_chars: float
    recall: Mean
    precision: Mean
    iou: Mean
    precision_omega: Mean


def measure(
    documents: Sequence[BenchDocument],
    questions: Sequence[BenchQuestion],
    embedder: Embedder,
) -> dict[str, PassageScores]:
    """Scores by splitter, over questions that have excerpts."""
    texts = [_document(one) for one in documents]
    asked = [one for one in questions if one.evidence]
    ours = _ours(embedder)
    mean_chars = statistics.fmean(len(one.span) for text in texts for one in ours(text))
    splitters = {
        "Chapterverse": ours,
        "LangChain, no overlap": _fitting(texts, mean_chars, 0.0),
        f"LangChain, overlap {_USUAL_OVERLAP:.0%}": _fitting(texts, mean_chars, _USUAL_OVERLAP),
    }
    return {name: scored(texts, asked, one, embedder) for name, one in splitters.items()}


def scored(
    documents: Sequence[Document],
    questions: Sequence[BenchQuestion],
    splitter: Splitter,
    embedder: Embedder,
    *,
    headed: bool = True,
) -> PassageScores:
    """Retrieve for each question among all passages of all documents; `headed` ones under their document's title."""
    passages = [one for document in documents for one in splitter(document)]
    embedded = [
        text
        for document in documents
        for text in _embedded(document, passages, embedder, headed=headed)
    ]
    vectors = embedder.embed_passages(embedded)
    asked = embedder.embed_queries([one.question for one in questions])
    best = np.argsort(-(asked @ vectors.T), axis=1, kind="stable")[:, :_RETRIEVED]
    rows = [
        _question_scores([passages[n] for n in found], passages, one)
        for found, one in zip(best.tolist(), questions, strict=True)
    ]
    recall, precision, iou, omega = (mean(column) for column in zip(*rows, strict=True))
    return PassageScores(
        passages=len(passages),
        mean_chars=statistics.fmean(len(one.span) for one in passages),
        recall=recall,
        precision=precision,
        iou=iou,
        precision_omega=omega,
    )


def _embedded(
    document: Document, passages: Sequence[Passage], embedder: Embedder, *, headed: bool
) -> list[str]:
    of_it = [one for one in passages if one.document_id == document.id]
    return embedded_texts(document, of_it, embedder) if headed else [one.text for one in of_it]


def _question_scores(
    retrieved: Sequence[Passage], passages: Sequence[Passage], question: BenchQuestion
) -> tuple[float, float, float, float]:
    """Recall, precision, IoU and precision omega of one question."""
    wanted = {(doc, at) for doc, span in question.evidence for at in range(span.start, span.end)}
    touching = [
        one
        for one in passages
        if any(
            one.document_id == doc and one.span.overlaps(span) for doc, span in question.evidence
        )
    ]
    found, length = _common(retrieved, wanted), sum(len(one.span) for one in retrieved)
    return (
        found / len(wanted),
        found / length,
        found / (length + len(wanted) - found),
        _common(touching, wanted) / sum(len(one.span) for one in touching),
    )


def _common(passages: Iterable[Passage], wanted: set[tuple[str, int]]) -> int:
    """How many wanted characters the passages hold."""
    held = {(one.document_id, at) for one in passages for at in range(one.span.start, one.span.end)}
    return len(held & wanted)


def _document(one: BenchDocument) -> Document:
    return Document(
        id=DocumentId(one.id),
        version=Version(f"sha256:{hashlib.sha256(one.text.encode()).hexdigest()}"),
        collection="default",
        title=one.title,
        media_type="text/plain",
        text=one.text,
    )


def _ours(embedder: Embedder) -> Splitter:
    return lambda document: split(document, embedder)


def _fitting(documents: Sequence[Document], mean_chars: float, overlap: float) -> Splitter:
    """LangChain's splitter with the chunk size whose passages have this mean length."""
    low, high = mean_chars / 2, mean_chars * 4
    while high - low > 1:
        middle = (low + high) / 2
        lengths = [
            len(one.span) for text in documents for one in _langchain(int(middle), overlap)(text)
        ]
        low, high = (middle, high) if statistics.fmean(lengths) < mean_chars else (low, middle)
    return _langchain(int(high), overlap)


def _langchain(chunk_size: int, overlap: float) -> Splitter:
    splitter = RecursiveCharacterTextSplitter(
        chunk_size=chunk_size, chunk_overlap=int(chunk_size * overlap), add_start_index=True
    )

    def passages(document: Document) -> list[Passage]:
        return [
            Passage.of(document, Span(start, start + len(one.page_content)))
            for one in splitter.create_documents([document.text])
            if (start := one.metadata["start_index"]) >= 0
        ]

    return passages
