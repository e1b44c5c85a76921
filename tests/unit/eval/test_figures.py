import pytest

from eval.figures import Board, Figure, Measured, boards_as_json, compared, figure, markdown, notes
from eval.metrics import proportion


def board(*figures: Figure, failed: str | None = None) -> Board:
    measured = Measured(figures=figures, seconds=90.0, failed=failed)
    return Board(
        day="2026-01-02",
        code={"version": "1"},
        compute_path="fp32",
        most=1_200,
        sets={"harbour": measured},
        absent=("lighthouse",),
        without=("storms",),
    )


def test_the_first_side_is_ours_and_the_others_stand_beside() -> None:
    sides = {"ours": proportion([True, False]), "theirs": proportion([True, True])}
    one = compared("harbour", "found", sides, of=9)
    assert (one.value, one.n, one.of) == (0.5, 2, 9)
    assert one.beside == {"theirs": 1.0}


def test_a_set_that_was_asked_as_a_whole_is_no_sample() -> None:
    assert figure("harbour", "found", proportion([True]), of=1).of is None


def test_what_nothing_was_measured_of_is_no_number() -> None:
    one = figure("harbour", "found", proportion([]), {"theirs": proportion([]).value})
    assert (one.value, one.low, one.n, one.beside) == (None, None, 0, {})
    assert "| harbour | found | 0 | – |  |" in markdown(board(one))


def test_a_board_is_a_table_of_its_figures() -> None:
    # of two, one: p = 0.5, Wilson's interval 0.095 to 0.905
    one = figure("harbour", "found", proportion([True, False]), {"chance": 0.25}, of=1_500)
    text = markdown(board(one))
    assert "| harbour | found | 2 of 1,500 | 0.500 [0.095, 0.905] | chance 0.250 |" in text
    assert text.startswith("2026-01-02, fp32; at most 1,200 questions")


def test_what_is_not_in_the_table_is_said() -> None:
    said = notes(board(failed="it is gone"))
    assert said == [
        "2 minutes: harbour 90 s",
        "harbour could not be measured: it is gone",
        "Not there: lighthouse",
        "Nothing is measured on: storms",
    ]


@pytest.mark.parametrize(("outcomes", "exact"), [([True], True), ([True, False], False)])
def test_a_quote_that_is_not_exact_is_told(outcomes: list[bool], *, exact: bool) -> None:
    assert board(figure("harbour", "quotes that are exact", proportion(outcomes))).exact is exact


def test_a_board_survives_json() -> None:
    one = board(figure("harbour", "found", proportion([True])))
    adapter = boards_as_json()
    assert adapter.validate_json(adapter.dump_json(one)) == one
