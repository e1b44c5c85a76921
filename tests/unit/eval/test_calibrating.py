"""Weights are fitted to what is right, and judged where nothing was fitted."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from eval import calibrating, observing
from eval.calibrating import CONFIDENCE, FIT, FUSED, fitted, measure
from eval.calibration import (
    Confident,
    brier,
    error_by_chance,
    error_of_equal_bins,
    error_of_equal_widths,
    selective_area,
    told_apart,
)
from eval.cli import app
from eval.observing import Observed
from eval.suite import SUITE_FILE, Suite, read_suite
from rag.bootstrap import assemble
from rag.confidence import Signs
from rag.library import Library
from rag.settings import Settings
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.suites import write_suite
from tests.unit.eval.test_bench import write


def drawn(name: str, n: int, constant: float, seed: int) -> Iterator[Observed]:
    """Answers that are right by chance, the more likely the better they fit and the surer the ranker is."""
    chance = np.random.default_rng(seed)
    for _ in range(n):
        fit, log_odds = chance.uniform(0.5, 1.2), chance.normal(0, 2)
        likely = 1 / (1 + math.exp(-constant - 3 * (fit - 0.85) - 0.5 * log_odds))
        yield Observed(
            set=name,
            signs=Signs(
                fit=fit,
                log_odds=float(log_odds),
                sources=int(chance.integers(1, 4)),
                per_event=bool(chance.integers(2)),
            ),
            fused=float(chance.random()),
            right=bool(chance.random() < likely),
        )


def test_the_weights_are_those_that_the_answers_were_made_by() -> None:
    found = fitted(list(drawn("own", 4_000, -0.5, 1)), list(drawn("other", 4_000, 1.0, 2)), "some")
    assert found.model == "some"
    assert found.fit == pytest.approx(3, abs=0.6)
    assert found.log_odds == pytest.approx(0.5, abs=0.08)
    assert found.sources == pytest.approx(0, abs=0.2)
    assert found.per_event == pytest.approx(0, abs=0.2)
    # how likely an answer is in suites, although more of the others are right
    assert found.constant == pytest.approx(-0.5 - 3 * 0.85, abs=0.6)


def test_weights_can_be_fitted_without_other_sets() -> None:
    alone = fitted(list(drawn("own", 2_000, 0.0, 3)), [], "some")
    assert alone.log_odds == pytest.approx(0.5, abs=0.15)


def test_bins_of_equally_many_answers() -> None:
    sure = [Confident(0.9, right=number < 9) for number in range(10)]
    unsure = [Confident(0.1, right=number < 3) for number in range(10)]
    # each bin of two of the unsure: three right ones stand first
    gaps = [abs(0.2 - 2), abs(0.2 - 1), *[0.2] * 3, *[abs(1.8 - 2)] * 4, abs(1.8 - 1)]
    assert error_of_equal_bins(unsure + sure) == pytest.approx(sum(gaps) / 20)
    assert math.isnan(error_of_equal_bins([]))


def test_an_exact_confidence_has_an_error_by_chance_that_more_answers_make_smaller() -> None:
    few, many = ([Confident(0.5, right=True)] * n for n in (20, 2_000))
    of_few = error_by_chance(few, error_of_equal_widths)
    assert of_few == pytest.approx(math.sqrt(0.25 / 20 * 2 / math.pi), rel=0.1)
    assert error_by_chance(many, error_of_equal_widths) < of_few / 5


def test_what_tells_right_answers_from_wrong_ones() -> None:
    answers = [
        Confident(0.9, right=True),
        Confident(0.5, right=False),
        Confident(0.5, right=True),
        Confident(0.1, right=False),
    ]
    assert told_apart(answers) == 3.5 / 4
    assert brier(answers) == pytest.approx((0.01 + 0.25 + 0.25 + 0.01) / 4)
    # 1 of 1; then half of two that are alike; 2 of 3; 2 of 4
    assert selective_area(answers) == pytest.approx((1 + 1.5 / 2 + 2 / 3 + 2 / 4) / 4)
    assert math.isnan(told_apart(answers[:1]))
    assert math.isnan(selective_area([]))


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    for name in ("clapnq", "timeqa", "squad2"):
        folder = tmp_path / "bench" / name
        folder.mkdir(parents=True)
        titles = ("A", "B", "C", "D", "E")
        documents = (
            {"id": one, "title": one, "text": f"Rain fell on harbour {one}. Frogs slept."}
            for one in titles
        )
        asked = (
            {
                "id": f"{one}1", "question": f"What fell on harbour {one}?", "answers": ["Rain"],
                "answerable": True, "evidence": [{"doc": one, "start": 0, "end": 25}],
            }
            for one in titles
        )  # fmt: skip
        alike = (
            {
                "id": f"{one}2", "question": f"What fell on harbour {one}?", "answers": [],
                "answerable": False, "meta": {"about_doc": one},
            }
            for one in titles
        )  # fmt: skip
        write(folder, "corpus", *documents)
        write(folder, "questions", *asked, *alike)
    return tmp_path / "bench"


def named(folder: Path, name: str) -> Path:
    path = write_suite(folder) / SUITE_FILE
    path.write_text(path.read_text().replace("harbour", name))
    return folder


@pytest.fixture
def suites(tmp_path: Path) -> list[Suite]:
    return [read_suite(named(tmp_path / name, name)) for name in ("one", "two", "three")]


@pytest.fixture
def doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(settings: Settings) -> Library:
        return assemble(settings, InMemoryStore(), HashingEmbedder())

    monkeypatch.setattr(observing, "open_rag", opened)
    monkeypatch.setattr(calibrating, "_RESAMPLES", 20)


@pytest.mark.usefixtures("doubles")
def test_suites_are_judged_by_what_is_fitted_to_the_others(
    bench: Path, suites: list[Suite]
) -> None:
    stages = set()
    report = measure(suites[:2], bench, suites[2:], lambda stage, *_: stages.add(stage))
    assert {"one: questions", "three: questions", "squad2: questions"} <= stages
    left_out, tested = report.left_out[CONFIDENCE], report.tested
    assert left_out.error.n == 6  # three questions of each are answered
    assert tested is not None
    assert tested[CONFIDENCE].error.n == 3
    assert set(report.look_alikes) == {FUSED, FIT, CONFIDENCE}
    assert report.gains[0].n == 2  # both questions of the article A, which nothing is learnt from
    assert report.weights.model == HashingEmbedder.identity.name


@pytest.mark.usefixtures("doubles")
def test_an_answer_is_right_if_it_holds_what_the_set_says(bench: Path) -> None:
    learnt, look_alikes = observing.of_bench(bench, lambda *_: None)
    assert {one.set for one in learnt} == {"clapnq", "timeqa", "squad2"}
    assert [one.right for one in look_alikes] == [True, False]  # of the article A; E is learnt from
    assert [one.first for one in look_alikes] == [True, False]
    assert [one.right for one in learnt if one.set == "squad2"] == [True, False]


@pytest.mark.usefixtures("doubles")
def test_the_command_prints_what_was_fitted(bench: Path, suites: list[Suite]) -> None:
    folders = [str(one.folder) for one in suites[:2]]
    result = CliRunner().invoke(app, ["calibrate", *folders, "--bench", str(bench)])
    assert "Weights(" in result.output, result.output
    assert "look-alike questions" in result.output
    alone = CliRunner().invoke(app, ["calibrate", folders[0], "--bench", str(bench)])
    assert alone.exit_code == 2
    assert "two suites" in alone.output
    missing = CliRunner().invoke(app, ["calibrate", *folders, "--bench", str(bench / "timeqa")])
    assert missing.exit_code == 2
    assert "cannot be read" in missing.output
