import gzip
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.articles import measure, overlap, read_pages
from eval.bench import BenchError
from eval.cli import app

_WORDS = [f"The ferry number {n} leaves the quay at noon and returns by night." for n in range(40)]
_ARTICLE = "\n\n".join(_WORDS)
_PAGE = (
    "<html><body><nav><a href='/'>Home</a> <a href='/w'>Weather on the coast today</a></nav><article><h1>"
    "Ferries</h1>" + "".join(f"<p>{line}</p>" for line in _WORDS) + "</article></body></html>"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "page.html.gz").write_bytes(gzip.compress(_PAGE.encode()))
    record = json.dumps({"id": "1", "file": "page.html.gz", "text": _ARTICLE})
    (tmp_path / "files.jsonl.gz").write_bytes(gzip.compress(record.encode()))
    return tmp_path


def test_overlap_counts_four_grams_as_often_as_they_stand_in_both() -> None:
    assert overlap("a b c d e", "a b c d e") == (1.0, 1.0)
    assert overlap("a b c d e", "a b c d") == (0.5, 1.0)
    assert overlap("a b c d", "w x y z") == (0.0, 0.0)
    assert overlap("", "a b c d") == (0.0, 0.0)
    assert overlap("a b", "a b") == (1.0, 1.0)
    assert overlap("a b c d a b c d", "a b c d")[0] == pytest.approx(1 / 5)


def test_an_article_without_its_menu_scores_above_a_page_with_it(folder: Path) -> None:
    scores = measure(read_pages(folder))
    assert scores["chapterverse"].recall.value == 1.0
    assert scores["chapterverse"].precision.value > 0.95
    assert scores["chapterverse"].recall.n == 1


def test_the_command_prints_both_and_fails_on_a_set_it_cannot_read(folder: Path) -> None:
    good = CliRunner().invoke(app, ["articles", str(folder)])
    assert good.exit_code == 0
    assert "trafilatura" in good.output
    (folder / "page.html.gz").unlink()
    with pytest.raises(BenchError):
        read_pages(folder)
    bad = CliRunner().invoke(app, ["articles", str(folder)])
    assert bad.exit_code == 2
    assert "not complete" in bad.output
