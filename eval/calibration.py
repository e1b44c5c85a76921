"""Whether confidence means what it says, and what abstaining below a confidence would gain."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

BINS = 10
_DRAWS = 300


@dataclass(frozen=True, slots=True)
class Confident:
    """An answer's confidence in [0, 1], and whether it is right."""

    confidence: float
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """The answers whose confidence lies in (low, high]; 0 lies in the first."""

    low: float
    high: float
    n: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A reliability diagram, and its expected calibration error in [0, 1] (Guo et al., ICML 2017).

    Attributes:
        bins: Of equal width, without those that are empty.
    """

    n: int
    error: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """What share of the answers that would be given is wrong, if only so many were given."""

    coverage: float
    risk: float


def calibration(answers: Sequence[Confident]) -> Calibration | None:
    """How far confidence is from the share of right answers; None where no answer has one."""
    if not answers:
        return None
    held: dict[int, list[Confident]] = {}
    for one in answers:
        at = min(max(-int(-one.confidence * BINS // 1) - 1, 0), BINS - 1)
        held.setdefault(at, []).append(one)
    bins = tuple(
        Bin(
            low=at / BINS,
            high=(at + 1) / BINS,
            n=len(inside),
            confidence=sum(one.confidence for one in inside) / len(inside),
            right=sum(one.right for one in inside) / len(inside),
        )
        for at, inside in sorted(held.items())
    )
    error = sum(one.n * abs(one.confidence - one.right) for one in bins) / len(answers)
    return Calibration(n=len(answers), error=error, bins=bins)


def risk_coverage(answers: Sequence[Confident]) -> tuple[Point, ...]:
    """The risk at each coverage, from the most confident answer on (El-Yaniv and Wiener, JMLR 2010).

    Answers of equal confidence are given together.
    """
    ordered = sorted(answers, key=lambda one: -one.confidence)
    points, wrong = [], 0
    for given, one in enumerate(ordered, 1):
        wrong += not one.right
        if given == len(ordered) or ordered[given].confidence < one.confidence:
            points.append(Point(given / len(ordered), wrong / given))
    return tuple(points)


def error_of_equal_widths(answers: Sequence[Confident]) -> float:
    """The expected calibration error of `calibration`; not a number without answers."""
    found = calibration(answers)
    return found.error if found else math.nan


def error_of_equal_bins(answers: Sequence[Confident]) -> float:
    """The expected calibration error over ten bins with as many answers each; not a number without answers."""
    ordered = sorted(answers, key=lambda one: one.confidence)
    gaps = [
        abs(sum(one.confidence - one.right for one in inside))
        for inside in (
            ordered[at * len(ordered) // BINS : (at + 1) * len(ordered) // BINS]
            for at in range(BINS)
        )
    ]
    return sum(gaps) / len(ordered) if ordered else math.nan


def error_by_chance(
    answers: Sequence[Confident], error: Callable[[Sequence[Confident]], float]
) -> float:
    """The calibration error that so many answers have on average by chance where their confidence is exact."""
    drawn = np.random.default_rng(0).random((_DRAWS, len(answers)))
    return float(
        np.mean(
            [
                error(
                    [
                        Confident(one.confidence, right=bool(chance < one.confidence))
                        for one, chance in zip(answers, chances, strict=True)
                    ]
                )
                for chances in drawn
            ]
        )
    )


def brier(answers: Sequence[Confident]) -> float:
    """The mean squared difference of confidence and what came of it (Brier, 1950); not a number without answers."""
    if not answers:
        return math.nan
    return sum((one.confidence - one.right) ** 2 for one in answers) / len(answers)


def told_apart(answers: Sequence[Confident]) -> float:
    """The chance that a right answer has a higher confidence than a wrong one, ties counting half (area under ROC)."""
    right = np.array([one.confidence for one in answers if one.right])
    wrong = np.array([one.confidence for one in answers if not one.right])
    if not right.size or not wrong.size:
        return math.nan
    above = right[:, None] > wrong
    return float(above.mean() + (right[:, None] == wrong).mean() / 2)


def selective_area(answers: Sequence[Confident]) -> float:
    """The area under the share of right answers over coverage, from the most confident answer on.

    It is the mean of that share over every number of answers that may be given; those of equal confidence are given
    in an order of chance. 1 less the area under the risk-coverage curve; not a number without answers.
    """
    if not answers:
        return math.nan
    confidence = np.array([one.confidence for one in answers])
    _, places = np.unique(-confidence, return_inverse=True)
    right = np.array([one.right for one in answers], np.float64)
    expected = np.bincount(places, weights=right) / np.bincount(places)
    ordered = expected[np.sort(places)]
    return float((np.cumsum(ordered) / np.arange(1, len(ordered) + 1)).mean())
