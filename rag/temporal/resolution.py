"""From what a text says of time to days of the calendar, each by a rule that has a name."""

from __future__ import annotations

from dataclasses import dataclass

from rag.temporal.anchors import Anchor, DatedLike
from rag.temporal.expressions import TimeExpression
from rag.temporal.intervals import Interval
from rag.temporal.tense import Tense


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The days that an expression means.

    Attributes:
        value: The finest ISO day, month or year that holds them all; None where they span two years or more.
            For a range it is the beginning, at the precision in which that is stated.
        interval: The days, first and last.
        rule: A key of `RULES`.
        warnings: What contradicts itself ("25 July 2023 was a Tuesday, not a Friday"), a sentence each.
        by_anchor: Whether the anchor was needed, so that its quote belongs to the answer.
        by_narrated: The same of the narrated moment.
    """

    value: str | None
    interval: Interval
    rule: str
    warnings: tuple[str, ...] = ()
    by_anchor: bool = False
    by_narrated: bool = False


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
    raise NotImplementedError
