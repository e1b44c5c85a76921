"""A question as the engine sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from rag.analysis import terms
from rag.temporal import Interval, TimeExpression, overlaps


class Kind(StrEnum):
    """What sort of value is asked for."""

    PERSON = "person"
    ORGANISATION = "organisation"
    PLACE = "place"
    DATE = "date"
    DURATION = "duration"
    NUMBER = "number"  # with its unit
    ROLE = "role"  # what somebody was: title, position, rank
    REASON = "reason"
    YES_NO = "yes_no"
    DEFINITION = "definition"  # what or who something or somebody is
    MANNER = "manner"
    THING = "thing"  # whatever `attribute` names
    UNKNOWN = "unknown"


class Form(StrEnum):
    """How many values are asked for, and in what relation."""

    SINGLE = "single"
    LIST = "list"
    PER_EVENT = "per_event"  # one for each event or item
    COMPARISON = "comparison"
    LATEST = "latest"  # as things stand


class Scope(StrEnum):
    """Which of several events or values are meant."""

    EACH = "each"
    FIRST = "first"
    LAST = "last"
    LATEST = "latest"
    CURRENT = "current"
    PREVIOUS = "previous"  # "before that", "the previous visit"
    NEXT = "next"


class Relation(StrEnum):
    """How what is asked about lies to a time constraint."""

    IN = "in"
    BEFORE = "before"
    AFTER = "after"
    SINCE = "since"
    UNTIL = "until"  # also "by"
    AS_OF = "as_of"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeConstraint:
    """A time that the question sets: an interval, or an event that stands for one, or both.

    Attributes:
        interval: The days; None where they depend on when the question was asked, or on `event`.
        expression: What was said, where something was.
        event: The words for a reference event: "the merger" of "before the merger".
        month: Of a month without a year, which every year has.
    """

    relation: Relation
    interval: Interval | None = None
    expression: TimeExpression | None = field(default=None, compare=False)
    event: str | None = None
    month: int | None = None

    def admits(self, days: Interval) -> bool:
        """Whether something of these days may be meant; True where the constraint's own days are not known."""
        if self.interval is None:
            first, last = days.first, days.last
            spans_a_year = (last - first).days >= 365
            ahead = (last.month - first.month) % 12
            offset = ((self.month or first.month) - first.month) % 12
            return self.relation is not Relation.IN or spans_a_year or offset <= ahead
        match self.relation:
            case Relation.IN:
                return overlaps(days, self.interval)
            case Relation.BEFORE:
                return days.first < self.interval.first
            case Relation.AFTER:
                return days.last > self.interval.last
            case Relation.SINCE:
                return days.last >= self.interval.first
            case Relation.UNTIL | Relation.AS_OF:
                return days.first <= self.interval.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a question asks for. Two wordings of one question are equal: `text` and `asked` do not count.

    Attributes:
        text: The question, which stands alone.
        asked: It without what frames it: courtesies, the documents it is put to, whether they agree.
        kind: Of the value; UNKNOWN where the question is not understood, and then only `terms` are of use.
        form: One value, several, one per event, a comparison, or the newest.
        attribute: The words for what is asked for, in singular and lower case, without determiners: "title",
            "price", "project leader"; None where the kind says it all ("When did …?").
        entities: Names, codes and quoted words that the question is about, sorted; as they stand, without
            possessive endings.
        event: Stems, sorted, of the verbs and nouns for what happened, as `rag.analysis.terms` makes them.
        items: What is asked about one by one: names, codes or years, in the question's order.
        scope: Sorted, each once.
        time: In the question's order.
        documents: Words for the documents that alone are to be heard: "podcast", "mail".
        expects_conflict: Whether it asks if sources agree.
        parts: The single questions of a double question, in order; the other fields are the first one's.
    """

    text: str = field(compare=False)
    asked: str = field(default="", compare=False)
    kind: Kind = Kind.UNKNOWN
    form: Form = Form.SINGLE
    attribute: str | None = None
    entities: tuple[str, ...] = ()
    event: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    scope: tuple[Scope, ...] = ()
    time: tuple[TimeConstraint, ...] = ()
    documents: tuple[str, ...] = ()
    expects_conflict: bool = False
    parts: tuple[Query, ...] = ()

    def __post_init__(self) -> None:
        if not self.asked:
            object.__setattr__(self, "asked", self.text)

    @property
    def per_event(self) -> bool:
        """Whether a value for each event or item is asked for."""
        return self.form is Form.PER_EVENT

    @property
    def terms(self) -> tuple[str, ...]:
        """The stems of the question's words that are no stop words, in order, each once."""
        return tuple(dict.fromkeys(terms(self.text)))
