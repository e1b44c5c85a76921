import pytest

from rag.quoting import locate, uncut
from rag.types import Span

TEXT = "He said:  “It’s 5 %\nof all\tcases.” (sic) a.b*c"


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ("5 %\nof all", "5 %\nof all"),
        ("  (sic) ", "(sic)"),
        ("5 % of all cases.", "5 %\nof all\tcases."),
        ("\"It's 5 % of", "“It’s 5 %\nof"),
        ("«It's", "“It’s"),
        ("a.b*c", "a.b*c"),
        ("he SAID – it's **5** % of all", "He said:  “It’s 5 %\nof all"),
    ],
)
def test_a_quote_is_found_with_its_space_and_quote_marks_folded(quote: str, expected: str) -> None:
    place = locate(quote, TEXT)
    assert place is not None
    assert place.cut(TEXT) == expected


@pytest.mark.parametrize(
    "quote",
    [
        "",
        "  ",
        "it's 5",
        "5% of",
        "5 % of cases",
        "axb*c",
        "He said: It's",
        "6 % of all",
        "He said it's 6 % of all cases",
        "It's 5 % all of cases",
        "x" * 10_000_000,
    ],
)
def test_nothing_else_is_forgiven(quote: str) -> None:
    assert locate(quote, TEXT) is None


def test_a_place_that_is_found_by_words_is_the_only_one() -> None:
    twice = "one, two, three, four, five; one – two – three – four – five"
    assert locate("one two three four five", twice) is None
    assert locate("one two three four five", twice[:30]) == Span(0, 27)


@pytest.mark.parametrize("quote", ["in May 15 men left the pier", "in May 1 5 men left the pier"])
def test_a_number_s_own_stops_are_no_punctuation(quote: str) -> None:
    assert locate(quote, "In May 1.5 men left the pier.") is None


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        ("costs 12", "costs 12,000"),
        ("ridge cost", "bridge costs"),
        ("The ", "The "),
        ("000 c", "12,000 crowns"),
        ("crowns", "crowns"),
    ],
)
def test_a_cut_through_a_word_or_number_is_mended(cut: str, whole: str) -> None:
    text = "The bridge costs 12,000 crowns."
    start = text.index(cut)
    assert uncut(Span(start, start + len(cut)), text).cut(text) == whole
