"""Answers to questions for a date: the day, worked out, and the sentence that it was worked out from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.moments import Chronicles, Moment
from rag.question import Query
from rag.question.happenings import event_words
from rag.reading import Candidate, Ranked
from rag.temporal import behind_day, leading_day, overlaps, written
from rag.types import Statement

_NUMBER = re.compile(r"\d|\bcentur|\bago\b")
_ASKS_HOUR = re.compile(r"\b(?:what|which) (?:time(?! of (?:the )?year)|hour)\b", re.IGNORECASE)
_NEARLY = 0.9  # of the first sentence's rank


@dataclass(frozen=True, slots=True)
class Dating:
    """A sentence and the date that it gives."""

    ranked: Ranked
    moment: Moment

    @property
    def states_it(self) -> bool:
        """Whether the date stands in the sentence itself."""
        sentence = self.ranked.candidate.span
        return sentence.start <= self.moment.place.start < sentence.end

    def is_finer_than(self, other: Dating) -> bool:
        """Whether its days are some of the other's, 4 May and no longer May, of a sentence that holds as much."""
        mine, its = self.moment.interval, other.moment.interval
        inside = mine != its and its.first <= mine.first and mine.last <= its.last
        return inside and self.ranked.candidate.share >= other.ranked.candidate.share

    @property
    def statement(self) -> Statement:
        """The date and the sentence."""
        text = f"{written(self.moment.value)}: {told_on(self.moment, self.ranked.candidate)}"
        return dated_statement(text, [self.ranked.candidate], self.moment, self.ranked.fit)


def dated_statement(
    text: str, telling: Sequence[Candidate], moment: Moment | None, fit: float
) -> Statement:
    """A statement with the quotes that prove it: its sentences, and what its date was worked out from."""
    return Statement(
        text=text,
        quotes=tuple(
            dict.fromkeys(
                (
                    *(quote for one in telling for quote in one.quotes),
                    *(moment.quotes if moment else ()),
                )
            )
        ),
        score=fit,
        event=moment.dated if moment else None,
    )


def told_on(moment: Moment, one: Candidate) -> str:
    """What a sentence says, behind the day that it begins with if that is this moment's, as entries of a log do."""
    begins = leading_day(one.stated)
    return behind_day(one.stated) if begins and begins[1] == moment.value else one.stated


def dated(query: Query, ranked: Sequence[Ranked]) -> list[Dating]:
    """The sentences that date what was asked for, best first: one, or one a date if it is asked whether sources agree.

    A sentence that states a date itself goes before one that is dated by what stands around it, if it fits nearly
    as well as the first, and of two that agree the finer. Nothing where there is neither, where a better one has a
    number that may be a date of a form that is not understood, or where it is asked for the hour.
    """
    if _ASKS_HOUR.search(query.text):
        return []
    chronicles = Chronicles(event_words(query), spans=True)
    stated: list[Dating] = []
    around: list[Dating] = []
    best = max((one.rank for one in ranked), default=0.0)
    nearly = min(best, _NEARLY * best)  # it may be below zero
    for one in ranked:
        moment = chronicles.of(one.candidate.document).of(one.candidate.span)
        dating = Dating(one, moment) if moment else None
        counts = query.expects_conflict or one.rank >= nearly
        if dating and dating.states_it and (counts or any(map(dating.is_finer_than, stated))):
            stated.append(dating)
        elif stated or not _NUMBER.search(one.candidate.text):
            around += [dating] if dating else []
        elif not around:  # what is better than all that would follow may hold a date
            return []
    kept = _different(stated or around)
    return kept if query.expects_conflict else kept[:1]


def _different(dated: Sequence[Dating]) -> list[Dating]:
    """Those that do not agree with one before; of two that agree the finer."""
    kept: list[Dating] = []
    for one in dated:
        days = one.moment.interval
        same = (at for at, each in enumerate(kept) if overlaps(days, each.moment.interval))
        at = next(same, None)
        if at is None:
            kept.append(one)
        elif one.is_finer_than(kept[at]):
            kept[at] = one
    return kept
