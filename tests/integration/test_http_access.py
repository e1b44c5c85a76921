"""Who may call what: every route by every kind of key, and other tenants' ids on every route that takes one."""

import asyncio
import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.testclient import TestClient

from api.access import GuardedRoute
from api.app import create_app
from rag.access import SCOPES, Scope, new_key
from rag.library import Library
from tests.integration.service import BASE, bearer, fake_library, key_for, served, upload
from tests.integration.test_http import assert_problem

# What each call needs. A route that is not here, or that needs something else, fails the build.
RULES: dict[str, Scope | None] = {
    "GET /": None,
    "GET /assets/{name:path}": None,
    "GET /embed": None,
    "GET /embed.js": None,
    "GET /mark.svg": None,
    "GET /docs": None,
    "GET /livez": None,
    "GET /openapi.json": None,
    "GET /readyz": None,
    "GET /metrics": "admin",
    "GET /v1/answers/{answer_id}": "read",
    "POST /v1/answers/{answer_id}/feedback": "read",
    "POST /v1/ask": "read",
    "GET /v1/audit": "admin",
    "GET /v1/collections": "read",
    "DELETE /v1/collections/{name}": "ingest",
    "GET /v1/collections/{name}/export": "read",
    "GET /v1/collections/{name}/suggestions": "read",
    "GET /v1/composers": "read",
    "GET /v1/documents": "read",
    "POST /v1/documents": "ingest",
    "DELETE /v1/documents/{document_id}": "ingest",
    "GET /v1/documents/{document_id}": "read",
    "PATCH /v1/documents/{document_id}": "ingest",
    "GET /v1/documents/{document_id}/original": "read",
    "GET /v1/documents/{document_id}/search": "read",
    "GET /v1/documents/{document_id}/text": "read",
    "GET /v1/jobs/{job_id}": "read",
    "GET /v1/keys": "admin",
    "POST /v1/keys": "admin",
    "DELETE /v1/keys/{key_id}": "admin",
    "POST /v1/search": "read",
    "POST /mcp": "read",
    "GET /v1/models": "read",
    "GET /v1/models/{model_id:path}": "read",
    "POST /v1/chat/completions": "read",
    "POST /v1/responses": "read",
    "GET /openwebui/v1/models": "read",
    "GET /openwebui/v1/models/{model_id:path}": "read",
    "POST /openwebui/v1/chat/completions": "read",
}
BODIES: dict[str, dict[str, Any]] = {
    "PATCH /v1/documents/{document_id}": {"json": {"title": "Taken over"}},
    "GET /v1/documents/{document_id}/search": {"params": {"q": "gate"}},
    "POST /v1/answers/{answer_id}/feedback": {"json": {"verdict": "bad"}},
}
ABSENT = {"GET /assets/{name:path}", "GET /embed"}  # no part of this name, no site that may frame
GUARDED = sorted(call for call, scope in RULES.items() if scope)
WITH_ID = sorted(call for call in GUARDED if "{" in call)


def calls(app: FastAPI) -> dict[str, Scope | None]:
    found: dict[str, Scope | None] = {}
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        assert isinstance(route, GuardedRoute), route
        for method in route.methods or ():
            found[f"{method} {route.path}"] = route.needs
    return found


def test_every_route_has_the_rule_that_is_written_down() -> None:
    assert calls(create_app(fake_library(), own=False)) == RULES


def test_a_route_without_a_rule_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="does not say what it needs"):
        GuardedRoute("/v1/anything", lambda: None)


@dataclass(frozen=True, slots=True)
class Tenants:
    """Two collections, and what is in the first by the name of the path parameter that takes its id."""

    client: TestClient
    library: Library
    ids: dict[str, str]
    ours: str
    theirs: str

    def call(self, call: str, key: str | None = None, **sent: Any) -> Any:
        method, path = call.split()
        headers = sent.pop("headers", {}) | (bearer(key) if key else {})
        url = path.replace(":path}", "}").format(**self.ids)
        return self.client.request(method, url, headers=headers, follow_redirects=False, **sent)


@pytest.fixture(scope="module")
def tenants() -> Iterator[Tenants]:
    library = fake_library(requests_per_minute=10_000, wrong_keys_per_minute=10_000)
    with served(library, keys=True) as client:
        ours = key_for(library, *SCOPES, collections=["ours"])
        theirs = key_for(library, *SCOPES, collections=["theirs"])
        assert upload(client, key=theirs, collection="theirs").status_code == 201
        job = upload(client, key=ours, collection="ours", wait=False).json()["job"]["id"]
        client.app.state.service.worker.wait(job, 20)  # type: ignore[attr-defined] # any ASGI app
        document = client.get(f"/v1/jobs/{job}", headers=bearer(ours)).json()["document_id"]
        asked = {"question": "Who closed the north gate?", "collection": "ours"}
        answer = client.post("/v1/ask", json=asked, headers=bearer(ours)).json()
        assert answer["outcome"] == "answered"
        ids = {
            "document_id": document,
            "job_id": job,
            "answer_id": answer["id"],
            "key_id": ours.split("_")[1],
            "name": "ours",
            "model_id": "rag/ours",
        }
        yield Tenants(client, library, ids, ours, theirs)


def invalid(library: Library) -> dict[str, dict[str, str]]:
    """Headers that open nothing."""
    good = key_for(library, *SCOPES)
    gone = key_for(library, *SCOPES)
    library.store.keys.revoke(gone.split("_")[1])
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    late = new_key("late", frozenset(SCOPES), None, yesterday)
    library.store.keys.add(late.key)
    return {
        "none": {},
        "revoked": bearer(gone),
        "expired": bearer(late.text),
        "cut": bearer(good[:-1]),
        "of another id": bearer(good.replace(good.split("_")[1], "0" * 16)),
        "no key at all": bearer("\u00e9\u00ff".encode("latin-1").decode("latin-1")),
        "empty": {"authorization": "Bearer"},
        "as a password": {"authorization": f"Basic {good}"},
        "bare": {"authorization": good},
        "in another header": {"x-api-key": good},
        "in a cookie": {"cookie": f"authorization=Bearer {good}; key={good}"},
    }


@pytest.mark.parametrize("call", GUARDED)
def test_without_a_valid_key_nothing_is_told(tenants: Tenants, call: str) -> None:
    for headers in invalid(tenants.library).values():
        encoded = {name: said.encode("latin-1") for name, said in headers.items()}
        response = tenants.call(call, headers=encoded)
        assert_problem(response, 401, "key-needed")
        assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("call", GUARDED)
@pytest.mark.parametrize("name", ["key", "api_key", "access_token", "authorization"])
def test_a_key_in_the_address_opens_nothing(tenants: Tenants, call: str, name: str) -> None:
    assert_problem(tenants.call(call, params={name: tenants.ours}), 401, "key-needed")


@pytest.mark.parametrize("call", sorted(set(RULES) - set(GUARDED)))
def test_what_is_open_needs_no_key(tenants: Tenants, call: str) -> None:
    expected = 404 if call in ABSENT else 200
    assert tenants.call(call).status_code == expected


@pytest.mark.parametrize("call", GUARDED)
@pytest.mark.parametrize("held", SCOPES)
def test_a_key_opens_what_its_scope_says(tenants: Tenants, call: str, held: Scope) -> None:
    key = key_for(tenants.library, held, collections=["nobody's"])
    response = tenants.call(call, key, **BODIES.get(call, {}))
    if held in (RULES[call], "admin"):
        assert response.status_code not in (401, 403)
    else:
        assert_problem(response, 403, "scope-lacking")


@pytest.mark.parametrize("call", WITH_ID)
def test_another_tenants_ids_are_unknown_and_nothing_happens(tenants: Tenants, call: str) -> None:
    def state() -> list[Any]:
        seen = ("/v1/documents/{document_id}", "/v1/answers/{answer_id}", "/v1/jobs/{job_id}")
        shown = [tenants.call(f"GET {path}", tenants.ours) for path in seen]
        assert [one.status_code for one in shown] == [200] * len(seen)
        return [one.json() for one in shown]

    before = state()
    response = tenants.call(call, tenants.theirs, **BODIES.get(call, {}))
    unknown = Tenants(
        tenants.client, tenants.library, dict.fromkeys(tenants.ids, "none"), "", tenants.theirs
    ).call(call, tenants.theirs, **BODIES.get(call, {}))
    assert (response.status_code, unknown.status_code) == (404, 404)
    problem, same = (one.json().get("error", one.json()) for one in (response, unknown))
    assert problem["type"] == same["type"]
    repeating = {"instance": "", "detail": "", "message": ""}  # what was asked for
    assert "ours" not in json.dumps(problem | repeating)
    assert state() == before


def test_lists_and_questions_are_of_ones_own(tenants: Tenants) -> None:
    for path, name in (("/v1/documents", "documents"), ("/v1/collections", "collections")):
        mine = tenants.call(f"GET {path}", tenants.theirs).json()[name]
        assert {one.get("collection", one.get("name")) for one in mine} == {"theirs"}
    listed = tenants.call("GET /v1/documents", tenants.theirs, params={"collection": "ours"})
    assert assert_problem(listed, 404, "unknown-collection")["known"] == ["theirs"]
    for call, body in (
        ("POST /v1/ask", {"question": "Who closed the north gate?"}),
        ("POST /v1/search", {"query": "gate"}),
    ):
        for collection in ("ours", "nowhere"):
            response = tenants.call(call, tenants.theirs, json={**body, "collection": collection})
            assert assert_problem(response, 404, "unknown-collection")["known"] == ["theirs"]
    filtered = {"collection": "theirs", "filters": {"document_ids": [tenants.ids["document_id"]]}}
    found = tenants.call("POST /v1/search", tenants.theirs, json={"query": "gate", **filtered})
    assert found.json()["passages"] == []


def test_an_allowed_collection_that_is_not_there_yet_gives_no_others_away(tenants: Tenants) -> None:
    key = key_for(tenants.library, "read", "ingest", collections=["new", "theirs"])
    response = tenants.call("POST /v1/ask", key, json={"question": "Who?", "collection": "new"})
    assert assert_problem(response, 404, "unknown-collection")["known"] == ["theirs"]
    listed = tenants.call("GET /v1/documents", key)
    assert {one["collection"] for one in listed.json()["documents"]} == {"theirs"}


def test_nothing_is_added_to_anothers_collection(tenants: Tenants) -> None:
    for name in ("ours", "nowhere"):
        response = upload(tenants.client, b"Ours now.", key=tenants.theirs, collection=name)
        assert_problem(response, 404, "unknown-collection")


def test_an_administrator_reaches_no_further_than_its_own_key(tenants: Tenants) -> None:
    sent = {"name": "x", "scopes": ["read"]}
    foreign = tenants.call("POST /v1/keys", tenants.theirs, json={**sent, "collections": ["ours"]})
    assert_problem(foreign, 404, "unknown-collection")
    made = tenants.call("POST /v1/keys", tenants.theirs, json=sent).json()
    assert made["collections"] == ["theirs"]
    assert tenants.call("GET /v1/documents", made["key"]).status_code == 200
    listed = tenants.call("GET /v1/keys", tenants.theirs).json()["keys"]
    assert made["id"] in [one["id"] for one in listed]
    assert all(one["collections"] in (["theirs"],) for one in listed)
    assert tenants.call(f"DELETE /v1/keys/{made['id']}", tenants.theirs).status_code == 204
    assert_problem(tenants.call("GET /v1/documents", made["key"]), 401, "key-needed")


def test_the_trail_of_deeds_is_told_as_far_as_a_key_reaches(tenants: Tenants) -> None:
    whole = key_for(tenants.library, "admin")
    body = upload(tenants.client, b"To be deleted.", key=tenants.theirs, collection="theirs").json()
    tenants.call(f"DELETE /v1/documents/{body['id']}", tenants.theirs)
    deeds = tenants.call("GET /v1/audit", whole).json()["entries"]
    deed = next(one for one in deeds if one["subject"] == body["id"])
    assert (deed["action"], deed["collection"]) == ("document.delete", "theirs")
    assert deed["actor"] == f"key {tenants.theirs.split('_')[1]}"
    assert {one["action"] for one in deeds} >= {"key.create", "key.revoke"}
    assert tenants.call("GET /v1/audit", tenants.theirs).json()["entries"] == [deed]
    assert tenants.call("GET /v1/audit", tenants.ours).json()["entries"] == []
    page = tenants.call("GET /v1/audit", whole, params={"limit": 1}).json()
    assert page["entries"] == deeds[:1]
    after = tenants.call("GET /v1/audit", whole, params={"limit": 1, "cursor": page["next_cursor"]})
    assert after.json()["entries"] == deeds[1:2]


@pytest.mark.parametrize("call", [one for one in GUARDED if one.startswith(("POST", "PATCH"))])
def test_a_body_without_a_key_is_not_read(call: str) -> None:
    app = create_app(fake_library(), own=False, keys=True)
    method, path = call.split()
    sent: list[dict[str, Any]] = []

    async def receive() -> Any:
        raise AssertionError("the body was asked for")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "path": path.replace("{", "").replace("}", ""),
        "query_string": b"",
        "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
    }
    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 401


def test_on_this_machine_no_key_is_asked_for() -> None:
    app = create_app(fake_library(), own=False)
    with TestClient(app, base_url=BASE) as client:
        assert client.get("/v1/documents", headers=bearer("none")).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("DELETE", ""), ("GET", "/export")])
def test_a_collection_that_goes_meanwhile_tells_nothing_of_others(
    method: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = fake_library()
    with served(library, keys=True) as client:
        every, mine = key_for(library, *SCOPES), key_for(library, *SCOPES, collections=["mine"])
        for name in ("mine", "secret"):
            assert upload(client, key=every, collection=name).status_code == 201
        known = library.store.collections()
        monkeypatch.setattr(library.store, "collections", lambda: known)
        library.store.purge("mine")
        response = client.request(method, f"/v1/collections/mine{path}", headers=bearer(mine))
        assert_problem(response, 404, "unknown-collection")
        assert "secret" not in response.text
