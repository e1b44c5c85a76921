"""The measure itself, over the doubles: it must tell right from wrong."""

from dataclasses import replace
from pathlib import Path

import pytest

from eval import answers
from eval.bench import BenchDocument, BenchQuestion, fill
from rag.bootstrap import assemble
from rag.library import Library
from rag.settings import Settings
from rag.types import Answer, Span
from tests.fakes import HashingEmbedder, InMemoryStore

DOCUMENTS = [
    BenchDocument(
        id="d1", title="Garden", text="Frogs sleep under the ice. Roses need pruning in March."
    ),
    BenchDocument(id="d2", title="Kitchen", text="Bread bakes at two hundred degrees."),
]
QUESTIONS = [
    BenchQuestion(id="q1", question="Where do frogs sleep?", answers=("under the ice",)),
    BenchQuestion(id="q2", question="At how many degrees does bread bake?", answers=("seventy",)),
    BenchQuestion(id="q3", question="Unanswerable?", answers=()),
]
FOREIGN = [BenchQuestion(id="f1", question="Which airline flies to Lisbon?", answers=())]


@pytest.fixture(autouse=True)
def doubles(monkeypatch: pytest.MonkeyPatch) -> None:
    store = InMemoryStore()

    def opened(settings: Settings) -> Library:
        return assemble(settings, store, HashingEmbedder())

    monkeypatch.setattr(answers, "open_rag", opened)


def test_what_is_right_wrong_and_refused_is_counted() -> None:
    stages = []
    report = answers.measure(
        DOCUMENTS,
        QUESTIONS,
        FOREIGN,
        lambda stage, done, total: stages.append((stage, done, total)),
    )
    assert set(report.first) == {"engine", "sentences by cosine", "sentences by words"}
    for first in report.first.values():
        assert (first.value, first.n) == (0.5, 2)
    assert report.exact.value == 1.0
    assert report.foreign_refused is not None
    assert report.foreign_refused.value == 1.0
    assert (report.documents, report.passages) == (2, 2)
    assert ("ask", 2, 2) in stages


def test_a_quote_that_is_not_what_is_stored_is_counted() -> None:
    library = assemble(Settings(), InMemoryStore(), HashingEmbedder())
    fill(library, DOCUMENTS, lambda *_: None)
    reply = library.ask("Where do frogs sleep?")
    assert isinstance(reply.response, Answer)
    [statement] = reply.response.statements
    [quote] = statement.quotes
    shifted = replace(quote, span=Span(quote.span.start + 1, quote.span.end + 1))
    both = Answer(statements=(replace(statement, quotes=(quote, shifted)),))
    assert answers._exact(library, replace(reply, response=both)) == [True, False]


def test_a_set_that_nothing_can_be_answered_in_is_measured_all_the_same() -> None:
    report = answers.measure(DOCUMENTS, QUESTIONS[2:], FOREIGN, lambda *_: None)
    assert report.first["engine"].n == 0
    assert report.foreign_refused is not None
    assert report.foreign_refused.n == 1


def test_the_plain_rankers_are_given_every_sentence() -> None:
    rankers = answers._plain_rankers(DOCUMENTS, HashingEmbedder())
    for rank in rankers.values():
        best = rank("Roses pruning March")[0]
        assert best.text == "Roses need pruning in March."
        assert best.places == (("d1", Span(27, 55)),)
        assert len(rank("Roses")) == 3


def test_a_set_can_be_measured_from_the_shell(tmp_path: Path) -> None:
    from api.cli import main

    assert main(["eval", "answers", str(tmp_path / "nothing")]) == 2
    assert main(["eval", "answers", str(tmp_path)]) == 2
