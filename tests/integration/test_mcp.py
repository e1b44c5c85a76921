"""The tools, as the official SDK's client calls them over both transports."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from api.mcp import tools
from api.prose import inert
from tests.integration.clients import FOREIGN, QUESTION, QUOTE, Place, place
from tests.integration.service import bearer, key_for
from tests.integration.test_http import assert_problem

MODES = ("auto", "legacy")


@asynccontextmanager
async def connected(
    here: Place, mode: Any = "auto", key: str | None = None
) -> AsyncIterator[Client]:
    async with httpx.AsyncClient(headers=bearer(key or here.key), timeout=20) as http:
        transport = streamable_http_client(f"{here.url}mcp", http_client=http)
        async with Client(transport, mode=mode) as client:
            yield client


def call(here: Place, tool: str, arguments: dict[str, Any], **options: Any) -> Any:
    async def called() -> Any:
        async with connected(here, **options) as client:
            return await client.call_tool(tool, arguments)

    return asyncio.run(called())


def text_of(result: Any) -> str:
    [content] = result.content
    return str(content.text)


@pytest.mark.parametrize("mode", MODES)
def test_the_tools_say_what_they_take_and_give(here: Place, mode: str) -> None:
    async def listed() -> Any:
        async with connected(here, mode) as client:
            return (await client.list_tools()).tools

    told = {one.name: one for one in asyncio.run(listed())}
    assert list(told) == ["search", "fetch", "ask"]
    assert "question" in told["ask"].input_schema["properties"]
    assert "citations" in told["ask"].output_schema["properties"]
    assert all(one.annotations.read_only_hint for one in told.values())


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_comes_as_data_and_as_text_with_its_sources(here: Place, mode: str) -> None:
    result = call(here, "ask", {"question": QUESTION}, mode=mode)
    assert not result.is_error
    answer = result.structured_content
    assert QUOTE in [one["quote"] for one in answer["citations"]]
    with here.http as http:
        assert http.get(f"/v1/answers/{answer['id']}").json()["answer"] == answer
    text = text_of(result)
    for one in answer["citations"]:
        assert f"[{one['marker']}] “{one['quote']}” (Harbour log, characters" in text
        address = text.split(f"[{one['marker']}] “")[1].split(") ")[1].split()[0]
        assert here.opened(address) == one["quote"]


def test_what_is_found_can_be_read(here: Place) -> None:
    found = call(here, "search", {"query": "north gate", "limit": 2})
    results = found.structured_content["results"]
    assert 1 <= len(results) <= 2
    for one in results:
        assert here.opened(one["url"]) == one["text"]
        assert one["id"] in text_of(found)
        read = call(here, "fetch", {"id": one["id"]})
        assert one["text"] in read.structured_content["text"]
        assert read.structured_content["title"] == "Harbour log"
        assert "harbour master" in text_of(read)


def test_a_long_document_is_read_piece_by_piece(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "_FETCHED_CHARS", 50)
    found = call(here, "search", {"query": "north gate"}).structured_content["results"][0]
    document, version = found["id"].split("#")[0].split("@")
    pieces, following = [], f"{document}@{version}#0"
    while following:
        read = call(here, "fetch", {"id": following}).structured_content
        assert here.opened(read["url"]) == read["text"]
        pieces.append(read["text"])
        following = read["metadata"]["next"]
    assert len(pieces) > 2
    with here.http as http:
        whole = http.get(f"/v1/documents/{document}/text").json()["text"]
    assert "".join(pieces) == whole
    assert call(here, "fetch", {"id": document}).structured_content["text"] == whole[:50]


def test_follow_ups_lean_on_earlier_questions(here: Place) -> None:
    result = call(here, "ask", {"question": "When did he close it?", "earlier": [QUESTION]})
    assert "north gate" in result.structured_content["standalone_question"]


def test_an_abstention_is_no_error(here: Place) -> None:
    result = call(here, "ask", {"question": FOREIGN})
    assert not result.is_error
    assert result.structured_content["outcome"] == "abstained"
    abstention = result.structured_content["abstention"]
    told = text_of(result)
    assert abstention["reason"] in told
    assert "1 document, 1 passage, in" in told
    assert abstention["closest"]
    assert all(told.count(f"“{inert(one['quote'])}” (") == 1 for one in abstention["closest"])


@pytest.mark.parametrize(
    ("tool", "sent", "told"),
    [
        ("ask", {}, "question: Field required"),
        ("ask", {"question": " "}, "The question is empty"),
        ("ask", {"question": QUESTION, "qustion": 1}, "qustion: Extra inputs"),
        ("ask", {"question": QUESTION, "collection": "none"}, "'bees', 'default'"),
        ("search", {"query": "gate", "limit": 1000}, "it may be 1 to 100"),
        ("fetch", {"id": "none"}, "none"),
        ("fetch", {"id": "@#"}, "@#"),
    ],
)
def test_what_is_wrong_is_told_to_the_model(
    here: Place, tool: str, sent: dict[str, Any], told: str
) -> None:
    result = call(here, tool, sent)
    assert result.is_error
    assert told in text_of(result)


def test_a_place_beyond_the_text_is_told(here: Place) -> None:
    found = call(here, "search", {"query": "gate"}).structured_content["results"][0]["id"]
    result = call(here, "fetch", {"id": f"{found.split('#')[0]}#999999"})
    assert result.is_error
    assert "characters" in text_of(result)


def test_an_unknown_tool_is_an_error_of_the_protocol(here: Place) -> None:
    async def called() -> None:
        async with connected(here) as client:
            with pytest.raises(MCPError, match="known ones: search, fetch, ask"):
                await client.call_tool("delete", {})

    asyncio.run(called())


def test_a_fault_tells_nothing_of_itself(here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Any:
        raise KeyError("/etc/secret")

    monkeypatch.setattr(tools, "begin", fail)
    result = call(here, "ask", {"question": QUESTION})
    assert result.is_error
    assert "secret" not in text_of(result)


def test_a_key_opens_its_own_collections_only(here: Place) -> None:
    key = key_for(here.library, "read", collections=["bees"])
    hidden = call(here, "ask", {"question": QUESTION}, key=key)
    assert hidden.is_error
    assert "bees" in text_of(hidden)
    assert "default'" in text_of(hidden)
    found = call(here, "search", {"query": "gate"}).structured_content["results"][0]["id"]
    assert call(here, "fetch", {"id": found}, key=key).is_error
    assert not call(here, "search", {"query": "Bees", "collection": "bees"}, key=key).is_error


def test_without_a_key_nothing_is_served(here: Place) -> None:
    with httpx.Client(base_url=here.url) as http:
        assert_problem(http.post("/mcp", json={}), 401, "key-needed")
        assert_problem(http.get("/mcp"), 405, "method-not-allowed")


def test_a_body_that_turns_out_too_large_is_refused(here: Place) -> None:
    with here.http as http:
        response = http.post(
            "/mcp",
            content=iter([b" " * (1 << 20)] * 5),  # without a length that could be looked at
            headers={"content-type": "application/json", "accept": "application/json"},
        )
    assert_problem(response, 413, "request-too-large")


@pytest.mark.parametrize("named", [{"host": "evil.example"}, {"origin": "https://evil.example"}])
def test_pages_of_other_sites_reach_no_tool(here: Place, named: dict[str, str]) -> None:
    with here.http as http:
        response = http.post("/mcp", json={}, headers=named)
    assert_problem(response, 403, f"{next(iter(named))}-not-allowed")


def test_a_budget_is_spent_by_tools_too() -> None:
    with place(questions_per_day=1) as here:
        assert not call(here, "search", {"query": "gate"}).is_error
        spent = call(here, "ask", {"question": QUESTION})
        assert spent.is_error
        assert "midnight UTC" in text_of(spent)


def test_a_host_starts_the_tools_by_a_command(tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_text(f"{QUOTE}\n", encoding="utf-8")
    program = [sys.executable, "-m", "tests.integration.light_verse"]
    environment = {**os.environ, "VERSE_DATA": str(tmp_path / "data")}

    async def talk() -> Any:
        arranged = await asyncio.create_subprocess_exec(
            *program, "ingest", str(tmp_path / "log.txt"), env=environment
        )
        assert await arranged.wait() == 0
        command = StdioServerParameters(
            command=program[0], args=[*program[1:], "mcp"], env=environment
        )
        async with Client(stdio_client(command)) as client:
            answer = await client.call_tool("ask", {"question": QUESTION})
            found = await client.call_tool("search", {"query": "gate"})
            read = await client.call_tool(
                "fetch", {"id": found.structured_content["results"][0]["id"]}
            )
            return answer, read

    answer, read = asyncio.run(talk())
    assert answer.structured_content["citations"][0]["quote"] == QUOTE
    assert QUOTE in text_of(read)
    assert read.structured_content["url"].startswith("chapterverse://")


def test_a_host_without_documents_is_told_what_to_do(tmp_path: Path) -> None:
    async def run() -> tuple[int | None, bytes]:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.integration.light_verse",
            "mcp",
            "--data",
            str(tmp_path / "none"),
            stdin=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        _, told = await process.communicate(json.dumps({}).encode())
        return process.returncode, told

    code, told = asyncio.run(run())
    assert code == 1
    assert b"verse ingest" in told
