"""A client of the service for Python programs: the calls of `docs/http.md` that programs make most, with their types.

```python
with Client("http://127.0.0.1:8000", key="verse_…") as client:
    answer = client.ask("Who closed the north gate?")
    assert client.quoted(answer.citations[0]) == answer.citations[0].quote
```
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.parse import quote

import httpx2 as httpx
from pydantic import BaseModel, ValidationError

from api.schemas import (
    AnswerBody,
    CitationBody,
    DocumentBody,
    DocumentsBody,
    FiltersIn,
    Problem,
    RetrievedBody,
    SearchBody,
    StatementBody,
    StoredAnswerBody,
    TextBody,
    TurnIn,
)
from rag.types import DEFAULT_COLLECTION

Event = RetrievedBody | CitationBody | StatementBody | AnswerBody
_EVENTS: dict[str, type[Event]] = {
    "search_results": RetrievedBody,
    "citation": CitationBody,
    "statement": StatementBody,
    "answer": AnswerBody,
}
_TIMEOUT_S = 660.0  # the service waits for a document 600 s
_CONNECT_S = 10.0
_Body = TypeVar("_Body", bound=BaseModel)


class ServiceError(Exception):
    """The service refused a call, or failed.

    Attributes:
        problem: What it says; `type` names the kind, which `docs/problems.md` describes. None where something else
            than the service answered, whatever its status.
        status: Of the response.
        retry_after_s: When to try again, if it says so.
    """

    def __init__(
        self, message: str, status: int, problem: Problem | None, retry_after_s: int | None = None
    ) -> None:
        super().__init__(message)
        self.problem, self.status, self.retry_after_s = problem, status, retry_after_s


class Client:
    """A connection to a service; close it, or use it as a context. Safe to use from many threads.

    Args:
        url: Where the service is, with the prefix of a proxy if there is one.
        key: Where it asks for one.

    Raises:
        ServiceError: from every call, if it is refused or fails.
        httpx2.TransportError: from every call, if the service is not reached.
    """

    def __init__(self, url: str = "http://127.0.0.1:8000", *, key: str | None = None) -> None:
        self._http = httpx.Client(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {key}"} if key else None,
            timeout=httpx.Timeout(_TIMEOUT_S, connect=_CONNECT_S),
        )

    def ask(
        self,
        question: str,
        *,
        collection: str = DEFAULT_COLLECTION,
        history: Sequence[TurnIn] = (),
        filters: FiltersIn | None = None,
    ) -> AnswerBody:
        """An answer, or an abstention.

        Args:
            question: In words.
            collection: What is asked.
            history: Earlier turns of the conversation, oldest first.
            filters: Which documents may be seen; all if left out.
        """
        sent = _asked(question, collection, history, filters)
        return self._body(AnswerBody, "POST", "/v1/ask", json=sent)

    def stream(
        self,
        question: str,
        *,
        collection: str = DEFAULT_COLLECTION,
        history: Sequence[TurnIn] = (),
        filters: FiltersIn | None = None,
    ) -> Iterator[Event]:
        """An answer as it comes: what was found, each statement after the citations it names, and the whole.

        Args:
            question: As for `ask`, like the others.
            collection: What is asked.
            history: Earlier turns.
            filters: Which documents may be seen.
        """
        sent = _asked(question, collection, history, filters) | {"stream": True}
        with self._http.stream("POST", "/v1/ask", json=sent) as response:
            if not response.is_success:
                response.read()
                raise _error(response)
            for event in httpx.EventSource(response, max_event_size=None):
                if event.event == "error":
                    problem = Problem.model_validate_json(event.data)
                    raise ServiceError(problem.detail, problem.status, problem)
                if event.event in _EVENTS:
                    yield _EVENTS[event.event].model_validate_json(event.data)

    def search(
        self,
        query: str,
        *,
        k: int = 10,
        collection: str = DEFAULT_COLLECTION,
        filters: FiltersIn | None = None,
    ) -> SearchBody:
        """The k passages that fit best."""
        sent = {"query": query, "k": k, "collection": collection, **_filters(filters)}
        return self._body(SearchBody, "POST", "/v1/search", json=sent)

    def add(
        self,
        file: str | PathLike[str] | IO[bytes],
        *,
        collection: str = DEFAULT_COLLECTION,
        **fields: str,
    ) -> DocumentBody:
        """Add a document, and wait until it is searchable; known bytes are not added again.

        Args:
            file: Its path, or itself, opened for bytes.
            collection: Made by its first document.
            **fields: `title`, `published`, `source_key`, `source_url`, as for `POST /v1/documents`.
        """
        if isinstance(file, str | PathLike):
            with Path(file).open("rb") as opened:
                return self.add(opened, collection=collection, **fields)
        return self._body(
            DocumentBody,
            "POST",
            "/v1/documents",
            params={"wait": True},
            files={"file": file},
            data={"collection": collection, **fields},
        )

    def documents(self, collection: str | None = None) -> Iterator[DocumentBody]:
        """Every document of a collection, or of all that the key sees, fetched a page at a time."""
        params = {"collection": collection} if collection else {}
        while True:
            page = self._body(DocumentsBody, "GET", "/v1/documents", params=params)
            yield from page.documents
            if page.next_cursor is None:
                return
            params["cursor"] = page.next_cursor

    def delete(self, document_id: str) -> None:
        """Delete a document with all its versions."""
        self._call("DELETE", f"/v1/documents/{_part(document_id)}")

    def answer(self, answer_id: str) -> StoredAnswerBody:
        """An answer as it was given, and what today's documents say of its quotes."""
        return self._body(StoredAnswerBody, "GET", f"/v1/answers/{_part(answer_id)}")

    def quoted(self, citation: CitationBody) -> str:
        """What stands at a citation's place: exactly its quote, until the document is deleted."""
        return self._body(
            TextBody,
            "GET",
            f"/v1/documents/{citation.document_id}/text",
            params={
                "start": citation.start,
                "end": citation.end,
                "version": citation.document_version,
            },
        ).text

    def close(self) -> None:
        """Close what connections there are."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _body(self, kind: type[_Body], method: str, path: str, **sent: Any) -> _Body:
        response = self._call(method, path, **sent)
        try:
            return kind.model_validate_json(response.content)
        except ValidationError as error:
            raise _error(response) from error

    def _call(self, method: str, path: str, **sent: Any) -> httpx.Response:
        response = self._http.request(method, path, **sent)
        if not response.is_success:
            raise _error(response)
        return response


def _part(identifier: str) -> str:
    """An id as a part of a path."""
    return quote(identifier, safe="")


def _asked(
    question: str, collection: str, history: Sequence[TurnIn], filters: FiltersIn | None
) -> dict[str, Any]:
    turns = [one.model_dump() for one in history]
    return {
        "question": question,
        "collection": collection,
        "history": turns,
        **_filters(filters),
    }


def _filters(filters: FiltersIn | None) -> dict[str, Any]:
    return {"filters": filters.model_dump(mode="json")} if filters else {}


def _error(response: httpx.Response) -> ServiceError:
    after = response.headers.get("retry-after", "")
    retry_after_s = int(after) if after.isdecimal() else None
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        said = f"{response.status_code} {response.reason_phrase}".strip()
        message = f"{said}, from something else than the service, or from another version of it"
        return ServiceError(message, response.status_code, None, retry_after_s)
    return ServiceError(problem.detail, response.status_code, problem, retry_after_s)
