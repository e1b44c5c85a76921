"""How an answer is written as a chat completion, whole or in chunks, of which each statement has its own.

A stream tells `search_results` behind the text, when the n-th of them is the source of the marker `[n]`: clients take
the first list that comes, and only from a chunk that has text, which may be empty.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from api.asking import Part
from api.citing import Link, source_id, source_name
from api.openai.wire import (
    SearchResultBody,
    UrlCitationBody,
    search_result,
    tokens_of,
    url_citation,
)
from api.prose import Prose, Telling, prose
from api.rendering import Told
from api.schemas import AnswerBody, CitationBody
from rag.library import Retrieved

_TASK_ID = "task"
Chunk = dict[str, Any]


class AnnotationBody(BaseModel):
    """A marker in the text, and what it cites."""

    type: Literal["url_citation"] = "url_citation"
    url_citation: UrlCitationBody


class CompletionMessageBody(BaseModel):
    """The answer's text."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None
    annotations: list[AnnotationBody]


class ChoiceBody(BaseModel):
    """The only one."""

    index: Literal[0] = 0
    message: CompletionMessageBody
    logprobs: None = None
    finish_reason: Literal["stop"] = "stop"


class UsageBody(BaseModel):
    """What a language model took for the answer; nothing where none was asked."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0

    @classmethod
    def of(cls, answer: AnswerBody) -> UsageBody:
        """What an answer took."""
        taken, given = tokens_of(answer)
        return cls(prompt_tokens=taken, completion_tokens=given, total_tokens=taken + given)


class CompletionBody(BaseModel):
    """An answer. `id` ends in that of the stored answer; the n-th of `search_results` is what `[n]` cites."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[ChoiceBody]
    usage: UsageBody = UsageBody()
    citations: list[str] = []
    search_results: list[SearchResultBody] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """How completions of one request are written.

    Attributes:
        model: As the client named it.
        link: Where a citation can be opened.
        linked: Whether markers are links.
        framed: Whether a stream tells sources as Open WebUI's events, and not by annotations: it would show each twice.
        counted: Whether a stream tells what the answer took.
        created: When it was asked, in seconds of Unix: one time for all chunks.
    """

    model: str
    link: Link
    linked: bool
    framed: bool
    counted: bool = False
    created: int = field(default_factory=lambda: int(time.time()))

    def completion(self, answer: AnswerBody) -> CompletionBody:
        """A whole answer."""
        text = self._prose(answer)
        return self._body(
            answer.id,
            text.text,
            annotations=self._annotations(answer, text),
            citations=[self.link(one) for one in answer.citations],
            search_results=self._search_results(answer),
            usage=UsageBody.of(answer),
        )

    def task(self, reply: str) -> CompletionBody:
        """The reply to a front end's own task."""
        return self._body(_TASK_ID, reply)

    def task_chunks(self, reply: str) -> Iterator[Chunk]:
        """The same in chunks."""
        yield self._opening(_TASK_ID)
        yield self._chunk(_TASK_ID, {"content": reply})
        yield self._chunk(_TASK_ID, {}, finish_reason="stop")
        yield from self._taken(_TASK_ID, UsageBody())

    def chunks(self, parts: Iterator[Part]) -> Iterator[Chunk]:
        """An answer as it comes."""
        telling = Telling(self._marking)
        answer_id, framed = "", 0
        for part in parts:
            match part:
                case Retrieved():
                    answer_id = part.id
                    yield self._opening(answer_id)
                case Told():
                    yield from self._frames(part.citations)
                    framed += len(part.citations)
                    yield from self._lines(answer_id, telling.line(part))
                case _:
                    yield from self._frames(part.citations[framed:])
                    yield from self._lines(answer_id, telling.rest(part))
                    yield from self._closing(part)

    def _opening(self, answer_id: str) -> Chunk:
        return self._chunk(answer_id, {"role": "assistant", "content": ""})

    def _frames(self, citations: Sequence[CitationBody]) -> Iterator[Chunk]:
        if self.framed:
            yield from (_frame(one, self.link(one)) for one in citations)

    def _lines(self, answer_id: str, text: Prose) -> Iterator[Chunk]:
        yield from (self._chunk(answer_id, {"content": line}) for line in text.lines)

    def _closing(self, answer: AnswerBody) -> Iterator[Chunk]:
        results = _dumped(self._search_results(answer))
        yield self._chunk(answer.id, {"content": ""}) | {"search_results": results}
        annotations = [] if self.framed else self._annotations(answer, self._prose(answer))
        delta = {"annotations": _dumped(annotations)} if annotations else {}
        last = self._chunk(answer.id, delta, finish_reason="stop")
        yield last | {"citations": [self.link(one) for one in answer.citations]}
        yield from self._taken(answer.id, UsageBody.of(answer))

    @property
    def _marking(self) -> Link | None:
        return self.link if self.linked else None

    def _prose(self, answer: AnswerBody) -> Prose:
        return prose(answer, self._marking)

    def _annotations(self, answer: AnswerBody, text: Prose) -> list[AnnotationBody]:
        cited = {one.marker: one for one in answer.citations}
        return [
            AnnotationBody(url_citation=url_citation(mark, cited[mark.marker], self.link))
            for mark in text.marks
        ]

    def _search_results(self, answer: AnswerBody) -> list[SearchResultBody]:
        return [search_result(one, self.link(one)) for one in answer.citations]

    def _body(
        self,
        answer_id: str,
        content: str,
        *,
        annotations: Sequence[AnnotationBody] = (),
        citations: Sequence[str] = (),
        search_results: Sequence[SearchResultBody] = (),
        usage: UsageBody | None = None,
    ) -> CompletionBody:
        message = CompletionMessageBody(content=content, annotations=list(annotations))
        return CompletionBody(
            id=_completion_id(answer_id),
            created=self.created,
            model=self.model,
            choices=[ChoiceBody(message=message)],
            usage=usage or UsageBody(),
            citations=list(citations),
            search_results=list(search_results),
        )

    def _taken(self, answer_id: str, usage: UsageBody) -> Iterator[Chunk]:
        """The chunk behind the last one, for those who ask what was used."""
        if self.counted:
            yield self._chunk(answer_id, {}) | {"choices": [], "usage": usage.model_dump()}

    def _chunk(self, answer_id: str, delta: Chunk, finish_reason: str | None = None) -> Chunk:
        return {
            "id": _completion_id(answer_id),
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
        }


def _completion_id(answer_id: str) -> str:
    return f"chatcmpl-{answer_id}"


def _frame(cited: CitationBody, url: str) -> Chunk:
    """A source as Open WebUI shows it: under a name that is no address, or it would merge or look up an icon."""
    name = source_id(cited)
    about: Chunk = {"source": name, "name": source_name(cited), "source_url": url}
    if cited.page is not None:
        about["page"] = cited.page - 1  # it counts from 0
    source = {"id": name, "name": cited.document_title}
    shown = {"source": source, "document": [cited.quote], "metadata": [about]}
    return {"event": {"type": "source", "data": shown}}


def _dumped(bodies: Sequence[BaseModel]) -> list[Chunk]:
    return [one.model_dump(mode="json") for one in bodies]
