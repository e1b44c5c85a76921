"""One ranking from several."""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.protocols import Hit
from rag.types import Passage, PassageId, ScoredPassage

_RANKS_OFFSET = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    """A passage in the fused ranking; a score or rank is None where that half did not bring it."""

    passage_id: PassageId
    score: float
    dense: float | None
    dense_rank: int | None
    lexical: float | None
    lexical_rank: int | None


def convex_combination(
    dense: Sequence[Hit], lexical: Sequence[Hit], dense_weight: float
) -> list[Fused]:
    """Merge two rankings (best first) by the weighted sum of their normalised scores, best first.

    Cosines are scaled so that the lowest of them is 0 and the highest 1, BM25 by its highest; what one
    half did not bring counts 0 there. What has no vector is scored by BM25 alone. Ties go to the lower id.
    Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", ACM TOIS 2023, find this
    better than rank fusion.
    """
    by_cosine = _scaled(dense, floor=min((hit.score for hit in dense), default=0.0))
    by_bm25 = _scaled(lexical, floor=0.0)
    dense_ranks = {hit.passage_id: (rank, hit.score) for rank, hit in enumerate(dense, 1)}
    lexical_ranks = {hit.passage_id: (rank, hit.score) for rank, hit in enumerate(lexical, 1)}
    words_alone = {hit.passage_id for hit in lexical if not hit.embedded}
    fused = []
    for passage_id in sorted(by_cosine.keys() | by_bm25.keys()):
        dense_rank, cosine = dense_ranks.get(passage_id, (None, None))
        lexical_rank, bm25 = lexical_ranks.get(passage_id, (None, None))
        weight = 0.0 if passage_id in words_alone else dense_weight
        fused.append(
            Fused(
                passage_id=passage_id,
                score=weight * by_cosine.get(passage_id, 0.0)
                + (1 - weight) * by_bm25.get(passage_id, 0.0),
                dense=cosine,
                dense_rank=dense_rank,
                lexical=bm25,
                lexical_rank=lexical_rank,
            )
        )
    return sorted(fused, key=lambda one: -one.score)


def widened(
    ranking: Sequence[ScoredPassage], further: Sequence[Sequence[ScoredPassage]]
) -> tuple[ScoredPassage, ...]:
    """All of a ranking (best first) and what others have beside it, by the sum of 1 / (60 + rank), rank from 1.

    A passage keeps the scores of the first ranking that has it; ties go to that which came first. Scores of different
    queries do not compare, so ranks are merged: Cormack, Clarke and Büttcher, SIGIR 2009, whose 60 it is.
    """
    found: dict[Passage, ScoredPassage] = {}
    sums: dict[Passage, float] = {}
    for one_ranking in (ranking, *further):
        for rank, one in enumerate(one_ranking, 1):
            found.setdefault(one.passage, one)
            sums[one.passage] = sums.get(one.passage, 0.0) + 1 / (_RANKS_OFFSET + rank)
    return tuple(found[one] for one in sorted(found, key=lambda one: -sums[one]))


def _scaled(hits: Sequence[Hit], *, floor: float) -> dict[PassageId, float]:
    """Scores between 0 at `floor` and 1 at the highest; all 1 where none is above the floor."""
    reach = max((hit.score for hit in hits), default=floor) - floor
    return {hit.passage_id: (hit.score - floor) / reach if reach > 0 else 1.0 for hit in hits}
