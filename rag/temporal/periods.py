"""Offsets and periods resolved: counted from the anchor, the narrated moment or a named event, or stated."""

from __future__ import annotations

import datetime as dt

from rag.temporal.expressions import Base, TimeExpression, Unit
from rag.temporal.intervals import Interval
from rag.temporal.resolved import STEPS, Known, Resolved, is_beyond, made, such_rule
from rag.temporal.rules import OFFSET_RULES, PERIOD_RULES
from rag.temporal.shifting import months_from, part_of, period_of, season_of, shifted, widened

_WEEK_OFF = 3  # days on either side of "two weeks ago"
_APPROXIMATE_DAYS = {Unit.DAY: 2, Unit.WEEK: 7, Unit.MONTH: 30, Unit.QUARTER: 90}
_FISCAL = "It is not known when this fiscal year began; it is taken for the calendar year."


def offset(expression: TimeExpression, known: Known) -> Resolved | None:
    """The days so many units away. Counted from when something was said, weeks are three days unsure.

    Longer units lead to a month, a year or years.
    """
    spoken = expression.base is Base.SPOKEN
    base = known.at if spoken else known.told
    unit, number, direction = expression.unit, expression.number, expression.direction
    if base is None or unit is None or number is None or direction is None:
        return None
    if unit in (Unit.DAY, Unit.WEEK, Unit.WEEKEND) and base.first != base.last:
        return None
    steps = number * STEPS[direction]
    in_weeks = unit is Unit.WEEKEND or expression.text.lower().startswith("the week")
    if spoken and in_weeks:  # "the week before last" begins on a Monday, "two weeks ago" does not
        interval = period_of(base.first, unit, steps)
    elif expression.approximate:
        interval = _blurred(shifted(base, unit, steps), unit)
    else:
        exact = not (spoken and unit is Unit.WEEK)
        interval = widened(shifted(base, unit, steps), 0 if exact else _WEEK_OFF)
    if spoken:
        return made(interval, OFFSET_RULES[unit, direction], known, by_anchor=True)
    rule = "relative-to-event" if expression.base is Base.EVENT else "relative-to-narrated"
    return made(interval, rule, known, by_narrated=True)


def _blurred(interval: Interval, unit: Unit) -> Interval:
    if unit in _APPROXIMATE_DAYS:
        return widened(interval, _APPROXIMATE_DAYS[unit])
    years = 1 if unit is Unit.YEAR else 5
    return Interval(
        dt.date(interval.first.year - years, 1, 1), dt.date(interval.last.year + years, 12, 31)
    )


def period(expression: TimeExpression, known: Known) -> Resolved | None:
    """The days of a week, month, quarter, half, season, year or decade."""
    if expression.year is not None:
        return _stated_period(expression, known)
    if expression.unit is None:
        return None
    if expression.direction is None:
        return _such_period(expression, known)
    told = expression.base is Base.NARRATED
    base = known.told if told else known.at
    needs_day = expression.unit in (Unit.DAY, Unit.WEEK, Unit.WEEKEND)
    if base is None or (needs_day and base.first != base.last):
        return None
    step = STEPS[expression.direction]
    if expression.unit in (Unit.QUARTER, Unit.HALF, Unit.SEASON) and expression.number is not None:
        interval = _numbered_near(expression, base, step)
    else:
        interval = period_of(base.first, expression.unit, step)
    interval = part_of(interval, expression.part, base)
    rule = "relative-to-narrated" if told else PERIOD_RULES[expression.direction]
    warnings = (_FISCAL,) if expression.fiscal else ()
    return made(interval, rule, known, by_anchor=not told, by_narrated=told, warnings=warnings)


def _numbered_near(expression: TimeExpression, base: Interval, step: int) -> Interval:
    """Of "The third quarter of last year"; "last winter" is the last that is over, "next" the first to begin."""
    year, number, unit = base.first.year, expression.number or 0, expression.unit
    if unit is not Unit.SEASON:
        return _numbered(year + step, number, unit)
    if "year" in expression.text.lower():
        return season_of(year + step, number)
    seasons = [season_of(year + away, number) for away in (-2, -1, 0, 1, 2)]
    if step < 0:
        return [one for one in seasons if one.last < base.first][-1]
    if step > 0:
        return next(one for one in seasons if one.first > base.last)
    return next((one for one in seasons if one.last >= base.first), seasons[2])


def _numbered(year: int, number: int, unit: Unit | None) -> Interval:
    months = 3 if unit is Unit.QUARTER else 6
    return months_from(year, 1 + (number - 1) * months, months)


def _stated_period(expression: TimeExpression, known: Known) -> Resolved | None:
    year, number, unit = expression.year or 0, expression.number, expression.unit
    if expression.fiscal:
        return _fiscal(year, number, known)
    if unit is Unit.DECADE:
        interval = months_from(year, 1, 120)
    elif unit is Unit.SEASON:
        interval = season_of(year, number or 0)
    else:
        interval = _numbered(year, number or 1, unit)
    return made(part_of(interval, expression.part, None), "stated-period", known)


def _fiscal(year: int, quarter: int | None, known: Known) -> Resolved | None:
    start = known.fiscal_start
    if start is None:
        whole = months_from(year, 1, 12)
        return made(whole, "fiscal-year-as-stated", known, warnings=(_FISCAL,))
    begin = start - (12 if start > 1 else 0) + 3 * ((quarter or 1) - 1)
    interval = months_from(year, begin, 3 if quarter else 12)
    return made(interval, "fiscal-year-from-start", known)


def _such_period(expression: TimeExpression, known: Known) -> Resolved | None:
    """A quarter or season without a year: the last that has begun by a day, or the next that is not over."""
    by_narrated = known.told is not None and "year-of-narrated" not in known.disabled
    base = known.told if by_narrated else known.at
    if base is None or expression.number is None:
        return None
    years = range(base.last.year - 3, base.first.year + 4)
    periods = [_of_year(expression, year) for year in years]
    if by_narrated:
        interval, rule = _of_year(expression, base.first.year), "year-of-narrated"
    else:
        back, rule = known.back, such_rule(known.back)
        fitting = [one for one in periods if is_beyond(one, base, back=back, strictly=False)]
        interval = fitting[-1 if back else 0]
    interval = part_of(interval, expression.part, None)
    warnings = (_FISCAL,) if expression.fiscal else ()
    return made(
        interval, rule, known, by_anchor=not by_narrated, by_narrated=by_narrated, warnings=warnings
    )


def _of_year(expression: TimeExpression, year: int) -> Interval:
    number = expression.number or 0
    if expression.unit is Unit.SEASON:
        return season_of(year, number)
    return _numbered(year, number, expression.unit)
