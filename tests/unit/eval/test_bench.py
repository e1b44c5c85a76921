import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from eval.bench import BenchError, read_documents, read_questions


def write(folder: Path, name: str, *lines: dict[str, Any] | str) -> None:
    with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
        for line in lines:
            file.write((line if isinstance(line, str) else json.dumps(line)) + "\n")


DOCUMENTS = (
    {"id": "set-en-1", "title": "T", "text": "Text é."},
    {"id": "set-de-1", "title": "U", "text": "Wort."},
)
QUESTION = {"id": "q1", "question": "Q?", "answers": ["a"], "answerable": True}


def test_a_set_is_read_by_language(tmp_path: Path) -> None:
    write(tmp_path, "corpus", *DOCUMENTS)
    assert [one.title for one in read_documents(tmp_path)] == ["T", "U"]
    assert [one.text for one in read_documents(tmp_path, "de")] == ["Wort."]


def test_an_unanswerable_question_has_no_answers(tmp_path: Path) -> None:
    write(tmp_path, "questions", QUESTION, {**QUESTION, "answerable": False, "meta": {"lang": "x"}})
    assert [one.answers for one in read_questions(tmp_path)] == [("a",), ()]
    assert len(read_questions(tmp_path, "x")) == 1


@pytest.mark.parametrize("line", ["not json", '{"id": "d"}'])
def test_a_broken_set_is_refused_with_its_place(tmp_path: Path, line: str) -> None:
    write(tmp_path, "corpus", DOCUMENTS[0], line)
    with pytest.raises(BenchError, match="corpus"):
        read_documents(tmp_path)


def test_a_missing_set_and_a_missing_language_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="cannot be read"):
        read_documents(tmp_path / "nothing")
    write(tmp_path, "corpus", *DOCUMENTS)
    with pytest.raises(BenchError, match="'fr'"):
        read_documents(tmp_path, "fr")
