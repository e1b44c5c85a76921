import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from eval.answered import Answered
from eval.calibration import Confident, Point, calibration, risk_coverage
from eval.metrics import clustered_mean, mean
from eval.report import Report, build, reports_as_json
from eval.report_text import junit, markdown, tables_of
from eval.runs import Run
from eval.suite import Question, Suite, read_suite
from tests.services import Fake, Scripted, started
from tests.suites import QUESTIONS, question, write_suite


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return read_suite(write_suite(tmp_path / "suite"))


def reported(suite: Suite, folder: Path, service: Scripted | Fake | None = None) -> Report:
    return build(started(suite, service or Fake(), folder), [suite])


def with_answer(run: Run, answered: Answered) -> Run:
    key = (answered.suite, answered.question, answered.repeat)
    return replace(run, answers={**run.answers, key: answered})


def test_a_report_sums_up_its_rows(suite: Suite, tmp_path: Path) -> None:
    report = reported(suite, tmp_path / "run")
    rows = {row.id: row for row in report.rows}
    right = sum(row.right is True for row in report.rows)
    assert report.measures["correctness"].n == 4
    assert report.measures["correctness"].value == right / 4
    assert report.measures["citation_exactness"].value == 1
    assert set(report.by_type) == {"when", "how_many", "per_event", "unanswerable"}
    assert report.by_type["when"]["correctness"].n == 1
    assert set(report.by_format) == {"text/plain", "text/markdown"}
    assert rows["gate"].cluster == rows["masters"].cluster != rows["windows"].cluster
    assert rows["gate"].evidence[0].cited
    assert rows["gate"].evidence[0].rank == 1
    assert report.repeated == 2
    assert report.passed
    assert report.latency_ms is not None
    assert set(report.stages_ms) == {"retrieve", "compose", "verify"}
    assert report.calibration is None


def test_a_report_survives_json(suite: Suite, tmp_path: Path) -> None:
    report = reported(suite, tmp_path / "run")
    written = reports_as_json().dump_json(report)
    assert reports_as_json().validate_json(written) == report
    assert json.loads(written)["plan"]["suites"]["harbour"]["documents"] == suite.documents_hash


def test_what_failed_is_counted_and_not_scored(suite: Suite, tmp_path: Path) -> None:
    service = Scripted(lambda one: "fail" if one.id == "gate" else "Two; Lund; Vik.")
    report = reported(suite, tmp_path / "run", service)
    correctness = report.measures["correctness"]
    assert (correctness.n, correctness.unscored) == (3, 1)
    assert "harbour/gate: failed: status 500" in report.broken
    assert not report.passed


def test_another_answer_to_the_same_question_is_a_broken_promise(
    suite: Suite, tmp_path: Path
) -> None:
    times = iter(range(100))
    report = reported(suite, tmp_path / "run", Scripted(lambda _: f"Answer {next(times)}."))
    again = [one for one in report.broken if one.endswith("asked again, it has another answer")]
    assert len(again) == 2


def test_what_the_second_answer_breaks_counts_too(suite: Suite, tmp_path: Path) -> None:
    run = started(suite, Fake(), tmp_path / "run", repeats=4)
    second = run.answers["harbour", "gate", 1]
    shifted = tuple(replace(one, start=one.start + 1) for one in second.citations)
    report = build(with_answer(run, replace(second, citations=shifted)), [suite])
    assert any(one.startswith("harbour/gate: citation 1 is not what") for one in report.broken)


@pytest.mark.parametrize(
    ("said", "below"),
    [
        ("correctness = 0.1", None),
        ("correctness = 1.1", "harbour: correctness is "),
        ("wrong_answers = 1.0", None),
        ("wrong_answers = -0.1", "harbour: wrong_answers is "),
        ("conflicts_shown = 0.5", "harbour: conflicts_shown has a threshold, and no question"),
    ],
)
def test_thresholds_are_reached_or_named(tmp_path: Path, said: str, below: str | None) -> None:
    suite = read_suite(write_suite(tmp_path / "suite", said=f"[thresholds]\n{said}\n"))
    report = reported(suite, tmp_path / "run")
    assert [one.startswith(below) for one in report.below] == [True] if below else not report.below
    assert report.passed is (below is None)


def test_junit_has_a_case_for_each_question(suite: Suite, tmp_path: Path) -> None:
    answer = lambda one: {"gate": "fail", "windows": "No \x00."}.get(one.id, "Lund.")  # noqa: E731
    report = reported(suite, tmp_path / "run", Scripted(answer))
    root = ET.fromstring(junit(report))  # noqa: S314 # our own
    (element,) = root
    assert element.attrib | {"time": ""} == {
        "name": "harbour",
        "tests": "4",
        "failures": "3",
        "errors": "1",
        "time": "",
    }
    cases = {case.attrib["name"]: case for case in element}
    assert cases["gate"].find("error") is not None
    failure = cases["windows"].find("failure")
    assert failure is not None
    assert "missing: two | \\b2\\b" in (failure.text or "")


def test_markdown_names_what_is_wrong(suite: Suite, tmp_path: Path) -> None:
    text = markdown(reported(suite, tmp_path / "run", Scripted(lambda _: "`Lund`")))
    assert text.startswith("## Evaluation failed: 0 of 4 questions right")
    assert "**Broken:**" in text
    assert "| answers that are right | 0.000 [0.000, 0.000] | 4 |  |" in text
    assert "- **harbour/gate** (when): `missing: Tuesday`" in text


def test_the_tables_have_a_row_for_each_measure_and_group(suite: Suite, tmp_path: Path) -> None:
    report = reported(suite, tmp_path / "run")
    measures, by_type, by_format = tables_of(report)  # by suite, there is one group only
    assert measures.row_count == len(report.measures)
    assert (by_type.row_count, by_format.row_count) == (4, 2)


def test_questions_about_one_document_are_drawn_together() -> None:
    values, clusters = [1.0] * 10 + [0.0] * 10, ["a"] * 10 + ["b"] * 10
    together, apart = clustered_mean(values, clusters), mean(values)
    assert together.value == apart.value == 0.5
    # both documents are drawn, or one of them twice
    assert (together.low, together.high) == (0.0, 1.0)
    assert 0.2 < apart.low < apart.high < 0.8
    assert clustered_mean(values, ["a"] * 20) == apart
    assert clustered_mean(values, range(20)) == apart


def test_calibration_is_the_gap_between_confidence_and_right_answers() -> None:
    answers = [Confident(0.95, right=True)] * 3 + [Confident(0.95, right=False)]
    answers += [Confident(0.0, right=False), Confident(0.1, right=True)]
    found = calibration(answers)
    assert found is not None
    low, high = found.bins
    assert (low.low, low.n, low.right) == (0.0, 2, 0.5)  # 0.1 lies in (0, 0.1]
    assert (high.n, high.right) == (4, 0.75)
    # (2 * |0.05 - 0.5| + 4 * |0.95 - 0.75|) / 6
    assert found.error == pytest.approx((2 * 0.45 + 4 * 0.2) / 6)
    assert calibration([]) is None


def test_risk_grows_with_coverage() -> None:
    answers = [Confident(0.5, right=False), Confident(0.9, right=True), Confident(0.5, right=True)]
    assert risk_coverage(answers) == (Point(1 / 3, 0), Point(1, 1 / 3))


def test_confidence_is_reported_where_there_is_one(suite: Suite, tmp_path: Path) -> None:
    run = started(suite, Fake(), tmp_path / "run")
    sure = replace(run.answers["harbour", "gate", 0], confidence=0.9)
    report = build(with_answer(run, sure), [suite])
    assert report.calibration is not None
    assert report.calibration.n == 1
    assert len(report.risk_coverage) == 1
    off = 0.1 if report.rows[0].right else 0.9
    said = f"confidence: expected calibration error {off:.3f} over 1 answers"
    assert said in markdown(report)
    assert "calibration" not in markdown(build(run, [suite]))


def test_questions_without_evidence_are_clusters_of_their_own(tmp_path: Path) -> None:
    other = question(**QUESTIONS[3] | {"id": "train"})
    suite = read_suite(write_suite(tmp_path / "suite", [*QUESTIONS, other]))
    clusters = {row.id: row.cluster for row in reported(suite, tmp_path / "run").rows}
    assert clusters["airport"] != clusters["train"]


def test_an_abstention_has_no_part_in_calibration(suite: Suite, tmp_path: Path) -> None:
    def abstaining(run: Run, one: Question) -> Answered:
        own = run.answers["harbour", one.id, 0]
        return replace(own, outcome="abstained", statements=(), citations=(), confidence=0.9)

    run = started(suite, Fake(), tmp_path / "run")
    for one in suite.questions:
        run = with_answer(run, abstaining(run, one))
    assert build(run, [suite]).calibration is None
