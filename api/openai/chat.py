"""Chat completions over the documents, and the models that there are."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from functools import partial
from typing import Any

from anyio import to_thread
from fastapi import Request
from fastapi.sse import EventSourceResponse, format_sse_event
from pydantic import BaseModel, Field

from api.access import needs
from api.asking import begin
from api.attending import Attended
from api.citing import base_of, links_below
from api.dependencies import Service, ServiceDep, ViewDep
from api.openai.completions import Chunk, CompletionBody, Writing
from api.openai.side_tasks import own_words, side_task
from api.openai.wire import (
    STREAMED,
    FormatIn,
    MessageIn,
    ModelBody,
    ModelsBody,
    check_format,
    check_tool_choice,
    conversation,
    model_of,
    models_of,
    openai_router,
    unfit,
)
from api.problems import problem_of
from api.schemas import Words
from api.streaming import event_stream, kept_alive
from api.view import View

router = openai_router()


class StreamOptionsIn(BaseModel):
    """What a stream also tells."""

    include_usage: bool | None = None


class CompletionIn(BaseModel):
    """A conversation; its last message is the question, and the earlier ones tell what that leans on."""

    model: Words = Field(max_length=300, examples=["rag"])
    messages: list[MessageIn] = Field(min_length=1)
    stream: bool | None = None
    stream_options: StreamOptionsIn | None = None
    n: int | None = None
    response_format: FormatIn | None = None
    tool_choice: Words | dict[str, Any] | None = None


@router.get("/v1/models", tags=["OpenAI"])
@router.get("/openwebui/v1/models", tags=["OpenAI"])
@needs("read")
def list_models(view: ViewDep) -> ModelsBody:
    """The collections, as models."""
    return ModelsBody(data=[ModelBody(id=one.id) for one in models_of(view)])


@router.get("/v1/models/{model_id:path}", tags=["OpenAI"])
@router.get("/openwebui/v1/models/{model_id:path}", tags=["OpenAI"])
@needs("read")
def get_model(view: ViewDep, model_id: str) -> ModelBody:
    """One of them."""
    return ModelBody(id=model_of(view, model_id).id)


@router.post(
    "/v1/chat/completions", response_model=CompletionBody, responses=STREAMED, tags=["OpenAI"]
)
@needs("read")
async def complete(
    request: Request, service: ServiceDep, view: ViewDep, sent: CompletionIn, _: Attended
) -> CompletionBody | EventSourceResponse:
    """Answer the last message, as a chat completion."""
    writing = partial(_complete, request, service, view, sent, framed=False)
    return await to_thread.run_sync(writing, limiter=service.answering)


@router.post(
    "/openwebui/v1/chat/completions",
    response_model=CompletionBody,
    responses=STREAMED,
    tags=["OpenAI"],
)
@needs("read")
async def complete_for_open_webui(
    request: Request, service: ServiceDep, view: ViewDep, sent: CompletionIn, _: Attended
) -> CompletionBody | EventSourceResponse:
    """The same for Open WebUI, whose streams show each quote beside the answer."""
    writing = partial(_complete, request, service, view, sent, framed=True)
    return await to_thread.run_sync(writing, limiter=service.answering)


def _complete(
    request: Request, service: Service, view: View, sent: CompletionIn, *, framed: bool
) -> CompletionBody | EventSourceResponse:
    if sent.n not in (None, 1):
        raise unfit("n", "one answer is given; leave it out")
    check_format("response_format", sent.response_format)
    check_tool_choice(sent.tool_choice)
    model = model_of(view, sent.model)
    message, earlier = conversation(sent.messages, "messages")
    question = own_words(message)
    link = links_below(base_of(request))
    counted = sent.stream_options is not None and bool(sent.stream_options.include_usage)
    writing = Writing(model=model.id, link=link, linked=model.links, framed=framed, counted=counted)
    reply = side_task(question)
    if reply is not None:
        if not sent.stream:
            return writing.task(reply)
        chunks = writing.task_chunks(reply)
    else:
        asking = begin(service, view, question, model.collection, earlier=earlier)
        if not sent.stream:
            return writing.completion(asking.answer())
        chunks = writing.chunks(asking.parts())
    return event_stream(kept_alive(_events(chunks, request), service.answering))


def _events(chunks: Iterator[Chunk], request: Request) -> Generator[bytes, None, None]:
    """Chunks, encoded; what fails on the way is told in the place of what was still to come."""
    try:
        for chunk in chunks:
            yield format_sse_event(data_str=json.dumps(chunk, ensure_ascii=False))
    except Exception as error:  # noqa: BLE001 # the edge of the process: the status has been sent
        yield format_sse_event(data_str=bytes(problem_of(request, error).body).decode())
    yield format_sse_event(data_str="[DONE]")
