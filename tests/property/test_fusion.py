from hypothesis import given
from hypothesis import strategies as st

from rag.fusion import convex_combination
from rag.protocols import Hit
from rag.types import PassageId

SCORES = st.lists(st.integers(1, 1000), unique=True, max_size=20).map(
    lambda values: [
        Hit(PassageId(number), value / 1000)
        for number, value in enumerate(sorted(values, reverse=True))
    ]
)


@given(ranking=SCORES, weight=st.floats(0.01, 0.99))
def test_the_fusion_of_one_ranking_is_that_ranking(ranking: list[Hit], weight: float) -> None:
    ids = [hit.passage_id for hit in ranking]
    assert [one.passage_id for one in convex_combination(ranking, [], weight)] == ids
    assert [one.passage_id for one in convex_combination([], ranking, weight)] == ids


@given(dense=SCORES, lexical=SCORES, weight=st.floats(0, 1))
def test_fused_scores_lie_between_0_and_1_and_fall(
    dense: list[Hit], lexical: list[Hit], weight: float
) -> None:
    scores = [one.score for one in convex_combination(dense, lexical, weight)]
    assert all(0 <= score <= 1 + 1e-9 for score in scores)
    assert scores == sorted(scores, reverse=True)
