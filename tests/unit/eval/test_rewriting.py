"""What a rewriting brings is measured by the evidence that is found, through what is checked of any model's reply."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.cli import app
from eval.rewriting import knowing, measure, splitting
from eval.suite import Evidence, Question, read_suite
from tests.chat_server import Behaviour, serving

NAMED = Question(
    id="1",
    question="Who signed the lease, and when did it end?",
    type="who",
    evidence=(
        Evidence(doc="a.txt", quote="Ada Holt signed it for 12 years"),
        Evidence(doc="a.txt", quote="KR-118"),
    ),
)


def test_scripted_models_propose_words_of_the_evidence_or_parts_and_split() -> None:
    knows = knowing(NAMED).rewritten(NAMED.question, ())
    assert knows.queries == (
        "signed it for years",
    )  # a name or number that is not asked would be refused
    splits = splitting(NAMED).rewritten(NAMED.question, ())
    assert splits.queries == ("Who signed the lease?", "When did it end?")
    for one in (knows, splits):
        assert (one.question, one.by_model) == ("Who signed the lease? When did it end?", True)
    simple = Question(id="2", question="Who signed the lease?", type="who")
    assert splitting(simple).rewritten(simple.question, ()).queries == ()


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """One question, of whose two pieces of evidence one stands in words that it does not share."""
    folder = tmp_path / "suite"
    (folder / "docs").mkdir(parents=True)
    for at in range(14):
        text = f"The lease of house {at} was signed by its keeper in the hall.\n"
        (folder / "docs" / f"{at}.txt").write_text(text * 3)
    (folder / "docs" / "other.txt").write_text("Crews painted a lighthouse white and blue.\n")
    (folder / "suite.toml").write_text('name = "houses"\ndocuments = ["docs"]\n')
    asked = {
        "id": "1",
        "question": "Who signed the lease of house 7?",
        "type": "who",
        "must": [["keeper"]],
        "evidence": [
            {"doc": "7.txt", "quote": "The lease of house 7 was signed by its keeper"},
            {"doc": "other.txt", "quote": "painted a lighthouse white and blue"},
        ],
    }
    (folder / "questions.jsonl").write_text(json.dumps(asked))
    return folder


def test_evidence_that_only_a_query_finds_is_gained_by_it(suite: Path) -> None:
    reports = measure([read_suite(suite)], {"knows": knowing}, lambda *_: None)
    report = reports["knows"]
    assert (report.rules.value, report.question.value, report.with_queries.value) == (0.5, 0.5, 1.0)
    assert (report.gained_by_question.value, report.gained_by_queries.value) == (0.0, 0.5)
    assert (report.standing.value, report.split.value, report.queries.value) == (1.0, 0.0, 2.0)


def test_the_command_measures_a_chat_model_beside_the_scripted_ones(
    suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["rewriting", str(suite), "--chat"]
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 2
    assert "VERSE_CHAT__MODEL" in refused.stderr
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("VERSE_CHAT__MODEL", "openai:m")
    written = {"questions": ["Who signed it?"], "queries": ["lighthouse paint"]}
    behaviour = Behaviour([(0, json.dumps(written))])
    with serving(behaviour) as address:
        monkeypatch.setenv("VERSE_CHAT__BASE_URL", address)
        done = CliRunner().invoke(app, command)
    assert done.exit_code == 0
    rows = {
        cells[1].strip(): cells[-2].split()[0]
        for line in done.stdout.splitlines()
        if len(cells := line.split("│")) > 2
    }
    assert rows["its questions that stand"] == "0.000"  # it left words of the question out
    assert rows["searched with as by the rules"] == "0.500"
    assert rows["with its queries too"] == "1.000"
    assert len(behaviour.asked) == 1


def test_nothing_that_is_no_double_question_is_measured_where_those_alone_are_meant(
    suite: Path,
) -> None:
    [report] = measure(
        [read_suite(suite)], {"parts": splitting}, lambda *_: None, double=True
    ).values()
    assert report.rules.n == 0
