import pytest

from rag.layout import PageLayout, boxes_of
from rag.types import Box, Span


def layout(page: int, *words: tuple[int, int, Box]) -> PageLayout:
    return PageLayout.of(page, [word[:2] for word in words], [word[2] for word in words])


FIRST = layout(
    3,
    (10, 13, (0.1, 0.8, 0.2, 0.82)),
    (14, 19, (0.22, 0.798, 0.3, 0.821)),  # a little higher, on the same line
    (20, 24, (0.1, 0.83, 0.2, 0.85)),
)
SECOND = layout(4, (26, 30, (0.1, 0.1, 0.2, 0.12)))


def test_a_quote_has_a_box_for_each_of_its_lines() -> None:
    (found,) = boxes_of(Span(10, 24), [FIRST])
    assert found.page == 3
    assert found.boxes == ((0.1, 0.798, 0.3, 0.821), (0.1, 0.83, 0.2, 0.85))


def test_words_outside_of_the_quote_have_no_part_in_it() -> None:
    (found,) = boxes_of(Span(14, 19), [FIRST])
    assert found.boxes == ((0.22, 0.798, 0.3, 0.821),)
    assert boxes_of(Span(19, 20), [FIRST]) == ()


def test_a_quote_that_runs_on_stands_on_both_pages() -> None:
    found = boxes_of(Span(20, 30), [FIRST, SECOND])
    assert [(one.page, len(one.boxes)) for one in found] == [(3, 1), (4, 1)]


def test_the_top_of_a_second_column_is_a_line_of_its_own() -> None:
    columns = layout(1, (0, 4, (0.1, 0.8, 0.4, 0.82)), (5, 9, (0.5, 0.1, 0.8, 0.12)))
    assert len(boxes_of(Span(0, 9), [columns])[0].boxes) == 2


def test_a_line_from_right_to_left_is_one_box() -> None:
    spans = [(0, 4), (5, 9), (10, 14)]
    words = PageLayout.of(
        1, spans, [(0.7, 0.1, 0.9, 0.12), (0.4, 0.1, 0.65, 0.12), (0.1, 0.1, 0.35, 0.12)]
    )
    assert boxes_of(Span(0, 14), [words])[0].boxes == ((0.1, 0.1, 0.9, 0.12),)


def test_lines_that_run_up_the_page_are_one_box_each() -> None:
    upright = layout(1, (0, 4, (0.1, 0.5, 0.12, 0.7)), (5, 9, (0.1, 0.2, 0.12, 0.48)))
    assert boxes_of(Span(0, 9), [upright])[0].boxes == ((0.1, 0.2, 0.12, 0.7),)


def test_what_lies_outside_of_the_page_is_moved_to_its_edge() -> None:
    (word,) = layout(1, (0, 4, (-0.5, 0.2, 0.1, 1.5))).within(Span(0, 4))
    assert (word.box[0], word.box[3]) == (0.0, 1.0)
    assert word.box[1:3] == pytest.approx((0.2, 0.1), abs=1e-4)


def test_bytes_that_are_no_words_are_refused() -> None:
    with pytest.raises(ValueError, match="no words"):
        PageLayout(page=1, words=b"12345")
