"""Measures of one question, and their means with an interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportion:
    """A share of n questions with its 95 % interval (Wilson, JASA 1927); not a number where n is 0."""

    value: float
    n: int
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] n={self.n}"


def proportion(outcomes: Sequence[bool]) -> Proportion:
    """The share of true outcomes."""
    n = len(outcomes)
    if not n:
        return Proportion(value=math.nan, n=0, low=math.nan, high=math.nan)
    p, z = sum(outcomes) / n, 1.959964
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Proportion(value=p, n=n, low=max(0.0, centre - reach), high=min(1.0, centre + reach))


def holds_answer(texts: Sequence[str], answers: Sequence[str]) -> bool:
    """Whether any answer string stands in any of the texts, white space and case folded."""
    folded = [_fold(text) for text in texts]
    return any(_fold(answer) in text for answer in answers for text in folded)


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())
