"""Who answers a suite's questions, and the library in this process as one that does.

The suite's documents are taken in by the ordinary ways, and answers are given as they are recorded.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from eval.answered import Answered, Cited, Contradiction, Event, Position, Said, Seen
from eval.places import Page, Source
from eval.revision import engine_hash
from eval.suite import Question, Suite, digest
from ingest.pipeline import Ingester
from rag.bootstrap import open_rag
from rag.errors import InputError, ModelError, StoreError
from rag.library import Found, Library, every_summary
from rag.settings import Settings
from rag.types import Abstention, Conflict, Document, Quote, Reply, ScoredPassage, Statement

logger = logging.getLogger(__name__)

PASSAGES = 50  # that retrieval is asked for
TAKEN_IN_FILE = "eval.json"  # in a data folder: of which revision each suite's collection is

Progress = Callable[[str, int, int], None]  # stage, done, total
Identity = Mapping[str, Any]


class CannotTakeIn(InputError):
    """A document of a suite that is not taken in."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"The document {name!r} is not taken in: {reason}")


class ServiceLost(Exception):
    """A service that does not answer any more, or not to us; what is done stays done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A suite whose documents are taken in.

    Attributes:
        sources: By name.
        identity: What answers, as far as answers depend on it: settings and models.
        ask: Answers a question; safe to call from many threads. A question that the service fails at gives
            an answer with an error. Raises `ServiceLost` once there is no service.
    """

    sources: Mapping[str, Source]
    identity: Identity
    ask: Callable[[Question], Answered]


class Service(Protocol):
    """What suites can be put to."""

    @property
    def identity(self) -> Identity:
        """What a run must be of to be gone on with."""

    def taking(self, suite: Suite, progress: Progress) -> AbstractContextManager[Asking]:
        """Take the suite's documents into a collection of its own.

        Raises:
            CannotTakeIn: one is not.
            ServiceLost: there is no service.
        """


@dataclass(frozen=True, slots=True)
class InProcess:
    """The library in this process, over a data folder; what another revision took in there is taken in anew."""

    data: Path

    @property
    def identity(self) -> Identity:
        """The settings that hold where a suite has none of its own."""
        return {"kind": "in process", "settings_fingerprint": settings_fingerprint(Settings())}

    @contextmanager
    def taking(self, suite: Suite, progress: Progress) -> Iterator[Asking]:
        """As `Service`; settings are the environment's with the suite's own over them."""
        settings = Settings(**suite.file.settings | {"data": self.data})
        with open_rag(settings) as library:
            _drop_what_others_took_in(library, suite)
            yield taken_in(library, suite, progress)


def _drop_what_others_took_in(library: Library, suite: Suite) -> None:
    """Empty the suite's collection if its documents are others, or were read and cut by other code."""
    path = library.settings.data / TAKEN_IN_FILE
    revision = {"documents": suite.documents_hash, "code": engine_hash()}
    noted = json.loads(path.read_text()) if path.exists() else {}
    there = {one.name for one in library.store.collections()}
    if suite.collection in there and noted.get(suite.collection) != revision:
        logger.warning("%s: documents of another revision are taken in anew", suite.name)
        library.store.purge(suite.collection)
    aside = path.with_name(f"{path.name}.new")
    aside.write_text(json.dumps({**noted, suite.collection: revision}, indent=1))
    os.replace(aside, path)  # noqa: PTH105 # its purpose is in its name


def settings_fingerprint(settings: Settings) -> str:
    """Names all settings but where the data lies."""
    return digest(settings.model_dump(mode="json", exclude={"data"}))


def taken_in(library: Library, suite: Suite, progress: Progress) -> Asking:
    """Take a suite's documents into a library; those that it knows are left as they are.

    Raises:
        CannotTakeIn: one yields no document.
    """
    outcomes = Ingester(library).add_files(suite.documents, suite.collection)
    for done, outcome in enumerate(outcomes, 1):
        if outcome.document is None:
            raise CannotTakeIn(outcome.path, outcome.reason or outcome.outcome)
        progress(f"{suite.name}: documents", done, len(suite.documents))
    sources = {
        one.id: _source(library.store.document(one.id))
        for one in every_summary(library.store, suite.collection)
    }
    identity = {
        "settings_fingerprint": settings_fingerprint(library.settings),
        "settings": library.settings.model_dump(mode="json", exclude={"data"}),
        "embedding_model": asdict(library.embedder.identity),
        "chat_model": library.settings.chat.model,
    }
    asked = _Asked(library, suite, {key: one.name for key, one in sources.items()})
    return Asking(
        sources={one.name: one for one in sources.values()}, identity=identity, ask=asked.ask
    )


def _source(document: Document) -> Source:
    return Source(
        name=document.source_key or document.id,
        version=document.version,
        title=document.title,
        media_type=document.media_type,
        text=document.text,
        pages=tuple(Page(start=one.span.start, number=one.number) for one in document.pages),
    )


def failed(suite: Suite, question: Question, error: str) -> Answered:
    """What becomes of a question that the service fails at."""
    return Answered(suite=suite.name, question=question.id, outcome="failed", error=error)


def _said(statement: Statement, markers: Mapping[Quote, int]) -> Said:
    dated = statement.event
    return Said(
        text=statement.text,
        citations=tuple(markers[quote] for quote in statement.quotes),
        event=None
        if dated is None
        else Event(
            date=dated.value,
            precision=dated.precision,
            rule=dated.rule,
            derived_from=markers[dated.quote],
        ),
    )


def _contradiction(conflict: Conflict, markers: Mapping[Quote, int]) -> Contradiction:
    return Contradiction(
        about=conflict.about,
        positions=tuple(
            Position(
                value=one.value,
                citations=tuple(markers[quote] for quote in one.quotes),
                independent_sources=one.independent_sources,
            )
            for one in conflict.positions
        ),
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """A library with a suite's documents; `names` are theirs by id, and whatever else is cited keeps its id."""

    library: Library
    suite: Suite
    names: Mapping[str, str]

    def ask(self, question: Question) -> Answered:
        collection = self.suite.collection
        k = min(PASSAGES, self.library.settings.limits.search_results)
        began = time.perf_counter()
        try:
            earlier = [turn.question for turn in question.history]
            reply = self.library.ask(question.question, collection=collection, earlier=earlier)
            wall_ms = (time.perf_counter() - began) * 1000
            seen = self.library.search(reply.standalone_question, collection=collection, k=k)
            return self._recorded(question, reply, seen, wall_ms)
        except (StoreError, ModelError) as error:
            raise ServiceLost(str(error)) from error
        except Exception as error:  # the edge of one question: the others are asked all the same
            logger.exception("question %s failed", question.id)
            return failed(self.suite, question, f"{type(error).__name__}: {error}")

    def _recorded(self, question: Question, reply: Reply, seen: Found, wall_ms: float) -> Answered:
        response = reply.response
        markers = {quote: number for number, quote in enumerate(response.quotes, 1)}
        cited = tuple(self._cited(quote, number, reply) for quote, number in markers.items())
        recorded = Answered(
            suite=self.suite.name,
            question=question.id,
            outcome=response.outcome,
            standalone=reply.standalone_question,
            confidence=reply.confidence,
            composer=reply.composer,
            degraded=reply.degraded,
            model=reply.model,
            timings_ms=dict(reply.timings_ms),
            wall_ms=wall_ms,
            retrieved=tuple(map(self._seen, seen.passages)),
        )
        if isinstance(response, Abstention):
            return replace(recorded, text=response.reason, closest=cited)
        return replace(
            recorded,
            text="\n".join(one.text for one in response.statements),
            statements=tuple(_said(one, markers) for one in response.statements),
            citations=cited,
            conflicts=tuple(_contradiction(one, markers) for one in response.conflicts),
            missing=response.missing,
        )

    def _cited(self, quote: Quote, marker: int, reply: Reply) -> Cited:
        document = reply.documents[quote.document_id, quote.version]
        return Cited(
            marker=marker,
            document=self.names.get(quote.document_id, quote.document_id),
            version=quote.version,
            start=quote.span.start,
            end=quote.span.end,
            quote=quote.text,
            page=document.place(quote.span).page,
        )

    def _seen(self, one: ScoredPassage) -> Seen:
        passage = one.passage
        return Seen(
            document=self.names.get(passage.document_id, passage.document_id),
            start=passage.span.start,
            end=passage.span.end,
            score=one.score,
            lexical_rank=one.lexical_rank,
            dense_rank=one.dense_rank,
        )
