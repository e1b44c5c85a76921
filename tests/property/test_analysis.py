from hypothesis import given
from hypothesis import strategies as st

from rag.analysis import words


@given(st.text())
def test_words_hold_no_capitals_that_the_index_would_make_small(text: str) -> None:
    assert not [word for word in words(text) if any("A" <= letter <= "Z" for letter in word)]
