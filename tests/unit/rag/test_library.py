from dataclasses import replace
from typing import Any

import pytest

from rag.bootstrap import assemble
from rag.composition import SentenceComposer
from rag.confidence import FITTED, signs_of
from rag.errors import InvalidQuestion, UnknownCollection, UnknownDocument
from rag.library import Library
from rag.protocols import Embedder, Hit
from rag.queueing import QueuedComposer
from rag.settings import AnswerSettings, LimitSettings, RetrievalSettings, Settings
from rag.types import Answer, Document, DocumentId, Filters
from tests.fakes import CalibratedEmbedder, HashingEmbedder, InMemoryStore
from tests.make import document, lines


@pytest.fixture
def library() -> Library:
    store, embedder = InMemoryStore(), HashingEmbedder()
    one = document("Frogs sleep under the ice.\nRoses need pruning.", title="Garden")
    passages = lines(one)
    vectors = embedder.embed_passages([p.text for p in passages])
    store.add(one, passages, vectors, original=one.text.encode())
    settings = Settings(limits=LimitSettings(question_chars=40, search_results=12))
    return assemble(settings, store, embedder)


def test_a_reply_says_what_was_asked_of_what_and_how_long_it_took(library: Library) -> None:
    reply = library.ask("Where do frogs sleep?")
    assert isinstance(reply.response, Answer)
    assert reply.question == "Where do frogs sleep?"
    assert reply.composer == "extractive"
    assert reply.snapshot == library.store.select("default", Filters()).snapshot
    assert list(reply.timings_ms) == ["retrieve", "compose", "verify"]
    assert {q.document_id for s in reply.response.statements for q in s.quotes} == {
        key[0] for key in reply.documents
    }


def of_model(embedder: Embedder, language: str | None = None) -> Library:
    store = InMemoryStore()
    one = replace(document("Frogs sleep under the ice.", title="Garden"), language=language)
    passages = lines(one)
    vectors = embedder.embed_passages([p.text for p in passages])
    store.add(one, passages, vectors, original=one.text.encode())
    return assemble(Settings(), store, embedder)


def test_an_answer_says_how_likely_it_is_to_be_right_and_an_abstention_does_not() -> None:
    library = of_model(CalibratedEmbedder())
    reply = library.ask("Where do frogs sleep?")
    assert isinstance(reply.response, Answer)
    signs = signs_of("Where do frogs sleep?", reply.response, None)
    assert reply.confidence == FITTED.confidence(signs)
    abstained = library.ask("Which airline flies to Lisbon?")
    assert abstained.response.outcome == "abstained"
    assert abstained.confidence is None


def test_there_is_no_confidence_where_it_was_not_calibrated() -> None:
    assert of_model(HashingEmbedder()).ask("Where do frogs sleep?").confidence is None
    uncovered = of_model(CalibratedEmbedder(), language="fr").ask("Where do frogs sleep?")
    assert isinstance(uncovered.response, Answer)
    assert uncovered.confidence is None


def test_the_same_question_gets_the_same_response(library: Library) -> None:
    replies = [library.ask("Where do frogs sleep?") for _ in range(3)]
    assert len({reply.response for reply in replies}) == 1
    assert len({reply.id for reply in replies}) == 3


@pytest.mark.parametrize("question", ["", " \n\t", "x" * 41])
def test_a_question_must_have_words_and_a_bound(library: Library, question: str) -> None:
    with pytest.raises(InvalidQuestion):
        library.ask(question)
    with pytest.raises(InvalidQuestion):
        library.search(question)


def test_the_longest_question_is_answered(library: Library) -> None:
    library.ask("x" * 40)


@pytest.mark.parametrize("k", [0, -1, 13])
def test_k_has_bounds(library: Library, k: int) -> None:
    with pytest.raises(InvalidQuestion, match="1 to 12"):
        library.search("frogs", k=k)


def test_search_brings_passages_with_their_documents(library: Library) -> None:
    found = library.search("frogs", k=1)
    assert [one.passage.text for one in found.passages] == ["Frogs sleep under the ice."]
    assert found.passages[0].lexical_rank == 1
    assert set(found.documents) == {"d1"}


def test_an_unknown_collection_is_refused(library: Library) -> None:
    for call in (library.ask, library.search):
        with pytest.raises(UnknownCollection):
            call("frogs", collection="other")


def test_a_filter_that_matches_nothing_never_widens(library: Library) -> None:
    reply = library.ask("Where do frogs sleep?", filters=Filters(media_types=frozenset({"x/y"})))
    assert reply.response.outcome == "abstained"
    assert not library.search("frogs", filters=Filters(media_types=frozenset({"x/y"}))).passages


def test_settings_reach_the_parts_they_are_for() -> None:
    settings = Settings(
        retrieval=RetrievalSettings(candidates=7, dense_weight=0.25),
        answers=AnswerSettings(statements=2, abstain_below=0.11, keep_above=0.33),
    )
    built = assemble(settings, InMemoryStore(), HashingEmbedder())
    assert (built.retriever.candidates, built.retriever.dense_weight) == (7, 0.25)
    queued = built.composers["extractive"]
    assert isinstance(queued, QueuedComposer)
    composer = queued.inner
    assert isinstance(composer, SentenceComposer)
    assert (composer.statements, composer.abstain_below, composer.keep_above) == (2, 0.11, 0.33)


def test_what_is_deleted_during_a_question_is_left_out(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = InMemoryStore.lexical_search

    def search_then_delete(self: InMemoryStore, *given: Any) -> list[Hit]:
        found = search(self, *given)
        self.delete(DocumentId("d1"))
        return found

    monkeypatch.setattr(InMemoryStore, "lexical_search", search_then_delete)
    assert library.ask("Where do frogs sleep?").response.outcome == "abstained"


def test_what_is_deleted_between_search_and_reading_is_left_out(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(self: InMemoryStore, document_id: DocumentId, *_: object) -> Document:
        raise UnknownDocument(document_id)

    monkeypatch.setattr(InMemoryStore, "document", gone)
    assert library.search("frogs").passages == ()
    assert library.ask("Where do frogs sleep?").response.outcome == "abstained"
