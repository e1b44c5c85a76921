from eval.places import is_telling, places_of
from rag.types import Span


def test_white_space_is_folded_and_every_place_is_given() -> None:
    text = "the north\n  gate, and the north gate"
    assert list(places_of("north gate", text)) == [Span(4, 16), Span(26, 36)]


def test_a_quote_that_does_not_stand_there_has_no_place() -> None:
    assert not list(places_of("north gates", "the north gate"))


def test_a_quote_is_no_part_of_a_longer_word_or_number() -> None:
    assert not list(places_of("12 May", "12 Mayors, 112 May"))
    assert list(places_of("(12 May", "of (12 May)")) == [Span(3, 10)]
    assert list(places_of("gate.", "the gate.Then")) == [Span(4, 9)]
    assert list(places_of("gate", "the _gate_")) == [Span(5, 9)]


def test_a_long_quote_tells_that_two_documents_say_the_same() -> None:
    assert is_telling("the harbour master closed the north gate")
    assert not is_telling("the harbour\n   master   closed   it, 12 May")


def test_a_row_of_a_table_stands_where_a_line_holds_its_cells() -> None:
    text = "year: 1919; storms: seven.\n\nyear: 19; storms: *seven*; ships: 2."
    (place,) = places_of("| 19 | seven | 2 |", text)
    assert place.cut(text) == "19; storms: *seven*; ships: 2"


def test_cells_in_another_order_are_no_row() -> None:
    assert not list(places_of("| seven | 19 |", "year: 19; storms: seven."))
    assert not list(places_of("| | |", "year: 19; storms: seven."))
