"""Answers that a chat model of fixed speed words, as clients of the service get them: how late, and without a stall?

A real server in a process of its own answers over a real connection to a scripted model in another one
(`eval.scripted_server`), first one question after the other and then many at once. The same prompts then go to the same
model through LangChain alone, which tells what the model and its client cost by themselves.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import httpx2 as httpx

from eval.latency import Times, times_of
from eval.peer import PeerFailed, serving
from eval.scripted import Progress, worded_by
from eval.scripted_server import Writing, Written, tokens
from eval.scripting import right_claims
from eval.suite import Suite
from ingest.pipeline import Ingester
from rag.bootstrap import open_rag
from rag.characters import one_line
from rag.chat_composition import CHAT
from rag.chat_reply import written_statements
from rag.settings import Settings

STATEMENTS = 5  # of an answer
MOST_CHECKING_CPU_MS = 30.0  # an answer, 95 % of them
MOST_CHECKING_WALL_MS = 120.0  # the same by the clock, which other work on the machine is part of
_OURS, _DIRECT = "scripted", "direct"  # what the model is called by who asks it
_SERVE = "import sys; from api.cli import main; sys.exit(main(sys.argv[1:]))"
_WARM = 2  # questions before the clock runs
_TIMEOUT_S = 120.0
_LOOK_S = 0.05  # between looks at whether the service's event loop runs

Asked = tuple[str, str]  # a collection and a question


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One answer as its client got it; times are of the machine's monotonic clock, in seconds.

    Attributes:
        question: As the model was asked it; empty where the answer broke off before that was told.
        statements: When each was there.
        parts_at: When something whole came: an event, a sign of life, a statement.
        by_model: It came whole, and the model worded it.
    """

    question: str
    asked_at: float
    statements: Sequence[Written]
    parts_at: Sequence[float]
    by_model: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """Answers of one kind, in milliseconds.

    Attributes:
        first: From the question to the first statement.
        written: From the question to the last token of that statement at the model.
        before: From the question to its prompt at the model.
        after: From a statement's last token at the model to the statement at the client.
        longest_after: Of all statements.
        longest_silence: Of one answer, from the question on.
        longest_stall: That the service's event loop kept a client waiting; None where there is no service.
        statements: That came, of so many `stated` by the model.
        failed: Answers that broke off, or that the model did not word although it stated something.
    """

    first: Times
    written: Times
    before: Times
    after: Times
    longest_after: float
    longest_silence: float
    longest_stall: float | None
    statements: int
    stated: int
    answers: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamReport:
    """What came of it.

    Attributes:
        checking_cpu_ms: What reading and verifying an answer of `STATEMENTS` takes of its thread's CPU time.
        checking_wall_ms: How long it takes by the clock, waits and other work on the machine included.
        sides: By what was measured.
    """

    checking_cpu_ms: Times
    checking_wall_ms: Times
    sides: Mapping[str, Streams]

    @property
    def failed(self) -> int:
        """Answers that failed, on whatever side."""
        return sum(one.failed for one in self.sides.values())

    @property
    def passed(self) -> bool:
        """Whether no answer failed, and verification keeps below the most that it may take, on both clocks."""
        return (
            not self.failed
            and self.checking_cpu_ms.p95_ms <= MOST_CHECKING_CPU_MS
            and self.checking_wall_ms.p95_ms <= MOST_CHECKING_WALL_MS
        )


def measure(
    suites: Sequence[Suite],
    answers: int,
    streams: int,
    tokens_per_s: float,
    progress: Progress,
) -> StreamReport:
    """Ask the questions of suites over their documents.

    Args:
        suites: None of their questions is asked twice: an answer would be remembered.
        answers: That are asked for one after the other.
        streams: That are asked for at once.
        tokens_per_s: Of each reply.
        progress: Told how far each step is.

    Raises:
        PeerFailed: there are too few questions, a process does not start, or `langchain-openai` is not installed.
    """
    asked = _questions(suites, _WARM + answers + streams)
    warm, alone, together = asked[:_WARM], asked[_WARM:-streams], asked[-streams:]
    model = [sys.executable, "-m", "eval.scripted_server", str(STATEMENTS), str(tokens_per_s)]
    with TemporaryDirectory() as folder, serving(model) as address:
        progress("verification", 0, 1)
        checked = _checked(Path(folder), suites, [*alone, *together])
        chat = {"MODEL": f"openai:{_OURS}", "BASE_URL": address}
        variables = {f"VERSE_CHAT__{name}": value for name, value in chat.items()}
        serve = [sys.executable, "-c", _SERVE, "serve", "--port", "0", "--json", "--data", folder]
        sides: dict[str, Streams] = {}
        with serving(serve, {**variables, "OPENAI_API_KEY": "none"}) as line:
            service = Service(json.loads(line)["url"])
            list(map(service.ask, warm))
            for name, questions, at_once in _phases(alone, together):
                progress(f"Chapterverse, {name}", 0, 1)
                with service.watched() as waits:
                    heard = _by_clients(service.ask, questions, at_once)
                sides[f"Chapterverse, {name}"] = streams_of(
                    heard, _writings(address, _OURS), max(waits)
                )
        prompts = _writings(address, _OURS)
        direct = _Direct(address)
        for name, questions, at_once in _phases(alone, together):
            progress(f"LangChain, {name}", 0, 1)
            same = [prompts[question] for _, question in questions if question in prompts]
            heard = _by_clients(direct.ask, same, at_once)
            sides[f"LangChain, {name}"] = streams_of(heard, _writings(address, _DIRECT), None)
    return StreamReport(
        checking_cpu_ms=times_of(checked.cpu_ms),
        checking_wall_ms=times_of(checked.wall_ms),
        sides=sides,
    )


def _phases(
    alone: Sequence[Asked], together: Sequence[Asked]
) -> Iterator[tuple[str, Sequence[Asked], int]]:
    yield "alone", alone, 1
    yield f"{len(together)} at once", together, len(together)


def _questions(suites: Sequence[Suite], count: int) -> list[Asked]:
    """Different questions of all suites, mixed, the same each time."""
    found = {one.question: suite.collection for suite in suites for one in suite.questions}
    if len(found) < count:
        raise PeerFailed(f"{count:,} questions are needed, and the suites hold {len(found):,}.")
    chosen = Random(count).sample(sorted(found), count)  # noqa: S311 # the same ones each time
    return [(found[one], one) for one in chosen]


@dataclass(slots=True)
class InProcess:
    """The scripted model without its server or its speed.

    Attributes:
        cpu_ms: Of each reply, the CPU time of its reader's thread between its parts. What other threads computed for it
            is no part of it; what others on the machine do to caches and clock rates is.
        wall_ms: The same by the clock.
    """

    name: str = "scripted"
    cpu_ms: list[float] = field(default_factory=list)
    wall_ms: list[float] = field(default_factory=list)

    def reply(self, system: str, user: str, *, within_s: float) -> Generator[str, None, None]:
        """The reply of the script to a prompt.

        Raises:
            RuntimeError: its parts are read on several threads, of which none has its CPU time.
        """
        del system, within_s
        cpu_s = wall_s = 0.0
        reader = threading.get_ident()
        try:
            for token, _ in tokens(right_claims(user, STATEMENTS)):
                began, began_cpu = time.perf_counter(), time.thread_time()
                try:
                    yield token
                finally:
                    if threading.get_ident() != reader:
                        raise RuntimeError("a reply is read on one thread, whose time is taken")
                    cpu_s += time.thread_time() - began_cpu
                    wall_s += time.perf_counter() - began
        finally:
            self.cpu_ms.append(cpu_s * 1000)
            self.wall_ms.append(wall_s * 1000)


def _checked(data: Path, suites: Sequence[Suite], questions: Sequence[Asked]) -> InProcess:
    """The model that was asked, with what its answers took; the data folder is filled for what follows."""
    with open_rag(Settings(data=data)) as library:
        for suite in suites:
            list(Ingester(library).add_files(suite.documents, suite.collection))
        model = InProcess()
        worded = worded_by(model, library)
        for collection, question in questions:
            worded.ask(question, collection=collection)
    return model


@dataclass(frozen=True, slots=True)
class Service:
    """The server that is measured."""

    url: str

    def ask(self, asked: Asked) -> Heard:
        """The answer to a question, read as it comes; one that breaks off is told as far as it came."""
        collection, question = asked
        sent = {"question": question, "collection": collection, "stream": True}
        asked_at = time.monotonic()
        parts_at: list[float] = []
        statements: list[Written] = []
        told, answer, ended = "", {}, False
        try:
            for at, name, body in self._events(sent):
                parts_at.append(at)
                match name:
                    case "search_results":
                        told = body["standalone_question"]
                    case "statement":
                        statements.append(Written(text=body["text"], at=at))
                    case "answer":
                        answer = body
                    case "done":
                        ended = True
        except httpx.TransportError:
            ended = False
        return Heard(
            question=told,
            asked_at=asked_at,
            statements=statements,
            parts_at=parts_at,
            by_model=ended and answer.get("composer") == CHAT and not answer["degraded"],
        )

    def _events(self, sent: Mapping[str, Any]) -> Iterator[tuple[float, str, Any]]:
        """When each event or sign of life came, its name, and what it holds."""
        name = ""
        url = f"{self.url}/v1/ask"
        with httpx.stream("POST", url, json=sent, timeout=_TIMEOUT_S) as response:
            for line in response.iter_lines():
                if line.startswith(":"):
                    yield time.monotonic(), "", None
                elif line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    at = time.monotonic()
                    yield at, name, json.loads(line.removeprefix("data: "))

    @contextmanager
    def watched(self) -> Iterator[list[float]]:
        """How many milliseconds `/livez`, which the event loop answers by itself, took each time meanwhile."""
        waits: list[float] = []
        done = threading.Event()

        def look() -> None:
            with httpx.Client(base_url=self.url, timeout=_TIMEOUT_S) as client:
                while not done.is_set():
                    began = time.monotonic()
                    client.get("/livez").raise_for_status()
                    waits.append((time.monotonic() - began) * 1000)
                    done.wait(_LOOK_S)

        with ThreadPoolExecutor(1) as watching:
            looking = watching.submit(look)
            try:
                yield waits
            finally:
                done.set()
            looking.result()


class _Direct:
    """The model through LangChain, and nothing around it.

    Raises:
        PeerFailed: `langchain-openai` is not installed.
    """

    def __init__(self, address: str) -> None:
        try:
            from langchain_openai import ChatOpenAI
        except ImportError as error:
            raise PeerFailed("langchain-openai is not installed.") from error
        self._model = ChatOpenAI(
            model=_DIRECT, base_url=address, api_key=lambda: "none", max_retries=0
        )

    def ask(self, asked: Writing) -> Heard:
        asked_at = time.monotonic()
        messages = [("system", asked.system), ("user", asked.prompt)]
        parts = (str(part.text) for part in self._model.stream(messages))
        statements = [
            Written(text=one.text, at=time.monotonic()) for one in written_statements(parts)
        ]
        return Heard(
            question=_question(asked),
            asked_at=asked_at,
            statements=statements,
            parts_at=[one.at for one in statements],
            by_model=True,
        )


def _by_clients(ask: Callable[[Any], Heard], asked: Sequence[Any], at_once: int) -> list[Heard]:
    with ThreadPoolExecutor(at_once) as clients:
        return list(clients.map(ask, asked))


def _writings(address: str, model: str) -> dict[str, Writing]:
    """What the model wrote for whoever called it so, by question."""
    found = httpx.get(f"{address}/writings").raise_for_status().json()
    writings = [
        Writing(**{**one, "statements": [Written(**each) for each in one["statements"]]})
        for one in found
    ]
    return {_question(one): one for one in writings if one.model == model}


def _question(writing: Writing) -> str:
    return writing.prompt.rpartition("\nQuestion: ")[2]


def streams_of(
    heard: Sequence[Heard], writings: Mapping[str, Writing], longest_stall: float | None
) -> Streams:
    """The figures of answers.

    Args:
        heard: As their clients got them.
        writings: As the model wrote them, by question.
        longest_stall: As for `Streams`.
    """
    written = [(one, writings[one.question]) for one in heard if one.question in writings]
    firsts: list[tuple[float, float]] = []  # seconds until written, and until heard
    after: list[float] = []
    for one, writing in written:
        sent_at = {one_line(each.text): each.at for each in writing.statements}
        both = [
            (sent_at[text], each.at)
            for each in one.statements
            if (text := one_line(each.text)) in sent_at
        ]
        firsts += [(sent - one.asked_at, at - one.asked_at) for sent, at in both[:1]]
        after += [(at - sent) * 1000 for sent, at in both]
    return Streams(
        first=times_of([at * 1000 for _, at in firsts]),
        written=times_of([sent * 1000 for sent, _ in firsts]),
        before=times_of([(each.began_at - one.asked_at) * 1000 for one, each in written]),
        after=times_of(after),
        longest_after=max(after, default=0.0),
        longest_silence=max(
            (
                (after - before) * 1000
                for one in heard
                for before, after in pairwise((one.asked_at, *one.parts_at))
            ),
            default=0.0,
        ),
        longest_stall=longest_stall,
        statements=len(after),
        stated=sum(len(each.statements) for _, each in written),
        answers=len(heard),
        failed=sum(_has_failed(one, writings.get(one.question)) for one in heard),
    )


def _has_failed(heard: Heard, writing: Writing | None) -> bool:
    return not heard.by_model and (writing is None or bool(writing.statements))
