import pytest

from rag.types import Answer
from tests.make import document
from tests.unit.rag.test_composition import ask, texts

PLAYER = document(
    "Ola Berg has seen many a club.\n\n"
    "From 2011 to 2014 she was with the club of Vik.\n\n"
    "She kept the goal of the team of Sund from 2015.\n\n"
    "In June 2019 she moved on to the club of Nes.\n",
    title="Ola Berg",
)


def first(question: str) -> str:
    response = ask(question, PLAYER, abstain_below=0, keep_above=0)
    assert isinstance(response, Answer)
    return texts(response)[0]


@pytest.mark.parametrize(
    ("when", "club"),
    [
        ("in 2012", "Vik"),
        ("from 2011 to 2013", "Vik"),
        ("before 2012", "Vik"),
        ("in the summer of 2019", "Nes"),
        ("after May 2019", "Nes"),
    ],
)
def test_the_sentence_of_the_time_that_is_asked_about_goes_first(when: str, club: str) -> None:
    assert club in first(f"For which club did she play {when}?")


def test_a_question_without_a_time_or_for_several_values_is_left_in_its_order() -> None:
    for question in (
        "For which club did Ola Berg play?",
        "Which clubs did Ola Berg play for between 2011 and 2019?",
    ):
        assert first(question).startswith("Ola Berg has")


def test_sentences_of_the_time_that_say_nothing_else_do_not_make_a_question_unanswered() -> None:
    crowd = "".join(f"In 2019 the museum of hall {n} had guests.\n\n" for n in range(12))
    page = document(f"{crowd}The director of the museum was Ann Lee.\n", title="The museum")
    response = ask(
        "Who in the old town of Sund was director of its largest museum in 2019?",
        page,
        statements=10,
        abstain_below=0.2,
        keep_above=0,
    )
    assert isinstance(response, Answer)
    assert "The director of the museum was Ann Lee." in texts(response)
