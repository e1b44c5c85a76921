"""A run against a baseline: which questions flipped, and whether the difference is more than chance."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import TypeAdapter, ValidationError

from eval.measures import MEASURES
from eval.report import Report, reports_as_json
from eval.runs import REPORT_FILE, RunError

FORMAT = 1
LEVEL = 0.05
FIRST = "correctness"
# Each is held to the level by itself; the other measures share it.
_ALONE = (FIRST, "wrong_answers")
# Each would take its part of the level from the others: one is `wrong_answers` reversed, one an invariant already.
_UNTESTED = ("abstention_recall", "citation_exactness")

_RESAMPLES = 9_999
_DIGITS = 6

Side = Literal["documents", "questions"]
SIDES: tuple[Side, ...] = ("documents", "questions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a question, without its words or the answer's."""

    question: str
    answer: str
    outcome: str
    scores: Mapping[str, float | None]

    @property
    def right(self) -> bool | None:
        """Whether the answer is right; None where that could not be told."""
        score = self.scores[FIRST]
        return None if score is None else score == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A run that later ones are held against, small enough to be committed.

    Attributes:
        reason: Why it was accepted.
        made_by: By suite: fingerprints of what answered.
        suites: The hashes of each suite's documents and questions.
        outcomes: By suite and question, as in `suite/id`.
    """

    format: int = FORMAT
    reason: str
    code: Mapping[str, str | None]
    made_by: Mapping[str, Mapping[str, Any]]
    suites: Mapping[str, Mapping[str, str]]
    outcomes: Mapping[str, Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A measure over the questions that both sides score.

    Attributes:
        p: How often chance alone would make it worse by as much, by a paired permutation test.
        significant: Whether it got worse, and that is no chance at the level of 0.05.
    """

    measure: str
    n: int
    before: float
    after: float
    p: float
    significant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What differs between a baseline and a run.

    Attributes:
        compared: Questions that are the same on both sides.
        left_out: Questions that only one side has, or that changed.
        worse, better: Those that were right and are not, and the reverse.
        changed: Answers that say or quote something else, right or not.
        broken: As in the run's report.
        made_otherwise: What of code, settings and models differs.
    """

    compared: int
    left_out: tuple[str, ...]
    worse: tuple[str, ...]
    better: tuple[str, ...]
    changed: int
    differences: tuple[Difference, ...]
    broken: tuple[str, ...]
    made_otherwise: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing is broken, and nothing got significantly worse."""
        return not self.broken and not any(one.significant for one in self.differences)


class NotComparable(Exception):
    """Documents or questions changed, and nobody said that they should have."""


@cache
def _baselines() -> TypeAdapter[Baseline]:
    return TypeAdapter(Baseline)


def read_report(folder: Path) -> Report:
    """The report of a finished run.

    Raises:
        RunError: there is none.
    """
    path = folder / REPORT_FILE
    try:
        return reports_as_json().validate_json(path.read_bytes())
    except OSError as error:
        raise RunError(f"{folder} holds no finished run: {REPORT_FILE} is not there.") from error
    except ValidationError as error:
        raise RunError(f"{path} is not a report of this release; run the suites again.") from error


def read_baseline(path: Path) -> Baseline:
    """A baseline's file, or a run's folder as a baseline.

    Raises:
        RunError: it is neither.
    """
    if path.is_dir():
        return baseline_of(read_report(path), reason="")
    try:
        return _baselines().validate_json(path.read_bytes())
    except OSError as error:
        raise RunError(f"The baseline {path} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise RunError(f"{path} is no baseline of this release; accept a run anew.") from error


def write_baseline(baseline: Baseline, path: Path) -> None:
    """Write a baseline in the place of the one that is there, all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{path.name}.new")
    aside.write_bytes(_baselines().dump_json(baseline, indent=1) + b"\n")
    os.replace(aside, path)  # noqa: PTH105 # its purpose is in its name


def baseline_of(report: Report, reason: str) -> Baseline:
    """What of a report later runs are held against."""
    outcomes = {
        f"{row.suite}/{row.id}": Outcome(
            question=row.question_hash,
            answer=row.answer_hash,
            outcome=row.outcome,
            scores={
                name: None if score is None else round(score, _DIGITS)
                for name, score in row.scores.items()
            },
        )
        for row in report.rows
    }
    fingerprints = ("settings_fingerprint", "embedding_model", "chat_model", "server")
    return Baseline(
        reason=reason,
        code=report.plan.code,
        made_by={
            suite: {name: identity[name] for name in fingerprints if name in identity}
            for suite, identity in report.identities.items()
        },
        suites=report.plan.suites,
        outcomes=outcomes,
    )


def compare(before: Baseline, report: Report, moved: Sequence[Side] = ()) -> Comparison:
    """Hold a run against a baseline.

    Args:
        before: The baseline.
        report: Of the run.
        moved: What was changed on purpose. Questions are compared where they are the same.

    Raises:
        NotComparable: something changed that was not to.
    """
    after = baseline_of(report, reason="")
    _refuse(before, after, moved)
    both = [
        key
        for key, one in after.outcomes.items()
        if key in before.outcomes and before.outcomes[key].question == one.question
    ]
    if not both:
        raise NotComparable(
            "The baseline and the run have no question in common: nothing would be compared."
        )
    pairs = {key: (before.outcomes[key], after.outcomes[key]) for key in both}
    everything = dict.fromkeys([*before.outcomes, *after.outcomes])
    return Comparison(
        compared=len(both),
        left_out=tuple(key for key in everything if key not in pairs),
        worse=tuple(key for key, (old, new) in pairs.items() if old.right and not new.right),
        better=tuple(key for key, (old, new) in pairs.items() if new.right and not old.right),
        changed=sum(old.answer != new.answer for old, new in pairs.values()),
        differences=tuple(_judged(_differences(list(pairs.values())))),
        broken=report.broken,
        made_otherwise=tuple(_made_otherwise(before, after)),
    )


def chance_of(differences: Sequence[float]) -> float:
    """How often signs drawn at random would give a mean as low as that of these paired differences.

    A paired permutation test (Fisher, 1935), exact for few differences; those of zero tell nothing and are left out.
    """
    from scipy.stats import permutation_test

    told = [one for one in differences if one]
    if not told:
        return 1.0
    found = permutation_test(
        (np.array([*told, 0.0]),),  # at least two are asked for, and a zero changes nothing
        np.mean,
        permutation_type="samples",
        vectorized=True,
        n_resamples=_RESAMPLES,
        alternative="less",
        rng=np.random.default_rng(0),
    )
    return float(found.pvalue)


def _refuse(before: Baseline, after: Baseline, moved: Sequence[Side]) -> None:
    reasons = []
    for side in SIDES:
        if side in moved:
            continue
        old = {name: hashes[side] for name, hashes in before.suites.items()}
        new = {name: hashes[side] for name, hashes in after.suites.items()}
        if names := sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key)):
            reasons.append(f"The {side} of {', '.join(names)} are not those of the baseline.")
    if reasons:
        raise NotComparable(
            f"{' '.join(reasons)} A difference would not tell what it comes from. "
            "Put them back; or say by --moved what was changed on purpose, and accept a new baseline afterwards."
        )


def _differences(pairs: Sequence[tuple[Outcome, Outcome]]) -> Iterator[Difference]:
    for name, measure in MEASURES.items():
        scored = [
            (old.scores[name], new.scores[name])
            for old, new in pairs
            if old.scores.get(name) is not None and new.scores.get(name) is not None
        ]
        if scored:
            old_scores, new_scores = np.array(scored, np.float64).T
            gains = (new_scores - old_scores) * measure.better
            yield Difference(
                measure=name,
                n=len(scored),
                before=float(old_scores.mean()),
                after=float(new_scores.mean()),
                p=chance_of(gains.tolist()),
            )


def _judged(differences: Iterator[Difference]) -> Iterator[Difference]:
    """What a service promises is held to the level by itself, the rest of what can get worse together (Holm, 1979)."""
    held = list(differences)
    significant = {one.measure for one in held if one.measure in _ALONE and one.p < LEVEL}
    others = sorted((one for one in held if _shares_the_level(one.measure)), key=lambda one: one.p)
    for left, one in zip(range(len(others), 0, -1), others, strict=True):
        if one.p >= LEVEL / left:
            break
        significant.add(one.measure)
    for one in held:
        yield replace(one, significant=one.measure in significant)


def _shares_the_level(measure: str) -> bool:
    return MEASURES[measure].better != 0 and measure not in (*_ALONE, *_UNTESTED)


def _made_otherwise(before: Baseline, after: Baseline) -> Iterator[str]:
    if before.code.get("sources") != after.code.get("sources"):
        yield "the engine's code"
    for suite in sorted(before.made_by.keys() & after.made_by.keys()):
        old, new = before.made_by[suite], after.made_by[suite]
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                yield f"{suite}: {name}"
