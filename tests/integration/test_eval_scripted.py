"""A scripted chat model over the sample documents, with the real embedding model."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.cli import app
from eval.scripted import measure
from eval.scripting import Kind
from eval.suite import read_suite

SAMPLES = Path(__file__).parents[2] / "eval/suites/samples"


def test_what_is_wrong_is_not_shown_and_what_is_right_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERSE_EMBEDDING__COMPUTE_PATH", "fp32")
    report = measure([read_suite(SAMPLES)], answers=2 * len(Kind), seed=3, progress=lambda *_: None)
    assert report.wrong == []
    assert report.passed
    assert report.answers == 2 * len(Kind)
    assert 0 < report.checking_ms.p50_ms <= report.checking_ms.p95_ms


def test_a_folder_that_is_no_suite_is_refused(tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["scripted", str(tmp_path)])
    assert ended.exit_code == 2
    assert "verse eval:" in ended.stderr
