"""A running server that answers a suite's questions, over HTTP."""

from __future__ import annotations

import json
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, cast

import httpx2 as httpx

from eval.answered import Answered, Cited, Contradiction, Event, Position, Said, Seen
from eval.asking import (
    PASSAGES,
    Asking,
    CannotTakeIn,
    Identity,
    Progress,
    ServiceLost,
    failed,
)
from eval.places import Page, Source
from eval.suite import Question, Suite

_TIMEOUT = httpx.Timeout(660, connect=10)  # a server waits 600 s for a document to be searchable
_LONGEST_WAIT_S = 60
_TRIES = 5


@contextmanager
def connected(url: str, key: str | None) -> Iterator[OverHttp]:
    """The server at a URL, opened by a key if it needs one."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    with httpx.Client(base_url=url.rstrip("/"), headers=headers, timeout=_TIMEOUT) as client:
        yield OverHttp(client)


@dataclass(frozen=True, slots=True)
class OverHttp:
    """A server, as a `Service`; `client` knows where it is, and its key."""

    client: httpx.Client

    @property
    def identity(self) -> Identity:
        """Where the server is, and its release.

        Raises:
            ServiceLost: it does not answer.
        """
        url = str(self.client.base_url)
        return {"kind": "over HTTP", "url": url, "server": self._version()}

    @contextmanager
    def taking(self, suite: Suite, progress: Progress) -> Iterator[Asking]:
        """As `Service`, into a collection that stays; known documents are not taken in again."""
        for done, document in enumerate(suite.documents, 1):
            self._upload(suite, document.key, document.path.read_bytes())
            progress(f"{suite.name}: documents", done, len(suite.documents))
        sources = {one["id"]: _source(one) for one in self._exported(suite.collection)}
        asked = _AskedOverHttp(self, suite, {key: one.name for key, one in sources.items()})
        yield Asking(
            sources={one.name: one for one in sources.values()},
            identity={"server": self._version()},
            ask=asked.ask,
        )

    def call(self, method: str, path: str, **sent: Any) -> httpx.Response:
        """Send a request, again and later where the server asks for that.

        Raises:
            ServiceLost: the server cannot be reached, does not let us in, or asks to wait for long.
        """
        for left in reversed(range(_TRIES)):
            with self._reached():
                response = self.client.request(method, path, **sent)
            if response.status_code in (401, 403):
                raise ServiceLost(f"The server does not let us in: {_detail(response)}")
            if response.status_code not in (429, 503) or not left:
                break
            time.sleep(_wait_s(response))
        return response

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            raise ServiceLost(
                f"The server at {self.client.base_url} does not answer: {error!r}"
            ) from error

    def _upload(self, suite: Suite, name: str, content: bytes) -> None:
        response = self.call(
            "POST",
            "/v1/documents",
            params={"wait": "true"},
            files={"file": (name, content)},
            data={"collection": suite.collection, "source_key": name},
        )
        if response.status_code not in (200, 201):
            raise CannotTakeIn(name, _detail(response))

    def _exported(self, collection: str) -> list[dict[str, Any]]:
        """The present versions of a collection's documents; the originals that follow them are not waited for."""
        path = f"/v1/collections/{collection}/export"
        with self._reached(), self.client.stream("GET", path) as response:
            if not response.is_success:
                response.read()
                raise ServiceLost(f"The server does not give {path}: {_detail(response)}")
            lines = _lines_of(response.iter_bytes())
        versions = [json.loads(line) for line in lines]
        return [one for one in versions if one["present"]]

    def _version(self) -> str:
        response = self.call("GET", "/openapi.json")
        try:
            return str(response.json()["info"]["version"])
        except (ValueError, KeyError, TypeError):
            return "unknown"


@dataclass(frozen=True, slots=True)
class _AskedOverHttp:
    """A server with a suite's documents; `names` are theirs by id, and whatever else is cited keeps its id."""

    server: OverHttp
    suite: Suite
    names: Mapping[str, str]

    def ask(self, question: Question) -> Answered:
        collection = self.suite.collection
        history = [
            {"role": role, "content": content}
            for turn in question.history
            for role, content in (("user", turn.question), ("assistant", turn.answer))
        ]
        began = time.perf_counter()
        response = self.server.call(
            "POST",
            "/v1/ask",
            json={"question": question.question, "collection": collection, "history": history},
        )
        wall_ms = (time.perf_counter() - began) * 1000
        if not response.is_success:
            return failed(self.suite, question, _detail(response))
        body = response.json()
        query = body["standalone_question"] or question.question
        seen = self.server.call(
            "POST", "/v1/search", json={"query": query, "k": PASSAGES, "collection": collection}
        )
        if not seen.is_success:
            return failed(self.suite, question, _detail(seen))
        return self._recorded(question, body, seen.json()["passages"], wall_ms)

    def _recorded(
        self,
        question: Question,
        body: Mapping[str, Any],
        passages: list[dict[str, Any]],
        wall_ms: float,
    ) -> Answered:
        abstention = body["abstention"] or {"closest": []}
        return Answered(
            suite=self.suite.name,
            question=question.id,
            outcome=body["outcome"],
            text="\n".join(one["text"] for one in body["statements"]) or body["text"],
            standalone=body["standalone_question"],
            statements=tuple(map(_said, body["statements"])),
            citations=tuple(map(self._cited, body["citations"])),
            closest=tuple(map(self._cited, abstention["closest"])),
            conflicts=tuple(map(_contradiction, body["conflicts"])),
            missing=tuple(body["missing"]),
            confidence=body["confidence"],
            composer=body["composer"],
            degraded=body["degraded"],
            model=body["model"],
            timings_ms=body["timings_ms"],
            wall_ms=wall_ms,
            retrieved=tuple(map(self._seen, passages)),
        )

    def _cited(self, one: Mapping[str, Any]) -> Cited:
        return Cited(
            marker=one["marker"],
            document=self.names.get(one["document_id"], one["document_id"]),
            version=one["document_version"],
            start=one["start"],
            end=one["end"],
            quote=one["quote"],
            page=one["page"],
        )

    def _seen(self, one: Mapping[str, Any]) -> Seen:
        return Seen(
            document=self.names.get(one["document_id"], one["document_id"]),
            start=one["start"],
            end=one["end"],
            score=one["score"],
            lexical_rank=one["ranks"]["lexical"],
            dense_rank=one["ranks"]["dense"],
        )


@dataclass(frozen=True, slots=True)
class _Pieces:
    """What arrives, as `tarfile` reads it."""

    pieces: Iterator[bytes]

    def read(self, size: int) -> bytes:  # noqa: ARG002 # any amount will do
        return next((one for one in self.pieces if one), b"")


def _lines_of(pieces: Iterator[bytes]) -> list[bytes]:
    """The lines of an export's parts `documents-1.jsonl` and so on, without waiting for what comes after them.

    Raises:
        ServiceLost: it ends early, or is no such archive.
    """
    lines: list[bytes] = []
    parts = 0
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", _Pieces(pieces)), mode="r|") as archive:
            for member in archive:
                content = archive.extractfile(member)
                if content is None or not member.name.endswith(".jsonl"):
                    break
                lines += content.read().splitlines()
                parts += 1
    except tarfile.TarError as error:
        raise ServiceLost("The server's export of the documents broke off.") from error
    if not parts:
        raise ServiceLost("The server's export of the documents is empty.")
    return lines


def _source(exported: Mapping[str, Any]) -> Source:
    """A document of an export (docs/operations.md)."""
    return Source(
        name=exported["source_key"] or exported["id"],
        version=exported["version"],
        title=exported["title"],
        media_type=exported["media_type"],
        text=exported["text"],
        pages=tuple(
            Page(start=start, number=number)
            for kind, (start, _), *fields in exported["locators"]
            if kind == "page"
            for number in fields[:1]
        ),
    )


def _wait_s(response: httpx.Response) -> int:
    """How long the server asks to wait.

    Raises:
        ServiceLost: longer than it is worth, as where the budget of the day is spent.
    """
    asked = response.headers.get("retry-after", "")
    wait_s = int(asked) if asked.isdecimal() else 1
    if wait_s > _LONGEST_WAIT_S:
        raise ServiceLost(f"The server asks to wait {wait_s:,} s: {_detail(response)}")
    return wait_s


def _said(one: Mapping[str, Any]) -> Said:
    event = one["event"]
    return Said(
        text=one["text"],
        citations=tuple(one["citations"]),
        event=event and Event(**{name: event[name] for name in Event.__slots__}),
    )


def _contradiction(one: Mapping[str, Any]) -> Contradiction:
    return Contradiction(
        about=one["about"],
        positions=tuple(
            Position(
                value=value["value"],
                citations=tuple(value["citations"]),
                independent_sources=value["independent_sources"],
            )
            for value in one["values"]
        ),
    )


def _detail(response: httpx.Response) -> str:
    """What a problem says, or the status where it is none."""
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"status {response.status_code}"
