from hypothesis import assume, given
from hypothesis import strategies as st

from rag.analysis import words
from rag.quoting import locate

TEXT = st.text(alphabet="ab \n\t“”\"'’.*+(é😀", min_size=1, max_size=60)


@given(text=TEXT, data=st.data())
def test_every_slice_is_found_as_itself(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    quote = text[start : data.draw(st.integers(start + 1, len(text)))]
    assume(quote.strip())
    place = locate(quote, text)
    assert place is not None
    assert place.cut(text) == quote.strip()


@given(quote=TEXT, text=TEXT)
def test_what_is_found_has_the_quote_s_letters(quote: str, text: str) -> None:
    place = locate(quote, text)
    if place is not None:
        plain = str.maketrans("“”’", '""\'')
        ours, theirs = (" ".join(one.translate(plain).split()) for one in (quote, place.cut(text)))
        assert ours == theirs or words(ours) == words(theirs)
