"""How an answer is written as a chat completion, whole or in chunks.

The text of a stream leaves once the whole answer is known: by then the n-th of `search_results` has to be the source
of the marker `[n]`, and clients read that list with the first words only.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from api.citing import Link, source_id, source_name
from api.openai.wire import (
    SearchResultBody,
    UrlCitationBody,
    search_result,
    tokens_of,
    url_citation,
)
from api.prose import Prose, prose
from api.schemas import AnswerBody, CitationBody

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
    """

    model: str
    link: Link
    linked: bool
    framed: bool
    counted: bool = False

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
        yield from self.opening(_TASK_ID)
        yield self._chunk(_TASK_ID, {"content": reply})
        yield self._chunk(_TASK_ID, {}, finish_reason="stop")
        yield from self._taken(_TASK_ID, UsageBody())

    def opening(self, answer_id: str) -> Iterator[Chunk]:
        """The first chunk."""
        yield self._chunk(answer_id, {"role": "assistant", "content": ""})

    def rest(self, answer: AnswerBody) -> Iterator[Chunk]:
        """All chunks but the first."""
        if self.framed:
            yield from (_frame(one, self.link(one)) for one in answer.citations)
        text = self._prose(answer)
        told: Chunk = {"search_results": _dumped(self._search_results(answer))}
        for line in text.lines:
            yield self._chunk(answer.id, {"content": line}) | told
            told = {}
        annotations = [] if self.framed else self._annotations(answer, text)
        delta = {"annotations": _dumped(annotations)} if annotations else {}
        last = self._chunk(answer.id, delta, finish_reason="stop")
        yield last | {"citations": [self.link(one) for one in answer.citations]}
        yield from self._taken(answer.id, UsageBody.of(answer))

    def _prose(self, answer: AnswerBody) -> Prose:
        return prose(answer, self.link if self.linked else None)

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
            created=int(time.time()),
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
            "created": int(time.time()),
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
