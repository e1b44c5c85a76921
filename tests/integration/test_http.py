"""Every call over HTTP, on the tests' doubles: what it gives, and how it refuses."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from anyio import to_thread
from starlette.testclient import TestClient

from api.openai.errors import speaks_openai
from ingest.progress import Watch
from rag.errors import DocumentError, ModelError
from rag.types import Vectors
from tests.fakes import HashingEmbedder
from tests.integration.service import HARBOUR, fake_library, served, upload
from tests.unit.ingest.pdfs import pdf

JSON = {"content-type": "application/json"}


@pytest.fixture
def client() -> Iterator[TestClient]:
    with served(fake_library()) as client:
        yield client


def assert_problem(response: Any, status: int, name: str) -> dict[str, Any]:
    """The problem, in the form that the path's callers read."""
    if speaks_openai(response.request.url.path):
        return assert_openai_error(response, status)
    problem: dict[str, Any] = response.json()
    assert (response.status_code, problem["type"]) == (status, f"/docs#{name}")
    assert problem["status"] == status
    assert response.headers["content-type"] == "application/problem+json"
    assert problem["request_id"] == response.headers["x-request-id"]
    assert problem["title"]
    assert problem["detail"]
    return problem


def assert_openai_error(
    response: Any, status: int, code: str | None = None, param: str | None = None
) -> dict[str, Any]:
    error: dict[str, Any] = response.json()["error"]
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert error["request_id"] == response.headers["x-request-id"]
    assert error["message"]
    assert error["type"] in ("invalid_request_error", "rate_limit_error", "server_error")
    assert code in (None, error["code"])
    assert param in (None, error["param"])
    return error


def finished(client: TestClient, job_id: str) -> Any:
    client.app.state.service.worker.wait(job_id, 10)  # type: ignore[attr-defined] # any ASGI app
    return client.get(f"/v1/jobs/{job_id}").json()


# Documents


def test_an_upload_that_is_waited_for_is_searchable_at_once(client: TestClient) -> None:
    response = upload(client, title="Harbour log", published="2024-05-06")
    body = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"/v1/documents/{body['id']}"
    assert (body["title"], body["published"]) == ("Harbour log", "2024-05-06")
    assert body["report"]["characters"] > 0
    found = client.post("/v1/search", json={"query": "lighthouse"}).json()
    assert found["passages"][0]["document_id"] == body["id"]
    whole = client.get(f"/v1/documents/{body['id']}").json()
    assert whole == {**body, "versions": [body["version"]]}


def test_known_bytes_give_the_same_body_with_another_status(client: TestClient) -> None:
    first, second = upload(client), upload(client)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()


def test_the_same_bytes_in_another_collection_are_another_document(client: TestClient) -> None:
    first, second = upload(client), upload(client, collection="elsewhere")
    assert second.status_code == 201
    assert first.json()["id"] != second.json()["id"]


def test_an_upload_that_is_not_waited_for_is_a_job(client: TestClient) -> None:
    response = upload(client, wait=False)
    job = response.json()["job"]
    assert response.status_code == 202
    assert job["state"] == "queued"
    assert response.headers["location"] == f"/v1/jobs/{job['id']}"
    ended = finished(client, job["id"])
    assert ended["state"] == "committed"
    assert client.get(f"/v1/documents/{ended['document_id']}").status_code == 200


def test_a_job_tells_the_pages_that_are_read(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watch, "every_s", 0.001)
    long = pdf([[f"Page {n} says something of its own."] * 20 for n in range(200)])
    job = upload(client, long, name="long.pdf", wait=False).json()["job"]
    told = []
    while job["state"] not in ("committed", "failed"):
        job = client.get(f"/v1/jobs/{job['id']}").json()
        if job["state"] == "parsing" and job["total"]:
            told.append((job["done"], job["total"]))
    assert job["state"] == "committed"
    assert told
    assert told == sorted(told)
    assert {total for _, total in told} == {200}


def test_a_new_version_replaces_the_old_whose_quotes_still_resolve(client: TestClient) -> None:
    old = upload(client, b"The gate is red.", source_key="gate").json()
    new = upload(client, b"The gate is green.", source_key="gate").json()
    assert old["id"] == new["id"]
    found = client.post("/v1/search", json={"query": "gate"}).json()["passages"]
    assert [one["text"] for one in found] == ["The gate is green."]
    path = f"/v1/documents/{old['id']}/text"
    at_old = client.get(path, params={"version": old["version"], "start": 12, "end": 15})
    assert at_old.json() == {"text": "red", "start": 12, "end": 15}
    assert client.get(path).json()["text"] == "The gate is green."


def test_what_is_said_about_a_file_is_kept(client: TestClient) -> None:
    said: dict[str, Any] = {"source_key": "log/1", "source_url": "https://harbour.example/log"}
    assert upload(client, **said).json().items() >= said.items()


def test_an_upload_that_crashes_is_a_failure_of_the_service(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(_self: HashingEmbedder, _texts: object) -> Vectors:
        raise ZeroDivisionError

    monkeypatch.setattr(HashingEmbedder, "embed_passages", crash)
    problem = assert_problem(upload(client), 500, "internal-error")
    assert "log" in problem["detail"]


def test_uploads_that_are_waited_for_keep_nobody_else_waiting(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, embed = threading.Event(), threading.Event(), HashingEmbedder.embed_passages

    def embed_later(embedder: HashingEmbedder, texts: Sequence[str]) -> Vectors:
        begun.set()
        go_on.wait(20)
        return embed(embedder, texts)

    def leave_one_thread() -> None:
        to_thread.current_default_thread_limiter().total_tokens = 1

    monkeypatch.setattr(HashingEmbedder, "embed_passages", embed_later)
    assert client.portal is not None
    client.portal.call(leave_one_thread)
    with ThreadPoolExecutor() as pool:
        try:
            waiting = pool.submit(upload, client)
            assert begun.wait(10)
            other = pool.submit(client.get, "/v1/collections")
            assert other.result(5).status_code == 200
            assert not waiting.done()
        finally:
            go_on.set()
    assert waiting.result().status_code == 201


def test_a_file_name_is_never_a_path(client: TestClient) -> None:
    body = upload(client, name="C:\\papers\\..\\../../etc/harbour log.txt").json()
    assert body["title"] == "harbour log"


@pytest.mark.parametrize(
    ("content", "status", "name"),
    [
        (b"", 422, "empty-document"),
        (b"   \n ", 422, "empty-document"),
        (b"\x7fELF\x02\x01\x01\x00" + bytes(64), 415, "unsupported-format"),
        (b"%PDF-1.7\nnothing of a PDF", 422, "unreadable-document"),
    ],
)
def test_a_file_that_yields_no_document_says_why(
    client: TestClient, content: bytes, status: int, name: str
) -> None:
    assert_problem(upload(client, content), status, name)
    assert client.get("/v1/documents").json()["documents"] == []


def test_a_job_that_fails_keeps_its_reason(client: TestClient) -> None:
    job = upload(client, b"%PDF-1.7\nnothing of a PDF", wait=False).json()["job"]
    with pytest.raises(DocumentError):
        finished(client, job["id"])
    ended = client.get(f"/v1/jobs/{job['id']}").json()
    assert (ended["state"], ended["document_id"]) == ("failed", None)
    assert "PDF" in ended["reason"]


@pytest.mark.parametrize("extra", [1, 5_000_000])
def test_a_file_over_the_limit_is_refused(extra: int) -> None:
    with served(fake_library(upload_bytes=100)) as client:
        response = upload(client, b"a" * (100 + extra))
        name = "document-too-large" if extra == 1 else "request-too-large"
        assert_problem(response, 413, name)
        assert upload(client, b"word " * 20).status_code == 201


def test_a_body_of_unstated_length_is_cut_off_at_the_limit() -> None:
    def endless() -> Iterator[bytes]:
        yield b'--b\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(1_000):
            yield b"a" * 100_000

    with served(fake_library(upload_bytes=100)) as client:
        response = client.post(
            "/v1/documents",
            content=endless(),
            headers={"content-type": "multipart/form-data; boundary=b"},
        )
    assert_problem(response, 413, "request-too-large")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"titel": "x"}, "titel"),
        ({"published": "yesterday"}, "published"),
        ({"source_url": "javascript:alert(1)"}, "source_url"),
        ({"title": "x" * 501}, "title"),
    ],
)
def test_a_wrong_form_field_is_named(
    client: TestClient, fields: dict[str, Any], field: str
) -> None:
    problem = assert_problem(upload(client, **fields), 422, "invalid-request")
    assert [one["field"] for one in problem["errors"]] == [field]


@pytest.mark.parametrize(
    "part", ['name="\\ud800"', 'name="title"', 'name="file"; filename="\\udfff"']
)
def test_a_form_of_half_characters_is_refused_and_not_echoed(client: TestClient, part: str) -> None:
    body = f"--b\r\ncontent-disposition: form-data; {part}\r\n\r\n\\udc00\r\n--b--\r\n"
    response = client.post(
        "/v1/documents",
        content=body,
        headers={"content-type": "multipart/form-data; boundary=b; charset=unicode_escape"},
    )
    assert_problem(response, 400, "malformed-request")


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/v1/ask", '{"question": "Who?", "\\ud800": 1}'),
        ("/v1/ask", '{"question": "Who?", "collection": "\\ud800"}'),
        ("/v1/ask", '{"question": "Who?", "composer": "\\ud800"}'),
        ("/v1/ask", '{"question": "Who?", "history": [{"role": "user", "content": "\\ud800"}]}'),
        ("/v1/search", '{"query": "\\ud800"}'),
        ("/v1/search", '{"query": "x", "filters": {"document_ids": ["\\ud800"]}}'),
        ("/v1/search", '{"query": "x", "filters": {"media_types": ["\\ud800"]}}'),
        ("/v1/search", '{"query": "x", "filters": {"\\ud800": 1}}'),
    ],
)
def test_half_characters_in_json_are_refused(client: TestClient, path: str, content: str) -> None:
    upload(client)
    assert_problem(client.post(path, content=content, headers=JSON), 422, "invalid-request")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/documents/%ed%a0%80", "unknown-document"),
        ("/v1/documents/%ff/text", "unknown-document"),
        ("/v1/jobs/%ed%a0%80", "unknown-job"),
        ("/v1/documents?collection=%ed%a0%80", "unknown-collection"),
    ],
)
def test_half_characters_in_addresses_name_nothing(
    client: TestClient, path: str, name: str
) -> None:
    assert_problem(client.get(path), 404, name)
    assert client.get("/v1/documents?cursor=%ed%a0%80").status_code == 200


@pytest.mark.parametrize("name", ["file", "title", "collection", "published"])
def test_a_form_field_is_sent_once(client: TestClient, name: str) -> None:
    value = ("a.txt", HARBOUR) if name == "file" else (None, "2024-05-06")
    parts = [("file", ("a.txt", HARBOUR)), (name, value), (name, value)]
    response = client.post("/v1/documents?wait=true", files=parts)
    problem = assert_problem(response, 422, "invalid-request")
    assert problem["errors"] == [
        {"in": "body", "field": name, "detail": "it is sent more than once"}
    ]
    assert client.get("/v1/documents").json()["documents"] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/documents?wiat=true"),
        ("GET", "/v1/documents?colection=x"),
        ("GET", "/v1/documents?collection=x&collection=y"),
        ("GET", "/v1/documents/x/text?strat=1"),
        ("DELETE", "/v1/documents/x?version=1"),
        ("POST", "/v1/ask?stream=true"),
        ("GET", "/v1/collections?limit=2"),
    ],
)
def test_a_query_parameter_that_would_be_ignored_is_refused(
    client: TestClient, method: str, path: str
) -> None:
    upload(client)
    problem = assert_problem(client.request(method, path), 422, "invalid-request")
    [wrong] = problem["errors"]
    assert wrong["in"] == "query"
    assert f"{wrong['field']}=" in path


def test_an_upload_needs_a_file_in_the_field_of_that_name(client: TestClient) -> None:
    without = client.post("/v1/documents", data={"title": "x"}, files={})
    assert_problem(without, 422, "invalid-request")
    elsewhere = client.post("/v1/documents", files={"document": ("a.txt", HARBOUR)})
    problem = assert_problem(elsewhere, 422, "invalid-request")
    assert "document" in problem["detail"]


@pytest.mark.parametrize("name", ["", ".", "a/b", "../up", "x" * 65, "né"])
def test_a_collection_needs_a_plain_name(client: TestClient, name: str) -> None:
    response = upload(client, collection=name)
    if not name:  # an empty form field is one left out
        assert response.json()["collection"] == "default"
    else:
        assert_problem(response, 422, "invalid-name")


def test_documents_are_listed_a_page_at_a_time(client: TestClient) -> None:
    ids = {upload(client, f"Note {n}.".encode()).json()["id"] for n in range(5)}
    listed, cursor = [], None
    while True:
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/documents", params=params).json()
        listed += [one["id"] for one in page["documents"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert listed == sorted(ids)


def test_documents_of_one_collection(client: TestClient) -> None:
    upload(client)
    other = upload(client, collection="other").json()
    listed = client.get("/v1/documents", params={"collection": "other"}).json()["documents"]
    assert listed == [other]
    missing = client.get("/v1/documents", params={"collection": "nope"})
    assert assert_problem(missing, 404, "unknown-collection")["known"] == ["default", "other"]


def test_collections_are_counted(client: TestClient) -> None:
    assert client.get("/v1/collections").json() == {"collections": []}
    upload(client)
    [one] = client.get("/v1/collections").json()["collections"]
    assert (one["name"], one["documents"]) == ("default", 1)
    assert one["passages"] >= 1


def test_a_deleted_document_is_gone(client: TestClient) -> None:
    body = upload(client).json()
    path = f"/v1/documents/{body['id']}"
    assert client.delete(path).status_code == 204
    assert_problem(client.get(path), 404, "unknown-document")
    assert_problem(client.get(f"{path}/text"), 404, "unknown-document")
    assert_problem(client.delete(path), 404, "unknown-document")
    assert client.post("/v1/search", json={"query": "gate"}).json()["passages"] == []


def test_text_counts_code_points(client: TestClient) -> None:
    body = upload(client, "a😀b é".encode()).json()
    part = client.get(f"/v1/documents/{body['id']}/text", params={"start": 1, "end": 3})
    assert part.json() == {"text": "😀b", "start": 1, "end": 3}


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (5, 4), (0, 100_000), (100_000, None)])
def test_a_span_outside_the_text_is_a_problem(
    client: TestClient, start: int, end: int | None
) -> None:
    body = upload(client).json()
    params = {"start": start} | ({} if end is None else {"end": end})
    response = client.get(f"/v1/documents/{body['id']}/text", params=params)
    assert_problem(response, 422, "span-out-of-range")


def test_text_of_what_is_not_there(client: TestClient) -> None:
    body = upload(client).json()
    path = f"/v1/documents/{body['id']}/text"
    assert_problem(client.get(path, params={"version": "sha256:0"}), 404, "unknown-version")
    assert_problem(client.get(path, params={"start": "x"}), 422, "invalid-request")


# Questions


def test_an_answer_cites_quotes_that_stand_where_it_says(client: TestClient) -> None:
    upload(client)
    body = client.post("/v1/ask", json={"question": "Who closed the north gate?"}).json()
    assert body["outcome"] == "answered"
    assert body["abstention"] is None
    assert body["text"].splitlines()[0].endswith("[1]")
    for one in body["citations"]:
        text = client.get(
            f"/v1/documents/{one['document_id']}/text",
            params={"start": one["start"], "end": one["end"], "version": one["document_version"]},
        )
        assert text.json()["text"] == one["quote"]


def test_no_evidence_is_an_abstention_and_not_an_error(client: TestClient) -> None:
    upload(client)
    response = client.post("/v1/ask", json={"question": "Which molecules scatter photons?"})
    body = response.json()
    assert response.status_code == 200
    assert (body["outcome"], body["statements"], body["citations"]) == ("abstained", [], [])
    assert body["abstention"]["reason"]
    assert body["abstention"]["searched"]["documents"] == 1


def test_a_filter_that_matches_nothing_never_widens(client: TestClient) -> None:
    upload(client, published="2024-05-06")
    asked = {"filters": {"published_after": "2030-01-01"}}
    answer = client.post("/v1/ask", json={"question": "Who closed the north gate?", **asked}).json()
    assert answer["outcome"] == "abstained"
    assert answer["abstention"]["searched"] == {
        "collection": "default",
        "documents": 0,
        "passages": 0,
    }
    found = client.post("/v1/search", json={"query": "gate", **asked}).json()
    assert found["passages"] == []


@pytest.mark.parametrize(
    "filters",
    [
        {"published_after": "2024-05-06", "published_before": "2024-05-06"},
        {"media_types": ["text/plain"]},
        {},
    ],
)
def test_a_filter_that_matches_lets_the_document_through(
    client: TestClient, filters: dict[str, Any]
) -> None:
    upload(client, published="2024-05-06")
    found = client.post("/v1/search", json={"query": "gate", "filters": filters}).json()
    assert len(found["passages"]) == 1


@pytest.mark.parametrize(
    "filters",
    [
        {"published_after": "2024-05-07"},
        {"published_before": "2024-05-05"},
        {"media_types": ["application/pdf"]},
        {"document_ids": ["another"]},
    ],
)
def test_a_filter_that_does_not_match_keeps_the_document_out(
    client: TestClient, filters: dict[str, Any]
) -> None:
    upload(client, published="2024-05-06")
    found = client.post("/v1/search", json={"query": "gate", "filters": filters}).json()
    assert found["passages"] == []


def test_a_search_ranks_and_places_passages(client: TestClient) -> None:
    upload(client)
    body = client.post("/v1/search", json={"query": "lighthouse", "k": 1}).json()
    [one] = body["passages"]
    assert one["ranks"] == {"lexical": 1, "dense": 1, "fused": 1}
    text = client.get(f"/v1/documents/{one['document_id']}/text").json()["text"]
    assert text[one["start"] : one["end"]] == one["text"]
    assert body["snapshot"]


@pytest.mark.parametrize("path", ["/v1/ask", "/v1/search"])
def test_an_unknown_collection_lists_the_known_ones(client: TestClient, path: str) -> None:
    upload(client)
    sent = {"question": "Who?", "query": "Who?", "collection": "nope"}
    del sent["query" if path == "/v1/ask" else "question"]
    problem = assert_problem(client.post(path, json=sent), 404, "unknown-collection")
    assert problem["known"] == ["default"]


@pytest.mark.parametrize(
    "sent",
    [
        {"question": ""},
        {"question": " \n"},
        {"question": "x" * 4_001},
        {"question": "Who?", "composer": "chat"},
        {"question": "Who?", "history": [{"role": "user", "content": "x"}] * 51},
    ],
)
def test_a_question_that_cannot_be_asked(client: TestClient, sent: dict[str, Any]) -> None:
    upload(client)
    assert_problem(client.post("/v1/ask", json=sent), 422, "invalid-question")


def test_history_is_taken(client: TestClient) -> None:
    upload(client)
    history = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Yes?"}]
    sent = {"question": "Who closed the north gate?", "history": history}
    assert client.post("/v1/ask", json=sent).json()["outcome"] == "answered"


@pytest.mark.parametrize(
    ("content", "status", "name"),
    [
        ('{"question": ', 400, "malformed-request"),
        ("[" * 100_000, 400, "malformed-request"),
        ('{"question": NaN}', 422, "invalid-request"),
        ('{"question": "\\ud800"}', 422, "invalid-request"),
        ('{"question": "Who?", "stream": 1}', 422, "invalid-request"),
        ('{"question": "Who?", "filters": {"published_after": "soon"}}', 422, "invalid-request"),
        ('["question"]', 422, "invalid-request"),
        ("", 422, "invalid-request"),
        (f'{{"question": "{"x" * 5_000_000}"}}', 413, "request-too-large"),
    ],
    ids=["cut off", "deep", "NaN", "surrogate", "stream", "filter", "list", "nothing", "huge"],
)
def test_a_body_that_is_no_question(
    client: TestClient, content: str, status: int, name: str
) -> None:
    assert_problem(client.post("/v1/ask", content=content, headers=JSON), status, name)


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_question_that_does_not_say_it_is_json(client: TestClient, content_type: str) -> None:
    headers = {"content-type": content_type}
    response = client.post("/v1/search", content='{"query": "gate"}', headers=headers)
    problem = assert_problem(response, 422, "invalid-request")
    assert "send content-type: application/json" in problem["detail"]
    [wrong] = problem["errors"]
    assert (wrong["in"], wrong["field"]) == ("header", "content-type")


def test_a_body_that_is_not_json_is_told_from_where(client: TestClient) -> None:
    response = client.post("/v1/ask", content='{"question": nope}', headers=JSON)
    problem = assert_problem(response, 400, "malformed-request")
    assert "from character 13 on" in problem["detail"]


def test_k_has_an_upper_bound(client: TestClient) -> None:
    upload(client)
    response = client.post("/v1/search", json={"query": "gate", "k": 101})
    assert_problem(response, 422, "invalid-question")


# The rest


def test_an_unknown_job(client: TestClient) -> None:
    assert_problem(client.get("/v1/jobs/j9"), 404, "unknown-job")


def test_paths_and_methods_that_are_not_offered(client: TestClient) -> None:
    assert_problem(client.get("/v2/ask"), 404, "not-found")
    response = client.put("/v1/documents/x", json={})
    assert_problem(response, 405, "method-not-allowed")
    assert response.headers["allow"]


def test_health(client: TestClient) -> None:
    assert client.get("/livez").json()["status"] == "ok"
    checks = ("service", "store", "database", "model", "worker", "disk", "queue")
    assert client.get("/readyz").json()["checks"] == dict.fromkeys(checks, "ok")


def test_not_ready_says_what_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_self: HashingEmbedder, _texts: object) -> Vectors:
        raise ModelError("The model is missing.")

    with served(fake_library()) as client:
        monkeypatch.setattr(HashingEmbedder, "embed_queries", fail)
        problem = assert_problem(client.get("/readyz"), 503, "not-ready")
        assert problem["checks"] == {"model": "The model is missing."}
        assert client.get("/livez").status_code == 200
        client.app.state.service.worker.stop()  # type: ignore[attr-defined] # any ASGI app
        assert set(client.get("/readyz").json()["checks"]) == {"model", "worker"}


def test_a_browser_finds_a_page_that_loads_nothing(client: TestClient) -> None:
    page = client.get("/docs")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    calls = client.get("/openapi.json").json()["paths"]
    assert all(path in page.text for path in calls)


def test_openapi_describes_errors_as_problems(client: TestClient) -> None:
    description = client.get("/openapi.json").json()
    for path, methods in description["paths"].items():
        for call in methods.values():
            told = "application/json" if speaks_openai(path) else "application/problem+json"
            assert told in call["responses"]["4XX"]["content"]
            refused = call["responses"].get("422", {"content": {"application/problem+json": {}}})
            assert list(refused["content"]) == ["application/problem+json"]
    assert "HTTPValidationError" not in description["components"]["schemas"]
