"""Measures of one question, and their means with an interval."""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

Z_95 = 1.959964  # standard errors on either side of a mean that hold 95 % of a normal distribution
_RESAMPLES = 2_000


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
    p, z = sum(outcomes) / n, Z_95
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Proportion(value=p, n=n, low=max(0.0, centre - reach), high=min(1.0, centre + reach))


def holds_answer(texts: Sequence[str], answers: Sequence[str]) -> bool:
    """Whether any answer string stands in any of the texts, white space and case folded."""
    folded = [_fold(text) for text in texts]
    return any(_fold(answer) in text for answer in answers for text in folded)


def _fold(text: str) -> str:
    return " ".join(text.casefold().split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A mean over n questions with its 95 % interval (percentile bootstrap); not a number where n is 0."""

    value: float
    n: int
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] n={self.n}"


def mean(values: Sequence[float]) -> Mean:
    """The mean and what it varies by when questions are drawn again; the same values give the same interval."""
    if not values:
        return Mean(value=math.nan, n=0, low=math.nan, high=math.nan)
    measured = np.array(values, np.float64)
    draws = np.random.default_rng(0).integers(len(values), size=(_RESAMPLES, len(values)))
    low, high = np.quantile(measured[draws].mean(axis=1), (0.025, 0.975))
    return Mean(value=float(measured.mean()), n=len(values), low=float(low), high=float(high))


def clustered_mean(values: Sequence[float], clusters: Sequence[Hashable]) -> Mean:
    """The mean and what it varies by when clusters of questions are drawn again, such as those about one document.

    Questions that share a document are right or wrong together, so drawing them one by one would promise too much
    (Miller, arXiv 2411.00640, 2024). Where all are of one cluster, it is the questions that are drawn.
    """
    names = {name: row for row, name in enumerate(dict.fromkeys(clusters))}
    if len(names) < 2:
        return mean(values)
    rows = np.array([names[one] for one in clusters])
    sums = np.bincount(rows, weights=np.array(values, np.float64))
    counts = np.bincount(rows)
    draws = np.random.default_rng(0).integers(len(names), size=(_RESAMPLES, len(names)))
    drawn = sums[draws].sum(axis=1) / counts[draws].sum(axis=1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Mean(value=float(np.mean(values)), n=len(values), low=float(low), high=float(high))


def ndcg_at_k(ranking: Sequence[str], judgments: Mapping[str, int], k: int) -> float:
    """Discounted cumulative gain of the first k over that of the best ranking, in [0, 1].

    Järvelin and Kekäläinen, TOIS 2002, with the grade as gain and log2(rank + 1) as discount, as trec_eval has it.
    """
    gained = _gain([judgments.get(one, 0) for one in ranking[:k]])
    return gained / _gain(sorted(judgments.values(), reverse=True)[:k])


def _gain(grades: Sequence[int]) -> float:
    return sum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))


def recall_at_k(ranking: Sequence[str], judgments: Mapping[str, int], k: int) -> float:
    """The share of the relevant documents that stand among the first k."""
    return len(judgments.keys() & set(ranking[:k])) / len(judgments)


def reciprocal_rank(ranking: Sequence[str], judgments: Mapping[str, int]) -> float:
    """1 / the rank of the first relevant document, from 1; 0 where there is none."""
    return next((1 / rank for rank, one in enumerate(ranking, 1) if one in judgments), 0.0)
