"""What became of documents and answers after they were given: changes, originals, places, and looking again."""

import datetime as dt
import io
import json
import tarfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.documents import ORIGINAL_POLICY
from rag.bootstrap import assemble
from rag.protocols import Damage, StoredAnswer
from rag.settings import RetentionSettings, Settings
from rag.types import DocumentId, Version
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.integration.service import HARBOUR, fake_library, served, upload
from tests.integration.test_http import assert_problem

QUESTION = {"question": "Who closed the north gate?"}


@pytest.fixture
def client() -> Iterator[TestClient]:
    with served(fake_library()) as client:
        yield client


def test_a_user_knows_better_than_the_file(client: TestClient) -> None:
    path = f"/v1/documents/{upload(client, source_key='log').json()['id']}"
    changed = client.patch(path, json={"title": "Harbour log", "published": "2024-05-06"}).json()
    assert (changed["title"], changed["published"]) == ("Harbour log", "2024-05-06")
    assert changed["dates"]["published"]["found_by"] == "user"
    upload(client, HARBOUR + b"\nA new line.\n", source_key="log")
    assert client.get(path).json()["title"] == "Harbour log"
    [cited, *_] = client.post("/v1/ask", json=QUESTION).json()["citations"]
    assert (cited["document_title"], cited["published"]) == ("Harbour log", "2024-05-06")
    back = client.patch(path, json={"published": None}).json()
    assert (back["title"], back["published"]) == ("Harbour log", None)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({}, ""),
        ({"title": ""}, "title"),
        ({"title": "x" * 501}, "title"),
        ({"title": " \n "}, "title"),
        ({"published": "May"}, "published"),
        ({"text": "x"}, "text"),
    ],
)
def test_what_cannot_be_changed_is_named(client: TestClient, sent: Any, field: str) -> None:
    path = f"/v1/documents/{upload(client).json()['id']}"
    problem = assert_problem(client.patch(path, json=sent), 422, "invalid-request")
    assert problem["errors"][0]["field"] == field
    assert client.patch(path, json={"title": "x" * 500}).status_code == 200


def test_the_original_is_saved_and_never_shown(client: TestClient) -> None:
    body = upload(client, name="harbour log.txt", title='Log "1" für 港 / \r\nx').json()
    response = client.get(f"/v1/documents/{body['id']}/original")
    assert response.content == HARBOUR
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["content-security-policy"] == ORIGINAL_POLICY
    assert response.headers["x-content-type-options"] == "nosniff"
    name = "Log%20%221%22%20f%C3%BCr%20%E6%B8%AF%20%2F%20x.txt"
    assert response.headers["content-disposition"] == (
        f"attachment; filename=\"Log _1_ f_r _ _ x.txt\"; filename*=UTF-8''{name}"
    )


def test_a_file_that_has_a_name_keeps_it(client: TestClient) -> None:
    old = upload(client, source_key="logs/2024/may.log").json()
    upload(client, b"Nothing happened in June.", source_key="logs/2024/may.log")
    path = f"/v1/documents/{old['id']}/original"
    response = client.get(path, params={"version": old["version"]})
    assert response.content == HARBOUR
    assert client.get(path.removesuffix("/original")).json()["versions"][0] == old["version"]
    assert 'filename="may.log"' in response.headers["content-disposition"]
    assert client.get(path).content == b"Nothing happened in June."
    assert_problem(client.get(path, params={"version": "sha256:0"}), 404, "unknown-version")


def test_words_are_found_where_they_stand(client: TestClient) -> None:
    text = "# Gates\n\nThe NORTH\n  gate. A *gate*.\n"
    document = upload(client, text.encode(), name="a.md").json()
    path = f"/v1/documents/{document['id']}/search"
    found = client.get(path, params={"q": " north   Gate "}).json()
    [place] = found["places"]
    assert not found["more"]
    shown = client.get(
        f"/v1/documents/{document['id']}/text",
        params={"start": place["start"], "end": place["end"]},
    )
    assert shown.json()["text"] == place["text"]
    assert place["text"].split() == ["NORTH", "gate"]
    assert place["section"] == "Gates"
    assert place["text"] in place["around"]
    limited = client.get(path, params={"q": "gate", "limit": 2}).json()
    assert (len(limited["places"]), limited["more"]) == (2, True)
    assert client.get(path, params={"q": ".*"}).json() == {"places": [], "more": False}
    assert client.get(path, params={"q": "  "}).json() == {"places": [], "more": False}
    for wrong in ("", "x" * 201):
        assert_problem(client.get(path, params={"q": wrong}), 422, "invalid-request")


def test_a_text_tells_what_it_lies_in_where_that_is_asked(client: TestClient) -> None:
    text = b"# Gates\n\nThe north gate.\n\n## Locks\n\nA lock.\n"
    document = upload(client, text, name="a.md").json()
    path = f"/v1/documents/{document['id']}/text"
    assert "landmarks" not in client.get(path).json()
    told = client.get(path, params={"landmarks": True, "start": 10, "end": 20}).json()
    assert [(one["kind"], one["label"]) for one in told["landmarks"]] == [("section", "Gates")]
    whole = client.get(path, params={"landmarks": True}).json()
    for one in whole["landmarks"]:
        assert whole["text"][one["start"] :].startswith(one["label"].split(" › ")[-1])


def test_collections_say_what_they_take(client: TestClient) -> None:
    upload(client)
    [one] = client.get("/v1/collections").json()["collections"]
    assert one["disk_bytes"] >= len(HARBOUR)


def test_every_question_that_is_suggested_is_answered_from_where_it_came(
    client: TestClient,
) -> None:
    text = (
        "# The harbour\n\n## Who closed the north gate?\n\nThe harbour master closed the north gate.\n\n"
        "## Lighthouse paint\n\nThe lighthouse was painted white on 4 May 1912.\n\n"
        "## Who wrote the absent book?\n\nNothing of the kind is told.\n"
    )
    upload(client, text.encode(), name="harbour.md")
    offered = client.get("/v1/collections/default/suggestions").json()["questions"]
    assert offered == ["Who closed the north gate?", "When was the lighthouse painted white?"]
    for question in offered:
        body = client.post("/v1/ask", json={"question": question}).json()
        assert body["outcome"] == "answered"
        assert body["citations"][0]["quote"] in text
        assert "#" not in text.split(body["citations"][0]["quote"])[0].split("\n")[-1]
    missing = client.get("/v1/collections/nowhere/suggestions")
    assert_problem(missing, 404, "unknown-collection")


def test_suggestions_follow_the_documents(client: TestClient) -> None:
    body = upload(client, b"# Who left?\n\nThe pilot left.\n", name="a.md").json()
    path = "/v1/collections/default/suggestions"
    assert client.get(path).json()["questions"] == ["Who left?"]
    client.delete(f"/v1/documents/{body['id']}")
    assert client.get(path).json()["questions"] == []


def test_an_answer_can_be_looked_at_again(client: TestClient) -> None:
    document = upload(client, source_key="log").json()
    asked = client.post("/v1/ask", json=QUESTION).json()
    path = f"/v1/answers/{asked['id']}"
    kept = client.get(path).json()
    assert kept["answer"] == asked
    assert kept["collection"] == "default"
    assert {one["state"] for one in kept["citations"]} == {"exact"}
    assert kept["feedback"] == []
    upload(client, b"All gates are open again.", source_key="log")
    assert {one["state"] for one in client.get(path).json()["citations"]} == {"superseded"}
    client.delete(f"/v1/documents/{document['id']}")
    kept = client.get(path).json()
    assert {one["state"] for one in kept["citations"]} == {"deleted"}
    assert "harbour master" not in json.dumps(kept)
    assert kept["answer"]["question"] == QUESTION["question"]


def test_an_abstention_is_kept_too(client: TestClient) -> None:
    upload(client)
    asked = client.post("/v1/ask", json={"question": "Which molecules scatter photons?"}).json()
    kept = client.get(f"/v1/answers/{asked['id']}").json()
    assert kept["answer"] == asked
    assert len(kept["citations"]) == len(asked["abstention"]["closest"])


def test_readers_say_what_they_think_of_an_answer(client: TestClient) -> None:
    upload(client)
    asked = client.post("/v1/ask", json=QUESTION).json()
    path = f"/v1/answers/{asked['id']}"
    for sent in (
        {"verdict": "good"},
        {"verdict": "unsupported", "marker": 1, "comment": "It says Tuesday."},
    ):
        assert client.post(f"{path}/feedback", json=sent).status_code == 204
    said = client.get(path).json()["feedback"]
    assert [(one["verdict"], one["marker"], one["comment"]) for one in said] == [
        ("good", None, None),
        ("unsupported", 1, "It says Tuesday."),
    ]
    beside: list[dict[str, Any]] = [
        {"verdict": "unsupported"},
        {"verdict": "good", "marker": 1},
        {"verdict": "meh"},
    ]
    for wrong in beside:
        refused = client.post(f"{path}/feedback", json=wrong)
        assert_problem(refused, 422, "invalid-request")
    beyond = client.post(f"{path}/feedback", json={"verdict": "unsupported", "marker": 99})
    assert_problem(beyond, 422, "invalid-question")
    assert_problem(client.get("/v1/answers/none"), 404, "unknown-answer")
    nobodys = client.post("/v1/answers/none/feedback", json={"verdict": "good"})
    assert_problem(nobodys, 404, "unknown-answer")


@pytest.mark.parametrize(("days", "kept"), [(0, False), (1, True)])
def test_answers_are_kept_as_long_as_the_settings_say(days: int, kept: bool) -> None:
    settings = Settings(retention=RetentionSettings(answers_days=days))
    store = InMemoryStore()
    with served(assemble(settings, store, HashingEmbedder())) as client:
        upload(client)
        asked = client.post("/v1/ask", json=QUESTION).json()
        path = f"/v1/answers/{asked['id']}"
        assert client.get(path).status_code == (200 if kept else 404)


@pytest.mark.parametrize("every_s", [3600.0, 0.05], ids=["at its start", "while it runs"])
def test_answers_past_their_time_go(every_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.app._FORGET_EVERY_S", every_s)
    settings = Settings(retention=RetentionSettings(answers_days=1))
    store = InMemoryStore()
    asked_at = dt.datetime.now(dt.UTC) - dt.timedelta(days=1, seconds=1)
    body: dict[str, Any] = {"citations": [], "abstention": None}
    old = StoredAnswer(id="old", collection="default", asked_at=asked_at, body=body)
    if every_s > 1:
        store.answers.keep(old)
    with served(assemble(settings, store, HashingEmbedder())) as client:
        if every_s < 1:
            store.answers.keep(old)
        assert_problem(client.get("/v1/answers/old"), 404, "unknown-answer")
        deadline = time.monotonic() + 5
        while store.answers._answers and time.monotonic() < deadline:
            time.sleep(0.02)
        assert store.answers._answers == {}


def test_keys_expire_and_have_names(client: TestClient) -> None:
    sent = {"name": "Ann", "scopes": ["read", "read"], "expires_at": "2030-01-01T00:00:00Z"}
    made = client.post("/v1/keys", json=sent)
    assert made.status_code == 201
    body = made.json()
    assert body.pop("key").startswith(f"verse_{body['id']}_")
    assert (body["scopes"], body["collections"]) == (["read"], None)
    assert client.get("/v1/keys").json()["keys"] == [body]
    assert client.delete(f"/v1/keys/{body['id']}").status_code == 204
    assert client.get("/v1/keys").json()["keys"][0]["revoked_at"]
    assert_problem(client.delete("/v1/keys/none"), 404, "unknown-key")
    wrongs: list[dict[str, Any]] = [
        {"scopes": []},
        {"scopes": ["root"]},
        {"expires_at": "2030-01-01T00:00:00"},
    ]
    for wrong in wrongs:
        refused = client.post("/v1/keys", json={**sent, **wrong})
        assert_problem(refused, 422, "invalid-request")
    named = client.post("/v1/keys", json={**sent, "collections": ["../x"]})
    assert_problem(named, 422, "invalid-name")


def test_a_collection_goes_with_all_that_is_in_it(client: TestClient) -> None:
    upload(client, collection="old")
    answer = client.post("/v1/ask", json={**QUESTION, "collection": "old"}).json()
    assert answer["outcome"] == "answered"
    kept = upload(client, collection="new").json()["id"]
    assert client.delete("/v1/collections/old").status_code == 204
    assert_problem(client.delete("/v1/collections/old"), 404, "unknown-collection")
    assert [one["name"] for one in client.get("/v1/collections").json()["collections"]] == ["new"]
    assert client.get(f"/v1/documents/{kept}").status_code == 200
    asked = client.post("/v1/ask", json={**QUESTION, "collection": "old"})
    assert_problem(asked, 404, "unknown-collection")
    assert client.get(f"/v1/answers/{answer['id']}").status_code == 404


def test_a_collection_is_exported_in_open_formats(client: TestClient) -> None:
    document = upload(client, collection="old").json()
    response = client.get("/v1/collections/old/export")
    assert response.headers["content-type"] == "application/x-tar"
    assert response.headers["content-disposition"].startswith('attachment; filename="old.tar"')
    with tarfile.open(fileobj=io.BytesIO(response.content)) as archive:
        lines, original = (archive.extractfile(one) for one in archive.getmembers())
        assert lines is not None
        assert original is not None
        assert json.loads(lines.read())["id"] == document["id"]
        assert original.read() == HARBOUR
    assert_problem(client.get("/v1/collections/none/export"), 404, "unknown-collection")


class Damaged(InMemoryStore):
    """A store of which something was found damaged."""

    found: tuple[Damage, ...] = ()

    def damage(self) -> list[Damage]:
        return list(self.found)


def test_readiness_tells_of_damage_and_ends_only_where_nothing_can_be_trusted() -> None:
    store = Damaged()
    library = assemble(Settings(data=Path("unused")), store, HashingEmbedder())
    with served(library) as client:
        assert "documents" not in client.get("/readyz").json()["checks"]
        whole = Damage(
            document_id=None, version=Version(""), what="It rots.", found_at=dt.datetime.now(dt.UTC)
        )
        store.found = (replace(whole, document_id=DocumentId("secret")),)
        response = client.get("/readyz")
        assert response.status_code == 200
        assert response.json()["checks"]["documents"].startswith("1 document damaged")
        assert "secret" not in response.text
        store.found = (whole,)
        problem = assert_problem(client.get("/readyz"), 503, "not-ready")
        assert problem["checks"]["database"].startswith("The database is damaged.")


def test_only_composers_that_there_are_are_told(client: TestClient) -> None:
    assert client.get("/v1/composers").json() == {"composers": ["extractive"], "auto": "extractive"}
