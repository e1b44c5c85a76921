"""Whether a sentence tells of a quarter of a year: "Q1 2024", "the first quarter", or a row that is called so."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from rag.analysis import in_order
from rag.question.naming import QUARTERS
from rag.temporal import Unit, find

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


def tells_of(line: str, headings: Sequence[str], quarter: str, years: Collection[int]) -> bool:
    """Whether a line, or what it stands under, names this one of `QUARTERS`, and no other year than these.

    Args:
        line: A sentence or a row.
        headings: Its document's title and the sections that it stands in. Of the fourth quarter documents of the next
            year tell.
        quarter: One of `QUARTERS`.
        years: Those that are asked about; any, where there are none.
    """
    number = 1 + QUARTERS.index(quarter)
    named = [one for one in find(line) if one.unit is Unit.QUARTER and one.number == number]
    called = any(
        f" q{number} " in each or in_order(quarter) in each
        for each in map(in_order, (line, *headings))
    )
    if not named and not called:
        return False
    stated = {one.year for one in named if one.year}
    if stated or not years:
        return not years or not stated.isdisjoint(years)
    told = _years(" ".join(headings))
    if number == len(QUARTERS):
        told |= {year - 1 for year in told}
    told |= _years(line)
    return not told or not told.isdisjoint(years)


def called(line: str, quarter: str) -> str:
    """One of `QUARTERS` as a line calls it, which its statement can be held against: "Q3 2024"."""
    number = 1 + QUARTERS.index(quarter)
    said = (
        one.text.removeprefix("the ")
        for one in find(line)
        if one.unit is Unit.QUARTER and one.number == number
    )
    return next(said, f"Q{number}" if f" q{number} " in in_order(line) else quarter)


def _years(text: str) -> set[int]:
    return {int(one) for one in _YEAR.findall(text)}
