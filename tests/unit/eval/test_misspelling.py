"""The mistakes that names are put to, and that few of them cost an answer."""

from pathlib import Path

import pytest
from jellyfish import levenshtein_distance
from typer.testing import CliRunner

from eval.cli import app
from eval.misspelling import BY_SOUND, edited, misheard, misspellings
from eval.suite import Question, Turn
from rag.analysis import terms
from rag.bootstrap import assemble
from rag.settings import Settings
from rag.types import Filters
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.make import document, lines

NAMES = (
    "Halvorsen",
    "Quillfeather",
    "Brzezinski",
    "Karimova",
    "Thistlewood",
    "Montgomery",
    "Szymanski",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_changes_a_name_by_no_more_than_is_asked(name: str) -> None:
    for edits in (1, 2, 3):
        wrong = edited(name, edits)
        assert wrong == edited(name, edits)
        assert wrong[0] == name[0]
        assert levenshtein_distance(name, wrong) <= 2 * edits  # two letters turned round are two


def test_a_name_is_written_as_it_may_be_heard() -> None:
    assert misheard("Phipps") == "Fypps"
    assert misheard("Lund") == "Lund"


def test_only_long_names_are_misspelt_much_and_the_history_alike() -> None:
    history = (Turn(question="Who is Vera Holt?", answer="A pilot."),)
    question = Question(
        id="1", question="When did Holt meet Montgomery?", type="when", history=history
    )
    wrong = dict(misspellings(question))
    assert list(wrong) == ["1 edit", "2 edits", "3 edits", BY_SOUND]
    assert "Holt" in wrong["2 edits"].question
    assert "Holt" not in wrong["1 edit"].question
    assert wrong["1 edit"].history[0].question.endswith(f"{edited('Holt', 1)}?")
    assert all("Montgomery" not in one.question for one in wrong.values())


def test_what_has_no_name_is_not_misspelt() -> None:
    question = Question(
        id="1", question="When does the ferry sail at 9 in zone KR-118?", type="when"
    )
    assert dict(misspellings(question)) == {}


def test_misspelt_names_are_understood() -> None:
    library = assemble(Settings(), InMemoryStore(), HashingEmbedder())
    one = document("".join(f"{name} opened bridge number {at}.\n" for at, name in enumerate(NAMES)))
    passages = lines(one)
    vectors = library.embedder.embed_passages([each.text for each in passages])
    library.store.add(one, passages, vectors, original=one.text.encode())
    selection = library.store.select("default", Filters())
    questions = {name: f"Which bridge has {name} opened?" for name in NAMES}
    asked = {
        (name, how): wrong.question
        for name, question in questions.items()
        for how, wrong in misspellings(Question(id="1", question=question, type="who"))
    }
    assert {how for _, how in asked} == {"1 edit", "2 edits", "3 edits", BY_SOUND}
    missed = [
        question
        for (name, _), question in asked.items()
        if terms(library.speller.spelled(question, selection)) != terms(questions[name])
    ]
    assert len(missed) <= 0.05 * len(asked), missed


def test_a_folder_without_a_suite_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["misspelling", str(tmp_path)])
    assert done.exit_code == 2
    assert "verse eval: " in done.stderr
