import time

from hypothesis import given
from hypothesis import strategies as st

from rag.question import Form, Query, understand

_VOCABULARY = """
    who whom whose when where why what which how many much long each every of the A B-7 Kim Jong Un's title price
    is was did does and or , ? . before after since until last latest now compare list give according to podcast
    do sources agree on in 2019 2017, may march between wer ist das 'quoted' " ( first visit more than
    """
_WORDS = st.sampled_from([*_VOCABULARY.split(), "\n\n"])
QUESTIONS = st.lists(_WORDS, max_size=40).map(" ".join) | st.text(max_size=200)
_SECONDS = 1.0  # for 4,000 characters on a busy machine


@given(QUESTIONS)
def test_any_question_is_understood_the_same_each_time(question: str) -> None:
    query = understand(question)
    assert isinstance(query, Query)
    assert query == understand(question)
    assert query.text == question
    assert query.per_event is (query.form is Form.PER_EVENT)
    assert list(query.event) == sorted(set(query.event))
    assert len(query.parts) != 1


@given(st.lists(_WORDS | st.text(max_size=4), min_size=1, max_size=3).map(" ".join))
def test_long_questions_take_no_time(unit: str) -> None:
    question = ((unit + " ") * 4000)[:4000]
    begun = time.process_time()
    understand(question)
    assert time.process_time() - begun < _SECONDS
