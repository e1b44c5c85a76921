"""What a text says of time, word for word: spans, and what they say before anything is known about when."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rag.types import Span


class Kind(StrEnum):
    """What sort of thing an expression names."""

    CALENDAR = "calendar"  # a day, month or year by name or number; what it leaves out is None
    WEEKDAY = "weekday"
    OFFSET = "offset"  # so many units away from somewhere
    PERIOD = "period"  # a week, weekend, month, quarter, half, season, year or decade
    RANGE = "range"  # from this expression until `until`


class Unit(StrEnum):
    """What time is counted in."""

    DAY = "day"
    WEEK = "week"
    WEEKEND = "weekend"
    MONTH = "month"
    QUARTER = "quarter"
    SEASON = "season"
    HALF = "half"
    YEAR = "year"
    DECADE = "decade"


class Direction(StrEnum):
    """On which side of its base an expression lies, where it says so."""

    LAST = "last"
    THIS = "this"
    NEXT = "next"


class Base(StrEnum):
    """What a relative expression is held against."""

    SPOKEN = "spoken"  # the day on which the words were said or written: "yesterday", "last week"
    NARRATED = "narrated"  # the moment that is being told of: "two days later", "that Friday"
    EVENT = "event"  # what the words behind it name: "two days before | the launch"


class Part(StrEnum):
    """Which part of a period is meant."""

    EARLY = "early"
    MIDDLE = "middle"
    LATE = "late"
    BEFORE = "before"  # the anchor: "earlier this year"
    AFTER = "after"  # the anchor: "later this year"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeExpression:
    """A span of a text and what it says about time.

    Attributes:
        span, text: Where it stands and its characters; prepositions are outside ("in | September").
        kind: Which of the fields below mean something.
        year, month, day, weekday: As far as stated; months from 1, Monday is 0.
        unit: Of an offset or a period; of a calendar date or weekday, what `direction` is about ("September
            last year", "Friday last week", "the 8th of last month") or, with `number`, the week in a month.
        number: How many units an offset has, 0 for "today" and "the same day"; of a period which one
            (quarter 3, half 2, season 0 for winter to 3 for autumn, the first year of a decade); of "the
            first Friday of May" and "the last week of May" which one in its month, -1 for the last; of a
            weekday how many weeks are to be added ("a week on Friday", "the Friday before last").
        direction: LAST, THIS, NEXT where stated: "last September", "three days ago" (LAST), "in two
            weeks" (NEXT).
        base: What it is held against where it is relative.
        part: Of the period or calendar month or year.
        approximate: Whether it says so ("about two weeks ago"), or counts by no number ("a few weeks ago").
        fiscal: Whether it is of a fiscal year, whose first month is not stated.
        until: The end of a range; the range's own fields are those of its beginning.
    """

    span: Span
    text: str
    kind: Kind
    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    unit: Unit | None = None
    number: int | None = None
    direction: Direction | None = None
    base: Base = Base.SPOKEN
    part: Part | None = None
    approximate: bool = False
    fiscal: bool = False
    until: TimeExpression | None = None

    @property
    def is_absolute(self) -> bool:
        """Whether it names its days without being held against anything: its year is stated."""
        end = self.until
        stated = self.year is not None
        return (stated or (end is not None and end.year is not None)) and self.direction is None
