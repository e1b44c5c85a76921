"""Answers that are sentences of the documents themselves: no model writes a word, so none can invent one."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from rag.analysis import words
from rag.beside import continuing, corrected, says_there_is_none, with_before
from rag.dating import dated
from rag.event_composition import EventComposer
from rag.evidence import Evidence
from rag.mechanisms import EVERY, Mechanism
from rag.protocols import Composed
from rag.question import Form, Kind, Query, understand
from rag.question.happenings import neighbour
from rag.reading import Candidate, Ranked, SentenceReader, as_stated
from rag.reasons import with_reason
from rag.rows import table_of
from rag.sources import meant
from rag.temporal import find
from rag.timeliness import Timeliness, newest_first
from rag.types import Abstention, Answer, DocumentId, Quote, Response, Searched, Statement
from rag.values import denies, has_look, may_answer

EXTRACTIVE = "extractive"
_PASSAGES = 20  # that are read where a question is searched for in other words
_PASSAGES_OF_SOME = 60  # where some documents alone are to be heard
_TELLING = 2  # words and names that a part of a double question must have to be asked by itself
_SEVERAL = 0.6  # in the place of `keep_above` where several values are asked for: they stand in unlike sentences
_NEARLY = 0.8  # of the best sentence's rank
_LONGEST_TABLE = 12  # rows, of one that is told whole
_CLOSEST = 3  # sentences that an abstention shows
# In few passages the words that are missing weigh more, and less fits by chance: by so much less may fit then, and by
# so much where the ranker takes a sentence for more likely to answer than not. The latter ends where there are many.
_ALLOWANCE, _LIKELY_ALLOWANCE = 0.15, 0.25
_FEW_PASSAGES, _MANY_PASSAGES = 20, 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceComposer:
    """Quotes the sentences that fit a question best, or abstains when none fits well enough.

    Attributes:
        statements: At the most.
        abstain_below: The fit of the best sentence that may hold the value, whatever its time, under which there is
            no answer; in a collection of fewer than 20 passages as much as 0.15 less.
        keep_above: Share of the best sentence's rank that a further one must reach.
        mechanisms: What it makes use of.
    """

    reader: SentenceReader
    events: EventComposer
    statements: int
    abstain_below: float
    keep_above: float
    mechanisms: Collection[Mechanism] = EVERY

    def compose(self, question: str, evidence: Evidence) -> Composed:
        """See `AnswerComposer.compose`."""
        query = understand(question)
        response = self._of_events(query, evidence) or self._of_sentences(query, evidence)
        return Composed(response=response, composer=EXTRACTIVE)

    def _of_events(self, query: Query, evidence: Evidence) -> Response | None:
        if query.per_event:
            return self.events.compose(query, evidence) if self._does(Mechanism.ROWS) else None
        other = neighbour(query.text) if self._does(Mechanism.NEIGHBOURS) else None
        return self.events.beside(query, other, evidence) if other else None

    def _of_sentences(self, query: Query, evidence: Evidence) -> Response:
        parts = _asked_one_by_one(query) if self._does(Mechanism.PARTS) else []
        if not parts:
            return self._of_one(query, evidence, self.statements)
        each = max(1, self.statements // len(parts))
        responses = [self._of_one(one, evidence, each) for one in parts]
        answers = [one for one in responses if isinstance(one, Answer)]
        if not answers:
            return responses[0]
        told = {one.quotes: one for answer in answers for one in answer.statements}
        asked = zip(parts, responses, strict=True)
        missing = (one.text for one, response in asked if isinstance(response, Abstention))
        return Answer(statements=tuple(told.values()), missing=tuple(missing))

    def _of_one(self, query: Query, evidence: Evidence, most: int) -> Response:
        times = Timeliness(query=query, counts=self._does(Mechanism.TIMES))
        if query.documents and self._does(Mechanism.SOURCES):
            found = evidence.search(query.text, _PASSAGES_OF_SOME)
            ids = frozenset().union(
                *(meant(one, found.documents.values()) for one in query.documents)
            )
            response = self._read(query, times, query.asked, found, most, of=ids) if ids else None
            if isinstance(response, Answer):
                return response
        framed = self._does(Mechanism.FRAMES) and not query.documents
        text = query.asked if framed else query.text
        if text != evidence.query:
            evidence = evidence.search(text, _PASSAGES)
        return self._read(query, times, text, times.widened(text, evidence), most)

    def _read(
        self,
        query: Query,
        times: Timeliness,
        text: str,
        evidence: Evidence,
        most: int,
        of: Collection[DocumentId] | None = None,
    ) -> Response:
        """What the sentences say, of these documents or all, held against a wording of the question.

        Where none says enough, a time that its document says of all of them need not stand in it.
        """

        def read(known: Callable[[Candidate], str]) -> Response:
            candidates = self.reader.candidates(text, evidence, known)
            heard = [one for one in candidates if of is None or one.document.id in of]
            newest = newest_first(query, heard)
            ranked = self.reader.ranked(text, heard, lambda one: times(one) + newest(one))
            return self._response(query, times, ranked, evidence.searched, most)

        response = read(lambda _: "")
        return read(times.known) if isinstance(response, Abstention) and query.time else response

    def _kept(self, ranked: Sequence[Ranked], share: float) -> list[Ranked]:
        """The sentences that reach a share of the best one's rank."""
        best = max((one.plain for one in ranked), default=0.0)
        least = min(best, share * best)  # it may be below zero
        return [one for one in ranked if one.plain >= least]

    def _fit(self, kept: Sequence[Ranked], collection: str) -> bool:
        """Whether a sentence fits well enough for an answer.

        In fewer passages less fits by chance, and less is taken by the ranker for more likely to answer than not.
        """
        least = self.abstain_below
        if any(one.fit >= least for one in kept):
            return True
        passages = max(1, self.reader.index.count(collection))
        allowance = _ALLOWANCE * max(0.0, 1 - passages / _FEW_PASSAGES)
        often = math.log(passages / _FEW_PASSAGES) / math.log(_MANY_PASSAGES / _FEW_PASSAGES)
        of_likely = _LIKELY_ALLOWANCE * min(1.0, max(0.0, 1 - often))

        def fits(one: Ranked) -> bool:
            likely = one.log_odds is not None and one.log_odds >= 0
            return one.fit >= least - (of_likely if likely else allowance)

        return any(map(fits, kept))

    def _does(self, mechanism: Mechanism) -> bool:
        return mechanism in self.mechanisms

    def _response(
        self,
        query: Query,
        times: Timeliness,
        ranked: Sequence[Ranked],
        searched: Searched,
        most: int,
    ) -> Response:
        several = query.expects_conflict or query.form in (Form.COMPARISON, Form.LIST)
        wide = several and self._does(Mechanism.SEVERAL)
        share = min(self.keep_above, _SEVERAL) if wide else self.keep_above
        kept = self._kept(ranked, share)
        if self._does(Mechanism.VALUES):
            days = (one.candidate.document.day for one in ranked)
            kept = _answering(query, kept, max(filter(None, days), default=None))
        fits = self._fit(kept, searched.collection)
        if self._does(Mechanism.CORRECTIONS):
            kept = [replace(one, candidate=corrected(one.candidate)) for one in kept]
        kept = _of_then(times, _apart(kept))
        if not fits:
            return Abstention(
                reason=why_not(searched),
                searched=searched,
                closest=tuple(one.candidate.quote for one in ranked[:_CLOSEST]),
            )
        if wide and query.expects_conflict:
            kept = _by_source(kept)
        dates = (
            dated(query, kept) if query.kind is Kind.DATE and self._does(Mechanism.DATES) else []
        )
        if dates and not several and not query.per_event:  # what else fits says no more
            return Answer(statements=tuple(one.statement for one in dates))
        others = [one for one in kept if all(one is not each.ranked for each in dates)]
        stated = _distinct(others)[: max(0, most - len(dates))]
        if query.form is Form.LIST and not query.time:  # which rows are of a time is not known
            stated = _with_whole_tables(stated)
            most = max(most, len(stated))
        why = query.kind is Kind.REASON and self._does(Mechanism.REASONS)
        told = _reasons(stated) if why else map(_statement, stated)
        statements = (*(one.statement for one in dates), *told)
        return Answer(statements=statements[:most])


def _answering(query: Query, kept: Sequence[Ranked], newest: dt.date | None) -> list[Ranked]:
    """Those that may hold the value, or deny something; none where no sentence does either.

    Names are only told by their capitals, and "who" may be nobody in particular: where one sentence holds a name,
    the others stay.
    """
    answering: list[Ranked] = []
    others: list[Ranked] = []
    for one in kept:
        if may_answer(query, one.candidate, newest) or denies(query, one.candidate.text):
            answering.append(one)
        elif (more := continuing(one.candidate)) and _goes_on(query, one.candidate, more, newest):
            answering.append(replace(one, candidate=with_before(more)))
        else:
            others.append(one)
    if not answering or query.kind not in (Kind.PERSON, Kind.ORGANISATION):
        return answering
    return sorted((*answering, *others), key=lambda one: -one.rank)


def _goes_on(query: Query, one: Candidate, more: Candidate, newest: dt.date | None) -> bool:
    """Whether a sentence gives the value, or says that there is none, of what the one before it names."""
    if says_there_is_none(more.text):
        return True
    if query.kind is Kind.DATE and (find(one.text) or not find(more.text)):
        return False
    return has_look(query) and may_answer(query, more, newest)


def _apart(kept: Sequence[Ranked]) -> list[Ranked]:
    """Those that do not stand in what a better one quotes."""
    apart: list[Ranked] = []
    for one in kept:
        quote = one.candidate.quote
        if not any(_overlaps(quote, each.candidate.quote) for each in apart):
            apart.append(one)
    return apart


def _by_source(ranked: Sequence[Ranked]) -> list[Ranked]:
    """The best sentence of each document, then the others, best first."""
    first = {one.candidate.document.id: one for one in reversed(ranked)}.values()
    return sorted(ranked, key=lambda one: not any(one is each for each in first))


def _of_then(times: Timeliness, kept: Sequence[Ranked]) -> list[Ranked]:
    """Those that tell of the time that is asked about, by their documents' alone, if they fit nearly as well as all."""
    of_then = [one for one in kept if times.tells_of_then(one.candidate)]
    best = max((one.plain for one in of_then), default=0.0)
    enough = _NEARLY * max((one.plain for one in kept), default=0.0)
    return of_then if of_then and best >= enough else list(kept)


def _asked_one_by_one(query: Query) -> list[Query]:
    """The parts of a double question, each with the names that it leaves out; none where one says too little."""
    parts = []
    for one in query.parts:
        left_out = [name for name in one.entities if name.lower() not in one.text.lower()]
        if len(one.terms) + len(left_out) < _TELLING:
            return []
        text = " ".join((one.text, *left_out))
        parts.append(replace(one, text=text, asked=text, documents=query.documents))
    return parts


def _with_whole_tables(ordered: Sequence[list[Ranked]]) -> list[list[Ranked]]:
    """The sentences, and in the place of two rows of a table or more all of it: a list with gaps misleads."""
    known = {_line(one.candidate): same for same in ordered for one in same}
    tables = [_table(same) for same in ordered]
    # not by the rows themselves, which differ where they are of several passages
    places = [_line(rows[0]) if rows else None for rows in tables]
    told: list[list[Ranked]] = []
    for at, (same, rows) in enumerate(zip(ordered, tables, strict=True)):
        if not rows or places.count(places[at]) < 2:
            told.append(same)
        elif places.index(places[at]) == at:
            unread = replace(same[0], log_odds=None)
            told += (known.get(_line(row), [replace(unread, candidate=row)]) for row in rows)
    return told


def _table(same: Sequence[Ranked]) -> list[Candidate]:
    """The rows of the table that a row stands in, in any source; none where there is none, or it is long."""
    for one in (each.candidate for each in same):
        rows = table_of(one.document.text, one.span)
        if 0 < len(rows) <= _LONGEST_TABLE:
            return [replace(one, span=span, share=0.0, before=None, after=None) for span in rows]
    return []


def _line(one: Candidate) -> tuple[DocumentId, int]:
    """Where the line begins that a sentence stands in."""
    return one.document.id, one.document.text.rfind("\n", 0, one.span.start) + 1


def _distinct(ranked: Sequence[Ranked]) -> list[list[Ranked]]:
    """The sentences, those of the same words together: one of these is stated, and all are quoted."""
    by_words: dict[tuple[str, ...], list[Ranked]] = {}
    for one in ranked:
        by_words.setdefault(tuple(words(one.candidate.text)), []).append(one)
    return [*by_words.values()]


def _statement(same: Sequence[Ranked]) -> Statement:
    return Statement(
        text=same[0].candidate.stated,
        quotes=tuple(dict.fromkeys(x for one in same for x in one.candidate.quotes)),
        score=same[0].fit,
        log_odds=same[0].log_odds,
    )


def _reasons(ordered: Sequence[Sequence[Ranked]]) -> list[Statement]:
    """Each sentence with the reason beside it, unless that was said before; what was said before is not said again."""
    told: list[Statement] = []
    said: list[Quote] = []
    for same in ordered:
        alone = [one.candidate.quote for one in same]
        beside = [with_reason(one.candidate) for one in same]
        fresh = (each for each in (beside, alone) if not any(_overlaps(each[0], x) for x in said))
        if not (quotes := next(fresh, None)):
            continue
        said += quotes
        text = as_stated(" ".join(quotes[0].text.split()))
        first = same[0]
        told.append(
            Statement(text=text, quotes=tuple(quotes), score=first.fit, log_odds=first.log_odds)
        )
    return told


def _overlaps(quote: Quote, other: Quote) -> bool:
    """Whether two quotes of one document overlap."""
    return quote.document_id == other.document_id and quote.span.overlaps(other.span)


def why_not(searched: Searched) -> str:
    """The reason of an abstention that found nothing to quote."""
    if searched.documents:
        return "The documents do not say this, or not plainly enough to quote."
    if searched.filtered:
        return "No document matches the filters, so nothing was searched."
    return "The collection holds no documents."
