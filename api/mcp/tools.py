"""The tools: what each takes and gives, as data for programs and as text for models."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from api.asking import begin
from api.citing import document_url, links_below, place_id
from api.dependencies import Service
from api.prose import inert, prose, source_list
from api.rendering import search_body
from api.schemas import AnswerBody, CollectionName, Words
from api.view import View
from rag.errors import InvalidQuestion, UnknownDocument
from rag.types import DEFAULT_COLLECTION, Filters, Span

_FETCHED_CHARS = 20_000  # of a document at a time: a whole one may be longer than a model can read
_BEFORE_CHARS = 2_000  # of what precedes the place that was asked for
_ID = re.compile(
    r"(?P<document>[^@#]+)(?:@(?P<version>[^#]+))?(?:#(?P<start>\d{1,12})(?:-(?P<end>\d+))?)?"
)


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")

    collection: CollectionName = Field(
        DEFAULT_COLLECTION, description="The set of documents to look in."
    )


class SearchIn(_In):
    """What to search."""

    query: Words = Field(description="What to look for, in words.")
    limit: int = Field(10, ge=1, description="Passages, at the most.")


class FetchIn(BaseModel):
    """What to read."""

    model_config = ConfigDict(extra="forbid")

    id: Words = Field(
        max_length=300,
        description="The id of a search result, of a citation's document, or `next` of what was read before.",
    )


class AskIn(_In):
    """What to ask."""

    question: Words = Field(description="The question, in words.")
    earlier: list[Words] = Field(
        [],
        description="Earlier questions of the conversation, oldest first, which this one leans on.",
    )


class FoundBody(BaseModel):
    """A passage; `id` fetches what surrounds it."""

    id: str
    title: str
    url: str
    text: str
    page: int | None
    score: float


class FoundsBody(BaseModel):
    """Passages, best first."""

    results: list[FoundBody]


class FetchedMetadataBody(BaseModel):
    """What the text is a part of: `start` and `end` in code points; `next` fetches what follows, if anything does."""

    document_id: str
    version: str
    collection: str
    published: dt.date | None
    source_url: str | None
    start: int
    end: int
    characters: int
    next: str | None


class FetchedBody(BaseModel):
    """A stretch of a document's text."""

    id: str
    title: str
    text: str
    url: str
    metadata: FetchedMetadataBody


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What a tool is called with: the service, what its caller sees, and the address below which it is reached."""

    service: Service
    view: View
    base: str


_Sent = TypeVar("_Sent", bound=BaseModel)
_Given = TypeVar("_Given", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool(Generic[_Sent, _Given]):
    """A tool; `call` gives its result twice: for programs, and as text that says all of it."""

    name: str
    title: str
    description: str
    takes: type[_Sent]
    gives: type[_Given]
    call: Callable[[Desk, _Sent], tuple[_Given, str]]


def _search(desk: Desk, sent: SearchIn) -> tuple[FoundsBody, str]:
    desk.service.gate.spend(desk.view.grant, "questions")
    found = search_body(desk.view.search(sent.query, sent.collection, sent.limit, Filters()))
    results = [
        FoundBody(
            id=place_id(one.document_id, one.document_version, one.start, one.end),
            title=one.document_title,
            url=document_url(desk.base, one.document_id, one.document_version, one.start, one.end),
            text=one.text,
            page=one.page,
            score=one.score,
        )
        for one in found.passages
    ]
    lines = [
        inert(f"{one.title}{f', p. {one.page}' if one.page else ''} (id {one.id})\n{one.text}")
        for one in results
    ]
    return FoundsBody(results=results), "\n\n".join(lines) or "Nothing found."


def _fetch(desk: Desk, sent: FetchIn) -> tuple[FetchedBody, str]:
    asked = _ID.fullmatch(sent.id)
    if asked is None:
        raise UnknownDocument(sent.id)
    summary = desk.view.summary(asked["document"])
    document = desk.view.document(summary.id, asked["version"])
    length = len(document.text)
    place = int(asked["start"] or 0)
    if place > length:
        raise InvalidQuestion(f"The document has {length:,} characters; {sent.id!r} is beyond.")
    start = place if asked["end"] is None else max(0, place - _BEFORE_CHARS)
    end = min(length, start + _FETCHED_CHARS)
    following = f"{summary.id}@{document.version}#{end}" if end < length else None
    body = FetchedBody(
        id=sent.id,
        title=document.title,
        text=Span(start, end).cut(document.text),
        url=document_url(desk.base, summary.id, document.version, start, end),
        metadata=FetchedMetadataBody(
            document_id=summary.id,
            version=document.version,
            collection=summary.collection,
            published=document.published.value if document.published else None,
            source_url=document.source_url,
            start=start,
            end=end,
            characters=length,
            next=following,
        ),
    )
    told = f"{body.title}, characters {start}–{end} of {length}\n\n{body.text}"
    on = f"\n\nFetch {following} to read on." if following else ""
    return body, f"{inert(told)}{on}"


def _ask(desk: Desk, sent: AskIn) -> tuple[AnswerBody, str]:
    answer = begin(
        desk.service, desk.view, sent.question, sent.collection, earlier=sent.earlier
    ).answer()
    told = [prose(answer, closest=False).text, source_list(answer, links_below(desk.base))]
    return answer, "\n\n".join(part for part in told if part)


TOOLS: dict[str, Tool[Any, Any]] = {
    one.name: one
    for one in (
        Tool(
            name="search",
            title="Search the documents",
            description="Find passages of the documents that fit a query, best first.",
            takes=SearchIn,
            gives=FoundsBody,
            call=_search,
        ),
        Tool(
            name="fetch",
            title="Read a document",
            description="Read the text around a search result, or a document from its beginning.",
            takes=FetchIn,
            gives=FetchedBody,
            call=_fetch,
        ),
        Tool(
            name="ask",
            title="Ask the documents",
            description=(
                "Answer a question from the documents. Every statement comes with verbatim quotes and their "
                "exact places, which were checked; if the documents do not say, neither does the answer."
            ),
            takes=AskIn,
            gives=AnswerBody,
            call=_ask,
        ),
    )
}
