"""Sentences of a time that a question asks about: "who was director in 2019", "by the report of May 2020"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from rag.evidence import Evidence
from rag.question import Form, Query, Relation
from rag.reading import Candidate
from rag.temporal import Interval, TimeExpression, Unit, find, overlaps, resolve, stated
from rag.types import Document, DocumentId, Filters, Span

_BONUS = 0.3  # Chosen on TimeQA and TAT-QA, of 0.15 to 0.5; SQuAD 2.0 is indifferent.
_YEAR_BONUS = (
    0.15  # of a sentence that states no time, in a document of the year that is asked about
)
_NEWEST_BONUS = 0.15  # of the newest document; 0.3 is no better on the suites
# Of a time that says when a document came out; a year's documents tell of many times.
_LONGEST_DAYS = 31
_PASSAGES = 20  # of each search
_LEAD_CHARS = 400  # of a text, in which it says what quarter it is about
_NTH = ("first", "second", "third", "fourth")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeliness:
    """What the times that a question sets say of sentences and documents.

    Where several values are asked for, some stand in sentences that state no time, and none goes before another.

    Attributes:
        counts: Whether any of it counts.
    """

    query: Query
    counts: bool = True
    _of_then: dict[DocumentId, bool] = field(default_factory=dict, init=False)
    _stated: dict[tuple[DocumentId, Span], list[Interval]] = field(default_factory=dict, init=False)

    def __call__(self, one: Candidate) -> float:
        """What speaks for a sentence that states days which a time of the question admits, or is of then otherwise.

        A stated range counts whole: "from 2017 to 2020" is of 2019, of which it has no word.
        """
        if not self._counts or not self.query.time:  # to find times takes some
            return 0.0
        said = self._times_of(one)
        if self._admits(said):
            return _BONUS
        if self.is_of_then(one.document) and not any(map(_is_short, said)):
            return _BONUS
        return _YEAR_BONUS if not said and self._is_of_that_year(one.document) else 0.0

    def tells_of_then(self, one: Candidate) -> bool:
        """Whether a sentence of a document of then may tell of then: it does not state other days or months alone."""
        if not self.is_of_then(one.document):
            return False
        said = self._times_of(one)
        return not any(map(_is_short, said)) or self._admits(said)

    def known(self, one: Candidate) -> str:
        """The words for the time that is asked about, of a sentence that tells of then since its document does."""
        if not self.query.time or not self._counts:
            return ""
        day = one.document.day
        if day is None or (self._times_of(one) and not self.tells_of_then(one)):
            return ""
        known = (
            each.expression.text
            for each in self.query.time
            if each.expression and each.interval and each.admits(Interval(day, day))
        )
        return " ".join(known)

    def _times_of(self, one: Candidate) -> list[Interval]:
        """As `_times_of`, looked for once: to find times takes some, and a sentence is asked for them thrice."""
        place = one.document.id, one.span
        if place not in self._stated:
            self._stated[place] = _times_of(one)
        return self._stated[place]

    def _admits(self, said: Sequence[Interval]) -> bool:
        """Whether a time of the question admits any of these."""
        asked = [each for each in self.query.time if each.interval]
        return any(each.admits(days) for days in said for each in asked)

    def _is_of_that_year(self, document: Document) -> bool:
        return document.day is not None and self._admits([Interval(document.day, document.day)])

    def is_of_then(self, document: Document) -> bool:
        """Whether a document came out on the day or in the month that is asked about, or is of that fiscal quarter."""
        if document.id not in self._of_then:
            self._of_then[document.id] = any(
                _came_out(document, days) or _is_called_by(document, days) for days, _ in self._days
            ) or any(_is_of(document, quarter) for quarter in self._quarters)
        return self._of_then[document.id]

    def widened(self, text: str, evidence: Evidence) -> Evidence:
        """The evidence, and what the documents of then hold of a question: others that are like them crowd them out."""
        for days, _ in self._days:
            among = Filters(published_after=days.first, published_before=days.last)
            evidence = evidence.with_those_of(evidence.search(text, _PASSAGES, among=among))
        names = [*(name for _, name in self._days), *map(_name_of, self._quarters)]
        found = (evidence.search(name, _PASSAGES).documents.values() for name in names)
        ids = frozenset(one.id for each in found for one in each if self.is_of_then(one))
        if ids:
            among = Filters(document_ids=ids)
            evidence = evidence.with_those_of(evidence.search(text, _PASSAGES, among=among))
        return evidence

    def foremost(self, text: str, evidence: Evidence) -> Evidence:
        """The same, with the passages of documents of then before the others."""
        widened = self.widened(text, evidence)
        ordered = sorted(
            widened.passages,
            key=lambda one: not self.is_of_then(widened.documents[one.passage.document_id]),
        )
        return replace(widened, passages=tuple(ordered))

    @property
    def _counts(self) -> bool:
        single = self.query.form is Form.SINGLE and not self.query.expects_conflict
        return self.counts and single

    @property
    def _days(self) -> Iterator[tuple[Interval, str]]:
        """The days and months that may be those at which documents came out, and how the question says them."""
        for one in self.query.time if self._counts else ():
            found = one.interval
            of_then = one.relation in (Relation.IN, Relation.AS_OF)
            if found and one.expression and of_then and _is_short(found):
                yield found, one.expression.text

    @property
    def _quarters(self) -> Iterator[TimeExpression]:
        """The fiscal quarters; the calendar does not tell which days those are."""
        for one in self.query.time if self._counts else ():
            if one.expression and _is_quarter(one.expression):
                yield one.expression


def newest_first(query: Query, candidates: Sequence[Candidate]) -> Callable[[Candidate], float]:
    """What speaks for a sentence by how new its document is among those of all, where it is asked how things stand."""
    if query.form is not Form.LATEST:
        return lambda _: 0.0
    days = sorted({day for one in candidates if (day := one.document.day)})
    share = {day: at / max(1, len(days) - 1) for at, day in enumerate(days)}
    return lambda one: _NEWEST_BONUS * share.get(one.document.day or dt.date.min, 0.0)


def _times_of(one: Candidate) -> list[Interval]:
    """The times that a sentence states, without its document's own date, which is that of all its sentences."""
    own = [date.span for date in one.document.dates if date.span]
    times = [(each.expression.span, each.days) for each in stated(one.document, one.span)]
    return [days.interval for place, days in times if not any(place.overlaps(x) for x in own)]


def _is_quarter(one: TimeExpression) -> bool:
    return one.fiscal and one.unit is Unit.QUARTER and bool(one.number and one.year)


def _name_of(quarter: TimeExpression) -> str:
    return f"FY{(quarter.year or 0) % 100:02} {_NTH[(quarter.number or 1) - 1]} quarter"


def _is_short(days: Interval) -> bool:
    return (days.last - days.first).days < _LONGEST_DAYS


def _came_out(document: Document, days: Interval) -> bool:
    dates = (document.published, document.recorded)
    return any(one is not None and days.first <= one.value <= days.last for one in dates)


def _is_called_by(document: Document, days: Interval) -> bool:
    """Whether a document's title states a day or month of these days: "Minutes of 14 January"."""
    found = (resolve(one, None) for one in find(document.title) if one.is_absolute)
    return any(one and _is_short(one.interval) and overlaps(one.interval, days) for one in found)


def _is_of(document: Document, quarter: TimeExpression) -> bool:
    """Whether a document's title or lead states a fiscal quarter."""
    said = find(f"{document.title}\n\n{document.text[:_LEAD_CHARS]}")
    return any(
        _is_quarter(one) and (one.year, one.number) == (quarter.year, quarter.number)
        for one in said
    )
