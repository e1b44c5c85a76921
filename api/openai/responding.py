"""How an answer is written as a response of the Responses API, whole or in events.

Each marker has two annotations, since some clients read only `file_citation` and others only `url_citation`. The
quotes are the results of a file search that precedes the text.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from api.citing import Link
from api.openai.wire import tokens_of, url_citation
from api.prose import Prose, prose
from api.schemas import AnswerBody, CitationBody

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
    """

    model: str
    link: Link
    linked: bool
    previous: str | None

    def response(self, answer: AnswerBody) -> ResponseBody:
        """A whole answer."""
        output = [self._search(answer), self._message(answer, self._prose(answer))]
        return self._body(answer.id, output, ResponseUsageBody.of(answer))

    def opening(self, answer_id: str) -> Iterator[Event]:
        """The events that are due before the answer is known."""
        begun = self._body(answer_id).model_dump()
        yield {"type": "response.created", "response": begun}
        yield {"type": "response.in_progress", "response": begun}
        searching = _search_item(answer_id, "in_progress", [], [])
        yield _at(_SEARCH, "response.output_item.added", item=searching)
        for state in ("in_progress", "searching"):
            name = f"response.file_search_call.{state}"
            yield _at(_SEARCH, name, item_id=searching["id"])

    def rest(self, answer: AnswerBody) -> Iterator[Event]:
        """All other events."""
        found = self._search(answer)
        yield _at(_SEARCH, "response.file_search_call.completed", item_id=found["id"])
        yield _at(_SEARCH, "response.output_item.done", item=found)
        text = self._prose(answer)
        message = self._message(answer, text)
        begun = message | {"status": "in_progress", "content": []}
        yield _at(_MESSAGE, "response.output_item.added", item=begun)
        yield from _part_events(message["id"], message["content"][0], text)
        yield _at(_MESSAGE, "response.output_item.done", item=message)
        whole = self._body(answer.id, [found, message], ResponseUsageBody.of(answer))
        yield {"type": "response.completed", "response": whole.model_dump()}

    def _prose(self, answer: AnswerBody) -> Prose:
        return prose(answer, self.link if self.linked else None)

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

    def _message(self, answer: AnswerBody, text: Prose) -> Item:
        cited = {one.marker: one for one in answer.citations}
        annotations: list[Item] = []
        for mark in text.marks:
            one = cited[mark.marker]
            annotations.append(
                {
                    "type": "file_citation",
                    "file_id": one.document_id,
                    "filename": one.document_title,
                    "index": mark.start,
                }
            )
            place = url_citation(mark, one, self.link)
            annotations.append({"type": "url_citation", **place.model_dump()})
        part = {
            "type": "output_text",
            "text": text.text,
            "annotations": annotations,
            "logprobs": [],
        }
        return {
            "id": f"msg_{answer.id}",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [part],
        }

    def _body(
        self,
        answer_id: str,
        output: list[Item] | None = None,
        usage: ResponseUsageBody | None = None,
    ) -> ResponseBody:
        return ResponseBody(
            id=f"{PREFIX}{answer_id}",
            created_at=int(time.time()),
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


def _part_events(item_id: str, part: Item, text: Prose) -> Iterator[Event]:
    """The text and its annotations, once the message that holds them has begun."""

    def event(name: str, **said: Any) -> Event:
        return _at(_MESSAGE, f"response.{name}", item_id=item_id, content_index=0, **said)

    yield event("content_part.added", part=part | {"text": "", "annotations": []})
    for line in text.lines:
        yield event("output_text.delta", delta=line, logprobs=[])
    for place, annotation in enumerate(part["annotations"]):
        yield event("output_text.annotation.added", annotation=annotation, annotation_index=place)
    yield event("output_text.done", text=part["text"], logprobs=[])
    yield event("content_part.done", part=part)


def _at(place: int, name: str, **said: Any) -> Event:
    return {"type": name, "output_index": place, **said}
