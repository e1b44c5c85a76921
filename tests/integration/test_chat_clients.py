"""What clients of others get of a chat model's answer while it is being written."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import httpx2 as httpx
import pytest

from rag.bootstrap import assemble
from rag.settings import Settings
from rag.types import Usage
from tests.browser.served import served
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.integration.service import upload
from tests.unit.rag.test_chat_composition import GOOD, QUESTION, TEXT, reply, statement

MAYOR = "The mayor said “we will pay” in May."
SECOND = statement(MAYOR, (1, MAYOR))
CHAT = {"model": "rag", "messages": [{"role": "user", "content": QUESTION}]}
WAYS: list[tuple[str, dict[str, Any]]] = [
    ("/v1/chat/completions", CHAT),
    ("/openwebui/v1/chat/completions", CHAT),
    ("/v1/responses", {"model": "rag", "input": QUESTION}),
]


class HaltingModel:
    """Writes a statement, and no more until it is told to."""

    name = "test:halting"

    def __init__(self) -> None:
        self.goes_on = Event()

    def reply(
        self, system: str, user: str, *, within_s: float
    ) -> Generator[str | Usage, None, None]:
        first, rest = reply(GOOD, SECOND).split("}]}, ")
        yield first + "}]}, "
        assert self.goes_on.wait(10)
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
