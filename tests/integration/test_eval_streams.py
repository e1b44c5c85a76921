"""The benchmark of streams: a real server, a scripted model behind a real connection, and LangChain alone."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.cli import app
from eval.peer import PeerFailed
from eval.streams import STATEMENTS, measure
from eval.suite import read_suite

SAMPLES = Path(__file__).parents[2] / "eval/suites/samples"


def test_every_answer_comes_whole_and_its_delays_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERSE_EMBEDDING__COMPUTE_PATH", "fp32")
    seen: list[str] = []
    report = measure(
        [read_suite(SAMPLES)], 2, 3, 1_000, lambda stage, done, total: seen.append(stage)
    )
    both = ("alone", "3 at once")
    assert [*report.sides] == [
        f"{side}, {one}" for side in ("Chapterverse", "LangChain") for one in both
    ]
    assert [one.answers for one in report.sides.values()] == [2, 3, 2, 3]
    assert report.failed == 0
    assert 0 < report.checking_cpu_ms.p50_ms <= report.checking_cpu_ms.p95_ms
    assert report.checking_cpu_ms.p50_ms <= report.checking_wall_ms.p50_ms  # on one thread
    for name, one in report.sides.items():
        assert one.stated == STATEMENTS * one.answers
        assert one.statements >= 0.8 * one.stated
        assert 0 < one.before.p50_ms < one.written.p50_ms
        # The model's thread may note what it wrote a moment after the client has read it.
        assert one.written.p50_ms < one.first.p50_ms + 5
        assert 0 < one.after.p50_ms <= one.longest_after
        assert one.longest_silence > 0
        assert (one.longest_stall is None) == name.startswith("LangChain")
    assert {"verification", *report.sides} == set(seen)


def test_too_few_questions_are_refused_before_anything_is_started() -> None:
    with pytest.raises(PeerFailed, match="questions are needed"):
        measure([read_suite(SAMPLES)], 500, 32, 50, lambda *_: None)


def test_a_folder_that_is_no_suite_is_refused(tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["streams", str(tmp_path)])
    assert ended.exit_code == 2
    assert "verse eval:" in ended.stderr


def test_the_command_refuses_too_few_questions() -> None:
    ended = CliRunner().invoke(app, ["streams", str(SAMPLES), "--answers", "500"])
    assert ended.exit_code == 2
    assert "questions are needed" in ended.stderr
