import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.question import stand_alone


@pytest.mark.parametrize(
    ("earlier", "question", "whole"),
    [
        (["What is scurvy?"], "Is it treatable?", "Is scurvy treatable?"),
        (
            ["Tell me about the Hamlin ferry."],
            "What are its lengths?",
            "What are the Hamlin ferry's lengths?",
        ),
        (["Who is Ada Lovelace?"], "When was she born?", "When was Ada Lovelace born?"),
        (["Who is Ada Lovelace?"], "What was her title?", "What was Ada Lovelace's title?"),
        (
            ["How did Councillor Ames vote on the bridge?"],
            "And Birch?",
            "How did Birch vote on the bridge?",
        ),
        (
            ["How did Councillor Ames vote on the bridge?"],
            "And what about Birch?",
            "How did Birch vote on the bridge?",
        ),
        (
            ["Where was Ada Lovelace in June 1833?"],
            "And what about September 1835?",
            "Where was Ada Lovelace in September 1835?",
        ),
        (["Who is Łucja?"], "When did she sail?", "When did Łucja sail?"),
        (["Where is the ferry built?"], "And?", "Where is the ferry built?"),
        (
            ["What was Ann Lee on the coast tour?"],
            "And on the tour after that?",
            "What was Ann Lee on the tour after that (on the coast tour)?",
        ),
        (["Where is the ferry built?"], "Why?", "Where is the ferry built: Why?"),
        (["What is scurvy?", "Is it treatable?"], "Who had it first?", "Who had scurvy first?"),
        (
            ["What is scurvy?", "Which sailors had it?"],
            "What are the symptoms?",
            "What are the symptoms of scurvy?",
        ),
        (["What is scurvy?"], "Which cures are there?", "Which cures are there (scurvy)?"),
        (
            ["What is a bascule bridge?", "What are its counterweights?"],
            "How long do they last?",
            "How long do bascule bridges last?",
        ),
        (
            ["What is the Hamlin ferry?", "What are pontoons?"],
            "How does it use them?",
            "How does the Hamlin ferry use pontoons?",
        ),
        (
            ["Tell me about the Hamlin ferry.", "What about the Orle ferry?"],
            "Are there any accidents?",
            "Are there any accidents (the Orle ferry, the Hamlin ferry)?",
        ),
    ],
)
def test_what_a_question_leaves_out_is_put_in(
    earlier: list[str], question: str, whole: str
) -> None:
    assert stand_alone(question, earlier) == whole


@pytest.mark.parametrize(
    "question",
    [
        "What is mortadella and where is it from?",
        "Who wrote the law that bans smoking?",
        "When did Ada Lovelace die?",
        "Is it possible to sail in winter?",
        "How many ferries sail on Sundays?",
        "How is sugar refined?",
        "What is the definition of a knot?",
        "What treatments exist for gout?",
        "Tell me about tides.",
    ],
)
def test_what_stands_alone_is_left_alone(question: str) -> None:
    assert stand_alone(question, ["What is scurvy?"]) == question


def test_without_a_conversation_nothing_changes() -> None:
    assert stand_alone("Is it treatable?", []) == "Is it treatable?"


@given(st.text(max_size=200), st.lists(st.text(max_size=100), max_size=12))
def test_any_words_can_be_asked(question: str, earlier: list[str]) -> None:
    assert isinstance(stand_alone(question, earlier), str)
