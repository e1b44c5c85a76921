"""Chat completions and models, as OpenAI's SDK, other front ends and Open WebUI use them."""

from __future__ import annotations

import json
import re
from typing import Any

import openai
import pytest
from langchain_openai import ChatOpenAI
from openai import OpenAI
from pydantic import SecretStr

from api.prose import inert
from rag.composition import SentenceComposer
from rag.errors import ModelError
from tests.integration.clients import FOREIGN, QUESTION, QUOTE, Place, place
from tests.integration.service import bearer, fake_library, key_for, served, upload
from tests.integration.test_http import assert_openai_error

ASKED: list[Any] = [{"role": "user", "content": QUESTION}]


def extra(completion: Any, name: str) -> Any:
    return (completion.model_extra or {})[name]


def assert_citations(here: Place, text: str, annotations: list[Any], results: list[Any]) -> None:
    """Each marker's offsets are those of the marker, and what it points to has the quote, to the letter."""
    assert annotations
    for one in annotations:
        cited = one["url_citation"]
        shown = text[cited["start_index"] : cited["end_index"]]
        found = re.search(r"\[(\d+)\]", shown)
        assert found
        result = results[int(found[1]) - 1]
        assert result["url"] == cited["url"]
        assert result["title"] == cited["title"] == "Harbour log"
        assert here.opened(cited["url"]) == result["snippet"]
    assert QUOTE in [one["snippet"] for one in results]


def test_models_are_the_collections_that_a_key_sees(here: Place, client: OpenAI) -> None:
    ids = [one.id for one in client.models.list()]
    assert ids == ["rag/bees", "rag-links/bees", "rag", "rag-links"]
    key = key_for(here.library, "read", collections=["bees"])
    with here.openai("openwebui/v1", key) as narrow:
        assert [one.id for one in narrow.models.list()] == ["rag/bees", "rag-links/bees"]
        assert narrow.models.retrieve("rag-links/bees").id == "rag-links/bees"
        with pytest.raises(openai.NotFoundError) as unseen:
            narrow.models.retrieve("rag")
    assert unseen.value.code == "model_not_found"
    with served(fake_library()) as empty:
        assert [one["id"] for one in empty.get("/v1/models").json()["data"]] == ["rag", "rag-links"]


def test_an_answer_comes_with_its_citations(here: Place, client: OpenAI) -> None:
    completion = client.chat.completions.create(model="rag", messages=ASKED, temperature=0.3)
    [choice] = completion.choices
    assert choice.finish_reason == "stop"
    text = choice.message.content
    assert text is not None
    assert text.startswith(f"{QUOTE} [1]")
    annotations = [one.model_dump() for one in choice.message.annotations or []]
    assert_citations(here, text, annotations, extra(completion, "search_results"))
    urls = [one["url"] for one in extra(completion, "search_results")]
    assert extra(completion, "citations") == urls
    with here.http as http:
        kept = http.get(f"/v1/answers/{completion.id.removeprefix('chatcmpl-')}").json()
    assert [one["quote"] for one in kept["answer"]["citations"]] == [
        one["snippet"] for one in extra(completion, "search_results")
    ]


def test_markers_can_be_links(here: Place, client: OpenAI) -> None:
    completion = client.chat.completions.create(model="rag-links", messages=ASKED)
    text = completion.choices[0].message.content or ""
    [first, *_] = re.findall(r"\[\[(\d+)\]\]\((\S+?)\)", text)
    assert first[0] == "1"
    assert here.opened(first[1]) == QUOTE
    annotations = [one.model_dump() for one in completion.choices[0].message.annotations or []]
    assert_citations(here, text, annotations, extra(completion, "search_results"))


def test_a_stream_tells_the_same(here: Place, client: OpenAI) -> None:
    whole = client.chat.completions.create(model="rag", messages=ASKED)
    chunks = list(
        client.chat.completions.create(
            model="rag", messages=ASKED, stream=True, stream_options={"include_usage": True}
        )
    )
    *said, last, usage = chunks
    assert usage.choices == []
    assert {one.id for one in chunks} == {usage.id}
    assert usage.usage is not None
    text = "".join(one.choices[0].delta.content or "" for one in said)
    assert text == whole.choices[0].message.content
    results = extra(said[-1], "search_results")
    assert said[-1].choices[0].delta.content == ""  # clients look at it only beside text
    assert results == extra(whole, "search_results")
    assert last.choices[0].finish_reason == "stop"
    assert last.choices[0].delta.content is None  # a client reads annotations only without text
    annotations = extra(last.choices[0].delta, "annotations")
    assert annotations == [one.model_dump() for one in whole.choices[0].message.annotations or []]
    assert_citations(here, text, annotations, results)


def test_a_stream_is_plain_lines_that_end_in_done(here: Place) -> None:
    sent = {"model": "rag", "messages": ASKED, "stream": True}
    with here.http as http:
        response = http.post("/v1/chat/completions", json=sent)
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    blocks = [one for one in response.text.split("\n\n") if one]
    assert all(one.startswith("data: ") and "\n" not in one for one in blocks)
    assert blocks[-1] == "data: [DONE]"


def test_open_webui_gets_each_source_once_before_the_words(here: Place) -> None:
    sent = {"model": "rag", "messages": ASKED, "stream": True}
    with here.http as http:
        response = http.post("/openwebui/v1/chat/completions", json=sent)
    told = [json.loads(one[6:]) for one in response.text.split("\n\n") if one.startswith("data: {")]
    frames = [one["event"] for one in told if "event" in one]
    assert {one["type"] for one in frames} == {"source"}
    names = [one["data"]["metadata"][0]["source"] for one in frames]
    assert len(set(names)) == len(names)
    assert not any(one.startswith("http") for one in names)
    for one in frames:
        [about] = one["data"]["metadata"]
        assert one["data"]["source"] == {"id": about["source"], "name": "Harbour log"}
        assert [here.opened(about["source_url"])] == one["data"]["document"]
    words = [one for one in told if "choices" in one and one["choices"][0]["delta"].get("content")]
    shown = 0
    for one in told:
        shown += "event" in one
        if one in words:  # the n-th that was shown is what [n] opens
            markers = re.findall(r"\[(\d+)\]", one["choices"][0]["delta"]["content"])
            assert max(map(int, markers), default=0) <= shown
    assert words
    assert "annotations" not in response.text


def test_open_webuis_own_tasks_search_nothing_and_cost_nothing(here: Place) -> None:
    head = "### Task:\nDo something.\n### Output:\nJSON format: "
    talk = f"\n<chat_history>\nUSER: {QUESTION}\nASSISTANT: The master.\n</chat_history>"
    wanted: list[tuple[str, Any]] = [
        ('{ "title": "a title" }', {"title": QUESTION}),
        ('{ "tags": ["one", "two"] }', {"tags": []}),
        ('{ "follow_ups": ["One?"] }', {"follow_ups": []}),
        ('{ "queries": ["one"] }', {"queries": []}),
        ('{ "text": "<completion>" }', {"text": ""}),
    ]
    library = fake_library(questions_per_day=1)
    with served(library, keys=True) as client:
        headers = bearer(key_for(library, "read"))
        for form, reply in wanted:
            message = {"role": "user", "content": head + form + talk}
            for path in ("/v1", "/openwebui/v1"):
                sent = {"model": "rag", "messages": [message]}
                response = client.post(f"{path}/chat/completions", json=sent, headers=headers)
                body = response.json()
                assert json.loads(body["choices"][0]["message"]["content"]) == reply
                streamed = client.post(
                    f"{path}/chat/completions", json={**sent, "stream": True}, headers=headers
                )
                assert json.dumps(json.dumps(reply)) in streamed.text
        odd = {"role": "user", "content": "### Task:\nReflect."}
        response = client.post(
            "/v1/chat/completions", json={"model": "rag", "messages": [odd]}, headers=headers
        )
        assert response.json()["choices"][0]["message"]["content"] == ""


def test_open_webuis_question_with_files_is_answered_from_the_documents(here: Place) -> None:
    passages = f'<source id="1">{"Bees dance. " * 500}</source>'
    wrapped = (
        f"### Task:\nRespond to the user query.\n\n<context>\n{passages}\n</context>\n{QUESTION}"
    )
    sent = {"model": "rag", "messages": [{"role": "user", "content": wrapped}]}
    with here.http as http:
        body = http.post("/openwebui/v1/chat/completions", json=sent).json()
        plain = http.post(
            "/openwebui/v1/chat/completions", json={"model": "rag", "messages": ASKED}
        )
    assert body["choices"] == plain.json()["choices"]
    assert QUOTE in body["choices"][0]["message"]["content"]


def test_what_was_asked_before_tells_what_a_question_leans_on(here: Place, client: OpenAI) -> None:
    told = "The harbour master."
    messages: list[Any] = [
        {"role": "system", "content": "Answer only that bees dance."},
        *ASKED,
        {"role": "assistant", "content": told},
        {"role": "user", "content": [{"type": "text", "text": "When did he close it?"}]},
    ]
    completion = client.chat.completions.create(model="rag", messages=messages)
    with here.http as http:
        kept = http.get(f"/v1/answers/{completion.id.removeprefix('chatcmpl-')}").json()["answer"]
    assert kept["question"] == "When did he close it?"
    assert "north gate" in kept["standalone_question"]
    assert QUOTE in (completion.choices[0].message.content or "")


def test_a_long_conversation_goes_on(client: OpenAI) -> None:
    turns = [
        {"role": role, "content": QUESTION} for _ in range(100) for role in ("user", "assistant")
    ]
    messages: list[Any] = [*turns, *ASKED]
    completion = client.chat.completions.create(model="rag", messages=messages)
    assert QUOTE in (completion.choices[0].message.content or "")


def test_an_image_that_was_refused_before_is_passed_over(client: OpenAI) -> None:
    messages: list[Any] = [
        {"role": "user", "content": [{"type": "text", "text": "Who is this?"}, *IMAGE]},
        *ASKED,
    ]
    completion = client.chat.completions.create(model="rag", messages=messages)
    assert QUOTE in (completion.choices[0].message.content or "")


def test_what_was_too_long_to_be_answered_is_passed_over(here: Place, client: OpenAI) -> None:
    messages: list[Any] = [
        *ASKED,
        {"role": "user", "content": "Who painted the lighthouse? " * 20_000},
        {"role": "user", "content": "When did he close it?"},
    ]
    completion = client.chat.completions.create(model="rag", messages=messages)
    with here.http as http:
        kept = http.get(f"/v1/answers/{completion.id.removeprefix('chatcmpl-')}").json()["answer"]
    assert "north gate" in kept["standalone_question"]
    assert len(kept["standalone_question"]) < 200


def test_an_abstention_says_why_and_what_came_closest_and_cites_nothing(
    here: Place, client: OpenAI
) -> None:
    asked: list[Any] = [{"role": "user", "content": FOREIGN}]
    completion = client.chat.completions.create(model="rag", messages=asked)
    with here.http as http:
        abstention = http.post("/v1/ask", json={"question": FOREIGN}).json()["abstention"]
    text = completion.choices[0].message.content or ""
    assert text.startswith(abstention["reason"])
    assert f"Searched {abstention['searched']['documents']} document" in text
    assert abstention["closest"]
    assert all(f"“{inert(one['quote'])}” (" in text for one in abstention["closest"])
    assert completion.choices[0].message.annotations == []
    assert extra(completion, "search_results") == []


def test_the_model_names_the_collection(client: OpenAI) -> None:
    asked: list[Any] = [{"role": "user", "content": "Who dances in the dark?"}]
    completion = client.chat.completions.create(model="rag/bees", messages=asked)
    assert "Bees dance" in (completion.choices[0].message.content or "")


def test_a_documents_words_are_no_markdown(client: OpenAI) -> None:
    asked: list[Any] = [{"role": "user", "content": "What was seen in the 𝕳𝖆𝖗𝖇𝖔𝖚𝖗 log?"}]
    completion = client.chat.completions.create(model="rag-links", messages=asked)
    text = completion.choices[0].message.content or ""
    assert "[seen\\](https://evil.example/x)" in text
    assert "seen](" not in text


def test_errors_are_those_that_the_sdk_knows(here: Place, client: OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        client.chat.completions.create(model="gpt-9", messages=ASKED)
    assert unknown.value.code == "model_not_found"
    assert "rag-links/bees" in str(unknown.value)
    key = key_for(here.library, "read", collections=["bees"])
    with here.openai(key=key) as narrow, pytest.raises(openai.NotFoundError) as hidden:
        narrow.chat.completions.create(model="rag", messages=ASKED)
    assert "rag/bees" in str(hidden.value)
    with here.openai(key="wrong") as wrong, pytest.raises(openai.AuthenticationError) as refused:
        wrong.models.list()
    assert refused.value.code == "invalid_api_key"
    key = key_for(here.library, "ingest")
    with here.openai(key=key) as other, pytest.raises(openai.PermissionDeniedError):
        other.chat.completions.create(model="rag", messages=ASKED)
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="rag", input="gate")


def test_a_spent_budget_is_told_in_the_dialect() -> None:
    with place(questions_per_day=1) as here, here.openai() as client:
        client.chat.completions.create(model="rag", messages=ASKED)
        for stream in (False, True):
            with pytest.raises(openai.RateLimitError) as spent:
                client.chat.completions.create(model="rag", messages=ASKED, stream=stream)
            assert spent.value.code == "insufficient_quota"
            assert int(spent.value.response.headers["retry-after"]) > 0


IMAGE = [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]


@pytest.mark.parametrize(
    ("sent", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "assistant", "content": "I?"}]}, "messages"),
        ({"messages": [{"role": "user", "content": IMAGE}]}, "messages.0.content"),
        ({"messages": [{"role": "king", "content": "I?"}]}, "messages.0.role"),
        ({"n": 2}, "n"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"model": None}, "model"),
        ({"messages": [{"role": "user", "content": "a\ud800"}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": [{"text": "Who?"}]}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": " "}]}, None),
        ({"messages": [{"role": "user", "content": "x" * 4001}]}, None),
    ],
)
def test_what_cannot_be_had_is_named(sent: dict[str, Any], param: str | None) -> None:
    with served(fake_library()) as client:
        upload(client)
        body = json.dumps({"model": "rag", "messages": ASKED, **sent})  # half pairs as escapes
        headers = {"content-type": "application/json"}
        refused = client.post("/v1/chat/completions", content=body, headers=headers)
        assert_openai_error(refused, 400, param=param)


def test_half_a_document_of_json_is_told_in_the_dialect() -> None:
    with served(fake_library()) as client:
        response = client.post(
            "/v1/chat/completions",
            content=b'{"model": "rag", "messages": [',
            headers={"content-type": "application/json"},
        )
        assert "not JSON" in assert_openai_error(response, 400)["message"]
        nowhere = client.post("/openwebui/v1/audio/speech", json={})
        assert_openai_error(nowhere, 404, "not-found")
        empty = client.post("/v1/chat/completions", json={"model": "rag", "messages": ASKED})
        assert_openai_error(empty, 404, "unknown-collection")
        foreign = client.post(
            "/v1/chat/completions", json={}, headers={"origin": "https://evil.example"}
        )
        assert_openai_error(foreign, 403, "origin-not-allowed")


def test_what_fails_on_the_way_is_told_in_the_stream(
    here: Place, client: OpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ModelError("It is asleep.")

    monkeypatch.setattr(SentenceComposer, "compose", fail)
    stream = client.chat.completions.create(model="rag", messages=ASKED, stream=True)
    with pytest.raises(openai.APIError, match="It is asleep"):
        list(stream)
    with pytest.raises(openai.InternalServerError, match="It is asleep"):
        client.chat.completions.create(model="rag", messages=ASKED)


def test_langchains_chat_model_works_streaming_and_not(here: Place) -> None:
    model = ChatOpenAI(model="rag", base_url=f"{here.url}v1", api_key=SecretStr(here.key))
    assert QUOTE in str(model.invoke(QUESTION).content)
    assert QUOTE in "".join(str(one.content) for one in model.stream(QUESTION))
