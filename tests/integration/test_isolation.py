"""Fifty collections of near-twins: no question to one ever meets a passage of another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from rag.adapters.embedded import EmbeddedStore
from rag.bootstrap import assemble
from rag.library import Library
from rag.settings import LimitSettings, Settings
from tests.fakes import HashingEmbedder
from tests.integration.service import bearer, key_for, served, upload
from tests.make import document, lines

COLLECTIONS, DOCUMENTS, QUESTIONS = 50, 4, 20
SUBJECTS = ("harbour", "lighthouse", "ferry", "customs house", "north gate")


def text(collection: int, number: int) -> str:
    """The same words in every collection, but for one that names it."""
    return "\n".join(
        f"The {subject} report {number} says that keeper{collection} closed the {subject}."
        for subject in SUBJECTS
    )


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("data")
    embedder = HashingEmbedder()
    store = EmbeddedStore(folder, embedder.identity)
    limits = LimitSettings(requests_per_minute=1_000_000, wrong_keys_per_minute=1_000)
    with assemble(Settings(data=folder, limits=limits), store, embedder) as library:
        for collection in range(COLLECTIONS):
            for number in range(DOCUMENTS):
                source = document(
                    text(collection, number),
                    id=f"c{collection}d{number}",
                    collection=f"c{collection}",
                )
                passages = lines(source)
                vectors = embedder.embed_passages([one.text for one in passages])
                store.add(source, passages, vectors, original=source.text.encode())
        yield library


@pytest.fixture(scope="module")
def client(library: Library) -> Iterator[TestClient]:
    with served(library, keys=True) as client:
        yield client


def test_no_question_meets_another_collection(library: Library, client: TestClient) -> None:
    asked = foreign = short = 0
    for collection in range(COLLECTIONS):
        name = f"c{collection}"
        headers = bearer(key_for(library, "read", collections=[name]))
        for turn in range(QUESTIONS):
            other = (
                collection + turn + 1
            ) % COLLECTIONS  # what is asked names another one's keeper
            query = f"Did keeper{other} close the {SUBJECTS[turn % len(SUBJECTS)]}?"
            sent = {"query": query, "collection": name, "k": 15}
            found = client.post("/v1/search", json=sent, headers=headers).json()["passages"]
            asked += 1
            short += len(found) != 15
            foreign += sum(
                not one["document_id"].startswith(f"{name}d")
                or f"keeper{collection} " not in one["text"]
                for one in found
            )
            if turn % 5 == 0:
                ask = {"question": query, "collection": name}
                response = client.post("/v1/ask", json=ask, headers=headers)
                body = response.json()
                assert all(one["document_id"].startswith(f"{name}d") for one in body["citations"])
                assert f"keeper{other} " not in response.text.replace(query, "")
    assert (asked, foreign, short) == (1_000, 0, 0)


def test_filters_by_anothers_ids_find_nothing(library: Library, client: TestClient) -> None:
    headers = bearer(key_for(library, "read", collections=["c1"]))
    for other in range(2, 12):
        filters = {"document_ids": [f"c{other}d{number}" for number in range(DOCUMENTS)]}
        sent = {"query": f"keeper{other}", "collection": "c1", "filters": filters}
        assert client.post("/v1/search", json=sent, headers=headers).json()["passages"] == []


def test_all_of_a_file_that_was_deleted_is_gone_everywhere(tmp_path: Path) -> None:
    """Searches, answers, links, originals and the files of the store, at once and after a start."""
    sentinel = "Quetzalsentinel"

    def opened() -> Library:
        embedder = HashingEmbedder()
        store = EmbeddedStore(tmp_path, embedder.identity)
        return assemble(Settings(data=tmp_path), store, embedder)

    with opened() as library, served(library) as client:
        upload(client, b"A document that stays here.")
        ids, answers = [], []
        for number in range(20):
            words = f"The {sentinel} number{number} closed gate{number}.".encode()
            body = upload(client, words, title=f"{sentinel} {number}").json()
            ids.append(body["id"])
            asked = {"question": f"Who closed gate{number}?"}
            answers.append(client.post("/v1/ask", json=asked).json()["id"])
        assert sentinel in client.get(f"/v1/answers/{answers[0]}").text
        for document_id in ids:
            path = f"/v1/documents/{document_id}"
            assert client.delete(path).status_code == 204
            for call in (path, f"{path}/text", f"{path}/original", f"{path}/search?q=gate"):
                assert client.get(call).status_code == 404
        found = client.post("/v1/search", json={"query": sentinel}).json()["passages"]
        assert not [one for one in found if sentinel in one["text"]]
        for answer_id in answers:
            assert sentinel not in client.get(f"/v1/answers/{answer_id}").text
    with opened() as library, served(library) as client:
        assert sentinel not in client.get("/v1/documents").text
        assert sentinel not in client.get(f"/v1/answers/{answers[0]}").text
    held = [
        one
        for one in tmp_path.rglob("*")
        if one.is_file() and sentinel.encode() in one.read_bytes()
    ]
    assert held == []


def test_a_key_that_is_revoked_opens_nothing_from_then_on(
    library: Library, client: TestClient
) -> None:
    for _ in range(50):
        key = key_for(library, "read")
        assert client.get("/v1/collections", headers=bearer(key)).status_code == 200
        library.store.keys.revoke(key.split("_")[1])
        assert client.get("/v1/collections", headers=bearer(key)).status_code == 401
