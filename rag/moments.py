"""When things were that a text tells of: by what a sentence says, what stands before it, or what the text is about."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from rag.analysis import terms
from rag.rows import is_in_header, is_of_table, is_row
from rag.sentences import sentences
from rag.temporal import (
    Anchor,
    Base,
    Interval,
    Stated,
    anchor_of,
    find,
    is_moved_to,
    said_on,
    stated,
)
from rag.types import TO_THE_DAY, Dated, Document, DocumentId, Quote, Span, exactness

_LEAD_CHARS = 2_000  # of a text or a part of it, in which it says what it is about
_LOOK_BACK_CHARS = 300  # within a paragraph, whose sentences go on telling of one moment
_WORDS_BEFORE_CHARS = 12  # "since the "
_CLOSE_DAYS = 31  # between a text and what it is about
# Since or until when something holds.
_OF_A_SPAN = re.compile(r"\b(?:since|until|till)\s+(?:the\s+)?$", re.IGNORECASE)
# What tells one thing from others, as "the concert of next Friday", and not when something was.
_OF = re.compile(r"\bof\s+(?:the\s+)?$", re.IGNORECASE)
_NOW = re.compile(
    r"\b(?:now|currently|nowadays|these days|at present|at the moment"
    r"|(?:has|have) (?:been|held|had)\b[^.]{0,60}\bsince)\b",
    re.IGNORECASE,
)
_STATED = "stated"
_MONTH_OF_DOCUMENT = "month-of-document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A day, month or year, and how it was worked out.

    Attributes:
        place: Where the words stand that say it.
        quotes: What it was derived from, then what that was held against.
    """

    value: str
    rule: str
    place: Span
    quotes: tuple[Quote, ...]

    @property
    def interval(self) -> Interval:
        """The days it may be."""
        return Interval.of(self.value)

    @property
    def exactness(self) -> int:
        """As `rag.types.exactness`."""
        return exactness(self.value)

    @property
    def dated(self) -> Dated:
        """It, as statements carry it."""
        return Dated(value=self.value, rule=self.rule, quote=self.quotes[0])


class Chronicle:
    """When the sentences of one document are, for a question about one kind of event.

    Args:
        document: Whose sentences they are.
        event: Stems of the words for the event.
        spans: Whether what is asked for is a date: a day since or until which something holds is a moment too, and
            one that only tells a thing from others ("the concert of next Friday") is the last resort.
    """

    def __init__(self, document: Document, event: Collection[str], *, spans: bool = False) -> None:
        self.document = document
        self._event = frozenset(event)
        self._spans = spans
        self._sentences: dict[Span, tuple[Span, ...]] = {}
        self._own: dict[Span, Moment | None] = {}
        self._speaking: dict[Span, bool] = {}
        self._subjects: dict[Span, Moment | None] = {}
        self._around = _around_the_subject(document)

    def of(self, sentence: Span) -> Moment | None:
        """The moment that a sentence tells of: its own, that of the sentences before it, or the text's."""
        own = self.own(sentence)
        if own or self._is_of_another_event(sentence):
            return own
        return self._carried(sentence) or self.subject(sentence)

    def _is_of_another_event(self, sentence: Span) -> bool:
        """Whether it only says how long before or after something it was: what stands around it does not date it."""
        return any(one.base is Base.EVENT for one in find(self.document.text, sentence))

    def _carried(self, sentence: Span) -> Moment | None:
        """The moment of the sentences before it, unless it tells of the day on which it was said."""
        if _NOW.search(sentence.cut(self.document.text)):
            return None
        return self._before(sentence)

    def own(self, sentence: Span) -> Moment | None:
        """Of the moments that a sentence states the most exact; of those, the one nearest to an event word."""
        if sentence not in self._own:
            self._own[sentence] = self._most_exact(sentence)
        return self._own[sentence]

    def _most_exact(self, sentence: Span) -> Moment | None:
        found = [
            one for each in stated(self.document, sentence) if (one := self._moment(each, sentence))
        ]
        words = list(self._event_words(sentence))

        def worth(one: Moment) -> tuple[bool, int, bool, int]:
            away = min((abs(one.place.start - at) for at in words), default=0)
            of_a_noun = self._spans and self._follows(_OF, one.place)
            return not is_moved_to(self.document.text, one.place), -one.exactness, of_a_noun, away

        return min(found, key=worth, default=None)

    def days(self, row: Span) -> tuple[Interval, ...]:
        """The days that stand in a row of a table; none where it is no row."""
        if not is_of_table(self.document.text, row):
            return ()
        found = (each.days for each in stated(self.document, row))
        return tuple(
            one.interval for one in found if one.value and exactness(one.value) == TO_THE_DAY
        )

    def mentions(self, sentence: Span) -> bool:
        """Whether a sentence speaks of such an event, or is a dated row of a table in a text that does."""
        if self._names_event(sentence):
            return True
        if not is_of_table(self.document.text, sentence) or self.own(sentence) is None:
            return False
        return any(self._speaks_of_it(block) for block in self._blocks(sentence))

    def is_announced(self, moment: Moment) -> bool:
        """Whether the moment was still to come when the text was written."""
        anchor = said_on(self.document, moment.place)
        return anchor is not None and moment.interval.first > anchor.interval.last

    def subject(self, sentence: Span) -> Moment | None:
        """When the event was that the text around a sentence is about, as far as it says so."""
        for block in self._blocks(sentence):
            if block not in self._subjects:
                self._subjects[block] = self._subject(block)
            if found := self._subjects[block]:
                return found
        return None

    def _blocks(self, sentence: Span) -> Iterator[Span]:
        """The part of the text that a sentence stands in, and, where it is no mail, the whole text."""
        text = Span(0, len(self.document.text))
        parts = self.document.parts or self.document.sections
        yield from (one.span for one in parts if one.span.start <= sentence.start < one.span.end)
        if not self.document.parts:
            yield text

    def _subject(self, block: Span) -> Moment | None:
        """When the event was that a part of the text is about: what its lead says, or else the document's month.

        A lead that speaks of the event may date it in another sentence: by a day close to the document's own.
        """
        lead = self._lead(block)
        mentioning = [one for one in lead if self.mentions(one)]
        if not mentioning and not self._is_about(block):
            return None
        anchor = anchor_of(self.document, block)
        dated = [(one, moment) for one in lead if (moment := self.own(one))]
        for sentence, moment in dated:
            if sentence in mentioning and moment.exactness == TO_THE_DAY:
                return moment
        for _, moment in dated:
            if anchor and _close(moment, anchor):
                return moment
        for sentence, moment in dated:
            if sentence in mentioning:
                return moment
        place = mentioning[0] if mentioning else next(iter(lead), None)
        if anchor is None or place is None:
            return None
        quotes = (anchor.quote or Quote.cut(self.document, place),)
        return Moment(value=anchor.value[:7], rule=_MONTH_OF_DOCUMENT, place=place, quotes=quotes)

    def _lead(self, block: Span) -> tuple[Span, ...]:
        return self._said(Span(block.start, min(block.end, block.start + _LEAD_CHARS)))

    def _speaks_of_it(self, block: Span) -> bool:
        """Whether the headings or the lead of a part of the text name such an event."""
        if block not in self._speaking:
            self._speaking[block] = self._is_about(block) or any(
                self._names_event(one) for one in self._lead(block)
            )
        return self._speaking[block]

    def _is_about(self, block: Span) -> bool:
        headings = self.document.headings(block)
        return any(not self._event.isdisjoint(terms(one)) for one in headings)

    def _before(self, sentence: Span) -> Moment | None:
        """The moment stated last before a sentence in its paragraph, or in what was spoken before it."""
        start = max(sentence.start - _LOOK_BACK_CHARS, 0)
        if not self.document.times:
            start = max(self.document.text.rfind("\n\n", 0, sentence.start) + 2, start)
        if start >= sentence.start:
            return None
        for earlier in reversed(self._said(Span(start, sentence.start))):
            if moment := self.own(earlier):
                return moment
        return None

    def _moment(self, time: Stated, sentence: Span) -> Moment | None:
        place, anchor, found = time.expression.span, time.anchor, time.days
        if found.value is None or time.expression.base is Base.EVENT:
            return None
        if any(one.start <= place.start < one.end for one in self._around):
            return None
        said = sentence.cut(self.document.text)
        if is_row(said) and is_in_header(said, place.start - sentence.start):
            return None
        ends_a_span = self._follows(_OF_A_SPAN, place) and not is_moved_to(
            self.document.text, place
        )
        if not self._spans and ends_a_span:
            return None
        if (
            found.rule == _STATED
            and anchor
            and found.value == anchor.value
            and not self._names_event(sentence)
        ):
            return None  # a dateline that the document's date was not read from
        held_against = [anchor.quote] if found.by_anchor and anchor and anchor.quote else []
        quotes = (Quote.cut(self.document, sentence), *held_against)
        return Moment(value=found.value, rule=found.rule, place=place, quotes=quotes)

    def _names_event(self, sentence: Span) -> bool:
        return any(True for _ in self._event_words(sentence))

    def _follows(self, words: re.Pattern[str], place: Span) -> bool:
        """Whether a place stands directly behind such words."""
        before = max(0, place.start - _WORDS_BEFORE_CHARS)
        return words.search(self.document.text, before, place.start) is not None

    def _event_words(self, sentence: Span) -> Iterator[int]:
        """Where the words for the event begin in a sentence, in code points of the text."""
        at = sentence.start
        for word in sentence.cut(self.document.text).split():
            at = self.document.text.index(word, at)
            if not self._event.isdisjoint(terms(word)):
                yield at
            at += len(word)

    def _said(self, span: Span) -> tuple[Span, ...]:
        if span not in self._sentences:
            self._sentences[span] = tuple(
                one.moved(span.start) for one in sentences(span.cut(self.document.text))
            )
        return self._sentences[span]


class Chronicles:
    """The chronicles of documents, each made once.

    Args:
        event, spans: As a `Chronicle` takes them.
    """

    def __init__(self, event: Collection[str], *, spans: bool = False) -> None:
        self._event = frozenset(event)
        self._spans = spans
        self._made: dict[DocumentId, Chronicle] = {}

    def of(self, document: Document) -> Chronicle:
        """The chronicle of a document."""
        if document.id not in self._made:
            self._made[document.id] = Chronicle(document, self._event, spans=self._spans)
        return self._made[document.id]


def _around_the_subject(document: Document) -> tuple[Span, ...]:
    """Where the document states its own dates, and its running lines."""
    dates = [*document.dates, *(one.date for one in document.parts)]
    spans = [one.span for one in dates if one and one.span]
    return (*spans, *(one.span for one in document.furniture))


def _close(moment: Moment, anchor: Anchor) -> bool:
    """Whether a moment is a day close to that of a text."""
    away = moment.interval.first - anchor.interval.first
    return moment.exactness == TO_THE_DAY and abs(away.days) <= _CLOSE_DAYS
