"""The Responses API, as OpenAI's SDK and LangChain use it."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from langchain_openai import ChatOpenAI
from openai import OpenAI
from openai.types.responses import Response
from pydantic import SecretStr

from rag.composition import SentenceComposer
from rag.errors import ModelError
from tests.integration.clients import FOREIGN, QUESTION, QUOTE, Place
from tests.integration.service import fake_library, key_for, served, upload
from tests.integration.test_http import assert_openai_error


def assert_cited(here: Place, response: Response) -> None:
    """Each marker has both annotations, and leads to the quote that the search gave for it."""
    search, message = response.output
    assert search.type == "file_search_call"
    assert message.type == "message"
    [part] = message.content
    assert part.type == "output_text"
    results = search.results or []
    assert QUOTE in [one.text for one in results]
    pairs = list(zip(part.annotations[::2], part.annotations[1::2], strict=True))
    assert pairs
    for in_file, at_url in pairs:
        assert in_file is not None
        assert at_url is not None
        assert in_file.type == "file_citation"
        assert at_url.type == "url_citation"
        marker = int(part.text[at_url.start_index : at_url.end_index].strip("[]"))
        assert in_file.index == at_url.start_index
        result = results[marker - 1]
        assert result.attributes is not None
        assert (in_file.file_id, in_file.filename) == (result.file_id, "Harbour log")
        assert at_url.url == result.attributes["url"]
        assert here.opened(at_url.url) == result.text


def test_a_response_cites(here: Place, client: OpenAI) -> None:
    response = client.responses.create(model="rag", input=QUESTION, instructions="Say nothing.")
    assert response.status == "completed"
    assert response.output_text.startswith(f"{QUOTE} [1]")
    assert_cited(here, response)
    with here.http as http:
        kept = http.get(f"/v1/answers/{response.id.removeprefix('resp_')}").json()
    assert kept["answer"]["question"] == QUESTION


def test_a_stream_ends_in_the_same_response(here: Place, client: OpenAI) -> None:
    events = list(client.responses.create(model="rag", input=QUESTION, stream=True))
    assert [one.sequence_number for one in events] == list(range(len(events)))
    assert events[0].type == "response.created"
    last = events[-1]
    assert last.type == "response.completed"
    assert_cited(here, last.response)
    deltas = [one.delta for one in events if one.type == "response.output_text.delta"]
    assert "".join(deltas) == last.response.output_text
    message = last.response.output[1]
    assert message.type == "message"
    [part] = message.content
    assert part.type == "output_text"
    added: list[Any] = [
        one.annotation for one in events if one.type == "response.output_text.annotation.added"
    ]
    assert [one.model_dump() for one in added] == [one.model_dump() for one in part.annotations]
    whole = client.responses.create(model="rag", input=QUESTION)
    assert whole.output_text == last.response.output_text


def test_the_sdk_puts_a_stream_together(here: Place, client: OpenAI) -> None:
    with client.responses.stream(model="rag", input=QUESTION) as stream:
        assert_cited(here, stream.get_final_response())


def test_langchain_keeps_the_citations(here: Place) -> None:
    model = ChatOpenAI(
        model="rag", base_url=f"{here.url}v1", api_key=SecretStr(here.key), use_responses_api=True
    )
    whole = model.invoke(QUESTION)
    streamed = None
    for chunk in model.stream(QUESTION):
        streamed = chunk if streamed is None else streamed + chunk
    assert streamed is not None
    for message in (whole, streamed):
        texts = [one for one in message.content_blocks if one["type"] == "text"]
        assert "".join(one["text"] for one in texts).startswith(QUOTE)
        cited: list[Any] = [mark for one in texts for mark in one.get("annotations", [])]
        urls = [mark["url"] for mark in cited if mark["type"] == "citation" and "url" in mark]
        assert here.opened(urls[0]) == QUOTE


def test_markers_can_be_links(here: Place, client: OpenAI) -> None:
    response = client.responses.create(model="rag-links", input=QUESTION)
    assert f"[[1]]({here.url}#source=" in response.output_text


def test_a_response_goes_on_from_another(here: Place, client: OpenAI) -> None:
    first = client.responses.create(model="rag", input=QUESTION)
    then = client.responses.create(
        model="rag", input="When did he close it?", previous_response_id=first.id
    )
    assert then.previous_response_id == first.id
    search = then.output[0]
    assert search.type == "file_search_call"
    assert "north gate" in search.queries[0]
    key = key_for(here.library, "read", collections=["bees"])
    with here.openai(key=key) as other, pytest.raises(openai.NotFoundError):
        other.responses.create(model="rag/bees", input="Who?", previous_response_id=first.id)


def test_what_a_client_sends_back_is_understood(client: OpenAI) -> None:
    first = client.responses.create(model="rag", input=QUESTION)
    sent: list[Any] = [
        {"role": "developer", "content": "Be brief."},
        {"role": "user", "content": QUESTION},
        *(one.model_dump() for one in first.output),
        {"role": "user", "content": [{"type": "input_text", "text": "When did he close it?"}]},
    ]
    then = client.responses.create(model="rag", input=sent)
    search = then.output[0]
    assert search.type == "file_search_call"
    assert "north gate" in search.queries[0]


def test_an_abstention_cites_nothing(client: OpenAI) -> None:
    response = client.responses.create(model="rag", input=FOREIGN)
    assert response.status == "completed"
    assert "Searched" in response.output_text
    assert "What came closest:\n\n“" in response.output_text
    search, message = response.output
    assert search.type == "file_search_call"
    assert search.results == []
    assert message.type == "message"
    assert message.content[0].model_dump()["annotations"] == []


@pytest.mark.parametrize(
    ("sent", "status", "param"),
    [
        ({"input": []}, 400, "input"),
        ({"input": [{"role": "user", "content": [{"type": "input_image"}]}]}, 400, None),
        ({"background": True}, 400, "background"),
        ({"conversation": "conv_1"}, 400, "conversation"),
        ({"text": {"format": {"type": "json_object"}}}, 400, "text.format"),
        ({"tool_choice": {"type": "function"}}, 400, "tool_choice"),
        ({"model": "gpt-9"}, 404, None),
        ({"previous_response_id": "resp_none"}, 404, "previous_response_id"),
    ],
)
def test_what_cannot_be_had_is_named(sent: dict[str, Any], status: int, param: str | None) -> None:
    with served(fake_library()) as client:
        upload(client)
        body = {"model": "rag", "input": QUESTION, **sent}
        assert_openai_error(client.post("/v1/responses", json=body), status, param=param)


def test_a_response_that_is_not_there_is_called_by_the_name_that_was_sent(client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="'resp_none'") as caught:
        client.responses.create(model="rag", input=QUESTION, previous_response_id="resp_none")
    assert caught.value.code == "previous_response_not_found"


def test_what_fails_on_the_way_is_told_in_the_stream(
    client: OpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ModelError("It is asleep.")

    monkeypatch.setattr(SentenceComposer, "compose", fail)
    with pytest.raises(openai.APIError, match="It is asleep"):
        list(client.responses.create(model="rag", input=QUESTION, stream=True))
