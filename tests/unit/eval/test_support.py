from pathlib import Path

import pytest
from sklearn.metrics import roc_auc_score
from typer.testing import CliRunner

from eval.bench import BenchError
from eval.cli import app
from eval.support import area, balanced_accuracy, measure, read_claims
from tests.unit.eval.test_bench import write

CLAIMS = (
    {"claim": "The gate is shut [1].", "label": "supported", "evidence": [{"doc": "a"}]},
    {"claim": "The gate was painted", "label": "not_supported", "doc": "a", "evidence": []},
    {"claim": "Nobody knows.", "label": "no_citation", "evidence": []},
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "corpus", {"id": "a", "title": "", "text": "The gate is shut."})
    write(tmp_path, "claims", *CLAIMS)
    return tmp_path


def test_claims_are_held_against_what_they_cite(folder: Path) -> None:
    report = measure(read_claims(folder))
    assert {label: one.value for label, one in report.shares.items()} == {
        "supported": 1.0,
        "not_supported": 0.5,  # the and gate, of four words
    }
    assert (report.ranked.value, report.ranked.n) == (1.0, 2)


def test_a_set_without_both_labels_is_refused(tmp_path: Path, folder: Path) -> None:
    write(folder, "claims", CLAIMS[0])
    with pytest.raises(BenchError, match="no claims that are supported, or none that are not"):
        read_claims(folder)
    assert CliRunner().invoke(app, ["support", str(folder)]).exit_code == 2


def test_the_area_is_that_of_scikit_learn() -> None:
    above, below = [0.9, 0.5, 0.5, 0.7, 0.2], [0.1, 0.5, 0.3]
    found = area(above, below)
    expected = roc_auc_score([1] * 5 + [0] * 3, above + below)
    assert found.value == pytest.approx(expected)
    # A = 12 / 15 = 0.8; Q1 = 0.8 / 1.2, Q2 = 1.28 / 1.8
    # variance = (0.16 + 4 (Q1 - 0.64) + 2 (Q2 - 0.64)) / 15 = 0.0273; 0.8 - 1.96 * 0.1652 = 0.476
    assert found.low == pytest.approx(0.476, abs=0.001)
    assert found.high == 1.0


def test_a_warning_is_worth_what_it_tells_apart(folder: Path) -> None:
    found = balanced_accuracy([True, True, True, False], [False] * 9 + [True])
    # (3/4 + 9/10) / 2; 1.96 / 2 * sqrt(0.75 * 0.25 / 4 + 0.9 * 0.1 / 10) = 0.2317
    assert found.value == pytest.approx(0.825)
    assert found.n == 14
    assert found.low == pytest.approx(0.825 - 0.2317, abs=0.001)
    assert found.high == 1.0
    # nothing of "The gate was painted" is a name, number or negation
    assert measure(read_claims(folder)).warned.value == 0.5


def test_the_command_prints_what_the_measure_tells(folder: Path) -> None:
    done = CliRunner().invoke(app, ["support", str(folder)])
    assert done.exit_code == 0
    assert "a supported claim has the larger share: 1.000" in done.stdout
