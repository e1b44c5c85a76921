"""Fits what the signs of an answer count for its confidence, and tells how far that is to be trusted.

What tells right answers from wrong ones is learnt from suites and development sets together, each with a base rate of
its own; how sure to be, from suites alone. Nothing is judged on a suite that the weights were fitted to.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from eval.asking import Progress
from eval.calibration import (
    Confident,
    brier,
    error_by_chance,
    error_of_equal_bins,
    error_of_equal_widths,
    selective_area,
    told_apart,
)
from eval.metrics import Mean
from eval.observing import Observed, of_bench, of_suites
from eval.suite import Suite
from rag.confidence import Signs, Weights
from rag.errors import InputError

_OTHERS = 2.0  # what the development sets weigh together, beside the suites
_RIDGE = 3.0  # of a slope, where signs have a spread of 1
_SLIGHT = 0.1  # of everything else: without, a set of which all is right has no finite rate
_STEPS = 50
_RESAMPLES = 500

_Numbers = NDArray[np.float64]
_T = TypeVar("_T")
Judge = Callable[[Observed], float]


class TooFew(InputError):
    """There are too few suites with answers to judge any of them by what is fitted to others."""

    def __init__(self) -> None:
        super().__init__("Answers of two suites are needed at the least; name another suite.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """How far a confidence is to be trusted.

    Attributes:
        error: Expected calibration error in ten bins of equal width.
        in_equal_bins: In ten bins of equally many answers.
        by_chance, equal_by_chance: What an exact confidence of so many answers has.
        brier: Mean squared error.
        apart: The chance that a right answer has more of it than a wrong one.
    """

    error: Mean
    by_chance: float
    in_equal_bins: Mean
    equal_by_chance: float
    brier: Mean
    apart: Mean


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustReport:
    """What was fitted, and what it is worth.

    Attributes:
        weights: Fitted to all suites but those kept for the test.
        left_out: By side, of each suite's answers by what was fitted to the others.
        tested: The same of the suites kept for the test; None without any.
        look_alikes: By side, the area under the share of right answers over coverage, and of right first statements,
            on articles of the look-alike set that nothing was fitted to.
        gains: What the areas of confidence are above those of the best fit alone.
    """

    weights: Weights
    left_out: Mapping[str, Trust]
    tested: Mapping[str, Trust] | None
    look_alikes: Mapping[str, tuple[float, float]]
    gains: tuple[Mean, Mean]


CONFIDENCE = "confidence"
FUSED, FIT = "fused score of the best passage", "fit of the best statement"
_SIDES = ("base rate", FUSED, FIT, CONFIDENCE)


def measure(
    suites: Sequence[Suite], bench: Path, kept: Sequence[Suite], progress: Progress
) -> TrustReport:
    """Ask everything, fit, and judge.

    Args:
        suites: Fitted to, each judged by what is fitted to the others.
        bench: The folder of the development sets.
        kept: Suites for the test alone.
        progress: Told of documents and questions.

    Raises:
        BenchError: a development set is missing or not in the normal form.
        CannotTakeIn: a document of a suite is not taken in.
        TooFew: there are no answers of two suites.
    """
    model, own = of_suites(suites, progress)
    if len({one.set for one in own}) < 2:
        raise TooFew
    others, look_alikes = of_bench(bench, progress)
    weights = fitted(own, others, model)
    sides = _sides(own, weights)
    tested = of_suites(kept, progress)[1]
    judged: dict[str, list[Confident]] = {name: [] for name in sides}
    for name in dict.fromkeys(one.set for one in own):
        rest = [one for one in own if one.set != name]
        for side, judge in _sides(rest, fitted(rest, others, model)).items():
            judged[side] += [
                Confident(judge(one), right=one.right) for one in own if one.set == name
            ]
    areas, gains = _areas(look_alikes, sides[CONFIDENCE])
    return TrustReport(
        weights=weights,
        left_out={side: _trust(answers) for side, answers in judged.items()},
        tested={
            side: _trust([Confident(judge(one), right=one.right) for one in tested])
            for side, judge in sides.items()
        }
        if tested
        else None,
        look_alikes=areas,
        gains=gains,
    )


def fitted(own: Sequence[Observed], others: Sequence[Observed], model: str) -> Weights:
    """The weights that tell right answers from wrong ones in suites and other sets, and how sure to be in suites.

    Args:
        own: Answers to questions of suites.
        others: Of other sets, each of which has a base rate of its own; together they weigh as `_OTHERS` says.
        model: The embedding model that answered.
    """
    rows = [*own, *others]
    known = [one.signs.log_odds for one in rows if one.signs.log_odds is not None]
    usual = float(np.mean(known)) if known else 0.0
    signs = np.array([_row(one.signs, usual) for one in rows])
    centre, spread = signs.mean(axis=0), signs.std(axis=0)
    spread[spread == 0] = 1
    names = list(dict.fromkeys(one.set for one in others))
    rates = np.array([[float(one.set == name) for name in names] for one in others])
    rates = np.vstack([np.zeros((len(own), len(names))), rates.reshape(len(others), len(names))])
    weighed = np.full(len(rows), _OTHERS * len(own) / max(1, len(others)))
    weighed[: len(own)] = 1
    right = np.array([one.right for one in rows], np.float64)
    found = _logistic(
        np.hstack([(signs - centre) / spread, rates]),
        right,
        weighed,
        [_RIDGE] * len(centre) + [_SLIGHT] * len(names),
    )
    slopes = found[1 : 1 + len(centre)] / spread
    scores = signs[: len(own)] @ slopes
    constant, scale = _platt(scores, own)
    fit, log_odds, sources, per_event = (round(float(one), 4) for one in scale * slopes)
    return Weights(
        model=model,
        constant=round(constant, 4),
        fit=fit,
        log_odds=log_odds,
        sources=sources,
        per_event=per_event,
        usual_log_odds=round(usual, 4),
    )


def _sides(own: Sequence[Observed], weights: Weights) -> dict[str, Judge]:
    """How likely an answer is to be right, by all that is compared, fitted to the same suites."""
    judges: tuple[Judge, ...] = (
        _scaled(own, lambda _: 0.0),
        _scaled(own, lambda one: one.fused),
        _scaled(own, lambda one: one.signs.fit),
        lambda one: weights.confidence(one.signs),
    )
    return dict(zip(_SIDES, judges, strict=True))


def _scaled(own: Sequence[Observed], score: Judge) -> Judge:
    """A score as a probability, by Platt's scaling."""
    constant, scale = _platt(np.array([score(one) for one in own]), own)
    return lambda one: 1 / (1 + math.exp(-constant - scale * score(one)))


def _platt(scores: _Numbers, own: Sequence[Observed]) -> tuple[float, float]:
    """Constant and scale that make log-odds of scores (Platt, 1999).

    Each suite weighs as much as the others, however many questions it has: the next one is a suite, too.
    """
    answers = Counter(one.set for one in own)
    weighed = np.array([len(own) / len(answers) / answers[one.set] for one in own])
    right = np.array([one.right for one in own], np.float64)
    found = _logistic(scores[:, None], right, weighed, [_SLIGHT])
    return float(found[0]), float(found[1])


def _row(signs: Signs, usual: float) -> list[float]:
    log_odds = usual if signs.log_odds is None else signs.log_odds
    return [signs.fit, log_odds, math.log(signs.sources), float(signs.per_event)]


def _logistic(
    columns: _Numbers, right: _Numbers, weighed: _Numbers, ridge: Sequence[float]
) -> _Numbers:
    """Constant and slopes of a logistic regression with a ridge for each slope, by Newton's method."""
    given = np.hstack([np.ones((len(columns), 1)), columns])
    penalty = np.diag([_SLIGHT, *ridge])
    found = np.zeros(given.shape[1])
    for _ in range(_STEPS):
        likely = expit(given @ found)
        slope = given.T @ (weighed * (likely - right)) + penalty @ found
        curve = (given * (weighed * likely * (1 - likely))[:, None]).T @ given + penalty
        found -= np.linalg.solve(curve, slope)
    return found


def _trust(answers: Sequence[Confident]) -> Trust:
    return Trust(
        error=_resampled(answers, error_of_equal_widths),
        by_chance=error_by_chance(answers, error_of_equal_widths),
        in_equal_bins=_resampled(answers, error_of_equal_bins),
        equal_by_chance=error_by_chance(answers, error_of_equal_bins),
        brier=_resampled(answers, brier),
        apart=_resampled(answers, told_apart),
    )


def _areas(
    answers: Sequence[Observed], confidence: Judge
) -> tuple[dict[str, tuple[float, float]], tuple[Mean, Mean]]:
    """By side the areas, of answers and of first statements, and what confidence gains on the best fit."""
    scores: dict[str, Judge] = {
        FUSED: lambda one: one.fused,
        FIT: lambda one: one.signs.fit,
        CONFIDENCE: confidence,
    }

    def whole(drawn: Sequence[Observed], score: Judge) -> float:
        return selective_area([Confident(score(one), right=one.right) for one in drawn])

    def first(drawn: Sequence[Observed], score: Judge) -> float:
        return selective_area([Confident(score(one), right=one.first) for one in drawn])

    areas = {side: (whole(answers, score), first(answers, score)) for side, score in scores.items()}
    fit = scores[FIT]
    gains = (
        _resampled(answers, lambda drawn: whole(drawn, confidence) - whole(drawn, fit)),
        _resampled(answers, lambda drawn: first(drawn, confidence) - first(drawn, fit)),
    )
    return areas, gains


def _resampled(answers: Sequence[_T], value: Callable[[Sequence[_T]], float]) -> Mean:
    """A value with its 95 % interval (percentile bootstrap over answers)."""
    drawing = np.random.default_rng(0)
    drawn = [
        value([answers[at] for at in drawing.integers(len(answers), size=len(answers))])
        for _ in range(_RESAMPLES)
    ]
    known = [one for one in drawn if not math.isnan(one)]
    low, high = np.quantile(known, (0.025, 0.975)) if known else (math.nan, math.nan)
    return Mean(value=value(answers), n=len(answers), low=float(low), high=float(high))
