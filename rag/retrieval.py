"""Find the passages that may answer a question."""

from dataclasses import dataclass

from rag.analysis import terms
from rag.fusion import convex_combination
from rag.protocols import Embedder, PassageIndex, Selection
from rag.types import ScoredPassage


@dataclass(frozen=True, slots=True, kw_only=True)
class HybridRetriever:
    """Dense and lexical search over one selection, fused by score.

    Attributes:
        candidates: Passages fetched from each half.
        dense_weight: The dense half's share of the fused score, in [0, 1].
    """

    index: PassageIndex
    embedder: Embedder
    candidates: int
    dense_weight: float

    def retrieve(self, query: str, selection: Selection, k: int) -> tuple[ScoredPassage, ...]:
        """The k best passages, best first."""
        wanted = max(k, self.candidates)
        fused = convex_combination(
            self.index.dense_search(selection, self.embedder.embed_queries([query])[0], wanted),
            self.index.lexical_search(selection, terms(query), wanted),
            self.dense_weight,
        )[:k]
        passages = self.index.passages([one.passage_id for one in fused])
        return tuple(
            ScoredPassage(
                passage=passages[one.passage_id],
                score=one.score,
                dense=one.dense,
                dense_rank=one.dense_rank,
                lexical=one.lexical,
                lexical_rank=one.lexical_rank,
            )
            for one in fused
            if one.passage_id in passages  # a delete may come between the searches and this
        )
