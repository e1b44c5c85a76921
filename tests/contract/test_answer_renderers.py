"""The same citations, whatever form an answer takes: one law, held by every renderer."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from mcp.client import Client as McpClient
from mcp.client.streamable_http import streamable_http_client

from api.client import Client
from api.schemas import AnswerBody
from rag.adapters.langchain_library import answering
from tests.integration.clients import QUESTION, Place, place
from tests.integration.service import upload
from tests.integration.test_http_stream import events_of

SECOND = (
    "# Gate book 𝔊\n\nThe gate was closed on Tuesday by the harbour master.\n\n"
    "Somebody closed the *north* gate at noon 🚪 while it rained and the crews slept.\n"
)


@dataclass(frozen=True, slots=True, order=True)
class Cited:
    """A citation, as far as every form has it."""

    marker: int
    document_id: str
    version: str
    start: int
    end: int
    quote: str


PAGES_ANSWER = Path(__file__).parents[2] / "api" / "web" / "tests" / "answer.json"
Render = Callable[[Place], list[Cited]]


def of_body(citations: list[dict[str, Any]]) -> list[Cited]:
    return [
        Cited(
            one["marker"],
            one["document_id"],
            one["document_version"],
            one["start"],
            one["end"],
            one["quote"],
        )
        for one in citations
    ]


def of_url(marker: int, url: str, quote: str) -> Cited:
    named = dict(parse_qsl(urlsplit(url).fragment, strict_parsing=True))
    return Cited(
        marker,
        named["source"],
        named["version"],
        int(named["start"]),
        int(named["end"]),
        quote,
    )


def of_id(marker: int, name: str, quote: str) -> Cited:
    found = re.fullmatch(r"(.+)@(.+)#(\d+)-(\d+)", name)
    assert found
    return Cited(marker, found[1], found[2], int(found[3]), int(found[4]), quote)


def post(here: Place, path: str, **sent: Any) -> Any:
    with here.http as http:
        response = http.post(path, json=sent)
    assert response.status_code == 200, response.text
    return response


def as_json(here: Place) -> list[Cited]:
    return of_body(post(here, "/v1/ask", question=QUESTION).json()["citations"])


def as_events(here: Place) -> list[Cited]:
    events = events_of(post(here, "/v1/ask", question=QUESTION, stream=True).text)
    return of_body([body for name, _, body in events if name == "citation"])


def reloaded(here: Place) -> list[Cited]:
    given = post(here, "/v1/ask", question=QUESTION).json()["id"]
    with here.http as http:
        return of_body(http.get(f"/v1/answers/{given}").json()["answer"]["citations"])


def by_client(here: Place) -> list[Cited]:
    with Client(here.url, key=here.key) as client:
        answer = client.ask(QUESTION)
    return of_body([one.model_dump() for one in answer.citations])


def asked(model: str = "rag") -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": QUESTION}]}


def as_completion(here: Place) -> list[Cited]:
    body = post(here, "/v1/chat/completions", **asked()).json()
    results = body["search_results"]
    cited = {n: of_url(n, one["url"], one["snippet"]) for n, one in enumerate(results, 1)}
    [choice] = body["choices"]
    text = choice["message"]["content"]
    marked = set()
    for one in choice["message"]["annotations"]:
        place = one["url_citation"]
        marker = int(text[place["start_index"] : place["end_index"]].strip("[]"))
        assert of_url(marker, place["url"], cited[marker].quote) == cited[marker]
        marked.add(marker)
    return [cited[one] for one in sorted(marked)]


def chunks(here: Place, path: str) -> list[dict[str, Any]]:
    text = post(here, path, **asked(), stream=True).text
    return [json.loads(one[6:]) for one in text.split("\n\n") if one.startswith("data: {")]


def as_chunks(here: Place) -> list[Cited]:
    told = chunks(here, "/v1/chat/completions")
    [results] = [one["search_results"] for one in told if "search_results" in one]
    assert told[-1]["citations"] == [one["url"] for one in results]
    return [of_url(n, one["url"], one["snippet"]) for n, one in enumerate(results, 1)]


def as_frames(here: Place) -> list[Cited]:
    told = chunks(here, "/openwebui/v1/chat/completions")
    shown = [one["event"]["data"] for one in told if "event" in one]
    for one in shown:
        [about], [quote] = one["metadata"], one["document"]
        assert of_url(0, about["source_url"], quote) == of_id(0, about["source"], quote)
    return [of_id(n, one["source"]["id"], one["document"][0]) for n, one in enumerate(shown, 1)]


def as_links(here: Place) -> list[Cited]:
    body = post(here, "/v1/chat/completions", **asked("rag-links")).json()
    text = body["choices"][0]["message"]["content"]
    links = {int(marker): url for marker, url in re.findall(r"\[\[(\d+)\]\]\((\S+?)\)", text)}
    return [of_url(marker, url, here.opened(url)) for marker, url in sorted(links.items())]


def of_results(output: list[dict[str, Any]]) -> list[Cited]:
    results = output[0]["results"]
    for one in results:
        about = one["attributes"]
        cited = of_url(about["marker"], about["url"], one["text"])
        assert cited == Cited(
            about["marker"],
            one["file_id"],
            about["version"],
            about["start"],
            about["end"],
            one["text"],
        )
    return [
        of_url(one["attributes"]["marker"], one["attributes"]["url"], one["text"])
        for one in results
    ]


def as_response(here: Place) -> list[Cited]:
    return of_results(post(here, "/v1/responses", model="rag", input=QUESTION).json()["output"])


def as_response_events(here: Place) -> list[Cited]:
    text = post(here, "/v1/responses", model="rag", input=QUESTION, stream=True).text
    told = [json.loads(one.split("data: ")[1]) for one in text.split("\n\n") if "data: {" in one]
    done = [one["item"] for one in told if one["type"] == "response.output_item.done"]
    assert done == told[-1]["response"]["output"]
    return of_results(done)


def by_tool(here: Place) -> Any:
    async def call() -> Any:
        async with here.http_async as http:
            transport = streamable_http_client(f"{here.url}mcp", http_client=http)
            async with McpClient(transport) as client:
                return await client.call_tool("ask", {"question": QUESTION})

    return asyncio.run(call())


def as_tool_data(here: Place) -> list[Cited]:
    return of_body(by_tool(here).structured_content["citations"])


def as_tool_text(here: Place) -> list[Cited]:
    [content] = by_tool(here).content
    sources = re.findall(
        r"^\[(\d+)\] “([^”]*)” \(.*characters (\d+)–(\d+)\) (\S+)$", content.text, re.M
    )
    found = [of_url(int(marker), url, quote) for marker, quote, _, _, url in sources]
    assert [(str(one.start), str(one.end)) for one in found] == [one[2:4] for one in sources]
    assert set(re.findall(r"\[(\d+)\]", content.text.split("Sources:")[0])) == {
        one[0] for one in sources
    }
    return found


def as_message(here: Place) -> list[Cited]:
    message = answering(here.library).invoke(QUESTION)
    found: dict[tuple[Any, ...], Cited] = {}
    for block in message.content_blocks:
        annotations: Any = block.get("annotations", [])
        for one in annotations:
            at = one["extras"]
            key = (at["document_id"], at["version"], at["start"], at["end"])
            found.setdefault(key, Cited(len(found) + 1, *key, one["cited_text"]))
    return list(found.values())


RENDERERS: list[Render] = [
    as_events,
    reloaded,
    by_client,
    as_completion,
    as_chunks,
    as_frames,
    as_links,
    as_response,
    as_response_events,
    as_tool_data,
    as_tool_text,
    as_message,
]


@pytest.fixture(scope="module")
def here() -> Iterator[Place]:
    with place() as here:
        with here.http as http:
            added = upload(http, SECOND.encode(), name="book.md")
            assert added.status_code == 201, added.text
        yield here


@pytest.fixture(scope="module")
def expected(here: Place) -> list[Cited]:
    cited = as_json(here)
    assert len(cited) > 2
    assert len({one.document_id for one in cited}) == 2
    assert any(ord(character) > 0xFFFF for one in cited for character in one.quote)
    return cited


@pytest.mark.parametrize("render", RENDERERS, ids=lambda one: one.__name__)
def test_every_citation_survives(here: Place, expected: list[Cited], render: Render) -> None:
    assert render(here) == expected


def test_every_citation_is_exact(here: Place, expected: list[Cited]) -> None:
    with here.http as http:
        for one in expected:
            response = http.get(
                f"/v1/documents/{one.document_id}/text",
                params={"start": one.start, "end": one.end, "version": one.version},
            )
            assert response.json()["text"] == one.quote


def test_what_the_page_writes_as_markdown_is_such_an_answer() -> None:
    """Its own test holds the page to the citations of this one; here, that the service gives answers of its form."""
    given = PAGES_ANSWER.read_text(encoding="utf-8")
    answer = AnswerBody.model_validate_json(given)
    assert answer.model_dump(mode="json") == json.loads(given)
    assert len(answer.citations) > 2
