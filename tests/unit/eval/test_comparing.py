import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from eval.cli import app
from eval.comparing import (
    Baseline,
    NotComparable,
    Side,
    baseline_of,
    chance_of,
    compare,
    read_baseline,
    read_report,
    write_baseline,
)
from eval.report import Report, build, reports_as_json
from eval.report_text import comparison_markdown
from eval.runs import RunError
from eval.suite import Suite, read_suite
from tests.services import Fake, Scripted, started
from tests.suites import QUESTIONS, question, write_suite

GATES = [question(id=f"gate-{number}") for number in range(12)]


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return read_suite(write_suite(tmp_path / "suite", GATES))


@pytest.fixture
def report(suite: Suite, tmp_path: Path) -> Report:
    return build(started(suite, Fake(), tmp_path / "run"), [suite])


def spoilt(report: Report, count: int, measure: str = "correctness", score: float = 0) -> Report:
    """The report with this score for the first questions."""
    rows = [
        replace(row, scores={**row.scores, measure: score}, answer_hash="other")
        if number < count
        else row
        for number, row in enumerate(report.rows)
    ]
    return replace(report, rows=tuple(rows))


def baseline(report: Report) -> Baseline:
    return baseline_of(report, "first")


def test_the_same_run_is_no_worse(report: Report) -> None:
    assert all(row.right for row in report.rows)
    found = compare(baseline(report), report)
    assert found.passed
    assert (found.worse, found.better, found.changed, found.left_out) == ((), (), 0, ())
    assert {one.p for one in found.differences} == {1.0}


@pytest.mark.parametrize(("count", "passes"), [(4, True), (5, False)])
def test_a_drop_counts_once_it_is_more_than_chance(
    report: Report, count: int, *, passes: bool
) -> None:
    found = compare(baseline(report), spoilt(report, count))
    assert found.worse == tuple(f"harbour/gate-{number}" for number in range(count))
    assert found.changed == count
    (first,) = (one for one in found.differences if one.measure == "correctness")
    assert first.p == pytest.approx(0.5**count)  # of all signs, only one draw is as bad
    assert found.passed is passes


def test_a_gain_is_named_and_passes(report: Report) -> None:
    found = compare(baseline(spoilt(report, 12)), report)
    assert len(found.better) == 12
    assert found.passed


def test_the_other_measures_share_the_level(report: Report) -> None:
    measured = len(compare(baseline(report), report).differences)
    five = compare(baseline(report), spoilt(report, 5, "citation_precision"))
    all_of_them = compare(baseline(report), spoilt(report, 12, "citation_precision"))
    assert 0.5**5 > 0.05 / measured > 0.5**12
    assert five.passed
    assert [one.measure for one in all_of_them.differences if one.significant] == [
        "citation_precision"
    ]
    assert not all_of_them.passed


def test_less_is_better_of_answers_to_the_unanswerable(tmp_path: Path) -> None:
    due = [question(**QUESTIONS[3] | {"id": f"airport-{number}"}) for number in range(12)]
    suite = read_suite(write_suite(tmp_path / "suite", due))
    report = build(started(suite, Fake(), tmp_path / "run"), [suite])
    without, with_all = (spoilt(report, 12, "wrong_answers", score) for score in (0, 1))
    with_five = spoilt(without, 5, "wrong_answers", 1)
    assert not compare(baseline(without), with_all).passed
    assert not compare(baseline(without), with_five).passed  # held to the level by itself
    assert compare(baseline(with_all), without).passed


@pytest.mark.parametrize("measure", ["statements", "abstention_recall", "citation_exactness"])
def test_what_another_measure_tells_already_is_not_tested(report: Report, measure: str) -> None:
    scored = spoilt(report, 12, measure, 1)
    assert compare(baseline(scored), spoilt(report, 12, measure, 0)).passed


def test_a_broken_promise_fails_whatever_the_measures_say(report: Report) -> None:
    found = compare(baseline(report), replace(report, broken=("harbour/gate-1: …",)))
    assert not found.passed
    assert not found.worse


@pytest.mark.parametrize("side", ["documents", "questions"])
def test_what_changed_must_be_said(report: Report, side: Side) -> None:
    old = baseline(report)
    changed = replace(old, suites={"harbour": {**old.suites["harbour"], side: "other"}})
    with pytest.raises(NotComparable, match=f"The {side} of harbour are not those"):
        compare(changed, report)
    assert compare(changed, report, [side]).passed


def test_changed_questions_are_left_out(report: Report) -> None:
    old = baseline(report)
    outcomes = dict(old.outcomes)
    outcomes["harbour/gate-0"] = replace(outcomes["harbour/gate-0"], question="other")
    outcomes["harbour/gone"] = outcomes.pop("harbour/gate-1")
    old = replace(old, outcomes=outcomes, suites={"harbour": {"documents": "d", "questions": "q"}})
    found = compare(old, report, ["documents", "questions"])
    assert found.compared == 10
    assert set(found.left_out) == {"harbour/gate-0", "harbour/gone", "harbour/gate-1"}


def test_what_made_the_answers_is_named_where_it_differs(report: Report) -> None:
    old = baseline(report)
    made = {"harbour": {**old.made_by["harbour"], "settings_fingerprint": "other"}}
    found = compare(replace(old, made_by=made, code={"sources": "other"}), report)
    assert found.made_otherwise == ("the engine's code", "harbour: settings_fingerprint")
    assert "Made otherwise" in comparison_markdown(found)


def test_a_baseline_holds_no_words_of_questions_or_answers(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "deep/baseline.json"
    write_baseline(baseline(report), path)
    written = path.read_text()
    assert read_baseline(path) == baseline(report)
    for words in ("harbour master", "Tuesday", "gate?"):
        assert words not in written
    assert len(written) / len(report.rows) < 1_000
    assert [one.name for one in path.parent.iterdir()] == ["baseline.json"]


@pytest.mark.parametrize("content", ["", "{}", '{"format": 1}'])
def test_what_is_no_baseline_or_report_is_refused(tmp_path: Path, content: str) -> None:
    for name in ("baseline.json", "report.json"):
        (tmp_path / name).write_text(content)
    with pytest.raises(RunError, match="is no baseline"):
        read_baseline(tmp_path / "baseline.json")
    with pytest.raises(RunError, match="is not a report"):
        read_report(tmp_path)
    with pytest.raises(RunError, match="cannot be read"):
        read_baseline(tmp_path / "gone.json")
    with pytest.raises(RunError, match="holds no finished run"):
        read_baseline(tmp_path.parent)


def by_hand(differences: Sequence[float]) -> float:
    """The share of all ways to draw signs whose mean is as low; computed apart from the other."""
    total = sum(differences)
    drawn = [
        sum(s * d for s, d in zip(signs, differences, strict=True))
        for signs in product((1, -1), repeat=len(differences))
    ]
    return sum(one <= total + 1e-9 for one in drawn) / len(drawn)


@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]), max_size=8))
def test_chance_is_the_share_of_signs_that_would_be_as_bad(differences: list[float]) -> None:
    assert chance_of(differences) == pytest.approx(by_hand(differences))


def test_chance_is_estimated_the_same_each_time_where_there_are_many() -> None:
    draw = random.Random(1)  # noqa: S311 # the same ones each time
    differences = [draw.choice([-1.0, 1.0]) for _ in range(40)]
    assert chance_of(differences) == chance_of(differences)
    assert chance_of([-1.0] * 40) < 0.001
    assert chance_of([1.0] * 40) > 0.99


def kept(report: Report, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "report.json").write_bytes(reports_as_json().dump_json(report))
    return folder


def invoked(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    return done.exit_code, " ".join(done.output.split())


def test_accepting_and_comparing_on_the_command_line(report: Report, tmp_path: Path) -> None:
    good = kept(report, tmp_path / "good")
    bad = kept(spoilt(report, 6), tmp_path / "bad")
    path = tmp_path / "baseline.json"
    assert invoked("accept", good, path, "--reason", "The first one.")[0] == 0
    assert json.loads(path.read_text())["reason"] == "The first one."
    assert invoked("compare", path, good)[0] == 0
    code, said = invoked("compare", path, bad)
    assert code == 1
    assert "Right before, and not now: harbour/gate-5" in said
    assert "significant" in said
    assert (bad / "comparison.md").read_text().startswith("## Comparison failed: 6 questions")
    assert invoked("compare", good, bad)[0] == 1  # a run is a baseline too


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (lambda old: replace(old, suites={"other": {"documents": "", "questions": ""}}), 3, "put"),
        (lambda old: old, 0, "questions compared"),
    ],
)
def test_comparing_exits_with_3_where_the_ground_moved(
    report: Report,
    tmp_path: Path,
    change: Callable[[Baseline], Baseline],
    code: int,
    said: str,
) -> None:
    path = tmp_path / "baseline.json"
    write_baseline(change(baseline(report)), path)
    found, output = invoked("compare", path, kept(report, tmp_path / "good"))
    assert found == code
    assert said in output.lower()
    moved = ("--moved", "documents", "--moved", "questions")
    assert invoked("compare", path, tmp_path / "good", *moved)[0] == 0


def test_misuse_exits_with_2(report: Report, tmp_path: Path) -> None:
    good = kept(report, tmp_path / "good")
    assert invoked("compare", good, good, "--moved", "mountains")[0] == 2
    assert invoked("compare", tmp_path / "gone", good)[0] == 2
    assert invoked("accept", tmp_path, tmp_path / "b.json", "--reason", "x")[0] == 2
    assert invoked("accept", good, tmp_path / "b.json", "--reason", " ")[0] == 2


def test_a_run_that_breaks_a_promise_is_not_accepted(report: Report, tmp_path: Path) -> None:
    broken = kept(replace(report, broken=("harbour/gate-1: oops",)), tmp_path / "broken")
    code, said = invoked("accept", broken, tmp_path / "b.json", "--reason", "x")
    assert code == 1
    assert "harbour/gate-1: oops" in said
    assert not (tmp_path / "b.json").exists()


def test_a_failing_question_counts_as_worse(tmp_path: Path) -> None:
    suite = read_suite(write_suite(tmp_path / "suite", QUESTIONS[:1]))
    before = build(started(suite, Scripted(lambda _: "Tuesday"), tmp_path / "a"), [suite])
    after = build(started(suite, Scripted(lambda _: "fail"), tmp_path / "b"), [suite])
    found = compare(baseline(before), after)
    assert found.worse == ("harbour/gate",)
    assert not found.passed


def test_a_comparison_of_nothing_is_refused(report: Report) -> None:
    before = baseline(report)
    others = {f"{key} renamed": one for key, one in before.outcomes.items()}
    with pytest.raises(NotComparable, match="no question in common"):
        compare(replace(before, outcomes=others), report)
