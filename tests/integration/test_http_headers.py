"""The same guard on every response, whatever was asked and however it ended."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.docs_page import POLICY
from api.documents import ORIGINAL_POLICY
from api.page import page_policy
from rag.bootstrap import assemble
from rag.settings import AccessSettings, Settings
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.integration.service import BASE, HARBOUR, fake_library, served, upload
from tests.integration.test_http_access import BODIES, RULES

GUARD = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
WIKI = "https://wiki.example"


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with served(fake_library()) as client:
        yield client


@pytest.mark.parametrize("call", sorted(RULES))
def test_every_call_is_guarded(client: TestClient, call: str) -> None:
    document = upload(client, HARBOUR).json()["id"]
    method, path = call.split()
    ids = {
        "document_id": document,
        "job_id": "x",
        "answer_id": "x",
        "key_id": "x",
        "model_id": "x",
        "name": "default",
    }
    url = path.replace(":path}", "}").format(**ids)
    own = {
        "/": page_policy(),
        "/docs": POLICY,
        "/v1/documents/{document_id}/original": ORIGINAL_POLICY,
    }
    for headers, root in (({}, True), ({"host": "evil.example"}, False)):
        response = client.request(
            method, url, headers=headers, follow_redirects=False, **BODIES.get(call, {})
        )
        expected = {**GUARD}
        if root and path == "/embed.js":  # a site that may frame the page loads it from here
            expected["cross-origin-resource-policy"] = "cross-origin"
        if root and path in own:
            expected["content-security-policy"] = own[path]
        assert {name: response.headers.get(name) for name in GUARD} == expected
        assert "set-cookie" not in response.headers
        assert "server" not in response.headers


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nope"), ("PUT", "/v1/ask"), ("POST", "/v1/ask"), ("TRACE", "/")]
)
def test_refusals_are_guarded_too(client: TestClient, method: str, path: str) -> None:
    response = client.request(method, path)
    assert response.status_code >= 400
    assert {name: response.headers.get(name) for name in GUARD} == GUARD


def test_a_crash_is_guarded_too(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(InMemoryStore, "collections", lambda _: 1 / 0)
    response = client.get("/v1/collections")
    assert response.status_code == 500
    assert {name: response.headers.get(name) for name in GUARD} == GUARD


def test_the_page_of_calls_runs_nothing_and_its_style_is_its_own(client: TestClient) -> None:
    page = client.get("/docs")
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.text.count("<style") == 1
    assert " style=" not in page.text
    assert "<script" not in page.text


def test_no_other_site_may_read_unless_it_is_named(client: TestClient) -> None:
    for path in ("/livez", "/v1/documents"):
        response = client.get(path, headers={"origin": WIKI})
        assert not [name for name in response.headers if name.startswith("access-control")]
    asked = {"origin": WIKI, "access-control-request-method": "POST"}
    assert client.options("/v1/ask", headers=asked).status_code == 405


def test_a_site_that_is_named_may_call_and_no_other() -> None:
    settings = Settings(access=AccessSettings(origins=(WIKI,)))
    library = assemble(settings, InMemoryStore(), HashingEmbedder())
    with TestClient(create_app(library, own=False), base_url=BASE) as client:
        upload(client)
        sent = {"question": "Who closed the north gate?"}
        allowed = client.post("/v1/ask", headers={"origin": WIKI}, json=sent)
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == WIKI
        assert "access-control-allow-credentials" not in allowed.headers
        for origin in (
            "https://evil.example",
            "http://wiki.example",
            "https://wiki.example.evil",
            "null",
        ):
            refused = client.post("/v1/ask", headers={"origin": origin}, json=sent)
            assert refused.status_code == 403
            assert "access-control-allow-origin" not in refused.headers
        asked = {
            "origin": WIKI,
            "access-control-request-method": "DELETE",
            "access-control-request-headers": "authorization, x-stainless-os, mcp-protocol-version",
        }
        preflight = client.options("/v1/documents/x", headers=asked)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == WIKI
        assert {name: preflight.headers.get(name) for name in GUARD} == GUARD
        foreign = client.options(
            "/v1/documents/x", headers={**asked, "origin": "https://evil.example"}
        )
        assert "access-control-allow-origin" not in foreign.headers
