"""Mutants of the engine, each a fault that a change of its code could bring, and changes that do no harm."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import numpy as np

from eval.answered import Answered, Cited
from rag.bootstrap import assemble
from rag.composition import EXTRACTIVE
from rag.evidence import Evidence
from rag.library import Library
from rag.mechanisms import Mechanism
from rag.protocols import AnswerComposer, Composed, Embedder, Selection
from rag.remembering import RememberingEmbedder
from rag.retrieval import HybridRetriever
from rag.temporal import Anchor, AnchorKind
from rag.types import (
    Answer,
    Filters,
    Quote,
    Response,
    ScoredPassage,
    Span,
    Statement,
    Vectors,
)
from tests.mutants.world import Mutant

Passages = tuple[ScoredPassage, ...]
Statements = tuple[Statement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Retriever(HybridRetriever):
    """Reorders or drops what the real one finds."""

    change: Callable[[Passages], Passages]

    def retrieve(self, query: str, selection: Selection, k: int) -> Passages:
        found = HybridRetriever.retrieve(self, query, selection, max(k, self.candidates))
        return self.change(found)[:k]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Elsewhere(HybridRetriever):
    """Finds passages of a neighbouring collection, in the place of its own or among them."""

    neighbours: Mapping[str, str]
    own: bool

    def retrieve(self, query: str, selection: Selection, k: int) -> Passages:
        other = self.index.select(self.neighbours[selection.collection], Filters())
        found = HybridRetriever.retrieve(self, query, other, k)
        if self.own:
            found += HybridRetriever.retrieve(self, query, selection, k)
        return tuple(sorted(found, key=lambda one: -one.score))[:k]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Composer:
    """Changes the question that the real composer sees, or the response that it gives."""

    inner: AnswerComposer
    question: Callable[[str], str] = lambda question: question
    response: Callable[[str, Response], Response]

    def compose(self, question: str, evidence: Evidence) -> Composed:
        composed = self.inner.compose(self.question(question), evidence)
        key = f"{evidence.searched.collection}/{question}"
        return replace(composed, response=self.response(key, composed.response))


@dataclass(frozen=True, slots=True)
class _AsOfToday:
    """Composes as if all words had been said and written on the day of the question."""

    inner: AnswerComposer

    def compose(self, question: str, evidence: Evidence) -> Composed:
        today = Anchor(value="2031-07-09", kind=AnchorKind.PUBLISHED, found_by="user")
        with (
            patch("rag.moments.anchor_of", lambda *_: today),
            patch("rag.temporal.entries.anchor_of", lambda *_: today),
        ):
            return self.inner.compose(question, evidence)


class _BentEmbedder(RememberingEmbedder):
    """Bends the vectors of the real one."""

    def __init__(self, inner: Embedder, bend: Callable[[Vectors], Vectors]) -> None:
        super().__init__(inner)
        self._bend = bend

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return self._bend(super().embed_queries(texts))

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._bend(super().embed_passages(texts))


def _retrieving(change: Callable[[Passages], Passages]) -> Mutant:
    def mutated(library: Library) -> Library:
        inner = library.retriever
        changed = _Retriever(
            index=inner.index,
            embedder=inner.embedder,
            candidates=inner.candidates,
            dense_weight=inner.dense_weight,
            change=change,
        )
        return replace(library, retriever=changed)

    return Mutant(engine=mutated)


def _searching_elsewhere(*, own: bool) -> Mutant:
    def mutated(library: Library) -> Library:
        inner = library.retriever
        names = [one.name for one in library.store.collections()]
        leaking = _Elsewhere(
            index=inner.index,
            embedder=inner.embedder,
            candidates=inner.candidates,
            dense_weight=inner.dense_weight,
            neighbours=dict(zip(names, [*names[1:], names[0]], strict=True)),
            own=own,
        )
        return replace(library, retriever=leaking)

    return Mutant(engine=mutated)


def _responding(response: Callable[[str, Response], Response]) -> Mutant:
    def mutated(library: Library) -> Library:
        composer = _Composer(inner=library.composers[EXTRACTIVE], response=response)
        return replace(library, composers={EXTRACTIVE: composer})

    return Mutant(engine=mutated)


def _stating(change: Callable[[str, Statements], Statements]) -> Mutant:
    """A mutant of the statements of an answer; abstentions stay."""

    def changed(key: str, response: Response) -> Response:
        if not isinstance(response, Answer):
            return response
        return Answer(statements=change(key, response.statements))

    return _responding(changed)


def _as_of_today(library: Library) -> Library:
    return replace(library, composers={EXTRACTIVE: _AsOfToday(library.composers[EXTRACTIVE])})


def _embedding(bend: Callable[[Vectors], Vectors]) -> Mutant:
    return Mutant(
        engine=lambda library: assemble(
            library.settings, library.store, _BentEmbedder(library.embedder, bend)
        )
    )


def _set(group: str, **values: Any) -> Mutant:
    def mutated(library: Library) -> Library:
        changed = getattr(library.settings, group).model_copy(update=values)
        settings = library.settings.model_copy(update={group: changed})
        return assemble(settings, library.store, library.embedder)

    return Mutant(engine=mutated)


def _citing(change: Callable[[Answered, Cited], Cited]) -> Mutant:
    """A mutant of citations between the last check and whoever asked."""

    def changed(answered: Answered) -> Answered:
        return replace(
            answered, citations=tuple(change(answered, one) for one in answered.citations)
        )

    return Mutant(answer=changed)


def _lexical_alone(found: Passages) -> Passages:
    kept = [replace(one, dense=None, dense_rank=None) for one in found if one.lexical_rank]
    return tuple(sorted(kept, key=lambda one: one.lexical_rank or 0))


def _dense_alone(found: Passages) -> Passages:
    kept = [replace(one, lexical=None, lexical_rank=None) for one in found if one.dense_rank]
    return tuple(sorted(kept, key=lambda one: one.dense_rank or 0))


def _constant(vectors: Vectors) -> Vectors:
    """The same direction for every text: a model that lost its weights."""
    flat = np.zeros_like(vectors)
    flat[:, 0] = 1
    return flat


def _rounded(vectors: Vectors) -> Vectors:
    """What another processor's order of additions does."""
    noise = np.random.default_rng(0).normal(0, 1e-7, vectors.shape)
    bent = (vectors + noise).astype(np.float32)
    return np.asarray(bent / np.linalg.norm(bent, axis=1, keepdims=True), np.float32)


def _shuffling() -> Mutant:
    drawn = random.Random(0)  # noqa: S311 # no secret
    return _stating(lambda _, said: tuple(drawn.sample(said, len(said))))


def _with_an_invention(key: str, said: Statements) -> Statements:
    invented = "Nobody objected, and the matter was settled within a fortnight."
    return (*said, replace(said[0], text=invented))


def _with_other_numbers(key: str, said: Statements) -> Statements:
    return tuple(
        replace(one, text=re.sub(r"\d", lambda digit: str((int(digit[0]) + 1) % 10), one.text))
        for one in said
    )


def _with_the_next_quotes(key: str, said: Statements) -> Statements:
    others = (*said[1:], said[0])
    return tuple(replace(one, quotes=other.quotes) for one, other in zip(said, others, strict=True))


def _remembering_too_much() -> Mutant:
    """Answers are remembered by how a question begins."""
    remembered: dict[str, Response] = {}

    def response(key: str, given: Response) -> Response:
        return remembered.setdefault(key.split()[0], given)

    return _responding(response)


def _quoting_everything(library: Library) -> Library:
    def whole(quote: Quote) -> Quote:
        document = library.store.document(quote.document_id, quote.version)
        return Quote.cut(document, Span(0, len(document.text)))

    def change(key: str, said: Statements) -> Statements:
        return tuple(replace(one, quotes=tuple(map(whole, one.quotes))) for one in said)

    return _stating(change).engine(library)


def _citing_old_versions(library: Library) -> Library:
    def old(quote: Quote) -> Quote:
        return replace(quote, version=library.store.versions(quote.document_id)[0])

    def change(key: str, said: Statements) -> Statements:
        return tuple(replace(one, quotes=tuple(map(old, one.quotes))) for one in said)

    return _stating(change).engine(library)


def _of_another_document(answered: Answered, cited: Cited) -> Cited:
    others = [one.document for one in answered.retrieved or () if one.document != cited.document]
    return replace(cited, document=others[0]) if others else cited


def _without_pdf(library: Library) -> Library:
    formats = {
        one.id: one.media_type
        for collection in library.store.collections()
        for one in library.store.summaries(collection.name)
    }

    def change(found: Passages) -> Passages:
        return tuple(one for one in found if formats[one.passage.document_id] != "application/pdf")

    return _retrieving(change).engine(library)


def _without_quotes(answered: Answered) -> Answered:
    bare = tuple(replace(one, citations=()) for one in answered.statements)
    return replace(answered, statements=bare, citations=())


def _with_a_dangling_marker(answered: Answered) -> Answered:
    said = tuple(replace(one, citations=(*one.citations, 99)) for one in answered.statements)
    return replace(answered, statements=said)


def _with_shifted_closest(answered: Answered) -> Answered:
    return replace(answered, closest=tuple(_shifted(one) for one in answered.closest))


def _slow(answered: Answered) -> Answered:
    return replace(answered, wall_ms=answered.wall_ms + 900, timings_ms={"compose": 900.0})


def _shifted(cited: Cited) -> Cited:
    return replace(cited, start=cited.start + 1, end=cited.end + 1)


# Each with what tells of it: words of a broken invariant, or a measure that got significantly worse.
MUTANTS: dict[str, tuple[Mutant, str]] = {
    "a quote is shifted by one character": (
        _citing(lambda _, one: _shifted(one)),
        "is not what stands at its place",
    ),
    "a citation names another document": (
        _citing(_of_another_document),
        "is not what stands at its place",
    ),
    "a quote is retyped": (
        _citing(lambda _, one: replace(one, quote=one.quote.upper())),
        "is not what stands at its place",
    ),
    "quotes are empty": (
        _citing(lambda _, one: replace(one, quote="", end=one.start)),
        "is not what stands at its place",
    ),
    "pages are off by one": (
        _citing(lambda _, one: replace(one, page=one.page + 1 if one.page else None)),
        "is not on page",
    ),
    "an answer has no quotes": (Mutant(answer=_without_quotes), "has no quote"),
    "a marker leads nowhere": (Mutant(answer=_with_a_dangling_marker), "not there: [99]"),
    "the closest quotes are shifted": (Mutant(answer=_with_shifted_closest), "closest quote 1"),
    "an old version is cited": (
        Mutant(engine=_citing_old_versions),
        "is not what stands at its place",
    ),
    "a neighbouring collection leaks": (
        _searching_elsewhere(own=True),
        "none of the suite's documents",
    ),
    "another collection is searched": (
        _searching_elsewhere(own=False),
        "none of the suite's documents",
    ),
    "a statement is counted twice": (
        _stating(lambda _, said: (*said, said[0])),
        "repeats statement 1",
    ),
    "statements are shuffled": (_shuffling(), "it has another answer"),
    "statements are reversed": (_stating(lambda _, said: said[::-1]), "evidence_rank"),
    "the first statement is dropped": (
        _stating(lambda _, said: said[1:] or said),
        "citation_recall",
    ),
    "only one statement is made": (_set("answers", statements=1), "correctness"),
    "an unsupported statement is added": (_stating(_with_an_invention), "statement_support"),
    "statements have each other's quotes": (_stating(_with_the_next_quotes), "statement_support"),
    "whole documents are quoted": (Mutant(engine=_quoting_everything), "citation_focus"),
    "dates are resolved against today": (Mutant(engine=_as_of_today), "correctness"),
    "numbers are off": (_stating(_with_other_numbers), "correctness"),
    "answers are remembered for other questions": (_remembering_too_much(), "correctness"),
    "what calls for abstaining is answered": (
        _set("answers", abstain_below=0.0, without=(Mechanism.VALUES,)),
        "wrong_answers",
    ),
    "every question is abstained from": (_set("answers", abstain_below=9.0), "correctness"),
    "lexical search is off": (_retrieving(_dense_alone), "search_halves"),
    "dense search is off": (_retrieving(_lexical_alone), "search_halves"),
    "the dense half weighs nothing": (_set("retrieval", dense_weight=0.0), "search_halves"),
    "the lexical half weighs nothing": (_set("retrieval", dense_weight=1.0), "search_halves"),
    "the model is blind": (_embedding(_constant), "ndcg_at_10"),
    "one passage is found": (_retrieving(lambda found: found[:1]), "recall_at_10"),
    "the ranking is upside down": (_retrieving(lambda found: found[::-1]), "mrr"),
    "the first passage is lost": (_retrieving(lambda found: found[1:]), "mrr"),
    "PDFs are not found": (Mutant(engine=_without_pdf), "recall_at_10"),
}

HARMLESS: dict[str, Mutant] = {
    "four questions are asked at a time": Mutant(workers=4),
    "questions come in another order": Mutant(order=lambda questions: questions[::-1]),
    "another processor rounds otherwise": _embedding(_rounded),
    "more candidates are fetched": _set("retrieval", candidates=100),
    "the dense half weighs a little more": _set("retrieval", dense_weight=0.72),
    "everything takes longer": Mutant(answer=_slow),
}
