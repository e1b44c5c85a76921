"""Questions that are offered: asked once however many ask for them, and not of what is gone meanwhile."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

from api.suggestions import Suggestions
from rag.bootstrap import assemble
from rag.errors import DocumentDamaged
from rag.library import Library
from rag.settings import Settings
from rag.types import Document, DocumentId
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.make import document, lines

GATE = document(
    "The north gate was shut on 4 May 1912.\n", id="d1", title="Why is the north gate shut?"
)
FERRY = document("The north ferry was sold on 6 June 1920.\n", id="d2", title="Ferry")


def library(*documents: Document) -> Library:
    store, embedder = InMemoryStore(), HashingEmbedder()
    for one in documents:
        passages = lines(one)
        vectors = embedder.embed_passages([each.text for each in passages])
        store.add(one, passages, vectors, original=one.text.encode())
    return assemble(Settings(), store, embedder)


def test_questions_are_asked_once_for_all_that_want_them_at_once() -> None:
    asked = library(GATE, FERRY)
    suggestions = Suggestions(asked)
    with (
        patch.object(Library, "ask", autospec=True, side_effect=Library.ask) as ask,
        ThreadPoolExecutor(8) as pool,
    ):
        offered = list(pool.map(lambda _: suggestions.of("default"), range(8)))
        tried = ask.call_count
        Suggestions(asked).of("default")
        assert tried == ask.call_count - tried > 0
    assert offered[0]
    assert all(one == offered[0] for one in offered)


def test_a_document_that_is_damaged_or_gone_costs_only_its_own_questions() -> None:
    asked = library(GATE, FERRY)
    whole = Suggestions(asked).of("default")
    read = asked.store.document

    def broken(document_id: DocumentId) -> Document:
        if document_id == GATE.id:
            raise DocumentDamaged(document_id)
        return read(document_id)

    with patch.object(asked.store, "document", broken):
        left = Suggestions(asked)._documents("default")
        assert [one.id for one in left] == [FERRY.id]
    assert "When was the north ferry sold?" in whole
