import pytest

from rag.quoting import locate

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
    ],
)
def test_a_quote_is_found_with_its_space_and_quote_marks_folded(quote: str, expected: str) -> None:
    place = locate(quote, TEXT)
    assert place is not None
    assert place.cut(TEXT) == expected


@pytest.mark.parametrize(
    "quote", ["", "  ", "it's 5", "5% of", "5 % of cases", "axb*c", "He said: It's", "6 % of all"]
)
def test_nothing_else_is_forgiven(quote: str) -> None:
    assert locate(quote, TEXT) is None
