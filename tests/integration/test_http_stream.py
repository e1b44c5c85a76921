"""Answers as server-sent events: what comes when, and what ends them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from api import streaming
from rag.composition import SentenceComposer
from rag.errors import ModelError
from tests.integration.service import bearer, fake_library, key_for, served, upload
from tests.integration.test_http import assert_problem

ASKED = {"question": "Who closed the north gate?", "stream": True}
TIMED = ("id", "timings_ms")


def events_of(text: str) -> list[tuple[str, str, Any]]:
    """Name, id and content of each event."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":")
        if fields:
            found.append((fields["event"], fields["id"], json.loads(fields["data"])))
    return found


def names(events: list[tuple[str, str, Any]]) -> list[str]:
    return [name for name, _, _ in events]


@pytest.fixture
def client() -> Iterator[TestClient]:
    with served(fake_library()) as client:
        upload(client)
        yield client


def test_the_answer_is_the_one_that_is_given_in_one_piece(client: TestClient) -> None:
    response = client.post("/v1/ask", json=ASKED)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["x-accel-buffering"] == "no"
    assert response.headers["cache-control"] == "no-store"
    events = events_of(response.text)
    [streamed] = [body for name, _, body in events if name == "answer"]
    whole = client.post("/v1/ask", json={"question": ASKED["question"]}).json()
    assert {k: v for k, v in streamed.items() if k not in TIMED} == {
        k: v for k, v in whole.items() if k not in TIMED
    }


def test_statements_come_one_by_one_each_after_what_it_cites(client: TestClient) -> None:
    upload(client, b"The north gate was closed.\n\nThe north gate closed early.\n", name="more.txt")
    events = events_of(client.post("/v1/ask", json=ASKED).text)
    assert names(events)[0] == "search_results"
    assert names(events)[-2:] == ["answer", "done"]
    known: dict[int, Any] = {}
    stated = []
    for name, _, body in events:
        if name == "citation":
            assert body["marker"] == len(known) + 1
            known[body["marker"]] = body
        if name == "statement":
            assert set(body["citations"]) <= set(known)
            stated.append(body)
    answer = events[-2][2]
    assert len(stated) > 1
    assert stated == answer["statements"]
    assert list(known.values()) == answer["citations"]


def test_what_was_found_comes_first_with_its_ranks(client: TestClient) -> None:
    name, _, body = events_of(client.post("/v1/ask", json=ASKED).text)[0]
    assert name == "search_results"
    found = client.post("/v1/search", json={"query": ASKED["question"], "k": 20}).json()
    assert body["passages"] == found["passages"]
    assert body["standalone_question"] == ASKED["question"]


def test_every_event_names_its_answer_which_is_kept(client: TestClient) -> None:
    events = events_of(client.post("/v1/ask", json=ASKED).text)
    answer = events[-2][2]
    assert [one for _, one, _ in events] == [f"{answer['id']}.{n + 1}" for n in range(len(events))]
    assert events[0][2]["id"] == events[-1][2]["id"] == answer["id"]
    assert client.get(f"/v1/answers/{answer['id']}").json()["answer"] == answer
    counted = client.get("/metrics").text
    assert 'verse_answers_total{outcome="answered"} 1.0' in counted


def test_an_abstention_has_no_statement(client: TestClient) -> None:
    asked = {"question": "Which molecules scatter photons?", "stream": True}
    events = events_of(client.post("/v1/ask", json=asked).text)
    assert names(events) == ["search_results", "answer", "done"]
    assert events[1][2]["outcome"] == "abstained"


def test_what_is_refused_is_no_stream() -> None:
    library = fake_library(question_chars=30, questions_per_day=2)
    with served(library, keys=True) as client:
        mine = bearer(key_for(library, "read", "ingest", collections=["mine"]))
        upload(client, key=mine["authorization"].split()[1], collection="mine")
        asked = {**ASKED, "collection": "mine"}
        assert_problem(client.post("/v1/ask", json=asked), 401, "key-needed")
        other = client.post("/v1/ask", json=ASKED, headers=mine)
        assert_problem(other, 404, "unknown-collection")
        assert client.post("/v1/ask", json=asked, headers=mine).status_code == 200
        assert_problem(client.post("/v1/ask", json=asked, headers=mine), 429, "budget-spent")
    with served(library) as client:
        long = {"question": "x" * 31, "stream": True}
        assert_problem(client.post("/v1/ask", json=long), 422, "invalid-question")


@pytest.mark.parametrize(
    ("error", "kind"),
    [(ModelError("It is asleep."), "model-unavailable"), (KeyError(), "internal")],
)
def test_what_fails_on_the_way_is_told_in_the_stream(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, error: Exception, kind: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(SentenceComposer, "compose", fail)
    response = client.post("/v1/ask", json=ASKED)
    assert response.status_code == 200
    events = events_of(response.text)
    assert names(events) == ["search_results", "error", "done"]
    problem = events[1][2]
    assert kind in problem["type"]
    assert problem["request_id"] == response.headers["x-request-id"]


def test_silence_is_filled() -> None:
    def slow() -> Generator[bytes, None, None]:
        yield b"one"
        time.sleep(0.2)
        yield b"two"

    async def collect() -> list[bytes]:
        return [piece async for piece in streaming.kept_alive(slow(), ping_s=0.05)]

    pieces = asyncio.run(collect())
    assert pieces[0] == b"one"
    assert pieces[-1] == b"two"
    assert set(pieces[1:-1]) == {b": ping\n\n"}


def test_when_the_reader_goes_nothing_more_is_begun() -> None:
    begun = []

    def steps() -> Generator[bytes, None, None]:
        for number in range(100):
            begun.append(number)
            time.sleep(0.05)
            yield b"x"

    async def leave() -> None:
        async def read() -> None:
            async for _ in streaming.kept_alive(steps()):
                pass

        reading = asyncio.create_task(read())
        await asyncio.sleep(0.12)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await asyncio.sleep(0.2)

    asyncio.run(leave())
    assert 1 <= len(begun) <= 4
