"""Steps over the calendar: weeks, months, quarters, seasons and their parts as intervals."""

from __future__ import annotations

import datetime as dt

from rag.temporal.expressions import Part, Unit
from rag.temporal.intervals import Interval, month_end

_DAYS = {Unit.DAY: 1, Unit.WEEK: 7, Unit.WEEKEND: 7}
_MONTHS = {
    Unit.MONTH: 1, Unit.QUARTER: 3, Unit.SEASON: 3, Unit.HALF: 6, Unit.YEAR: 12, Unit.DECADE: 120,
}  # fmt: skip
_TEN = 10  # days of a month's first and second part
_THIRDS = (Part.EARLY, Part.MIDDLE, Part.LATE)


def months_from(year: int, month: int, count: int) -> Interval:
    """So many whole months from one on, whose number may lie outside of 1 to 12.

    Raises:
        ValueError, OverflowError: they leave the calendar.
    """
    first, last = 12 * year + month - 1, 12 * year + month + count - 2
    return Interval(dt.date(first // 12, first % 12 + 1, 1), month_end(last // 12, last % 12 + 1))


def period_of(day: dt.date, unit: Unit, steps: int = 0) -> Interval:
    """The period that holds a day, or one that many further on. Weeks begin on Monday, winter in December."""
    if unit in _DAYS:
        day += dt.timedelta(days=_DAYS[unit] * steps)
        monday = day - dt.timedelta(days=day.weekday())
        if unit is Unit.DAY:
            return Interval(day, day)
        begin = monday + dt.timedelta(days=5 if unit is Unit.WEEKEND else 0)
        return Interval(begin, monday + dt.timedelta(days=6))
    size = _MONTHS[unit]
    late = 1 if unit is Unit.SEASON else 0  # December belongs to the winter of the next year
    at = 12 * day.year + day.month - 1 + late
    begin_month = (at // size + steps) * size - late
    return months_from(begin_month // 12, begin_month % 12 + 1, size)


def season_of(year: int, number: int) -> Interval:
    """A season as it is named: the winter of a year is the one that begins in it."""
    return months_from(year + (number == 0), 3 * number, 3)


def shifted(interval: Interval, unit: Unit, steps: int) -> Interval:
    """Days or weeks away as exactly as the interval; longer units as the month, year or years they lead to."""
    if unit in _DAYS:
        by = dt.timedelta(days=_DAYS[unit] * steps)
        return Interval(interval.first + by, interval.last + by)
    if unit in (Unit.YEAR, Unit.DECADE):
        years = steps * _MONTHS[unit] // 12
        return Interval(
            dt.date(interval.first.year + years, 1, 1), dt.date(interval.last.year + years, 12, 31)
        )
    months = steps * _MONTHS[unit]
    first = months_from(interval.first.year, interval.first.month + months, 1)
    return Interval(
        first.first, months_from(interval.last.year, interval.last.month + months, 1).last
    )


def widened(interval: Interval, days: int) -> Interval:
    """The interval with so many days more on either side."""
    by = dt.timedelta(days=days)
    return Interval(interval.first - by, interval.last + by)


def part_of(interval: Interval, part: Part | None, anchor: Interval | None) -> Interval:
    """The early, middle or late third of an interval, in whole months where it has several.

    BEFORE and AFTER are the days on that side of the anchor, and all of them where it leaves none.
    """
    if part is None:
        return interval
    first, last = interval.first, interval.last
    if part is Part.BEFORE:
        return (
            Interval(first, min(last, anchor.last)) if anchor and anchor.last >= first else interval
        )
    if part is Part.AFTER:
        return (
            Interval(max(first, anchor.first), last)
            if anchor and anchor.first <= last
            else interval
        )
    which = _THIRDS.index(part)
    months = 12 * (last.year - first.year) + last.month - first.month + 1
    if months % 3 == 0:
        return months_from(first.year, first.month + which * months // 3, months // 3)
    days = _TEN if months == 1 and first.day == 1 else ((last - first).days + 1) // 3
    begin = first + dt.timedelta(days=which * days)
    return Interval(begin, last if which == 2 else begin + dt.timedelta(days=days - 1))
