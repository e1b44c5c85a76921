"""The Responses API over the documents."""

from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any, Literal

from anyio import to_thread
from fastapi import Request
from fastapi.sse import EventSourceResponse, format_sse_event
from pydantic import BaseModel, Field

from api.access import needs
from api.asking import Asking, begin
from api.attending import Attended
from api.citing import base_of, links_below
from api.dependencies import Service, ServiceDep, ViewDep
from api.openai.responding import PREFIX, Event, Responding, ResponseBody
from api.openai.wire import (
    STREAMED,
    FormatIn,
    MessageIn,
    PartIn,
    check_format,
    check_tool_choice,
    conversation,
    model_of,
    openai_router,
    unfit,
)
from api.problems import PROBLEMS, ProblemError, problem_of
from api.schemas import Words
from api.streaming import event_stream, kept_alive
from api.view import View
from rag.errors import UnknownAnswer

router = openai_router()


class ItemIn(BaseModel):
    """A message, or something else that a client sends back, such as what was found before."""

    role: Literal["system", "developer", "user", "assistant"] | None = None
    content: Words | list[PartIn] | None = None


class TextIn(BaseModel):
    """How the text is to be."""

    format: FormatIn | None = None


class ResponseIn(BaseModel):
    """A question, or a conversation that ends in one; `previous_response_id` names the answer that it goes on from."""

    model: Words = Field(max_length=300, examples=["rag"])
    input: Words | list[ItemIn]
    previous_response_id: Words | None = Field(None, max_length=100)
    stream: bool | None = None
    background: bool | None = None
    conversation: Words | dict[str, Any] | None = None
    text: TextIn | None = None
    tool_choice: Words | dict[str, Any] | None = None


@router.post("/v1/responses", response_model=ResponseBody, responses=STREAMED, tags=["OpenAI"])
@needs("read")
async def respond(
    request: Request, service: ServiceDep, view: ViewDep, sent: ResponseIn, _: Attended
) -> ResponseBody | EventSourceResponse:
    """Answer the last message, as a response."""
    return await to_thread.run_sync(
        _respond, request, service, view, sent, limiter=service.answering
    )


def _respond(
    request: Request, service: Service, view: View, sent: ResponseIn
) -> ResponseBody | EventSourceResponse:
    _refuse(sent)
    model = model_of(view, sent.model)
    question, earlier = conversation(_messages(sent.input), "input")
    if sent.previous_response_id is not None:
        earlier = [_asked_before(service, view, sent.previous_response_id), *earlier]
    responding = Responding(
        model=model.id,
        link=links_below(base_of(request)),
        linked=model.links,
        previous=sent.previous_response_id,
    )
    asking = begin(service, view, question, model.collection, earlier=earlier)
    if sent.stream:
        return event_stream(kept_alive(_events(asking, responding, request), service.answering))
    return responding.response(asking.answer())


def _refuse(sent: ResponseIn) -> None:
    if sent.background:
        raise unfit("background", "an answer takes no background; leave it out")
    if sent.conversation is not None:
        raise unfit("conversation", "send the conversation as `input`, or `previous_response_id`")
    check_format("text.format", sent.text.format if sent.text else None)
    check_tool_choice(sent.tool_choice)


def _messages(sent: str | list[ItemIn]) -> list[MessageIn]:
    if isinstance(sent, str):
        return [MessageIn(role="user", content=sent)]
    return [MessageIn(role=one.role or "tool", content=one.content) for one in sent]


def _asked_before(service: Service, view: View, response_id: str) -> str:
    """The question of an earlier response, as it stands alone.

    Raises:
        ProblemError: there is none that the caller may see.
    """
    try:
        kept = view.answer(service.answers, response_id.removeprefix(PREFIX))
    except UnknownAnswer as error:
        detail = (
            f"There is no response {response_id!r} to go on from; it may be past its time. "
            "Send the conversation as `input` instead."
        )
        wrong = {"in": "body", "field": "previous_response_id", "detail": detail}
        raise ProblemError(PROBLEMS[UnknownAnswer], detail, errors=[wrong]) from error
    question: str = kept.body["standalone_question"]
    return question


def _events(
    asking: Asking, responding: Responding, request: Request
) -> Generator[bytes, None, None]:
    """The response in events; what fails on the way is told by an `error`."""
    number = -1
    try:
        for number, event in enumerate(responding.events(asking.parts())):
            yield _encoded(event, number)
    except Exception as error:  # noqa: BLE001 # the edge of the process: the status has been sent
        told = json.loads(bytes(problem_of(request, error).body))["error"]
        flat = {name: told[name] for name in ("message", "code", "param")}
        yield _encoded({"type": "error", "error": told, **flat}, number + 1)


def _encoded(event: Event, number: int) -> bytes:
    written = json.dumps(event | {"sequence_number": number}, ensure_ascii=False)
    return format_sse_event(event=event["type"], data_str=written)
