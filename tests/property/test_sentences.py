from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rag.sentences import sentences

PROSE = st.text(alphabet="ab Z.!?\n\t ,é😀\u2028\x00\x1f\"'()1", max_size=200)


@given(PROSE | st.text(max_size=100))
def test_sentences_are_ordered_trimmed_and_hold_every_word(text: str) -> None:
    spans = sentences(text)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert all(s.cut(text) == s.cut(text).strip() != "" for s in spans)
    assert "".join("".join(s.cut(text).split()) for s in spans) == "".join(text.split())
