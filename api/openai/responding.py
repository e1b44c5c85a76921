"""How an answer is written as a response of the Responses API, whole or in events, of which each statement has its own.

Each marker has two annotations, since some clients read only `file_citation` and others only `url_citation`. The
quotes are the results of a file search before the text; in a stream that item is done when the text is, since only then
all quotes are known.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

from pydantic import BaseModel

from api.asking import Part
from api.citing import Link
from api.openai.wire import tokens_of, url_citation
from api.prose import Prose, Telling, prose
from api.rendering import Told
from api.schemas import AnswerBody, CitationBody
from rag.library import Retrieved

PREFIX = "resp_"
Item = dict[str, Any]
Event = dict[str, Any]
_SEARCH, _MESSAGE = 0, 1  # places among the output's items


class ResponseUsageBody(BaseModel):
    """What a language model took for the answer; nothing where none was asked."""

    input_tokens: int = 0
    input_tokens_details: dict[str, int] = {"cached_tokens": 0}
    output_tokens: int = 0
    output_tokens_details: dict[str, int] = {"reasoning_tokens": 0}
    total_tokens: int = 0

    @classmethod
    def of(cls, answer: AnswerBody) -> ResponseUsageBody:
        """What an answer took."""
        taken, given = tokens_of(answer)
        return cls(input_tokens=taken, output_tokens=given, total_tokens=taken + given)


class ResponseBody(BaseModel):
    """An answer. `id` ends in that of the stored answer; `output` is what was found, and a message that cites it."""

    id: str
    object: Literal["response"] = "response"
    created_at: int
    status: Literal["in_progress", "completed"]
    model: str
    output: list[Item] = []
    previous_response_id: str | None
    error: None = None
    incomplete_details: None = None
    instructions: None = None
    metadata: dict[str, str] = {}
    parallel_tool_calls: bool = False
    temperature: None = None
    top_p: None = None
    tool_choice: Literal["none"] = "none"
    tools: list[Item] = []
    usage: ResponseUsageBody | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Responding:
    """How the response to one request is written.

    Attributes:
        model: As the client named it.
        link: Where a citation can be opened.
        linked: Whether markers are links.
        previous: The response that the request goes on from.
        created: When it was asked, in seconds of Unix: one time for all events.
    """

    model: str
    link: Link
    linked: bool
    previous: str | None
    created: int = field(default_factory=lambda: int(time.time()))

    def response(self, answer: AnswerBody) -> ResponseBody:
        """A whole answer."""
        output = [self._search(answer), self._message(answer)]
        return self._body(answer.id, output, ResponseUsageBody.of(answer))

    def events(self, parts: Iterator[Part]) -> Iterator[Event]:
        """An answer as it comes."""
        telling, places = Telling(self._marking), count()
        cited: dict[int, CitationBody] = {}
        answer_id = ""
        for part in parts:
            match part:
                case Retrieved():
                    answer_id = part.id
                    yield from self._opening(answer_id)
                case Told():
                    cited.update((one.marker, one) for one in part.citations)
                    yield from self._said(answer_id, telling.line(part), cited, places)
                case _:
                    cited.update((one.marker, one) for one in part.citations)
                    yield from self._said(answer_id, telling.rest(part), cited, places)
                    yield from self._closing(part)

    def _opening(self, answer_id: str) -> Iterator[Event]:
        begun = self._body(answer_id).model_dump()
        yield {"type": "response.created", "response": begun}
        yield {"type": "response.in_progress", "response": begun}
        searching = _search_item(answer_id, "in_progress", [], [])
        yield _at(_SEARCH, "response.output_item.added", item=searching)
        for state in ("in_progress", "searching", "completed"):
            name = f"response.file_search_call.{state}"
            yield _at(_SEARCH, name, item_id=searching["id"])
        message = _message_item(answer_id, "in_progress", [])
        yield _at(_MESSAGE, "response.output_item.added", item=message)
        yield _of_part("content_part.added", answer_id, part=_part("", []))

    def _said(
        self,
        answer_id: str,
        text: Prose,
        cited: Mapping[int, CitationBody],
        places: Iterator[int],
    ) -> Iterator[Event]:
        """Lines of the text, and then what their markers cite."""
        for line in text.lines:
            yield _of_part("output_text.delta", answer_id, delta=line, logprobs=[])
        for one in self._annotations(text, cited):
            yield _of_part(
                "output_text.annotation.added",
                answer_id,
                annotation=one,
                annotation_index=next(places),
            )

    def _closing(self, answer: AnswerBody) -> Iterator[Event]:
        whole = self.response(answer)
        found, message = whole.output
        [part] = message["content"]
        yield _of_part("output_text.done", answer.id, text=part["text"], logprobs=[])
        yield _of_part("content_part.done", answer.id, part=part)
        yield _at(_SEARCH, "response.output_item.done", item=found)
        yield _at(_MESSAGE, "response.output_item.done", item=message)
        yield {"type": "response.completed", "response": whole.model_dump()}

    @property
    def _marking(self) -> Link | None:
        return self.link if self.linked else None

    def _search(self, answer: AnswerBody) -> Item:
        results = [self._result(one) for one in answer.citations]
        return _search_item(answer.id, "completed", [answer.standalone_question], results)

    def _result(self, cited: CitationBody) -> Item:
        place = {
            "marker": cited.marker,
            "version": cited.document_version,
            "start": cited.start,
            "end": cited.end,
            "page": cited.page,
            "url": self.link(cited),
        }
        return {
            "file_id": cited.document_id,
            "filename": cited.document_title,
            "text": cited.quote,
            "attributes": {name: said for name, said in place.items() if said is not None},
        }

    def _message(self, answer: AnswerBody) -> Item:
        text = prose(answer, self._marking)
        cited = {one.marker: one for one in answer.citations}
        part = _part(text.text, list(self._annotations(text, cited)))
        return _message_item(answer.id, "completed", [part])

    def _annotations(self, text: Prose, cited: Mapping[int, CitationBody]) -> Iterator[Item]:
        for mark in text.marks:
            one = cited[mark.marker]
            yield {
                "type": "file_citation",
                "file_id": one.document_id,
                "filename": one.document_title,
                "index": mark.start,
            }
            place = url_citation(mark, one, self.link)
            yield {"type": "url_citation", **place.model_dump()}

    def _body(
        self,
        answer_id: str,
        output: list[Item] | None = None,
        usage: ResponseUsageBody | None = None,
    ) -> ResponseBody:
        return ResponseBody(
            id=f"{PREFIX}{answer_id}",
            created_at=self.created,
            status="in_progress" if output is None else "completed",
            model=self.model,
            output=output or [],
            previous_response_id=self.previous,
            usage=usage,
        )


def _search_item(answer_id: str, status: str, queries: list[str], results: list[Item]) -> Item:
    return {
        "id": f"fs_{answer_id}",
        "type": "file_search_call",
        "status": status,
        "queries": queries,
        "results": results,
    }


def _message_item(answer_id: str, status: str, content: list[Item]) -> Item:
    return {
        "id": f"msg_{answer_id}",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": content,
    }


def _part(text: str, annotations: list[Item]) -> Item:
    return {"type": "output_text", "text": text, "annotations": annotations, "logprobs": []}


def _of_part(name: str, answer_id: str, **said: Any) -> Event:
    return _at(_MESSAGE, f"response.{name}", item_id=f"msg_{answer_id}", content_index=0, **said)


def _at(place: int, name: str, **said: Any) -> Event:
    return {"type": name, "output_index": place, **said}
