"""Whether confidence means what it says, and what abstaining below a confidence would gain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BINS = 10


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
