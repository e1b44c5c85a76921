"""The rules by which times are worked out. Their ids stand in answers, and each can be switched off."""

from __future__ import annotations

from rag.temporal.expressions import Direction, Unit

_SIDES = {Direction.LAST: "before", Direction.NEXT: "after"}
OFFSET_RULES = {
    (unit, direction): f"{unit}s-{side}-anchor"
    for unit in (
        Unit.DAY,
        Unit.WEEK,
        Unit.WEEKEND,
        Unit.MONTH,
        Unit.QUARTER,
        Unit.YEAR,
        Unit.DECADE,
    )
    for direction, side in _SIDES.items()
} | {(Unit.DAY, Direction.THIS): "day-of-anchor"}
PERIOD_RULES = {
    Direction.LAST: "period-before-anchor",
    Direction.THIS: "period-of-anchor",
    Direction.NEXT: "period-after-anchor",
}
RULES = {
    "stated": "The text states year and, as far as it is known, month and day.",
    "stated-year-of-anchor": "A day or month of this, last or next year, seen from the anchor.",
    "year-of-narrated": "A date without a year is in the year that the text tells of.",
    "last-such-date-before-anchor": "A date without a year, told as past: the last such one up to the anchor.",
    "next-such-date-after-anchor": "A date without a year, still to come: the next such one from the anchor on.",
    "weekday-before-anchor": "A weekday, told as past: the last such one before the anchor.",
    "weekday-after-anchor": "A weekday, still to come: the next such one after the anchor.",
    "weekday-of-week": "A weekday of this, last or next week, seen from the anchor.",
    "day-of-anchor": "Today.",
    "stated-period": "A quarter, half, season or decade whose year is stated.",
    "fiscal-year-as-stated": "A fiscal period whose beginning is not known counts as its year.",
    "fiscal-year-from-start": "A fiscal period, counted from the first month of fiscal years.",
    "period-before-anchor": "The week, month, quarter, season or year before the anchor's.",
    "period-of-anchor": "The anchor's own week, month, quarter, season or year.",
    "period-after-anchor": "The week, month, quarter, season or year after the anchor's.",
    "relative-to-narrated": "Counted from the moment that the text tells of.",
    "relative-to-event": "Counted from the event that the text names.",
} | {
    rule: f"So many {unit}s {_SIDES[direction]} the anchor."
    for (unit, direction), rule in OFFSET_RULES.items()
    if direction in _SIDES
}
"""What each rule does, by its id."""
