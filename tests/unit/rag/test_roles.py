import pytest

from rag.question import Asked, asks_for_role


@pytest.mark.parametrize(
    "question",
    [
        "What was Okafor's title on each visit?",
        "Which position did the speaker hold in 2019?",
        "In what capacity did she sign?",
        "What is his role?",
        "What post did Ms. Lindqvist have before?",
        "What was the Abbots’ rank?",
    ],
)
def test_these_ask_for_a_role(question: str) -> None:
    assert asks_for_role(question)


@pytest.mark.parametrize(
    "question",
    [
        "What is the title of the book?",
        "How many posts hold the fence?",
        "Where is the company's office?",
        "What did they do to boost their capacity?",
        "Who visited first?",
    ],
)
def test_these_do_not(question: str) -> None:
    assert not asks_for_role(question)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Okafor came as treasurer of the union.", 1.0),
        ("A treasurer came.", 0.6),
        ("Okafor's title was Baroness.", 1.0),
        ("Okafor came by train.", 0.4),
        ("It rained.", 0.0),
    ],
)
def test_where_a_role_is_asked_for_naming_one_speaks_to_it(sentence: str, expected: float) -> None:
    asked = Asked(weights={"okafor": 0.4, "titl": 0.6}, role=True)
    assert asked.share(sentence) == pytest.approx(expected)


def test_where_no_role_is_asked_for_only_the_words_count() -> None:
    asked = Asked(weights={"okafor": 0.4, "titl": 0.6}, role=False)
    assert asked.share("Okafor came as treasurer.") == pytest.approx(0.4)
    assert asked.share("Okafor's titles") == pytest.approx(1.0)
