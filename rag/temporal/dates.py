"""Calendar dates and weekdays resolved: what they leave out comes from the anchor or the narrated moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from rag.temporal.expressions import Base, Direction, TimeExpression, Unit
from rag.temporal.grammar import WEEKDAY_NAMES
from rag.temporal.intervals import Interval, written
from rag.temporal.resolved import STEPS, Known, Resolved, is_beyond, made, such_rule
from rag.temporal.rules import PERIOD_RULES
from rag.temporal.shifting import months_from, part_of, period_of

_MOST_MONTHS = 24  # that are looked through for "Tuesday the eighth"
_MOST_YEARS = 9  # that are looked through for a 29 February


def calendar_date(expression: TimeExpression, known: Known) -> Resolved | None:
    """The days of a calendar date, or of the year or month that is all it states."""
    if expression.year is not None:
        interval = _in_year(expression, expression.year)
        warnings = _contradiction(expression, interval)
        return made(interval, "stated", known, warnings=warnings)
    if expression.month is None:
        return _day_of_month(expression, known)
    if expression.unit is Unit.YEAR and expression.direction:
        return _year_of(expression, known)
    if expression.direction is None and known.told and "year-of-narrated" not in known.disabled:
        interval = _in_year(expression, known.told.first.year)
        warnings = _contradiction(expression, interval)
        return made(interval, "year-of-narrated", known, by_narrated=True, warnings=warnings)
    return _such_date(expression, known)


def _in_year(expression: TimeExpression, year: int) -> Interval:
    """The day, month or year, or the part of it that is meant."""
    month, day = expression.month, expression.day
    if month is None:
        return part_of(months_from(year, 1, 12), expression.part, None)
    if day is not None:
        date = dt.date(year, month, day)
        return Interval(date, date)
    whole = months_from(year, month, 1)
    if expression.number is not None:
        return _nth(expression, whole)
    return part_of(whole, expression.part, None)


def _nth(expression: TimeExpression, month: Interval) -> Interval:
    """The nth such weekday, week or weekend of a month; its first week is its first seven days."""
    number = expression.number or 1
    weekday = 5 if expression.unit is Unit.WEEKEND else expression.weekday
    if weekday is None:
        first = month.first if number > 0 else month.last - dt.timedelta(days=6)
        first += dt.timedelta(days=7 * (max(number, 1) - 1))
        return Interval(first, first + dt.timedelta(days=6))
    if number > 0:
        ahead = (weekday - month.first.weekday()) % 7 + 7 * (number - 1)
        first = month.first + dt.timedelta(days=ahead)
    else:
        first = month.last - dt.timedelta(days=(month.last.weekday() - weekday) % 7)
    return Interval(first, first + dt.timedelta(days=int(expression.unit is Unit.WEEKEND)))


def _contradiction(expression: TimeExpression, interval: Interval) -> tuple[str, ...]:
    day = interval.first
    if expression.weekday in (None, day.weekday()) or expression.day is None:
        return ()
    was, stated = WEEKDAY_NAMES[day.weekday()], WEEKDAY_NAMES[expression.weekday or 0]
    return (f"{written(day.isoformat())} is a {was.capitalize()}, not a {stated.capitalize()}.",)


def _year_of(expression: TimeExpression, known: Known) -> Resolved | None:
    """Of "March of last year", "9 May that year"."""
    told = expression.base is Base.NARRATED
    base = known.told if told else known.at
    if base is None or expression.direction is None:
        return None
    year = base.first.year + STEPS[expression.direction]
    interval = _in_year(expression, year)
    rule = "relative-to-narrated" if told else "stated-year-of-anchor"
    warnings = _contradiction(expression, interval)
    return made(interval, rule, known, by_anchor=not told, by_narrated=told, warnings=warnings)


def _such_date(expression: TimeExpression, known: Known) -> Resolved | None:
    """A day or month without a year: the last such one before a day, or the next after it.

    A weekday beside it decides where it fits one of the two years on this side, or else the other side's first.
    """
    told = expression.base is Base.NARRATED
    base = known.told if told else known.at
    if base is None:
        return None
    if expression.direction is Direction.THIS:
        candidates = [_in_year(expression, base.first.year)]
    else:
        back = (
            known.back if expression.direction is None else expression.direction is Direction.LAST
        )
        candidates = _near(expression, base, back=back)[:2]
        if expression.direction is None:
            candidates += _near(expression, base, back=not back)[:1]
    if not candidates:
        return None
    chosen = next((one for one in candidates if not _contradiction(expression, one)), candidates[0])
    is_past = (
        chosen.first <= base.last if expression.direction is not Direction.THIS else known.back
    )
    rule = "relative-to-narrated" if told else such_rule(is_past)
    warnings = _contradiction(expression, chosen)
    return made(chosen, rule, known, by_anchor=not told, by_narrated=told, warnings=warnings)


def _near(expression: TimeExpression, base: Interval, *, back: bool) -> list[Interval]:
    """Such dates up to a base or from it on, the nearest first; after "last" and "next" without its own."""
    step = -1 if back else 1
    start = base.last.year if back else base.first.year
    years = range(start, start + step * _MOST_YEARS, step)
    strictly = expression.direction in (Direction.LAST, Direction.NEXT)
    return [
        one
        for one in _possible(expression, years)
        if is_beyond(one, base, back=back, strictly=strictly)
    ]


def _possible(expression: TimeExpression, years: range) -> Iterator[Interval]:
    """The date in those of the years that have it, as not all have a 29 February."""
    for year in years:
        try:
            yield _in_year(expression, year)
        except ValueError:
            continue


def _day_of_month(expression: TimeExpression, known: Known) -> Resolved | None:
    """Of "On the 8th", "Tuesday the eighth", "the 8th of last month", "the second Sunday of this month"."""
    told = expression.base is Base.NARRATED
    base = known.told if told else known.at
    if base is None:
        return None
    if expression.number is not None and expression.direction:
        month = period_of(base.first, Unit.MONTH, STEPS[expression.direction])
        rule = "relative-to-narrated" if told else PERIOD_RULES[expression.direction]
        return made(_nth(expression, month), rule, known, by_anchor=not told, by_narrated=told)
    back = known.back
    if expression.day is None:
        return None
    if expression.unit is Unit.MONTH and expression.direction:
        steps = range(STEPS[expression.direction], STEPS[expression.direction] + 1)
    else:
        steps = range(0, -_MOST_MONTHS, -1) if back else range(_MOST_MONTHS)
    for step in steps:
        month = period_of(base.first, Unit.MONTH, step)
        try:
            day = month.first.replace(day=expression.day)
        except ValueError:
            continue
        fits = expression.weekday in (None, day.weekday())
        beyond = is_beyond(Interval(day, day), base, back=back, strictly=False)
        if fits and (beyond or len(steps) == 1):
            rule = "relative-to-narrated" if told else such_rule(back)
            return made(Interval(day, day), rule, known, by_anchor=not told, by_narrated=told)
    return None


def weekday(expression: TimeExpression, known: Known) -> Resolved | None:
    """The day of a weekday; None where only the month of the anchor is known."""
    told = expression.base is Base.NARRATED
    base = known.told if told else known.at
    if base is None or expression.weekday is None or base.first != base.last:
        return None
    direction = expression.direction
    if expression.unit is Unit.WEEK or direction is Direction.THIS:
        steps = STEPS[direction or Direction.THIS] + (expression.number or 0)
        week = period_of(base.first, Unit.WEEK, steps)
        day = week.first + dt.timedelta(days=expression.weekday)
        rule = "weekday-of-week"
    else:
        back = known.back if direction is None else direction is Direction.LAST
        day = _nearest(base.first, expression.weekday, back=back)
        day += dt.timedelta(days=7 * (expression.number or 0))
        rule = "weekday-before-anchor" if back else "weekday-after-anchor"
    rule = "relative-to-narrated" if told else rule
    return made(Interval(day, day), rule, known, by_anchor=not told, by_narrated=told)


def _nearest(day: dt.date, weekday: int, *, back: bool) -> dt.date:
    """The last such weekday before a day, or the first after it; never the day itself."""
    if back:
        return day - dt.timedelta(days=(day.weekday() - weekday - 1) % 7 + 1)
    return day + dt.timedelta(days=(weekday - day.weekday() - 1) % 7 + 1)
