import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from eval.bench import BenchError
from eval.pages import PageQuestion, _named, _triples, read_page_questions

PAGES = [
    _triples("The lamp was lit at dusk by the keeper of the tower."),
    _triples("In the morning the oil was spent and the glass was black."),
]
QUESTION = PageQuestion(question="When was it lit?", document="d", pages=frozenset({1}))
LIT = "The lamp was lit at dusk"


@pytest.mark.parametrize(
    ("placed", "named"),
    [
        ([(frozenset({1}), LIT)], [True]),
        ([(frozenset({1, 2}), LIT)], [True]),
        ([(frozenset({2}), LIT)], [False]),
        ([(frozenset({2}), "the oil was spent"), (frozenset({1}), LIT)], [True]),
        ([(frozenset({1}), "the oil was spent")], []),
        ([(frozenset({1}), "something else entirely")], []),
        ([], []),
    ],
)
def test_a_passage_names_the_page_where_another_extractor_finds_its_words(
    placed: list[tuple[frozenset[int], str]], named: list[bool]
) -> None:
    assert _named(QUESTION, placed, PAGES) == named


def write(folder: Path, *lines: dict[str, Any]) -> None:
    with gzip.open(folder / "questions.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def test_only_questions_with_pages_are_asked(tmp_path: Path) -> None:
    evidence = [{"doc": "d"}]
    asked = {"question": "When was it lit?", "evidence": evidence, "meta": {"pages": [1]}}
    write(tmp_path, asked, {"question": "Why?", "evidence": evidence, "meta": {}})
    assert read_page_questions(tmp_path) == [QUESTION]
    write(tmp_path, {"question": "Why?", "evidence": [], "meta": {}})
    with pytest.raises(BenchError, match="no questions with pages"):
        read_page_questions(tmp_path)
