"""What clients of others get of a chat model's answer while it is being written."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any

import anyio
import httpx2 as httpx
import pytest
from mcp.client import Client

from api.app import service_of
from api.mcp.server import server_of
from api.mcp.tools import Desk
from api.view import View
from rag.abandonment import is_abandoned
from rag.access import EVERYTHING
from rag.bootstrap import assemble
from rag.errors import ModelTimeout
from rag.settings import Settings
from rag.types import Usage
from tests.browser.served import served
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.integration.service import upload
from tests.unit.rag.test_chat_composition import GOOD, QUESTION, TEXT, library, reply, statement

MAYOR = "The mayor said “we will pay” in May."
SECOND = statement(MAYOR, (1, MAYOR))
CHAT = {"model": "rag", "messages": [{"role": "user", "content": QUESTION}]}
WAYS: list[tuple[str, dict[str, Any]]] = [
    ("/v1/chat/completions", CHAT),
    ("/openwebui/v1/chat/completions", CHAT),
    ("/v1/responses", {"model": "rag", "input": QUESTION}),
]


class HaltingModel:
    """Writes a statement, and no more until it is told to or nobody waits; remembers that it began, and was left."""

    name = "test:halting"

    def __init__(self) -> None:
        self.begun, self.goes_on, self.left = Event(), Event(), Event()
        self.asked: list[str] = []

    def reply(
        self, system: str, user: str, *, within_s: float
    ) -> Generator[str | Usage, None, None]:
        first, rest = reply(GOOD, SECOND).split("}]}, ")
        self.asked.append(user)
        self.begun.set()
        yield first + "}]}, "
        ends = time.monotonic() + 30
        while not self.goes_on.wait(0.01):
            assert time.monotonic() < ends
            if is_abandoned():
                self.left.set()
                raise ModelTimeout("nobody waits")
        yield rest


@contextmanager
def bridge(model: HaltingModel) -> Iterator[httpx.Client]:
    """A service on a port, whose answers this model writes."""
    opened = assemble(Settings(), InMemoryStore(), HashingEmbedder(), model)
    with served(opened) as url, httpx.Client(base_url=url, timeout=20) as client:
        assert upload(client, TEXT.encode()).status_code == 201
        yield client


def told(line: str) -> dict[str, Any]:
    """What a line of a stream tells."""
    is_data = line.startswith("data: {")
    sent: dict[str, Any] = json.loads(line.removeprefix("data: ")) if is_data else {}
    return sent


def text_of(sent: dict[str, Any]) -> str:
    """The text that an event of either API brings."""
    [choice] = sent.get("choices") or [{"delta": {}}]
    return choice["delta"].get("content") or sent.get("delta") or ""


@pytest.mark.parametrize(("path", "asked"), WAYS)
def test_a_statement_leaves_before_the_next_one_is_written(
    path: str, asked: dict[str, Any]
) -> None:
    model = HaltingModel()
    with bridge(model) as client:
        with client.stream("POST", path, json={**asked, "stream": True}) as response:
            lines = response.iter_lines()
            before = []
            for line in lines:
                before.append(told(line))
                if text_of(before[-1]):
                    break
            first = text_of(before[-1])
            assert not model.goes_on.is_set()
            model.goes_on.set()
            after = [told(line) for line in lines]
        whole = client.post(path, json=asked).json()
    assert first == "It costs 12,000 crowns. [1]"
    text = first + "".join(map(text_of, after))
    assert text == f"{first}\n\n{MAYOR} [2]"
    if "openwebui" in path:  # its quote is there before its words
        assert [one["event"]["type"] for one in before if "event" in one] == ["source"]
    if "choices" in whole:
        assert whole["choices"][0]["message"]["content"] == text
        assert len({one["created"] for one in (*before, *after) if "created" in one}) == 1
        return
    ended = next(one for one in reversed(after) if one)
    assert ended["type"] == "response.completed"
    assert [one["content"] for one in whole["output"][1:]] == [
        one["content"] for one in ended["response"]["output"][1:]
    ]
    added = [one for one in after if one.get("type") == "response.output_text.annotation.added"]
    assert [one["annotation_index"] for one in added] == [0, 1, 2, 3]
    assert [one["annotation"] for one in added] == ended["response"]["output"][1]["content"][0][
        "annotations"
    ]


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/v1/ask", {"question": QUESTION}),
        *WAYS,
        (
            "/mcp",
            {
                "jsonrpc": "2.0",
                "id": 1,
                "method": "tools/call",
                "params": {"name": "ask", "arguments": {"question": QUESTION}},
            },
        ),
    ],
)
def test_a_model_writes_no_further_for_a_client_that_went_without_its_answer(
    path: str, asked: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    model = HaltingModel()
    with bridge(model) as client:
        body = json.dumps(asked).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {client.base_url.host}\r\nContent-Type: application/json\r\n"
            f"Accept: application/json, text/event-stream\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        address = (client.base_url.host, client.base_url.port)
        with socket.create_connection(address) as connection:
            connection.sendall(head.encode() + body)
            assert model.begun.wait(10)
        assert model.left.wait(5)
    assert "failed" not in caplog.text


def test_a_tool_that_its_host_cancels_ends_and_others_can_be_called() -> None:
    model = HaltingModel()
    opened = library(model)
    service = service_of(opened, keys=False)
    desk = Desk(service=service, view=View(opened, EVERYTHING), base="chapterverse:")

    async def cancels() -> int:
        async with Client(server_of(desk)) as client:
            async with anyio.create_task_group() as calling:
                calling.start_soon(client.call_tool, "ask", {"question": QUESTION})
                assert await anyio.to_thread.run_sync(model.begun.wait, 10)
                calling.cancel_scope.cancel()
            assert await anyio.to_thread.run_sync(model.left.wait, 5)
            return len((await client.list_tools()).tools)

    assert anyio.run(cancels) == 3
    service.answers.close()


def test_questions_that_wait_for_a_model_keep_no_other_call_waiting() -> None:
    """More of them than the threads that all other calls share, whole answers and streams."""
    model = HaltingModel()
    many = 50

    def ask(number: int) -> int:
        sent = {"question": f"{QUESTION[:-1]} in year {number}?", "stream": number % 2 == 0}
        return client.post("/v1/ask", json=sent).status_code

    with bridge(model) as client, ThreadPoolExecutor(many) as askers:
        answers = [askers.submit(ask, number) for number in range(many)]
        try:
            ends = time.monotonic() + 10
            while len(model.asked) < many and time.monotonic() < ends:
                time.sleep(0.01)
            models = client.get("/v1/models", timeout=5)
        finally:
            model.goes_on.set()
        assert models.status_code == 200
        assert len(model.asked) == many
        assert {one.result() for one in answers} == {200}
