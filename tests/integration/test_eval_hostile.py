import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.cli import app
from tests.unit.ingest.pdfs import encrypted, pdf


@pytest.mark.parametrize(("expect", "code"), [("text", 0), ("notext", 1)])
def test_files_that_end_otherwise_than_expected_are_named(
    tmp_path: Path, expect: str, code: int
) -> None:
    good = pdf([["The harbour was dredged in May."]])
    files = {
        "good": (good, expect),
        "locked": (encrypted(good, "x"), "password"),
        "bad": (b"%PDF-", "any"),
    }
    lines = []
    for name, (content, expected) in files.items():
        (tmp_path / name).write_bytes(content)
        lines.append(json.dumps({"id": name, "file": name, "expect": expected}))
    (tmp_path / "files.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    ran = CliRunner().invoke(app, ["hostile", str(tmp_path)])
    assert ran.exit_code == code
    assert f"ended as expected: {3 - code} of 3" in ran.output
    assert ("good: notext expected, text" in ran.output) is bool(code)


def test_a_set_that_is_not_complete_cannot_be_measured(tmp_path: Path) -> None:
    record = {"id": "1", "file": "missing", "expect": "any"}
    (tmp_path / "files.jsonl.gz").write_bytes(gzip.compress(json.dumps(record).encode()))
    assert CliRunner().invoke(app, ["hostile", str(tmp_path)]).exit_code == 2
