import pytest

from rag.question import asks_for_role, held_terms


@pytest.mark.parametrize(
    "question",
    [
        "What was Okafor's title on each visit?",
        "Which position did the speaker hold in 2019?",
        "In what capacity did she sign?",
        "What is his role?",
        "What post did Ms. Lindqvist have before?",
        "What was the Abbots’ office?",
    ],
)
def test_these_ask_for_a_role(question: str) -> None:
    assert asks_for_role(question)


@pytest.mark.parametrize(
    "question",
    [
        "What is the title of the book?",
        "How many posts hold the fence?",
        "Where is the office?",
        "Who visited first?",
    ],
)
def test_these_do_not(question: str) -> None:
    assert not asks_for_role(question)


def test_a_sentence_that_names_a_role_speaks_to_the_words_for_a_role() -> None:
    sentence = "Okafor came as treasurer of the union."
    assert "titl" in held_terms(sentence, role_asked=True)
    assert "titl" not in held_terms(sentence, role_asked=False)
    assert "titl" not in held_terms("Okafor came by train.", role_asked=True)
