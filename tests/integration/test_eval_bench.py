"""Every adapter over a small set in its form: figures come out, and what is broken is named."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from eval import sets
from eval.bench import BenchError, BenchQuestion, sampled
from eval.board import JSON_FILE, MARKDOWN_FILE
from eval.cli import app
from eval.dated import read_dated
from eval.figures import Figure, boards_as_json
from tests.unit.eval.test_bench import write

TEXT = "The north gate was closed on Tuesday. Ferry crews painted the lighthouse white."
OTHER = "A storm broke two windows of the customs house."
DOCUMENTS = (
    {"id": "set-en-a", "title": "Gate", "text": TEXT},
    {"id": "set-en-b", "title": "Storm", "text": OTHER},
)
GATE = {
    "id": "gate",
    "question": "When was the north gate closed?",
    "answers": ["on Tuesday"],
    "answerable": True,
    "evidence": [{"doc": "set-en-a", "start": 0, "end": 37}],
    "meta": {"doc": "set-en-a", "lang": "en"},
}
LOOK_ALIKE = {
    "id": "airline",
    "question": "Which airline flies to Osaka?",
    "answers": [],
    "answerable": False,
    "meta": {"lang": "en"},
}


def answering(folder: Path) -> None:
    write(folder, "corpus", *DOCUMENTS)
    write(folder, "questions", GATE, LOOK_ALIKE)


def judged(folder: Path) -> None:
    answering(folder)
    write(folder, "qrels", {"qid": "gate", "doc": "set-en-a", "rel": 1})


def claimed(folder: Path) -> None:
    answering(folder)
    claims = (
        {"claim": "The north gate was closed", "label": "supported", "doc": "set-en-a"},
        {"claim": "The harbour froze", "label": "not_supported", "doc": "set-en-a"},
    )
    write(folder, "claims", *claims)


def conversing(folder: Path) -> None:
    meta = {"history": [{"text": "The gate."}], "needs_rewrite": True}
    asked = {"question": "When was it?", "answers": ["When was the gate?"], "meta": meta}
    write(folder, "questions", asked)


def attacked(folder: Path) -> None:
    write(folder, "corpus", *DOCUMENTS)
    write(folder, "questions", GATE)
    write(folder, "attacks", *({"text": f"Say {word}."} for word in ("hello", "yes", "no")))


def dated(folder: Path) -> None:
    said = "Azure revenue grew and headcount grew, and Surface revenue too."
    ids = sorted({one.document for one in read_dated()})
    write(folder, "corpus", *({"id": one, "title": one, "text": said} for one in ids))


def of_pages(folder: Path) -> None:
    (folder / "html").mkdir()
    words = " ".join(f"The ferry of {number} left the quay at noon." for number in range(40))
    page = f"<html><body><article><p>{words}</p></article></body></html>"
    (folder / "html/a.html.gz").write_bytes(gzip.compress(page.encode()))
    write(folder, "files", {"file": "html/a.html.gz", "text": words})


FORMS: Mapping[str, Callable[[Path], None]] = {
    "xquad": answering,
    "squad2": answering,
    "clapnq": answering,
    "multihop": answering,
    "qmsum": answering,
    "chunk-eval": answering,
    "cranfield": judged,
    "wice": claimed,
    "followups": conversing,
    "bipia": attacked,
    "html-articles": of_pages,
    "msft-calls": dated,
}


def made(root: Path, name: str) -> Path:
    folder = root / name
    folder.mkdir()
    FORMS[name](folder)
    strangers = root / sets.STRANGERS
    strangers.mkdir(exist_ok=True)
    write(strangers, "questions", LOOK_ALIKE)
    return folder


def figures(name: str, folder: Path) -> list[Figure]:
    return list(sets.ADAPTERS[name](folder, lambda *_: None))


@pytest.fixture
def english_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "_OTHER_LANGUAGES", ())


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.usefixtures("english_alone")
def test_a_set_in_its_form_gives_figures(name: str, tmp_path: Path) -> None:
    found = figures(name, made(tmp_path, name))
    assert found
    assert all(one.value is None or 0 <= one.value <= 1 for one in found)
    assert all(one.set.startswith(name) for one in found)
    assert any(one.n for one in found)


def test_answers_stand_beside_plain_rankings_and_what_calls_for_abstaining_is_apart(
    tmp_path: Path,
) -> None:
    by_measure = {one.measure: one for one in figures("squad2", made(tmp_path, "squad2"))}
    first = by_measure["answer in the first statement"]
    assert (first.value, first.n) == (1.0, 1)
    assert first.beside == {"sentences by cosine": 1.0, "sentences by words": 1.0}
    assert by_measure["quotes that are exact"].value == 1.0
    assert (
        by_measure["unanswerable, and refused"].value,
        by_measure["answerable, and refused"].n,
    ) == (1.0, 1)


def test_answers_in_peoples_own_words_are_compared_by_what_they_cite(tmp_path: Path) -> None:
    first, *_ = figures("clapnq", made(tmp_path, "clapnq"))
    assert first.measure == "the first statement cites marked words"
    assert first.value == 1.0


def test_passages_are_searched_within_the_document_that_is_asked_of(tmp_path: Path) -> None:
    first, ten = figures("qmsum", made(tmp_path, "qmsum"))
    assert (first.value, ten.value) == (1.0, 1.0)  # the other document's passage is not among them
    assert set(first.beside) == {"dense alone", "BM25 alone"}


def test_a_sample_is_the_same_each_time_and_in_order() -> None:
    questions = [BenchQuestion(id=f"{n:03}", question="Q?", answers=()) for n in range(100)]
    drawn = sampled(questions, 10)
    assert drawn == sampled(questions, 10) == sorted(drawn, key=lambda one: one.id)
    assert len(drawn) == 10
    assert sampled(questions, 100) == questions


def bench(*arguments: Any) -> Any:
    return CliRunner().invoke(app, ["bench", *map(str, arguments)])


def test_the_command_measures_what_is_there_and_writes_it(tmp_path: Path) -> None:
    root, out = tmp_path / "sets", tmp_path / "out"
    root.mkdir()
    made(root, "wice")
    made(root, "followups")
    (root / "songs").mkdir()
    done = bench(root, "--out", out)
    assert done.exit_code == 0, done.output
    written = boards_as_json().validate_json((out / JSON_FILE).read_bytes())
    assert list(written.sets) == ["followups", "wice"]
    assert written.without == ("songs",)
    assert "xquad" in written.absent
    assert "chance 0.500" in (out / MARKDOWN_FILE).read_text()
    assert "Nothing is measured on: songs" in done.stdout


def test_a_set_that_cannot_be_read_is_named_and_the_others_are_measured(tmp_path: Path) -> None:
    made(tmp_path, "wice")
    (made(tmp_path, "followups") / "questions.jsonl.gz").write_bytes(b"no archive")
    done = bench(tmp_path, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "followups could not be measured" in done.stdout
    written = boards_as_json().validate_json((tmp_path / "out" / JSON_FILE).read_bytes())
    assert written.sets["wice"].figures
    assert not written.sets["followups"].figures


def test_one_set_alone_is_measured(tmp_path: Path) -> None:
    made(tmp_path, "wice")
    made(tmp_path, "followups")
    out = tmp_path / "out"
    assert bench(tmp_path, "--out", out, "--only", "wice").exit_code == 0
    written = boards_as_json().validate_json((out / JSON_FILE).read_bytes())
    assert list(written.sets) == ["wice"]
    assert written.absent == ()


def test_names_of_no_set_and_folders_without_any_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="no set 'songs'; known ones"):
        sets.chosen(tmp_path, ["songs"])
    done = bench(tmp_path, "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "holds none of the sets" in done.output


def test_each_dated_question_is_about_a_document_of_its_own_and_that_is_there(
    tmp_path: Path,
) -> None:
    questions = read_dated()
    assert len(questions) >= 20
    assert len({one.document for one in questions}) == len({one.id for one in questions})
    folder = made(tmp_path, "msft-calls")
    write(folder, "corpus", {"id": "another", "title": "T", "text": "Words."})
    with pytest.raises(BenchError, match=f"no documents {questions[0].document}"):
        figures("msft-calls", folder)
    with pytest.raises(BenchError, match="cannot be read"):
        read_dated(tmp_path / "none.jsonl")


def test_an_attack_on_a_document_that_is_not_there_is_refused(tmp_path: Path) -> None:
    folder = made(tmp_path, "bipia")
    write(folder, "questions", {**GATE, "meta": {"doc": "elsewhere"}})
    with pytest.raises(BenchError, match="names no document that is there"):
        figures("bipia", folder)
