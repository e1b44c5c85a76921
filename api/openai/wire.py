"""What OpenAI's clients send and read, as far as it means anything here.

They send much more, such as a temperature; what is not named here is passed over, as what it asks for does not exist
for answers that are quoted. Offsets are code points.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter
from fastapi.sse import EventSourceResponse
from pydantic import BaseModel, Field

from api.citing import Link, source_name
from api.dependencies import Responses, new_router
from api.problems import INVALID_REQUEST, UNKNOWN_MODEL, ProblemError
from api.prose import Mark
from api.schemas import AnswerBody, CitationBody, Words
from api.view import View
from rag.types import DEFAULT_COLLECTION

_PLAIN, _LINKS = "rag", "rag-links"
_TEXTS = ("text", "input_text", "output_text", "refusal")


class ErrorDetailBody(BaseModel):
    """What is wrong; `code` names the kind of problem."""

    message: str
    type: str
    param: str | None
    code: str
    request_id: str


class ErrorBody(BaseModel):
    """OpenAI's error object."""

    error: ErrorDetailBody


_ERRORS: Responses = {
    "4XX": {"description": "What is wrong with the request", "model": ErrorBody},
    "5XX": {"description": "What failed", "model": ErrorBody},
}
STREAMED: Responses = {
    200: {
        "content": {EventSourceResponse.media_type: {"schema": {"type": "string"}}},
        "description": "The answer; with `stream`, in server-sent events",
    }
}


def openai_router() -> APIRouter:
    """A router whose routes describe their errors as OpenAI's."""
    return new_router(_ERRORS)


class ModelBody(BaseModel):
    """A collection, as a model that answers from it."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: Literal["chapterverse"] = "chapterverse"


class ModelsBody(BaseModel):
    """Every model that the key may ask."""

    object: Literal["list"] = "list"
    data: list[ModelBody]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What a model's id says: which collection is asked, and whether markers are written as links."""

    id: str
    collection: str
    links: bool


def models_of(view: View) -> list[Model]:
    """Two for each collection: `rag` and `rag-links` for the default one, with `/NAME` behind for any other."""
    names = [one.name for one in view.collections()]
    if view.grant.sees(DEFAULT_COLLECTION) and DEFAULT_COLLECTION not in names:
        names.insert(0, DEFAULT_COLLECTION)  # so that a front end of an empty service has one
    return [
        Model(id=_model_id(style, name), collection=name, links=style == _LINKS)
        for name in names
        for style in (_PLAIN, _LINKS)
    ]


def model_of(view: View, model_id: str) -> Model:
    """The model of this id.

    Raises:
        ProblemError: there is none that the key may ask.
    """
    known = models_of(view)
    for one in known:
        if one.id == model_id:
            return one
    names = ", ".join(one.id for one in known) or "none yet: add a document first"
    raise ProblemError(UNKNOWN_MODEL, f"There is no model {model_id!r}. Known ones: {names}.")


def _model_id(style: str, collection: str) -> str:
    return style if collection == DEFAULT_COLLECTION else f"{style}/{collection}"


class PartIn(BaseModel):
    """A part of a message; only text can be asked about."""

    type: Words = Field(max_length=100)
    text: Words | None = None


class MessageIn(BaseModel):
    """A message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Words | list[PartIn] | None = None

    @property
    def parts(self) -> list[PartIn]:
        """The content, in parts."""
        if isinstance(self.content, str):
            return [PartIn(type="text", text=self.content)]
        return self.content or []


def conversation(messages: list[MessageIn], field: str) -> tuple[str, list[str]]:
    """The question, and those before it, oldest first.

    What the system, the developer and tools say is passed over: only documents support an answer. So is what was
    no text in an earlier message, since a conversation that was refused once could not go on.

    Args:
        messages: The conversation, which ends in the question.
        field: What the request calls it.

    Raises:
        ProblemError: the last message is not the user's, or holds something else than text.
    """
    if not messages or messages[-1].role != "user":
        raise unfit(field, "the last message is the user's question")
    for part in messages[-1].parts:
        if part.type not in _TEXTS:
            raise unfit(
                f"{field}.{len(messages) - 1}.content",
                f"it holds a part of the type {part.type!r}; send text only: documents, also "
                "scanned ones, are added by POST /v1/documents",
            )
    *earlier, question = [
        "\n".join(part.text or "" for part in one.parts) for one in messages if one.role == "user"
    ]
    return question, earlier


class FormatIn(BaseModel):
    """The form that text is wanted in."""

    type: Words = Field(max_length=100)


def check_format(field: str, wanted: FormatIn | None) -> None:
    """Refuse any form but plain text.

    Raises:
        ProblemError: another one is wanted.
    """
    if wanted is not None and wanted.type != "text":
        raise unfit(field, "answers are text; POST /v1/ask gives them as JSON")


def check_tool_choice(wanted: object) -> None:
    """Refuse what demands a tool.

    Raises:
        ProblemError: a tool has to be called.
    """
    if wanted not in (None, "auto", "none"):
        raise unfit("tool_choice", "no tool is ever called; leave it out")


def unfit(field: str, detail: str) -> ProblemError:
    """A field that asks for what cannot be had."""
    wrong = {"in": "body", "field": field, "detail": detail}
    return ProblemError(INVALID_REQUEST, f"{field}: {detail}", errors=[wrong])


class UrlCitationBody(BaseModel):
    """The marker between the two offsets cites what `url` opens."""

    start_index: int
    end_index: int
    title: str
    url: str


class SearchResultBody(BaseModel):
    """A citation, as Perplexity's clients read it: the n-th is that of the marker `[n]`."""

    title: str
    url: str
    snippet: str
    date: dt.date | None


def tokens_of(answer: AnswerBody) -> tuple[int, int]:
    """How many tokens a language model took for an answer and gave; none where no model was asked."""
    return (answer.usage.input_tokens, answer.usage.output_tokens) if answer.usage else (0, 0)


def url_citation(mark: Mark, cited: CitationBody, link: Link) -> UrlCitationBody:
    """A marker's citation."""
    return UrlCitationBody(
        start_index=mark.start, end_index=mark.end, title=source_name(cited), url=link(cited)
    )


def search_result(cited: CitationBody, url: str) -> SearchResultBody:
    """A citation for a list of sources."""
    return SearchResultBody(
        title=source_name(cited), url=url, snippet=cited.quote, date=cited.published
    )
