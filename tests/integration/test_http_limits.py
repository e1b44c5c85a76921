"""Every limit, at the limit and one beyond it; and that a key's limits are its own."""

from __future__ import annotations

import datetime as dt
import json
import re
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any

import anyio
import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.connections import HEAD_BYTES
from rag.adapters.embedded import EmbeddedStore
from rag.bootstrap import assemble
from rag.chat_metering import estimated_tokens
from rag.errors import ModelError, ModelTimeout, StoreFull
from rag.library import Library
from rag.protocols import ChatModel, Upload
from rag.settings import ChatSettings, LimitSettings, Settings
from rag.types import Usage
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.integration.server_process import running
from tests.integration.service import HARBOUR, bearer, fake_library, key_for, served, upload
from tests.integration.test_http import assert_problem
from tests.unit.rag.test_chat_composition import GOOD, ScriptedModel, reply, statement
from tests.unit.rag.test_chat_composition import TEXT as BRIDGE

SEARCH = {"query": "gate"}


def retry_after(response: Any) -> int:
    return int(response.headers["retry-after"])


def test_a_file_of_the_limit_and_one_byte_more() -> None:
    with served(fake_library(upload_bytes=len(HARBOUR))) as client:
        assert upload(client, HARBOUR).status_code == 201
        assert_problem(upload(client, HARBOUR + b"."), 413, "document-too-large")


@pytest.mark.parametrize(
    ("path", "limit"), [("/v1/documents", 100 + (1 << 20)), ("/v1/ask", 4 << 20)]
)
def test_a_body_of_the_limit_and_one_byte_more(path: str, limit: int) -> None:
    with served(fake_library(upload_bytes=100)) as client:
        for size, refused in ((limit, False), (limit + 1, True)):
            response = client.post(
                path, content=bytes(size), headers={"content-type": "text/plain"}
            )
            assert (response.json()["type"] == "/docs#request-too-large") == refused


def test_questions_turns_and_results_of_the_limit_and_one_more() -> None:
    with served(fake_library(question_chars=10, history_turns=2, search_results=3)) as client:
        upload(client)
        turn = {"role": "user", "content": "x"}
        cases: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
            ("/v1/search", {"query": "g" * 10, "k": 1}, {"query": "g" * 11, "k": 1}),
            ("/v1/ask", {"question": "g" * 10}, {"question": "g" * 11}),
            ("/v1/search", {"query": "g", "k": 3}, {"query": "g", "k": 4}),
            (
                "/v1/ask",
                {"question": "g", "history": [turn] * 2},
                {"question": "g", "history": [turn] * 3},
            ),
        ]
        for path, at, beyond in cases:
            assert client.post(path, json=at).status_code == 200
            assert_problem(client.post(path, json=beyond), 422, "invalid-question")


@pytest.mark.parametrize(
    ("path", "at", "beyond"),
    [
        ("/v1/documents?limit=1000", 200, ("/v1/documents?limit=1001")),
        ("/v1/audit?limit=1000", 200, ("/v1/audit?limit=1001")),
    ],
)
def test_pages_of_the_limit_and_one_more(path: str, at: int, beyond: str) -> None:
    with served(fake_library()) as client:
        assert client.get(path).status_code == at
        assert_problem(client.get(beyond), 422, "invalid-request")


def test_the_queue_takes_as_many_as_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    library = fake_library(queued_uploads=2)
    app = create_app(library, own=False)
    monkeypatch.setattr(app.state.service.worker, "start", lambda: None)
    monkeypatch.setattr(app.state.service.worker, "stop", lambda: None)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert [upload(client, wait=False).status_code for _ in range(2)] == [202, 202]
        full = upload(client, wait=False)
        assert_problem(full, 503, "queue-full")
        assert retry_after(full) > 0
        assert library.store.queued() == 2


def test_the_disk_keeps_its_reserve(monkeypatch: pytest.MonkeyPatch) -> None:
    class Usage:
        free = 1_000 + len(HARBOUR)

    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage)
    with served(fake_library(free_bytes=1_000)) as client:
        assert upload(client, HARBOUR).status_code == 201
        assert_problem(upload(client, HARBOUR + b"."), 507, "store-full")
        assert client.post("/v1/search", json=SEARCH).status_code == 200


def test_a_key_may_call_so_often_in_a_minute_and_others_are_not_hurt() -> None:
    library = fake_library(requests_per_minute=5)
    one, other = key_for(library, "read"), key_for(library, "read")
    with served(library, keys=True) as client:
        answers = [client.get("/v1/documents", headers=bearer(one)) for _ in range(7)]
        assert [each.status_code for each in answers] == [200] * 5 + [429] * 2
        assert_problem(answers[-1], 429, "rate-limited")
        assert 1 <= retry_after(answers[-1]) <= 60
        assert client.get("/v1/documents", headers=bearer(other)).status_code == 200
        assert client.get("/livez").status_code == 200


def test_a_thousand_wrong_keys_hurt_nobody_else() -> None:
    library = fake_library(wrong_keys_per_minute=30)
    good = key_for(library, "read")
    with served(library, keys=True) as client:
        wrong = [
            client.get("/v1/documents", headers=bearer(f"verse_{n:016x}_{'x' * 43}"))
            for n in range(1_000)
        ]
        statuses = [one.status_code for one in wrong]
        assert statuses == [401] * 30 + [429] * 970
        assert 1 <= retry_after(wrong[-1]) <= 60
        assert client.get("/v1/documents", headers=bearer(good)).status_code == 200
        assert_problem(client.get("/v1/documents"), 401, "key-needed")


def test_what_a_language_model_took_is_told_to_clients_of_others() -> None:
    model = ScriptedModel(reply(GOOD), Usage(700, 300))
    opened = assemble(Settings(), InMemoryStore(), HashingEmbedder(), model)
    with served(opened) as client:
        assert upload(client, BRIDGE.encode()).status_code == 201

        def asked(path: str, question: str, **sent: Any) -> Any:
            sent |= {"input": question, "messages": [{"role": "user", "content": question}]}
            return client.post(path, json={"model": "rag", **sent})

        whole = asked("/v1/chat/completions", "What does the bridge cost?").json()["usage"]
        assert whole == {"prompt_tokens": 700, "completion_tokens": 300, "total_tokens": 1_000}
        counted = {"stream": True, "stream_options": {"include_usage": True}}
        text = asked("/v1/chat/completions", "What did the bridge cost?", **counted).text
        [last] = [json.loads(one[6:]) for one in text.split("\n\n") if '"usage"' in one]
        assert (last["choices"], last["usage"]) == ([], whole)
        taken = asked("/v1/responses", "What does this bridge cost?").json()["usage"]
        assert (taken["input_tokens"], taken["output_tokens"], taken["total_tokens"]) == (
            700,
            300,
            1_000,
        )
        again = asked("/v1/responses", "What does this bridge cost?").json()["usage"]
        assert again["total_tokens"] == 0  # it was remembered


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Library]:
    limits = LimitSettings(
        questions_per_day=50, upload_bytes_per_day=len(HARBOUR), requests_per_minute=10_000
    )
    settings = Settings(data=tmp_path, limits=limits)
    with assemble(
        settings, EmbeddedStore(tmp_path, HashingEmbedder.identity), HashingEmbedder()
    ) as one:
        yield one


def test_a_key_s_tokens_of_the_day_are_counted_and_then_the_documents_answer() -> None:
    model = ScriptedModel(reply(GOOD), Usage(700, 300))
    settings = Settings(
        limits=LimitSettings(model_tokens_per_day=1_500),
        chat=ChatSettings(input_price=2.0, output_price=10.0),
    )
    store, embedder = InMemoryStore(), HashingEmbedder()
    with assemble(settings, store, embedder, model) as opened, served(opened, keys=True) as client:
        key, other = key_for(opened, "read", "ingest"), key_for(opened, "read")
        assert upload(client, BRIDGE.encode(), key=key).status_code == 201

        def asked(question: str, by: str) -> Any:
            return client.post("/v1/ask", json={"question": question}, headers=bearer(by)).json()

        first = asked("What does the bridge cost?", key)
        assert (first["composer"], first["degraded"]) == ("chat", False)
        assert first["usage"] == {
            "input_tokens": 700,
            "output_tokens": 300,
            "cost": 0.0044,
            "estimated": False,
        }
        again = asked("What does the bridge cost?", key)
        assert (again["composer"], again["usage"]) == ("chat", None)  # it was remembered
        assert asked("What does this bridge cost?", key)["usage"]["input_tokens"] == 700
        spent = asked("What did the bridge cost?", key)
        assert (spent["composer"], spent["degraded"], spent["usage"]) == ("extractive", True, None)
        again = asked("What does the bridge cost?", key)
        assert (again["composer"], again["degraded"]) == ("chat", False)  # it takes nothing
        assert asked("What did the bridge cost?", other)["composer"] == "chat"
        admin = key_for(opened, "admin")
        metrics = client.get("/metrics", headers=bearer(admin)).text
        assert 'verse_model_tokens_total{direction="input"} 2100.0' in metrics


@contextmanager
def bridge(model: ChatModel, tokens: int) -> Iterator[tuple[TestClient, str]]:
    """A service with a chat model, and a key with so many tokens a day."""
    settings = Settings(limits=LimitSettings(model_tokens_per_day=tokens))
    with (
        assemble(settings, InMemoryStore(), HashingEmbedder(), model) as opened,
        served(opened, keys=True) as client,
    ):
        key = key_for(opened, "read", "ingest", "admin")
        assert upload(client, BRIDGE.encode(), key=key).status_code == 201
        yield client, key


def composed(client: TestClient, key: str, question: str) -> tuple[str, bool]:
    sent = {"question": question}
    answer = client.post("/v1/ask", json=sent, headers=bearer(key)).json()
    return answer["composer"], answer["degraded"]


@pytest.mark.parametrize(
    "model",
    [
        ScriptedModel(reply(GOOD)),  # whose provider tells nothing
        ScriptedModel(reply(GOOD)[:-2], ModelTimeout("slow")),
        ScriptedModel(ModelTimeout("slow")),
    ],
)
def test_tokens_are_counted_where_a_provider_does_not_tell_them(model: ScriptedModel) -> None:
    with bridge(model, 100) as (client, key):
        composed(client, key, "What does the bridge cost?")
        assert len(model.sent) == 1
        assert composed(client, key, "What did the bridge cost?") == ("extractive", True)
        assert len(model.sent) == 1


def test_a_composer_that_there_is_not_is_refused_whatever_is_left_for_it() -> None:
    library = fake_library(model_tokens_per_day=1)
    with served(library, keys=True) as client:
        key = key_for(library, "read", "ingest")
        upload(client, key=key)
        day = dt.datetime.now(dt.UTC).date()
        [held] = library.store.keys.all()
        assert library.store.keys.spend(held.id, day, "model_tokens", 1, 1)
        sent = {"question": "Who closed the gate?", "composer": "chat"}
        refused = client.post("/v1/ask", json=sent, headers=bearer(key))
        assert_problem(refused, 422, "invalid-question")
        assert "no composer 'chat'" in refused.json()["detail"]


def test_a_request_that_was_refused_costs_no_tokens() -> None:
    model = ScriptedModel(ModelError("refused"))
    with bridge(model, 1) as (client, key):
        composed(client, key, "What does the bridge cost?")
        composed(client, key, "What did the bridge cost?")
        assert len(model.sent) == 2


def test_a_reader_that_leaves_between_two_statements_has_used_what_came() -> None:
    good = statement("The bridge costs 12,000 crowns.", (1, "The bridge costs 12,000 crowns"))
    model = ScriptedModel(reply(GOOD)[:-2], ", " + json.dumps(good) + "]}", Usage(700, 300))
    with bridge(model, 100) as (client, key):
        leave_at_the_first_statement(client, key, "What does the bridge cost?")
        ends = time.monotonic() + 5
        while not model.ended and time.monotonic() < ends:  # a response is closed behind its end
            time.sleep(0.01)
        metrics = client.get("/metrics", headers=bearer(key)).text
        [output] = re.findall(r'verse_model_tokens_total\{direction="output"\} (\S+)', metrics)
        assert float(output) == estimated_tokens(reply(GOOD)[:-2])
        assert composed(client, key, "What did the bridge cost?") == ("extractive", True)


def leave_at_the_first_statement(client: TestClient, key: str, question: str) -> None:
    """Ask for a stream, read as far as that, and go while nothing of it is under way."""
    gone = anyio.Event()
    sent = json.dumps({"question": question, "stream": True}).encode()
    came = [{"type": "http.request", "body": sent, "more_body": False}]
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/ask",
        "raw_path": b"/v1/ask",
        "root_path": "",
        "query_string": b"",
        "headers": [
            (b"host", b"127.0.0.1:8000"),
            (b"content-type", b"application/json"),
            (b"content-length", str(len(sent)).encode()),
            (b"authorization", f"Bearer {key}".encode()),
        ],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
    }

    async def receive() -> Any:
        if came:
            return came.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if b"event: statement" in message.get("body", b""):
            gone.set()
            await anyio.sleep_forever()

    assert client.portal is not None
    client.portal.call(client.app, scope, receive, send)
    assert gone.is_set()


def test_questions_at_once_do_not_pass_a_budget_together() -> None:
    model = Waiting()
    with bridge(model, 100) as (client, key), ThreadPoolExecutor(8) as pool:
        questions = [f"What does the bridge cost in year {n}?" for n in range(8)]
        asked = [pool.submit(composed, client, key, one) for one in questions]
        at_once = [one.result() for one in islice(as_completed(asked), 7)]
        assert at_once == [("extractive", True)] * 7
        model.goes_on.set()
        assert sorted(one.result() for one in asked)[0] == ("chat", False)


class Waiting:
    """Writes once it is told to go on."""

    name = "test:waiting"

    def __init__(self) -> None:
        self.goes_on = Event()

    def reply(
        self, system: str, user: str, *, within_s: float
    ) -> Generator[str | Usage, None, None]:
        assert self.goes_on.wait(10)
        yield reply(GOOD)


def test_a_day_s_questions_are_not_passed_by_ten_times_as_many(small: Library) -> None:
    key, other = key_for(small, "read", "ingest"), key_for(small, "read")
    with served(small, keys=True) as client:
        assert upload(client, key=key).status_code == 201

        def ask(_: int) -> Any:
            return client.post("/v1/search", json=SEARCH, headers=bearer(key))

        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(ask, range(500)))
        assert sorted(one.status_code for one in answers) == [200] * 50 + [429] * 450
        spent = next(one for one in answers if one.status_code == 429)
        assert_problem(spent, 429, "budget-spent")
        assert 1 <= retry_after(spent) <= 86_400
        asked = client.post("/v1/ask", json={"question": "Who?"}, headers=bearer(key))
        assert_problem(asked, 429, "budget-spent")
        assert client.post("/v1/search", json=SEARCH, headers=bearer(other)).status_code == 200
    with served(small, keys=True) as client:  # another process would read it from the disk, too
        assert_problem(
            client.post("/v1/search", json=SEARCH, headers=bearer(key)), 429, "budget-spent"
        )


def test_a_day_s_bytes_are_not_passed(small: Library) -> None:
    key, other = key_for(small, "ingest"), key_for(small, "ingest")
    with served(small, keys=True) as client:
        assert upload(client, HARBOUR, key=key).status_code == 201
        assert_problem(upload(client, b"x", key=key), 429, "budget-spent")
        assert_problem(upload(client, HARBOUR + b".", key=other), 429, "budget-spent")
        assert upload(client, HARBOUR, key=other).status_code == 200


def test_a_head_of_the_limit_and_more() -> None:
    with running() as server:
        for size, expected in ((HEAD_BYTES, b"200"), (HEAD_BYTES + 1, b"400")):
            head = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: "
            answered = server.exchange(head.ljust(size, b"x") + b"\r\n\r\n")
            assert answered.split(b" ")[1] == expected


def test_waiting_uploads_do_not_hold_up_questions(tmp_path: Path) -> None:
    with running(tmp_path, embed_s=3) as server, server.client() as client:
        assert upload(client, b"One.", wait=False).status_code == 202
        began = time.monotonic()
        assert client.get("/v1/documents").status_code == 200
        assert time.monotonic() - began < 2


def test_what_is_refused_for_want_of_room_says_so_without_a_path() -> None:
    service = create_app(
        assemble(
            Settings(limits=LimitSettings(free_bytes=10**18)), InMemoryStore(), HashingEmbedder()
        ),
        own=False,
    ).state.service
    with pytest.raises(StoreFull, match="Make room") as refused:
        service.readiness.require_disk(1)
    assert "/" not in str(refused.value)
    service.library.store.enqueue(Upload(name="a"), b"a")
    service.answers.close()
