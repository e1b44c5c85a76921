"""What a run is worth: a row for each question, and what is derived from the rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from eval.answered import Answered, answer_hash, same_answer
from eval.calibration import Calibration, Confident, Point, calibration, risk_coverage
from eval.judging import Judged, Place, judge, overlaps
from eval.measures import MEASURES
from eval.metrics import clustered_mean
from eval.runs import Plan, Run
from eval.second_opinion import Opinions
from eval.suite import Question, Suite, question_hash

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A mean over n questions with its 95 % interval; None where n is 0. `unscored` could not be told."""

    value: float | None
    n: int
    low: float | None
    high: float | None
    unscored: int = 0

    def __str__(self) -> str:
        if self.value is None:
            return "–"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """A piece of evidence that an answer could rest on.

    Attributes:
        places: Where its words stand: document, start and end.
        cited: Whether a quote of the answer overlaps it.
        rank: Of the first passage that holds some of it, from 1; None where retrieval did not bring it.
    """

    document: str
    quote: str
    places: tuple[tuple[str, int, int], ...]
    cited: bool
    rank: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A question, and what its answer is worth; the answer itself is in `results.jsonl`.

    Attributes:
        formats: Media types of the documents that hold evidence.
        cluster: Rows of one cluster are about one document.
        same_again: Whether the second answer was the first; None for what was asked once.
    """

    suite: str
    id: str
    type: str
    question: str
    question_hash: str
    answer_hash: str
    formats: tuple[str, ...]
    cluster: str
    outcome: str
    scores: Mapping[str, float | None]
    missed: tuple[str, ...]
    broken: tuple[str, ...]
    same_again: bool | None
    confidence: float | None
    wall_ms: float
    timings_ms: Mapping[str, float]
    expected: str
    note: str
    evidence: tuple[Expected, ...]

    @property
    def right(self) -> bool | None:
        """Whether the answer is right; None where that could not be told."""
        score = self.scores["correctness"]
        return None if score is None else score == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Milliseconds: the mean, and what half and 95 % of the questions stay below."""

    mean: float
    p50: float
    p95: float


Summaries = Mapping[str, Summary]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of a run.

    Attributes:
        broken: Invariants that some answer breaks, in words.
        below: Thresholds of suites that are not reached.
        calibration: None where no answer has a confidence.
        stages: Of the service's own clock.
        opinions: What a chat model says of the answers, where one was asked; no verdict rests on it.
    """

    format: int = FORMAT
    plan: Plan
    identities: Mapping[str, Mapping[str, Any]]
    rows: tuple[Row, ...]
    measures: Summaries
    by_suite: Mapping[str, Summaries]
    by_type: Mapping[str, Summaries]
    by_format: Mapping[str, Summaries]
    broken: tuple[str, ...]
    below: tuple[str, ...]
    repeated: int
    calibration: Calibration | None
    risk_coverage: tuple[Point, ...]
    latency_ms: Times | None
    stages_ms: Mapping[str, Times]
    opinions: Opinions | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing is broken and every threshold is reached."""
        return not self.broken and not self.below


@cache
def reports_as_json() -> TypeAdapter[Report]:
    """Reads and writes reports as JSON."""
    return TypeAdapter(Report)


def build(run: Run, suites: Sequence[Suite]) -> Report:
    """Judge every answer of a finished run, and sum up."""
    rows = tuple(_row(run, suite, one) for suite in suites for one in suite.questions)
    answered = [one for one in rows if one.right is not None]
    by_suite = _grouped(rows, lambda row: [row.suite])
    confident = [
        Confident(row.confidence, bool(row.right))
        for row in answered
        if row.confidence is not None and row.outcome != "abstained"
    ]
    return Report(
        plan=run.plan,
        identities=run.identities,
        rows=rows,
        measures=summaries(rows),
        by_suite=by_suite,
        by_type=_grouped(rows, lambda row: [row.type]),
        by_format=_grouped(rows, lambda row: row.formats),
        broken=tuple(_broken(rows)),
        below=tuple(_below(suites, by_suite)),
        repeated=sum(row.same_again is not None for row in rows),
        calibration=calibration(confident),
        risk_coverage=risk_coverage(confident),
        latency_ms=_times([row.wall_ms for row in answered]),
        stages_ms=_stages(answered),
    )


def summaries(rows: Sequence[Row]) -> dict[str, Summary]:
    """Every measure that applies to some of the rows."""
    found = {}
    for name in MEASURES:
        scores = [(row.scores[name], row.cluster) for row in rows if name in row.scores]
        told = [(score, cluster) for score, cluster in scores if score is not None]
        if scores:
            measured = clustered_mean([score for score, _ in told], [one for _, one in told])
            found[name] = Summary(
                value=_number(measured.value),
                n=measured.n,
                low=_number(measured.low),
                high=_number(measured.high),
                unscored=len(scores) - len(told),
            )
    return found


def _row(run: Run, suite: Suite, question: Question) -> Row:
    sources = run.sources[suite.name]
    answered = run.answers[suite.name, question.id, 0]
    again = run.answers.get((suite.name, question.id, 1))
    judged = judge(question, answered, sources)
    again_broken = judge(question, again, sources).broken if again else ()
    documents = dict.fromkeys(one.doc for one in question.evidence)
    return Row(
        suite=suite.name,
        id=question.id,
        type=question.type,
        question=question.question,
        question_hash=question_hash(question),
        answer_hash=answer_hash(answered),
        formats=tuple(sorted({sources[one].media_type for one in documents if one in sources})),
        cluster=f"{suite.name}/{next(iter(documents), question.id)}",
        outcome=answered.outcome,
        scores=judged.scores,
        missed=judged.missed,
        broken=tuple(dict.fromkeys((*judged.broken, *again_broken))),
        same_again=same_answer(answered, again) if again else None,
        confidence=answered.confidence,
        wall_ms=answered.wall_ms,
        timings_ms=answered.timings_ms,
        expected=question.expected,
        note=question.note,
        evidence=tuple(_expected(question, judged, answered)),
    )


def _expected(question: Question, judged: Judged, answered: Answered) -> Iterator[Expected]:
    for one, places in zip(question.evidence, judged.evidence, strict=True):
        yield Expected(
            document=one.doc,
            quote=one.quote,
            places=tuple((document, span.start, span.end) for document, span in places),
            cited=any(overlaps(cited, places) for cited in answered.citations),
            rank=_rank(answered, places),
        )


def _rank(answered: Answered, places: Sequence[Place]) -> int | None:
    ranked = enumerate(answered.retrieved or (), 1)
    return next((rank for rank, passage in ranked if overlaps(passage, places)), None)


def _broken(rows: Sequence[Row]) -> Iterator[str]:
    for row in rows:
        name = f"{row.suite}/{row.id}"
        if row.outcome == "failed":
            yield f"{name}: {'; '.join(row.missed)}"
        if row.same_again is False:
            yield f"{name}: asked again, it has another answer"
        yield from (f"{name}: {one}" for one in row.broken)


def _below(suites: Sequence[Suite], by_suite: Mapping[str, Summaries]) -> Iterator[str]:
    for suite in suites:
        for name, threshold in suite.file.thresholds.items():
            summary = by_suite[suite.name].get(name)
            value = summary.value if summary else None
            if value is None:
                yield f"{suite.name}: {name} has a threshold, and no question tells it"
            elif (value - threshold) * (MEASURES[name].better or 1) < 0:
                yield f"{suite.name}: {name} is {value:.3f}, and should be {threshold:g}"


def _grouped(
    rows: Sequence[Row], names: Callable[[Row], Iterable[str]]
) -> dict[str, dict[str, Summary]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        for name in names(row):
            groups.setdefault(name, []).append(row)
    return {name: summaries(held) for name, held in sorted(groups.items())}


def _stages(rows: Sequence[Row]) -> dict[str, Times]:
    """Where the time went."""
    names = dict.fromkeys(name for row in rows for name in row.timings_ms)
    measured = {name: _times([row.timings_ms.get(name, 0.0) for row in rows]) for name in names}
    return {name: times for name, times in measured.items() if times}


def _times(taken_ms: Sequence[float]) -> Times | None:
    if not taken_ms:
        return None
    p50, p95 = np.percentile(taken_ms, [50, 95]).tolist()
    return Times(mean=float(np.mean(taken_ms)), p50=p50, p95=p95)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
