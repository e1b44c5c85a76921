import datetime as dt
import time
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rag.temporal import (
    RULES,
    Anchor,
    AnchorKind,
    Interval,
    Tense,
    find,
    resolve,
    tense_at,
    within,
    written,
)
from rag.temporal.forms import FORMS
from rag.types import Span

_VOCABULARY = """
    the a an of in on at by to from and between last next this that same previous following first second third half
    early mid late end week month year quarter day weekend fiscal fy24 q3 spring fall friday sat tuesday eighth may
    march september sept 3 31 2nd 2024 1999 '24 twenty four nineteen ninety oh two thousand 1990s 2024-02-30
    03/04/2025 yesterday today ago later before after few three was will İ , . - –
    """
_WORDS = st.sampled_from([*_VOCABULARY.split(), "\n\n"])
TIMELIKE = st.lists(_WORDS, max_size=25).map(" ".join)
DAYS = st.dates(min_value=dt.date(1, 1, 1), max_value=dt.date(9999, 12, 31))
_SECONDS = 2.0  # for 200,000 characters on a busy machine; a form that backtracks takes minutes


@given(TIMELIKE | st.text(max_size=80))
def test_expressions_are_ordered_apart_and_verbatim(text: str) -> None:
    found = find(text)
    assert all(one.text == one.span.cut(text) for one in found)
    assert all(a.span.end <= b.span.start for a, b in pairwise(found))


@given(text=TIMELIKE, day=DAYS, told=DAYS | st.none(), tense=st.sampled_from(Tense))
def test_what_is_resolved_is_an_interval_by_a_known_rule(
    text: str, day: dt.date, told: dt.date | None, tense: Tense
) -> None:
    anchor = Anchor(value=day.isoformat(), kind=AnchorKind.SENT, found_by="user")
    narrated = (
        Anchor(value=told.isoformat()[:7], kind=AnchorKind.NARRATED, found_by="user")
        if told
        else None
    )
    for expression in find(text):
        assert tense_at(text, expression.span) in Tense
        resolved = resolve(expression, anchor, tense=tense, narrated=narrated)
        if resolved:
            assert resolved.rule in RULES
            assert resolved.interval.first <= resolved.interval.last
            if resolved.value and expression.until is None:
                assert within(resolved.interval, Interval.of(resolved.value))
            off = frozenset({resolved.rule})
            other = resolve(expression, anchor, tense=tense, narrated=narrated, disabled=off)
            assert other is None or other.rule != resolved.rule


@given(st.dates(min_value=dt.date(1400, 1, 1), max_value=dt.date(2999, 12, 31)))
def test_a_written_date_is_found_and_means_itself(day: dt.date) -> None:
    value = day.isoformat()
    (expression,) = find(f"It was on {written(value)}.")
    resolved = resolve(expression, None)
    assert resolved
    assert (resolved.value, resolved.rule) == (value, "stated")


@given(st.lists(_WORDS | st.text(max_size=3), min_size=1, max_size=3).map(" ".join))
def test_time_grows_with_the_length_of_the_text_only(unit: str) -> None:
    text = (unit + " ") * (40_000 // (len(unit) + 1))
    begun = time.process_time()
    find(text)
    assert time.process_time() - begun < _SECONDS


def test_no_form_needs_more_than_its_own_words() -> None:
    # The cost of a place is bounded as all repetitions are: none is open-ended.
    for form in FORMS:
        assert not any(sign in form.pattern.pattern for sign in ("+)", "*)", ".*", ".+"))


@given(st.text(max_size=60), st.integers(0, 60), st.integers(1, 60))
def test_any_place_has_a_tense(text: str, start: int, length: int) -> None:
    if start + length <= len(text):
        assert tense_at(text, Span(start, start + length)) in Tense
