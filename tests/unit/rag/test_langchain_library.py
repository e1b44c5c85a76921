import asyncio
from typing import Any

import pytest
from langchain_core.documents import Document as LangChainDocument
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.runnables import RunnableLambda

from rag.adapters.langchain_library import LibraryRetriever, answering
from rag.bootstrap import assemble
from rag.errors import InvalidQuestion, UnknownCollection
from rag.library import Library
from rag.settings import Settings
from rag.types import DocumentId, Filters, Usage
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.make import document, lines
from tests.unit.rag.test_chat_composition import GOOD, ScriptedModel, reply
from tests.unit.rag.test_chat_composition import library as with_model

TEXT = "Frogs sleep under the ice of the pond.\nRoses need pruning in March."
QUESTION = "Where do frogs sleep?"


@pytest.fixture
def library() -> Library:
    store, embedder = InMemoryStore(), HashingEmbedder()
    one = document(TEXT, title="Garden", source_url="https://garden.example/a")
    passages = lines(one)
    vectors = embedder.embed_passages([p.text for p in passages])
    store.add(one, passages, vectors, original=one.text.encode())
    return assemble(Settings(), store, embedder)


def test_passages_are_documents_that_say_where_they_stand(library: Library) -> None:
    found = LibraryRetriever(library=library, k=1).invoke(QUESTION)
    [one] = found
    assert one.page_content == TEXT[one.metadata["start"] : one.metadata["end"]]
    assert "Frogs" in one.page_content
    assert (one.metadata["title"], one.metadata["document_id"]) == ("Garden", "d1")
    assert one.metadata["source_url"] == "https://garden.example/a"
    assert 0 <= one.metadata["score"] <= 1
    assert one.id is not None
    asynchronous = asyncio.run(LibraryRetriever(library=library, k=1).ainvoke(QUESTION))
    assert asynchronous == found


def test_filters_and_collections_hold(library: Library) -> None:
    nobody = Filters(document_ids=frozenset({DocumentId("none")}))
    assert LibraryRetriever(library=library, filters=nobody).invoke("frogs") == []
    with pytest.raises(UnknownCollection):
        LibraryRetriever(library=library, collection="none").invoke("frogs")


def test_a_retriever_is_a_part_of_a_chain(library: Library) -> None:
    def first(found: list[LangChainDocument]) -> str:
        return found[0].page_content

    chain = LibraryRetriever(library=library, k=1) | RunnableLambda(first)
    assert "Frogs" in chain.invoke(QUESTION)


@pytest.mark.parametrize("stands", [True, False])
def test_what_a_language_model_took_is_told_as_langchain_counts_it(stands: bool) -> None:
    said = reply(GOOD) if stands else "no"
    opened = with_model(ScriptedModel(said, Usage(700, 300)))
    message = answering(opened).invoke("What does the bridge cost?")
    assert message.usage_metadata == {
        "input_tokens": 700,
        "output_tokens": 300,
        "total_tokens": 1000,
    }
    assert message.response_metadata["degraded"] is not stands
    assert message.response_metadata["model_name"] == ("test:scripted" if stands else None)


def test_an_answer_is_a_message_whose_citations_are_exact(library: Library) -> None:
    message = answering(library).invoke(QUESTION)
    assert message.response_metadata["outcome"] == "answered"
    assert message.usage_metadata is None
    assert message.text.startswith("Frogs sleep under the ice of the pond.")
    for block in message.content_blocks:
        assert block["type"] == "text"
        cited: list[Any] = block["annotations"]
        assert cited
        for one in cited:
            place = one["extras"]
            assert one["cited_text"] == TEXT[place["start"] : place["end"]]
            assert block["text"][one["start_index"] : one["end_index"]] == block["text"]
            assert (one["title"], one["url"]) == ("Garden", "https://garden.example/a")


def test_earlier_messages_tell_what_a_question_leans_on(library: Library) -> None:
    asked = [
        SystemMessage("Say nothing."),
        HumanMessage("Do the roses need pruning?"),
        AIMessage("Yes."),
        HumanMessage("When do they?"),
    ]
    message = answering(library).invoke(asked)
    assert "roses" in message.response_metadata["standalone_question"]
    assert asyncio.run(answering(library).ainvoke(QUESTION)).text


def test_an_abstention_cites_nothing(library: Library) -> None:
    message = answering(library).invoke("Who paid?")
    assert message.response_metadata["outcome"] == "abstained"
    [block] = message.content_blocks
    assert block["type"] == "text"
    assert block["text"]
    assert "annotations" not in block
    assert message.response_metadata["searched"]["documents"] == 1
    [first, *_] = message.response_metadata["closest"]
    at = first["extras"]
    source = library.store.document(at["document_id"], at["version"])
    assert first["cited_text"] == source.text[at["start"] : at["end"]]


@pytest.mark.parametrize("asked", [[], [AIMessage("Yes.")]])
def test_a_conversation_ends_in_a_question(library: Library, asked: list[Any]) -> None:
    with pytest.raises(InvalidQuestion, match="no question"):
        answering(library).invoke(asked)
