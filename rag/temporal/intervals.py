"""Stretches of whole days, how a date that is known in part names one, and how both are compared and written."""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass

from rag.temporal.grammar import MONTH_NAMES
from rag.types import TO_THE_DAY, exactness, first_day


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """The days from `first` to `last`, both included."""

    first: dt.date
    last: dt.date

    def __post_init__(self) -> None:
        if self.first > self.last:
            raise ValueError(f"ends before it begins: {self.first} to {self.last}")

    @classmethod
    def of(cls, value: str) -> Interval:
        """The days that an ISO date of day, month or year precision may mean.

        Raises:
            ValueError: it is no such date.
        """
        first = first_day(value)
        if exactness(value) == TO_THE_DAY:
            return cls(first, first)
        month = first.month if exactness(value) else 12
        return cls(first, month_end(first.year, month))

    @property
    def value(self) -> str | None:
        """The finest day, month or year that holds all of it; None where it spans two years or more."""
        if self.first.year != self.last.year:
            return None
        if self.first.month != self.last.month:
            return self.first.isoformat()[:4]
        if self.first.day != self.last.day:
            return self.first.isoformat()[:7]
        return self.first.isoformat()


def month_end(year: int, month: int) -> dt.date:
    """The last day of a month."""
    return dt.date(year, month, calendar.monthrange(year, month)[1])


def within(inner: Interval, outer: Interval) -> bool:
    """Whether every day of one is a day of the other."""
    return outer.first <= inner.first and inner.last <= outer.last


def overlaps(one: Interval, other: Interval) -> bool:
    """Whether they share a day."""
    return one.first <= other.last and other.first <= one.last


def before(one: Interval, other: Interval) -> bool:
    """Whether every day of one lies before every day of the other."""
    return one.last < other.first


def written(value: str) -> str:
    """A date as statements write it: 26 July 2023, July 2023, 2023.

    Raises:
        ValueError: it is no ISO date of day, month or year precision.
    """
    first = Interval.of(value).first
    parts = [str(first.day), MONTH_NAMES[first.month - 1].capitalize(), str(first.year)]
    return " ".join(parts[TO_THE_DAY - exactness(value) :])
