"""How likely an answer is to be right: what counts for it, and what stands in for what is not known."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from rag.confidence import FITTED, Signs, Weights, signs_of
from rag.types import Answer, Quote, Span, Statement
from tests.make import document

WEIGHTS = Weights(
    model="some",
    constant=-1.0,
    fit=2.0,
    log_odds=0.5,
    sources=-0.5,
    per_event=-0.25,
    usual_log_odds=-2.0,
)
SIGNS = Signs(fit=0.8, log_odds=1.0, sources=2, per_event=False)


@dataclass
class Counting:
    """A ranker that is asked once at most in a while, and remembers what."""

    asked: list[tuple[str, Sequence[str]]] = field(default_factory=list)

    def covers(self, language: str | None) -> bool:
        return True

    def scores(self, question: str, sentences: Sequence[str]) -> list[float]:
        self.asked.append((question, sentences))
        return [3.0] * len(sentences)


def stated(text: str, score: float, log_odds: float | None = None, name: str = "d1") -> Statement:
    one = document(text, id=name)
    quote = Quote.cut(one, Span(0, len(text)))
    return Statement(text=text, quotes=(quote,), score=score, log_odds=log_odds)


def test_confidence_is_the_logistic_of_what_the_signs_count() -> None:
    weighed = -1.0 + 2.0 * 0.8 + 0.5 * 1.0 - 0.5 * math.log(2)
    assert WEIGHTS.confidence(SIGNS) == round(1 / (1 + math.exp(-weighed)), 3)
    rows = replace(SIGNS, per_event=True)
    assert WEIGHTS.confidence(rows) == round(1 / (1 + math.exp(0.25 - weighed)), 3)


def test_log_odds_that_are_missing_are_the_usual_ones() -> None:
    unknown = replace(SIGNS, log_odds=None)
    assert WEIGHTS.confidence(unknown) == WEIGHTS.confidence(replace(SIGNS, log_odds=-2.0))


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (SIGNS, replace(SIGNS, fit=0.6)),
        (SIGNS, replace(SIGNS, log_odds=-1.0)),
        (SIGNS, replace(SIGNS, sources=4)),
        (SIGNS, replace(SIGNS, per_event=True)),
    ],
)
def test_each_sign_counts_as_it_should(better: Signs, worse: Signs) -> None:
    assert FITTED.confidence(better) > FITTED.confidence(worse)


@pytest.mark.parametrize("signs", [replace(SIGNS, fit=5, log_odds=20.0), replace(SIGNS, fit=0)])
def test_confidence_is_a_probability(signs: Signs) -> None:
    assert 0 <= FITTED.confidence(signs) <= 1


def test_the_signs_are_of_the_statement_that_fits_best() -> None:
    answer = Answer(
        statements=(
            stated("Roses are red.", 0.7, -1.0),
            stated("Frogs sleep under the ice.", 0.9, 1.5, "d2"),
            stated("Frogs sleep.", 0.8, 2.0, "d2"),
        )
    )
    ranker = Counting()
    assert signs_of("Where do frogs sleep?", answer, ranker) == Signs(
        fit=0.9, log_odds=1.5, sources=2, per_event=False
    )
    assert not ranker.asked


def test_the_ranker_is_asked_what_it_did_not_say_yet() -> None:
    answer = Answer(statements=(stated("Frogs sleep under the ice.", 0.9),))
    ranker = Counting()
    assert signs_of("Where do frogs sleep?", answer, ranker).log_odds == 3.0
    assert ranker.asked == [("Where do frogs sleep?", ["Frogs sleep under the ice."])]
    assert signs_of("Where do frogs sleep?", answer, None).log_odds is None


def test_the_ranker_says_nothing_of_rows() -> None:
    answer = Answer(statements=(stated("2019: Ada Lund.", 0.9), stated("2021: Bo Vik.", 0.7)))
    ranker = Counting()
    signs = signs_of("Who was harbour master in 2019 and in 2021?", answer, ranker)
    assert signs.per_event
    assert signs.log_odds is None
    assert not ranker.asked
