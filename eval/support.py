"""Whether the words that a claim shares with its source tell that the source supports it.

`statement_support` is the measure that suites use (`eval.judging`); here people have judged the claims, so the measure
itself is measured: how often it ranks a supported claim above one that is not. So is the verifier (`rag.carrying`), as
a warning light: it warns of a claim that has a name, number or negation which the source lacks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scipy.stats import mannwhitneyu

from eval.bench import BenchError, read_documents, read_lines
from eval.judging import plain, words_held
from eval.metrics import Z_95, Mean, mean
from rag.carrying import Source, lacking

SUPPORTED, NOT_SUPPORTED = "supported", "not_supported"


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, the text that was cited for it, and what people say of that."""

    text: str
    cited: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupportReport:
    """What the measure says.

    Attributes:
        shares: By label, the mean share of a claim's words that the cited text holds.
        ranked: The chance that a supported claim has a larger share than one that is not supported (the area under
            the ROC curve, ties counting half); 0.5 is what chance gives.
        warned: The balanced accuracy of the verifier's warning: the mean of the shares of claims that are not
            supported and warned of, and of those that are supported and not; 0.5 is what chance gives.
    """

    shares: Mapping[str, Mean]
    ranked: Mean
    warned: Mean


def read_claims(folder: Path) -> list[Claim]:
    """The claims for which some text is cited.

    Raises:
        BenchError: there are none of both labels, or the set is not in the normal form.
    """
    texts = {one.id: one.text for one in read_documents(folder)}
    claims = [
        Claim(line["claim"], " ".join(texts[one] for one in cited), line["label"])
        for line in read_lines(folder / "claims.jsonl.gz", ("claim", "label"))
        if (cited := _cited(line))
    ]
    if not {SUPPORTED, NOT_SUPPORTED} <= {one.label for one in claims}:
        raise BenchError(f"{folder.name} has no claims that are supported, or none that are not.")
    return claims


def _cited(line: Mapping[str, object]) -> list[str]:
    """The documents of a claim: of its evidence, else the one that it names."""
    evidence = line.get("evidence")
    named = [one["doc"] for one in evidence] if isinstance(evidence, list) else []
    return list(dict.fromkeys([*named, *([str(line["doc"])] if line.get("doc") else [])]))


def measure(claims: Sequence[Claim]) -> SupportReport:
    """The shares by label, and how well they tell the labels apart."""
    shares: dict[str, list[float]] = {}
    for one in claims:
        shares.setdefault(one.label, []).append(words_held(plain(one.text), one.cited))
    return SupportReport(
        shares={label: mean(values) for label, values in sorted(shares.items())},
        ranked=area(shares[SUPPORTED], shares[NOT_SUPPORTED]),
        warned=balanced_accuracy(
            [_is_warned_of(one) for one in claims if one.label == NOT_SUPPORTED],
            [_is_warned_of(one) for one in claims if one.label == SUPPORTED],
        ),
    )


def _is_warned_of(claim: Claim) -> bool:
    return bool(lacking(plain(claim.text), Source([claim.cited])))


def balanced_accuracy(warned: Sequence[bool], warned_in_vain: Sequence[bool]) -> Mean:
    """The mean of the shares of things that are warned of rightly, and of things that are rightly not.

    The interval is that of the mean of two independent shares, by the normal approximation.
    """
    shares = [(sum(warned) / len(warned), len(warned))]
    shares.append((1 - sum(warned_in_vain) / len(warned_in_vain), len(warned_in_vain)))
    value = sum(share for share, _ in shares) / 2
    reach = Z_95 * math.sqrt(sum(share * (1 - share) / n for share, n in shares)) / 2
    n = len(warned) + len(warned_in_vain)
    return Mean(value=value, n=n, low=max(0.0, value - reach), high=min(1.0, value + reach))


def area(above: Sequence[float], below: Sequence[float]) -> Mean:
    """The area under the ROC curve, with the interval of Hanley and McNeil (Radiology, 1982)."""
    m, n = len(above), len(below)
    a = float(mannwhitneyu(above, below).statistic) / (m * n)
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    variance = (a * (1 - a) + (m - 1) * (q1 - a * a) + (n - 1) * (q2 - a * a)) / (m * n)
    reach = Z_95 * math.sqrt(max(variance, 0.0))
    return Mean(value=a, n=m + n, low=max(0.0, a - reach), high=min(1.0, a + reach))
