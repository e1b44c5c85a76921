"""What holds for every request: its name, who may send it, and what a crash looks like."""

import logging
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from api.app import create_app
from api.edge import Edge
from rag.errors import StoreError
from rag.protocols import CollectionSummary
from tests.fakes import InMemoryStore
from tests.integration.service import BASE, HARBOUR, fake_library, served


@pytest.fixture
def client() -> Iterator[TestClient]:
    with served(fake_library()) as client:
        yield client


@pytest.mark.parametrize("path", ["/livez", "/nope", "/docs", "/v1/jobs/x", "/openapi.json"])
def test_every_response_has_a_request_id_of_its_own(client: TestClient, path: str) -> None:
    ids = {client.get(path).headers["x-request-id"] for _ in range(2)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]", "[::1]:8000", "LOCALHOST"]
)
def test_names_of_this_machine_are_answered(client: TestClient, host: str) -> None:
    assert client.get("/livez", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "localhost:8000@evil.example",
        "10.0.0.1",
        "",
        "[::1",
    ],
)
def test_other_names_are_refused_whatever_is_asked(client: TestClient, host: str) -> None:
    response = client.get("/livez", headers={"host": host})
    assert response.status_code == 403
    assert response.json()["type"] == "/docs#host-not-allowed"
    assert response.headers["x-request-id"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://localhost:9000",
        "http://[",
        "http://127.0.0.1:8000.x",
    ],
)
@pytest.mark.parametrize("method", ["POST", "DELETE", "PATCH"])
def test_pages_of_other_sites_cannot_change_anything(
    client: TestClient, method: str, origin: str
) -> None:
    response = client.request(method, "/v1/documents/x", headers={"origin": origin})
    assert response.status_code == 403
    assert response.json()["type"] == "/docs#origin-not-allowed"


def test_pages_of_other_sites_may_send_what_changes_nothing(client: TestClient) -> None:
    assert client.get("/livez", headers={"origin": "https://evil.example"}).status_code == 200


def test_a_body_that_is_announced_too_large_is_not_waited_for(client: TestClient) -> None:
    response = client.get("/livez", headers={"content-length": "5000000"})  # which reads no body
    assert response.status_code == 413


def test_a_crash_after_the_response_began_is_not_a_second_response() -> None:
    async def crash(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError

    client = TestClient(
        Edge(
            crash,
            hosts=None,
            origins=frozenset(),
            body_bytes=lambda _: 0,
            observe=lambda *_: None,
        )
    )
    with pytest.raises(ZeroDivisionError):
        client.get("/")


def test_a_page_of_the_service_itself_may_post(client: TestClient) -> None:
    response = client.post("/v1/ask", json={"question": "Who?"}, headers={"origin": BASE})
    assert response.status_code == 404  # there is no collection yet, and nothing else is wrong


def test_a_service_for_any_host_still_refuses_foreign_pages() -> None:
    app = create_app(fake_library(), own=False, hosts=None)
    with TestClient(app, base_url="http://docs.example") as client:
        assert client.get("/livez").status_code == 200
        headers = {"origin": "https://evil.example"}
        assert client.post("/v1/ask", json={}, headers=headers).status_code == 403


def test_a_crash_is_a_problem_without_internals(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def crash(_: InMemoryStore) -> list[CollectionSummary]:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(InMemoryStore, "collections", crash)
    response = client.get("/v1/collections")
    problem = response.json()
    assert (response.status_code, problem["type"]) == (500, "/docs#internal-error")
    assert "secret" not in response.text
    assert problem["request_id"] in caplog.text
    assert "ZeroDivisionError" in caplog.text
    assert client.get("/livez").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "line"),
    [
        ("GET", "/v1/documents?collection=secret", "GET /v1/documents 404 "),
        ("GET", "/v1/documents/secret/text?start=1", "GET /v1/documents/{document_id}/text 404 "),
        ("POST", "/v1/ask", "POST /v1/ask 404 "),
        ("GET", "/livez", "GET /livez 200 "),
        ("GET", "/no%0Asuch?secret", r"GET '/no\nsuch' 404 "),
    ],
)
def test_each_request_is_one_line_of_the_log_without_what_was_asked(
    client: TestClient, caplog: pytest.LogCaptureFixture, method: str, path: str, line: str
) -> None:
    caplog.set_level(logging.INFO, "api")
    sent = {"question": "What is the secret?"} if method == "POST" else None
    response = client.request(method, path, json=sent)
    [logged] = caplog.messages
    assert logged.startswith(line)
    assert logged.endswith(f" ms request {response.headers['x-request-id']}")
    assert "secret" not in logged


def test_a_refused_request_is_logged_too(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "api")
    client.get("/livez", headers={"host": "evil.example"})
    [logged] = caplog.messages
    assert logged.startswith("GET '/livez' 403 ")


@pytest.mark.parametrize(
    ("path", "level"), [("/v1/collections", logging.ERROR), ("/readyz", logging.WARNING)]
)
def test_a_failure_of_the_service_is_told_in_the_log(
    client: TestClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    path: str,
    level: int,
) -> None:
    def fail(_: InMemoryStore) -> list[CollectionSummary]:
        raise StoreError("The disk is gone.")

    monkeypatch.setattr(InMemoryStore, "collections", fail)
    response = client.get(path)
    assert response.status_code == 503
    [logged] = [one.getMessage() for one in caplog.records if one.levelno == level]
    assert "The disk is gone." in logged
    assert response.headers["x-request-id"] in logged


def test_below_a_prefix_every_reference_leads_back() -> None:
    app = create_app(fake_library(), own=False)
    with TestClient(app, base_url=BASE, root_path="/verse") as client:
        documents, form = "/verse/v1/documents", {"file": ("harbour.txt", HARBOUR)}
        for path in (documents, f"{documents}?wait=true"):
            location = client.post(path, files=form).headers["location"]
            assert location.startswith("/verse/v1/")
            assert client.get(location).status_code == 200
        page = client.get("/verse/docs")
        assert client.get(page.url.join("openapi.json")).status_code == 200
        assert 'href="openapi.json"' in page.text
        large = {"file": ("a.bin", b"\x7fELF" + bytes(5_000_000))}
        assert client.post(f"{documents}?wait=true", files=large).status_code == 415


def test_the_library_is_closed_by_who_owns_it(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[InMemoryStore] = []
    monkeypatch.setattr(InMemoryStore, "close", lambda store: closed.append(store))
    for own, times in ((False, 0), (True, 1)):
        with TestClient(create_app(fake_library(), own=own), base_url=BASE):
            pass
        assert len(closed) == times
