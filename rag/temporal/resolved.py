"""What is known when an expression is resolved, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass

from rag.temporal.expressions import Direction
from rag.temporal.intervals import Interval
from rag.temporal.tense import Tense

STEPS = {Direction.LAST: -1, Direction.THIS: 0, Direction.NEXT: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The days that an expression means.

    Attributes:
        value: The finest ISO day, month or year that holds them all; None where they span two years or more.
            For a range it is the beginning, at the precision in which that is stated.
        interval: The days, first and last.
        rule: A key of `RULES`.
        warnings: What contradicts itself ("26 July 2023 was a Wednesday, not a Friday"), a sentence each.
        by_anchor: Whether the anchor was needed, so that its quote belongs to the answer.
        by_narrated: The same of the narrated moment.
    """

    value: str | None
    interval: Interval
    rule: str
    warnings: tuple[str, ...] = ()
    by_anchor: bool = False
    by_narrated: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What `resolve` was given; `at` and `told` are the days of the anchor and of the narrated moment."""

    at: Interval | None
    told: Interval | None
    tense: Tense
    fiscal_start: int | None
    disabled: frozenset[str]

    @property
    def back(self) -> bool:
        """Whether to look for what was before the anchor."""
        return self.tense is Tense.PAST


def made(
    interval: Interval,
    rule: str,
    known: Known,
    *,
    by_anchor: bool = False,
    by_narrated: bool = False,
    warnings: tuple[str, ...] = (),
) -> Resolved | None:
    """The result of a rule, unless that is switched off."""
    if rule in known.disabled:
        return None
    return Resolved(
        value=interval.value,
        interval=interval,
        rule=rule,
        warnings=warnings,
        by_anchor=by_anchor,
        by_narrated=by_narrated,
    )


def such_rule(back: bool) -> str:
    """The rule for what leaves out its year or month."""
    return "last-such-date-before-anchor" if back else "next-such-date-after-anchor"


def is_beyond(one: Interval, base: Interval, *, back: bool, strictly: bool) -> bool:
    """Whether a date lies on the right side of a base, whose own day, or month, counts unless strictly."""
    if strictly:
        return one.last < base.first if back else one.first > base.last
    return one.first <= base.last if back else one.last >= base.first
