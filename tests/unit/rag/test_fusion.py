import pytest

from rag.fusion import convex_combination, widened
from rag.protocols import Hit
from rag.types import PassageId, ScoredPassage
from tests.make import document, lines


def hits(*pairs: tuple[int, float]) -> list[Hit]:
    return [Hit(PassageId(number), score) for number, score in pairs]


def test_scores_are_scaled_and_weighed() -> None:
    # cosines 0.9, 0.7, 0.5 become 1, 0.5, 0; BM25 8 and 2 become 1 and 0.25
    fused = convex_combination(hits((1, 0.9), (2, 0.7), (3, 0.5)), hits((3, 8.0), (2, 2.0)), 0.7)
    assert [one.passage_id for one in fused] == [1, 2, 3]
    assert [one.score for one in fused] == pytest.approx([0.7, 0.7 * 0.5 + 0.3 * 0.25, 0.3])


def test_each_half_s_own_score_and_rank_are_kept() -> None:
    [both, dense_only] = convex_combination(hits((1, 0.9), (2, 0.1)), hits((1, 3.0)), 0.5)
    assert (both.dense, both.dense_rank, both.lexical, both.lexical_rank) == (0.9, 1, 3.0, 1)
    assert (dense_only.dense_rank, dense_only.lexical, dense_only.lexical_rank) == (2, None, None)


def test_equal_scores_go_to_the_lower_id() -> None:
    fused = convex_combination(hits((9, 0.5), (4, 0.5)), [], 1.0)
    assert [one.passage_id for one in fused] == [4, 9]


def test_nothing_fuses_to_nothing() -> None:
    assert convex_combination([], [], 0.7) == []


def test_what_has_no_vector_is_scored_by_its_words_alone() -> None:
    words = [Hit(PassageId(3), 8.0, embedded=False), Hit(PassageId(1), 4.0)]
    fused = convex_combination(hits((1, 0.9), (2, 0.1)), words, 0.7)
    assert [(one.passage_id, one.score) for one in fused] == [
        (3, 1.0),
        (1, pytest.approx(0.7 + 0.3 * 0.5)),
        (2, 0.0),
    ]


def test_a_ranking_is_widened_by_others_and_loses_nothing() -> None:
    a, b, c, d = lines(document("one\ntwo\nthree\nfour"))
    first = [ScoredPassage(passage=one, score=0.9) for one in (a, b)]
    further = [[ScoredPassage(passage=one, score=0.5) for one in (c, b)], []]
    # b has 1/62 twice; a and c have 1/61 each, and a came first
    found = widened(first, [*further, [ScoredPassage(passage=d, score=1.0)]])
    assert [one.passage for one in found] == [b, a, c, d]
    assert [one.score for one in found] == [0.9, 0.9, 0.5, 1.0]
    assert widened(first, []) == tuple(first)
