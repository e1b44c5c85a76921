"""The evidence for what counts as a copy: these pairs lie well to either side of the thresholds."""

import re
import unicodedata

import numpy as np
import pytest

from rag.adapters.fingerprints import Fingerprint, fingerprint
from tests.copies import ANOTHER_ACCOUNT, ONE_ACCOUNT, article, report


def of(*paragraphs: str) -> Fingerprint:
    found = fingerprint("\n\n".join(paragraphs))
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(8))
def test_a_text_that_was_set_anew_is_a_copy(seed: int) -> None:
    paragraphs = article(seed)
    plain, marked = of("A title", *paragraphs), of("# A TITLE", *(f"> {p}" for p in paragraphs))
    assert plain.similarity(marked) > 0.95
    assert plain.is_copy_of(marked)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kept", [8, 7, 5])
def test_a_copy_may_have_another_headline_another_date_and_less_text(seed: int, kept: int) -> None:
    paragraphs = article(seed)
    original = of("Stones fall at the harbour\n12 May 2024, 14:33", *paragraphs)
    copy = of("Storm damage worries a town\nBy our reporter, 13.05.2024 09:10", *paragraphs[:kept])
    assert copy.is_copy_of(original)
    assert original.is_copy_of(copy)
    assert 0.55 < original.similarity(copy) < 1
    assert set(copy.bands()) & set(original.bands())


@pytest.mark.parametrize("seed", range(8))
def test_other_articles_in_the_same_words_are_no_copies(seed: int) -> None:
    one, other = of(*article(seed)), of(*article(seed + 100))
    assert one.similarity(other) < 0.35
    assert not one.is_copy_of(other)


def test_two_accounts_of_one_event_are_no_copies() -> None:
    one, other = of(ONE_ACCOUNT), of(ANOTHER_ACCOUNT)
    assert one.similarity(other) < 0.1
    assert not one.is_copy_of(other)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("boilerplate", [0, 20])
def test_a_form_filled_in_for_another_month_is_no_copy(seed: int, boilerplate: int) -> None:
    same = [re.sub(r"\d[\d,]*", "some", p) for p in article(1, paragraphs=boilerplate)]
    march, april = of(report(seed, "March"), *same), of(report(seed + 50, "April"), *same)
    assert march.agreeing(april) < 0.3
    assert not march.is_copy_of(april)
    if boilerplate:
        assert march.similarity(april) > 0.85  # the words alone would say that it is one
    assert of(report(seed, "March"), "Received with thanks.").is_copy_of(of(report(seed, "March")))


def test_a_quoted_text_is_no_copy_of_the_long_one_around_it() -> None:
    paragraphs = article(1, paragraphs=30)
    assert not of(*paragraphs[:3]).is_copy_of(of(*paragraphs))


@pytest.mark.parametrize("text", ["", "Four words of text", "\ud800 !? …"])
def test_hardly_any_text_has_no_fingerprint(text: str) -> None:
    assert fingerprint(text) is None


def test_the_estimate_is_the_share_of_common_runs() -> None:
    words = [f"w{number}" for number in range(2_000)]
    one, other = of(" ".join(words[:1_500])), of(" ".join(words[500:]))
    runs = [{tuple(part[i : i + 5]) for i in range(1_496)} for part in (words[:1_500], words[500:])]
    exact = len(runs[0] & runs[1]) / len(runs[0] | runs[1])
    assert one.runs == 1_496
    assert abs(one.similarity(other) - exact) < 3 * (exact * (1 - exact) / 128) ** 0.5
    assert abs(one.contained(other) - len(runs[0] & runs[1]) / 1_496) < 0.12


def test_a_text_of_many_numbers_keeps_the_same_ones_as_its_copy() -> None:
    rows = [f"Row item{n} costs {n * 37 + 100} crowns a piece" for n in range(1_000)]
    one, other = of(*rows), of("Prices", *rows[:-10])
    assert one.numbers.shape == (128, 2)
    assert np.all(np.diff(one.numbers[:, 0].astype(np.int64)) > 0)
    assert one.agreeing(other) == 1
    raised = of(*(f"Row item{n} costs {n * 41 + 100} crowns a piece" for n in range(1_000)))
    assert one.agreeing(raised) < 0.1


def test_accents_that_stand_apart_make_no_difference() -> None:
    text = "Čtyři vlaky přijely později, než říkal jízdní řád v zápatí stránky."
    one, other = of(text), of(unicodedata.normalize("NFD", text))
    assert one.similarity(other) == 1
