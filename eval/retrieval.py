"""Retrieval: are the relevant documents at the top, by either half of the search and by both fused?

A set has `qrels.jsonl.gz` beside its documents and questions: which documents are relevant to which question. A
document ranks where its first passage does. Where a question is about one document, the passages of that one are
ranked, and relevant are those that hold some of the marked words.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.bench import BenchDocument, BenchError, BenchQuestion, fill, read_lines
from eval.metrics import (
    Mean,
    Proportion,
    mean,
    ndcg_at_k,
    proportion,
    recall_at_k,
    reciprocal_rank,
)
from rag.analysis import terms
from rag.bootstrap import open_rag
from rag.library import Library, every_summary
from rag.protocols import Hit
from rag.settings import Settings
from rag.types import DEFAULT_COLLECTION, Filters, Passage

FIRST = 10
_PASSAGES = 100  # of a search, which hold the first ten documents and more

Progress = Callable[[str, int, int], None]
Judgments = Mapping[str, Mapping[str, int]]  # by question and document: the grade, 1 or more


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalScores:
    """Of one ranking, over the questions that have judgments."""

    ndcg: Mean
    recall: Mean
    mrr: Mean


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievalReport:
    """The scores by ranking: `fused` as searches use it, and each half alone."""

    scores: dict[str, RetrievalScores]
    documents: int
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WithinScores:
    """Of one ranking of the passages of the document that a question is about.

    Attributes:
        first: The first passage holds some of the marked words.
        ten: Of the first ten, the share that does.
    """

    first: Proportion
    ten: Mean


def read_judgments(folder: Path) -> Judgments:
    """The relevant documents of each question.

    Raises:
        BenchError: there are none, or a line is not in the normal form.
    """
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for line in read_lines(folder / "qrels.jsonl.gz", ("qid", "doc", "rel")):
        if line["rel"] > 0:
            found[line["qid"]][line["doc"]] = line["rel"]
    if not found:
        raise BenchError(f"{folder.name} judges no document relevant.")
    return found


def measure(
    documents: Sequence[BenchDocument],
    questions: Sequence[BenchQuestion],
    judgments: Judgments,
    progress: Progress,
    data: Path | None = None,
) -> RetrievalReport:
    """Index the documents, search for every question that has judgments, score what comes first.

    Args:
        documents: All of them are searched.
        questions: Those without judgments are passed over.
        judgments: What is relevant.
        progress: Told of every document and question.
        data: A data folder to keep, which a later run finds filled; one for this run alone by default.
    """
    judged = [one for one in questions if one.id in judgments]
    with tempfile.TemporaryDirectory() as alone, open_rag(Settings(data=data or Path(alone))) as it:
        fill(it, documents, progress)
        rankings: dict[str, list[list[str]]] = defaultdict(list)
        for done, one in enumerate(judged, 1):
            for name, ranking in _rankings(it, one.question).items():
                rankings[name].append(ranking)
            progress("search", done, len(judged))
        relevant = [judgments[one.id] for one in judged]
        return RetrievalReport(
            scores={name: _scores(found, relevant) for name, found in rankings.items()},
            documents=len(documents),
            passages=it.store.count(DEFAULT_COLLECTION),
        )


def measure_within(
    documents: Sequence[BenchDocument], questions: Sequence[BenchQuestion], progress: Progress
) -> dict[str, WithinScores]:
    """Index the documents, search for each question in its own document, look whether passages hold what is marked.

    Args:
        documents: Those that questions are about, and others.
        questions: Each is about one document, and has evidence there.
        progress: Told of every document and question.
    """
    with tempfile.TemporaryDirectory() as folder, open_rag(Settings(data=Path(folder))) as library:
        fill(library, documents, progress)
        ids = {one.source_key: one.id for one in every_summary(library.store, DEFAULT_COLLECTION)}
        holding: dict[str, list[list[bool]]] = defaultdict(list)
        for done, one in enumerate(questions, 1):
            its = Filters(document_ids=frozenset({ids[one.document]}))
            for name, passages in _searched(library, one.question, its, FIRST).items():
                holding[name].append([_holds(passage, one) for passage in passages])
            progress("search", done, len(questions))
    return {
        name: WithinScores(
            first=proportion([any(held[:1]) for held in rankings]),
            ten=mean([sum(held) / max(len(held), 1) for held in rankings]),
        )
        for name, rankings in holding.items()
    }


def _holds(passage: Passage, question: BenchQuestion) -> bool:
    return any(
        document == question.document and passage.span.overlaps(span)
        for document, span in question.evidence
    )


def _rankings(library: Library, question: str) -> dict[str, list[str]]:
    """The documents' own ids, best first, by both halves fused and by each alone."""
    return {
        name: [
            library.store.document(one).source_key or ""
            for one in dict.fromkeys(passage.document_id for passage in passages)
        ]
        for name, passages in _searched(library, question, Filters(), _PASSAGES).items()
    }


def _searched(
    library: Library, question: str, filters: Filters, k: int
) -> dict[str, list[Passage]]:
    """Passages, best first, by both halves fused and by each alone."""
    selection = library.store.select(DEFAULT_COLLECTION, filters)
    vector = library.embedder.embed_queries([question])[0]
    found = library.search(question, k=k, filters=filters)
    return {
        "fused": [one.passage for one in found.passages],
        "dense alone": _passages(library, library.store.dense_search(selection, vector, k)),
        "BM25 alone": _passages(
            library, library.store.lexical_search(selection, terms(question), k)
        ),
    }


def _passages(library: Library, hits: Sequence[Hit]) -> list[Passage]:
    passages = library.store.passages([hit.passage_id for hit in hits])
    return [passages[hit.passage_id] for hit in hits]


def _scores(
    rankings: Sequence[Sequence[str]], relevant: Sequence[Mapping[str, int]]
) -> RetrievalScores:
    pairs = list(zip(rankings, relevant, strict=True))
    return RetrievalScores(
        ndcg=mean([ndcg_at_k(ranking, judged, FIRST) for ranking, judged in pairs]),
        recall=mean([recall_at_k(ranking, judged, FIRST) for ranking, judged in pairs]),
        mrr=mean([reciprocal_rank(ranking[:FIRST], judged) for ranking, judged in pairs]),
    )
