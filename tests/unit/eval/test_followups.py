from pathlib import Path

import pytest
from typer.testing import CliRunner

from eval.cli import app
from eval.followups import FollowUp, measure, read_follow_ups, rouge_1_recall
from tests.chat_server import Behaviour, serving
from tests.unit.eval.test_bench import write

TURNS = (
    {
        "question": "Is it treatable?",
        "answers": ["Is scurvy treatable?"],
        "meta": {"history": [{"role": "user", "text": "What is scurvy?"}], "needs_rewrite": True},
    },
    {
        "question": "What is scurvy?",
        "answers": ["What is scurvy?"],
        "meta": {"history": [], "needs_rewrite": False},
    },
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path, "questions", *TURNS)
    return tmp_path


def test_recall_counts_words_as_often_as_they_stand_in_the_reference() -> None:
    assert rouge_1_recall("Is it treatable?", "Is scurvy treatable?") == pytest.approx(2 / 3)
    assert rouge_1_recall("the ferry", "the ferry of the harbour") == pytest.approx(2 / 5)
    assert rouge_1_recall("of the HARBOUR: the ferry", "The ferry of the harbour") == 1.0
    assert rouge_1_recall("", "ferry") == 0.0


def test_rewrites_are_compared_and_the_others_left_alone(folder: Path) -> None:
    turns = read_follow_ups(folder)
    as_asked = measure(turns, lambda one: one.question)
    assert as_asked.recall.value == pytest.approx(2 / 3)
    assert as_asked.left_alone.value == 1.0

    def with_history(one: FollowUp) -> str:
        return " ".join((*one.history, one.question, "Please."))

    changed = measure(turns, with_history)
    assert (changed.recall.value, changed.left_alone.value) == (1.0, 0.0)


def test_the_command_says_that_questions_stay_as_they_are_asked(folder: Path) -> None:
    done = CliRunner().invoke(app, ["followups", str(folder)])
    assert done.exit_code == 0
    assert "ROUGE-1 recall of the rewrite: 1.000" in done.stdout
    assert "as asked: 0.667" in done.stdout
    (folder / "questions.jsonl.gz").unlink()
    assert CliRunner().invoke(app, ["followups", str(folder)]).exit_code == 2


def test_the_command_measures_a_chat_model_beside_the_rules(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["followups", str(folder), "--chat"]
    refused = CliRunner().invoke(app, command)
    assert refused.exit_code == 2
    assert "VERSE_CHAT__MODEL" in refused.stderr
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("VERSE_CHAT__MODEL", "openai:m")
    behaviour = Behaviour([(0, '{"questions": ["Is scurvy well treatable?"], "queries": []}')])
    with serving(behaviour) as address:
        monkeypatch.setenv("VERSE_CHAT__BASE_URL", address)
        done = CliRunner().invoke(app, command)
        one = CliRunner().invoke(app, [*command, "--most", "1"])
    assert done.exit_code == 0
    rules, chat = done.stdout.split("with openai:m, ")
    assert "left alone where nothing is to be rewritten: 1.000" in rules
    assert "ROUGE-1 recall of the rewrite: 1.000" in chat
    assert "questions that it wrote and that stand: 0.500" in chat  # it may not ask of a treatment
    assert "left alone where nothing is to be rewritten: 1.000" in chat
    assert one.exit_code == 0
    assert len(behaviour.asked) == 3
    assert "What is scurvy?" in str(behaviour.asked[0]["messages"])
