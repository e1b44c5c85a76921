"""From what a text says of time to days of the calendar, each by a rule that has a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rag.temporal.anchors import Anchor, DatedLike
from rag.temporal.dates import calendar_date, weekday
from rag.temporal.expressions import Kind, TimeExpression
from rag.temporal.intervals import Interval
from rag.temporal.periods import offset, period
from rag.temporal.resolved import Known, Resolved
from rag.temporal.tense import Tense


def resolve(
    expression: TimeExpression,
    anchor: Anchor | None,
    *,
    tense: Tense = Tense.PAST,
    narrated: DatedLike | None = None,
    fiscal_start: int | None = None,
    disabled: frozenset[str] = frozenset(),
) -> Resolved | None:
    """The days that an expression means, or None where they cannot be known.

    Args:
        expression: What the text says.
        anchor: When the text was said or written.
        tense: Of the clause: past looks for the last such day before the anchor, future for the next after.
        narrated: The moment that the text tells of, or the event that the expression names ("two days after
            the launch"). Dates without a year that no "last" or "next" ties to the anchor take its year.
        fiscal_start: The first month of fiscal years, which are named by the year they end in.
        disabled: Keys of `RULES` that are not to be used.
    """
    known = Known(
        at=anchor.interval if anchor else None,
        told=Interval.of(narrated.value) if narrated else None,
        tense=tense,
        fiscal_start=fiscal_start,
        disabled=disabled,
    )
    try:
        return _resolved(expression, known)
    except (ValueError, OverflowError):  # it leads out of the calendar
        return None


def _range(expression: TimeExpression, known: Known) -> Resolved | None:
    if expression.until is None:
        return None
    first = _resolved(replace(expression, kind=expression.until.kind, until=None), known)
    last = _resolved(expression.until, known)
    if first is None or last is None:
        return None
    interval = Interval(first.interval.first, last.interval.last)
    return replace(first, interval=interval, warnings=first.warnings + last.warnings)


def _resolved(expression: TimeExpression, known: Known) -> Resolved | None:
    return _RESOLVERS[expression.kind](expression, known)


_RESOLVERS: dict[Kind, Callable[[TimeExpression, Known], Resolved | None]] = {
    Kind.CALENDAR: calendar_date,
    Kind.WEEKDAY: weekday,
    Kind.OFFSET: offset,
    Kind.PERIOD: period,
    Kind.RANGE: _range,
}
