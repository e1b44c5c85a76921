"""Answers that are sentences of the documents themselves: no model writes a word, so none can invent one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from rag.analysis import words
from rag.dating import dated
from rag.event_composition import EventComposer
from rag.evidence import Evidence
from rag.protocols import Composed
from rag.question import Kind, Query, understand
from rag.question.happenings import neighbour
from rag.reading import Ranked, SentenceReader
from rag.timeliness import timely
from rag.types import Abstention, Answer, Response, Searched, Statement

EXTRACTIVE = "extractive"
_CLOSEST = 3  # sentences that an abstention shows


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceComposer:
    """Quotes the sentences that fit a question best, or abstains when none fits well enough.

    Attributes:
        statements: At the most.
        abstain_below: The fit of the best sentence, whatever its time, under which there is no answer.
        keep_above: Share of the best sentence's rank that a further one must reach.
    """

    reader: SentenceReader
    events: EventComposer
    statements: int
    abstain_below: float
    keep_above: float

    def compose(self, question: str, evidence: Evidence) -> Composed:
        """See `AnswerComposer.compose`."""
        query = understand(question)
        response: Response | None = None
        if query.per_event:
            response = self.events.compose(query, evidence)
        elif meant := neighbour(question):
            response = self.events.beside(query, meant, evidence)
        if response is None:
            candidates = self.reader.candidates(question, evidence)
            ranked = self.reader.ranked(question, candidates, partial(timely, query))
            response = self._response(query, ranked, evidence.searched)
        return Composed(response=response, composer=EXTRACTIVE)

    def _response(self, query: Query, ranked: Sequence[Ranked], searched: Searched) -> Response:
        best = max(ranked, key=lambda one: one.plain, default=None)
        if best is None or best.fit < self.abstain_below:
            return Abstention(
                reason=why_not(searched),
                searched=searched,
                closest=tuple(one.candidate.quote for one in ranked[:_CLOSEST]),
            )
        least = min(best.plain, self.keep_above * best.plain)  # it may be below zero
        kept = [one for one in ranked if one.plain >= least]
        dates = dated(query, kept) if query.kind is Kind.DATE else []
        others = [one for one in kept if all(one is not each.ranked for each in dates)]
        distinct = _distinct(others)
        stated = [same[0] for same in distinct.values()][: max(0, self.statements - len(dates))]
        statements = (
            *(one.statement for one in dates),
            *(_statement(distinct[_said(one)]) for one in self.reader.ordered(query.text, stated)),
        )
        return Answer(statements=statements[: self.statements])


def _distinct(ranked: Sequence[Ranked]) -> dict[tuple[str, ...], list[Ranked]]:
    """By their words, the sentences that say the same: one of them is stated, and all are quoted."""
    by_words: dict[tuple[str, ...], list[Ranked]] = {}
    for one in ranked:
        by_words.setdefault(_said(one), []).append(one)
    return by_words


def _said(one: Ranked) -> tuple[str, ...]:
    return tuple(words(one.candidate.text))


def _statement(same: Sequence[Ranked]) -> Statement:
    return Statement(
        text=same[0].candidate.line,
        quotes=tuple(one.candidate.quote for one in same),
        score=same[0].fit,
    )


def why_not(searched: Searched) -> str:
    """The reason of an abstention that found nothing to quote."""
    if searched.documents:
        return "The documents do not say this, or not plainly enough to quote."
    if searched.filtered:
        return "No document matches the filters, so nothing was searched."
    return "The collection holds no documents."
