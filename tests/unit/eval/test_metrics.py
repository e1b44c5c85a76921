import math
import random

import pytest

from eval.metrics import holds_answer, ndcg_at_k, proportion, recall_at_k, reciprocal_rank


def test_a_proportion_has_wilson_s_interval() -> None:
    # p = 8/10, z = 1.96: centre (0.8 + 0.19207) / 1.38415 = 0.71674,
    # reach 1.96 / 1.38415 * sqrt(0.016 + 0.0096036) = 0.22658
    found = proportion([True] * 8 + [False] * 2)
    assert found.value == 0.8
    assert found.n == 10
    assert found.low == pytest.approx(0.4902, abs=1e-3)
    assert found.high == pytest.approx(0.9433, abs=1e-3)


def test_a_proportion_stays_within_0_and_1() -> None:
    assert proportion([True]).high == 1.0
    assert proportion([False]).low == 0.0


def test_a_share_of_nothing_is_not_a_number() -> None:
    found = proportion([])
    assert found.n == 0
    assert all(math.isnan(x) for x in (found.value, found.low, found.high))


@pytest.mark.parametrize(
    ("texts", "answers", "expected"),
    [
        (["It was in\nMay 1999."], ["may 1999"], True),
        (["It was in June."], ["May", "june"], True),
        (["It was", "in June"], ["was in"], False),
        ([], ["x"], False),
        (["x"], [], False),
    ],
)
def test_an_answer_is_held_by_one_text(
    texts: list[str], answers: list[str], expected: bool
) -> None:
    assert holds_answer(texts, answers) is expected


def test_ndcg_is_that_of_another_implementation() -> None:
    from sklearn.metrics import ndcg_score

    draw = random.Random(3)  # noqa: S311 # the same ones each time
    for _ in range(200):
        ranking = [str(number) for number in range(draw.randint(2, 30))]
        grades = {
            one: draw.randint(1, 3) for one in draw.sample(ranking, draw.randint(1, len(ranking)))
        }
        relevance = [[grades.get(one, 0) for one in ranking]]
        scores = [[-float(one) for one in ranking]]
        expected = float(ndcg_score(relevance, scores, k=10))
        assert ndcg_at_k(ranking, grades, 10) == pytest.approx(expected)


def test_recall_and_reciprocal_rank_by_hand() -> None:
    judgments = {"b": 1, "d": 1, "x": 1}
    assert recall_at_k(["a", "b", "c", "d"], judgments, 3) == pytest.approx(1 / 3)  # b of b, d, x
    assert reciprocal_rank(["a", "b", "c", "d"], judgments) == 1 / 2
    assert reciprocal_rank(["a"], judgments) == 0
