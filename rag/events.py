"""Events of one kind, told of in many places: which mentions are the same one, and when it was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from rag.analysis import STOP_WORDS, terms, words
from rag.moments import Moment
from rag.reading import Candidate
from rag.rows import values
from rag.temporal import Interval, overlaps


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A sentence, the moment that it tells of, and how it names the event if it speaks of one.

    Attributes:
        stated: Whether the sentence itself says when that was.
        announced: Whether the moment was still to come when this was said.
        labels: Stems of the words directly before the event's own: "islands" of "the islands tour".
        days: Of a row of a table, all days that stand in it: that of departure and that of return.
    """

    candidate: Candidate
    moment: Moment | None
    mentions: bool
    stated: bool = True
    announced: bool = False
    labels: frozenset[str] = frozenset()
    days: tuple[Interval, ...] = ()


@dataclass(slots=True, kw_only=True)
class Event:
    """Sentences about one event.

    Attributes:
        moment: When it was, as exactly as it is told.
        name: As the question names it; None where only its date tells it from the others.
    """

    moment: Moment | None
    name: str | None = None
    told: list[Told] = field(default_factory=list)

    @property
    def labels(self) -> frozenset[str]:
        """All words that tell it from other events of its kind."""
        return frozenset(label for one in self.told if one.mentions for label in one.labels)

    @property
    def announced(self) -> bool:
        """Whether nothing says of it that it has been."""
        dated = [one for one in self.told if one.moment]
        return bool(dated) and all(one.announced for one in dated)

    def takes(self, one: Told) -> bool:
        """Whether a sentence may tell of this event, by its date."""
        if self.moment is None or one.moment is None:
            return False
        return overlaps(self.moment.interval, one.moment.interval)

    def add(self, one: Told) -> None:
        """Count a sentence among those that tell of this event; a more exact date of it is the event's."""
        exacter = one.moment and (
            self.moment is None or one.moment.exactness > self.moment.exactness
        )
        if exacter and (one.mentions or self.name or self.labels & one.labels):
            self.moment = one.moment
        self.told.append(one)


def labels(sentence: str, event: Iterable[str]) -> frozenset[str]:
    """The stems of the words directly before those for the event, which tell one event from another."""
    known = frozenset(event)
    said = words(sentence)
    found = set()
    for before, word in pairwise(said):
        if before not in STOP_WORDS and not known.isdisjoint(terms(word)):
            found.update(terms(before))
    return frozenset(found) - known


def grouped(told: Sequence[Told]) -> list[Event]:
    """The events that sentences mention, in order of time, each with the sentences that tell of it.

    A mention with a day makes an event unless one of that day is there; one with a month or year joins the event
    that it may be, if there is one only or one whose labels it shares, and else makes one. Sentences that
    mention no event join by their date alone.
    """
    events: list[Event] = []
    mentions = [one for one in told if one.mentions and one.moment]
    for one in sorted(mentions, key=lambda one: -_exactness(one)):
        home = _home(one, events)
        if home is None and any(event.takes(one) for event in events):
            continue  # of one of several, and it is not said of which
        if home is None:
            home = Event(moment=one.moment)
            events.append(home)
        home.add(one)
    events = _without_ends(events)
    for one in told:
        if not one.mentions and (home := _home(one, events)):
            home.add(one)
    exact = [one for one in events if one.moment and one.moment.exactness]
    return sorted(exact or events, key=lambda one: one.moment.value if one.moment else "")


def _without_ends(events: Sequence[Event]) -> list[Event]:
    """The events without those on whose day another one's row ends, unless they are called by what that row lacks."""
    return [one for one in events if not any(_ends(other, one) for other in events)]


def _ends(event: Event, other: Event) -> bool:
    if other is event or other.moment is None or any(one.days for one in other.told):
        return False
    rows = [one for one in event.told if other.moment.interval in one.days]
    return any(other.labels <= values(one.candidate.line) for one in rows)


def _exactness(one: Told) -> int:
    return one.moment.exactness if one.moment else -1


def _home(one: Told, events: Sequence[Event]) -> Event | None:
    taking = [event for event in events if event.takes(one)]
    if len(taking) > 1:
        taking = [event for event in taking if event.labels & one.labels] or _told_of_in(
            one, taking
        )
    return taking[0] if len(taking) == 1 else None


def _told_of_in(row: Told, events: Sequence[Event]) -> list[Event]:
    """The events that share most values with a row of a table: it may be of a year with several."""
    held = values(row.candidate.line)
    if not held:
        return []
    shared = [
        len(held & frozenset(terms(" ".join(one.candidate.line for one in event.told))))
        for event in events
    ]
    most = max(shared)
    return [event for event, n in zip(events, shared, strict=True) if most and n == most]
