import pytest

from rag.analysis import terms
from rag.question import understand
from rag.question.happenings import Neighbour, event_words, neighbour, told_of_each


@pytest.mark.parametrize(
    ("question", "word", "not_a_word"),
    [
        ("What was her title on each visit?", "visit", "title"),
        ("Who led each of the four hearings?", "hearing", "four"),
        ("Who led each of the thirteen hearings?", "hearing", "thirteen"),
        ("Who led his fifteen hearings?", "hearing", "fifteen"),
        ("What was Ann Lee on each tour that she conducted?", "tour", "conducted"),
        ("How many people did each outage hit?", "incident", "hit"),
        ("How many cores did each voyage bring home?", "expedition", "home"),
        ("What did each budget vote decide on?", "vote", "decide"),
        ("How did each pressure test of the hull end?", "tested", "hull"),
        ("Which vet did each of Mira's four check-ups, and for what fee?", "examined", "vet"),
        ("Who won each derby?", "matches", "who"),
        ("How did the wage demand change over the four rounds?", "round", "change"),
        ("How did the number of lots that were sold develop, sale by sale?", "sale", "lot"),
        ("What was decided at the three meetings of the board?", "meeting", "board"),
        ("What did she weigh at each of Mira's check-ups?", "examined", "up"),
        ("Who won each Boat Race since 2021?", "race", "won"),
        ("Who was race officer at each of the Boat Races?", "races", "officer"),
        ("What did the two of them wear at each visit?", "visit", "wear"),
    ],
)
def test_what_each_stands_before_is_the_event(question: str, word: str, not_a_word: str) -> None:
    found = event_words(understand(question))
    assert set(terms(word)) <= found
    assert not set(terms(not_a_word)) & found


def test_the_neighbour_of_an_event_is_named_by_it() -> None:
    assert neighbour("Who led at the visit before that (in May 2020)?") == Neighbour(
        -1, "in May 2020"
    )
    assert neighbour("Who led the one after that one (on the coast tour)?") == Neighbour(
        1, "on the coast tour"
    )
    assert neighbour("When was the visit before the one of May 2020?") == Neighbour(-1, "May 2020")
    assert neighbour("Who led at the visit after that in Malta, and why?") == Neighbour(1, "Malta")
    assert neighbour("Who led at the siege after Orle fell?") is None
    assert neighbour("Who led on the tour after the coast tour?") == Neighbour(1, "the coast tour")
    assert neighbour("Who led at the one before Orle fell?") == Neighbour(-1, "Orle fell")
    assert neighbour("Who led before the war?") is None
    assert neighbour("Who led before the one who came?") is None


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How many boats started in each Sund Cup since 2021?", "boat started"),
        ("How did Ann Lee vote in each of the five budget votes?", ""),
        ("What did all say at each hearing?", "say"),
        ("Who captained Sund in each derby of May 2024 and June 2025?", "captained"),
    ],
)
def test_what_is_asked_of_each_event_is_neither_its_names_nor_its_times(
    question: str, wanted: str
) -> None:
    assert told_of_each(understand(question)) == frozenset(terms(wanted) if wanted else ())
