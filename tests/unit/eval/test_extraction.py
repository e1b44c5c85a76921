import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from eval.bench import BenchError
from eval.cli import app
from eval.extraction import Extracted, measure, passes, similarity
from tests.unit.ingest.pdfs import running, table

TEXT = "The keeper’s lamp\nwas lit at dusk.\n\nOil\t1\t2\n\nGlass and soot\t3\t4"


@pytest.mark.parametrize(
    ("check", "passed"),
    [
        ({"type": "present", "text": "keeper's lamp was lit"}, True),
        ({"type": "present", "text": "keeper's lamb was lit"}, False),
        ({"type": "present", "text": "keeper's lamb was lit", "max_diffs": 1}, True),
        ({"type": "present", "text": "THE KEEPER"}, False),
        ({"type": "present", "text": "THE KEEPER", "case_sensitive": False}, True),
        ({"type": "absent", "text": "stairs"}, True),
        ({"type": "absent", "text": "lamp"}, False),
        ({"type": "absent", "text": "lamp", "last_n": 9}, True),
        ({"type": "absent", "text": "lamp", "first_n": 20}, False),
        ({"type": "order", "before": "lamp", "after": "dusk"}, True),
        ({"type": "order", "before": "dusk", "after": "lamp"}, False),
        ({"type": "order", "before": "stairs", "after": "lamp"}, False),
        ({"type": "table", "cell": "4", "left": "3", "up": "2"}, True),
        ({"type": "table", "cell": "4", "left": "2"}, False),
        ({"type": "table", "cell": "1", "right": "2", "down": "3"}, True),
        ({"type": "table", "cell": "3", "left_heading": "soot", "top_heading": "Oil"}, True),
        ({"type": "table", "cell": "lamp"}, False),
        ({"type": "baseline"}, True),
    ],
)
def test_checks(check: dict[str, Any], passed: bool) -> None:
    assert passes(check, Extracted(TEXT, TEXT)) is passed


@pytest.mark.parametrize("text", ["", "·· --", "and " * 40])
def test_no_text_or_one_that_repeats_itself_fails_the_baseline(text: str) -> None:
    assert not passes({"type": "baseline"}, Extracted(text, text))


def test_what_must_be_absent_may_stand_in_a_running_line() -> None:
    assert passes({"type": "absent", "text": "Almanac"}, Extracted("Almanac\n\nLamp", "Lamp"))


def test_similarity_counts_four_grams() -> None:
    assert similarity("a  lamp\n", "a lamp") == 1
    assert similarity("lamps", "glass") == 0
    # "a lamp" has the grams "a la", " lam", "lamp"; "lamp" has one of them: 2 * 1 / (3 + 1)
    assert similarity("a lamp", "lamp") == pytest.approx(0.5)
    assert (similarity("ab", "ab"), similarity("ab", "abcd")) == (1, 0)


def folder_of(tmp_path: Path, *lines: dict[str, Any]) -> Path:
    with gzip.open(tmp_path / "files.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    return tmp_path


def test_a_folder_is_measured_beside_poppler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bodies = [["The lamp was lit."], ["It was put out."]]
    (tmp_path / "a.pdf").write_bytes(running(bodies, header="The Almanac", footer="Page #"))
    (tmp_path / "b.pdf").write_bytes(table([["Oil", "12"]], after="The end."))
    (tmp_path / "c.pdf").write_bytes(b"%PDF-1.4 nothing")
    checks = [
        {"id": "1", "type": "absent", "text": "Page 2"},
        {"id": "2", "type": "present", "text": "lit"},
    ]
    folder = folder_of(
        tmp_path,
        {"id": "a", "file": "a.pdf", "kind": "checks", "checks": checks},
        {"id": "b", "file": "b.pdf", "kind": "ground-truth", "text": "Oil 12\nThe end."},
        {"id": "c", "file": "c.pdf", "kind": "ground-truth", "text": "Lost"},
    )
    report = measure(folder)
    assert {row.measure: row.scores["chapterverse"].value for row in report.rows} == {
        "checks: absent": 1,
        "checks: present": 1,
        "similarity: ground-truth": 0.5,
    }
    assert report.failed["chapterverse"] == ("c",)
    assert ("pdftotext" in report.failed) is (shutil.which("pdftotext") is not None)
    if "pdftotext" in report.failed:
        assert "a 1" in report.failed["pdftotext"]
    monkeypatch.setattr("shutil.which", lambda _: None)
    alone = measure(folder)
    assert list(alone.failed) == ["chapterverse"]
    assert "not installed" in alone.notes[0]


def test_the_command_prints_a_table_and_names_what_fails(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(running([["The lamp was lit."]], header="", footer=""))
    check = {"id": "1", "type": "present", "text": "stairs"}
    folder = folder_of(tmp_path, {"id": "a", "file": "a.pdf", "kind": "checks", "checks": [check]})
    done = CliRunner().invoke(app, ["extraction", str(folder), "--failures"])
    assert done.exit_code == 0
    assert "checks: present" in done.output
    assert "failed: a 1" in done.output
    (tmp_path / "files.jsonl.gz").unlink()
    assert CliRunner().invoke(app, ["extraction", str(folder)]).exit_code == 2


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="cannot be read"):
        measure(tmp_path)
