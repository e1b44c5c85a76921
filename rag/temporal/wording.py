"""What the words of a form say: the fields of its expression."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from rag.temporal.expressions import Base, Direction, Part, Unit
from rag.temporal.grammar import SEASONS, VAGUE, month_of, number_of, weekday_of, year_of

_Fields = dict[str, Any]
_Said = dict[str, str]
_DIRECTIONS = {
    "last": Direction.LAST,
    "past": Direction.LAST,
    "previous": Direction.LAST,
    "preceding": Direction.LAST,
    "before": Direction.LAST,
    "next": Direction.NEXT,
    "coming": Direction.NEXT,
    "following": Direction.NEXT,
    "ensuing": Direction.NEXT,
    "after": Direction.NEXT,
}
_PARTS = {
    "early": Part.EARLY,
    "beginning": Part.EARLY,
    "start": Part.EARLY,
    "mid": Part.MIDDLE,
    "middle": Part.MIDDLE,
    "late": Part.LATE,
    "end": Part.LATE,
    "earlier": Part.BEFORE,
    "later": Part.AFTER,
}
_UNITS = {"fortnight": Unit.WEEK} | dict.fromkeys(
    ("night", "morning", "evening", "afternoon"), Unit.DAY
)
_DAYS_AWAY = {
    "yesterday": -1,
    "last night": -1,
    "last evening": -1,
    "tomorrow": 1,
    "the day before yesterday": -2,
    "the day after tomorrow": 2,
}
_NTH = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1, "latter": 2}
_AGO = ("before", "earlier", "prior", "previously", "beforehand")


def fields_of(form: str, match: re.Match[str]) -> _Fields | None:
    """The fields of the expression that a match is; `until` holds those of a range's end.

    None where the words say nothing that can be: the 31st of a month of 30 days, a thirteenth month.
    """
    said: _Said = {}
    for name, words in match.groupdict().items():
        if words is not None:
            said.setdefault(name.rstrip("0123456789"), " ".join(words.split()))
    try:
        return _BY_FORM.get(form, _calendar)(said)
    except ValueError:
        return None


def _calendar(said: _Said) -> _Fields:
    fields: _Fields = {}
    if "year" in said:
        fields["year"] = year_of(said["year"])
    if "month" in said:
        month = said["month"].rstrip(".")
        fields["month"] = int(month) if month.isdigit() else month_of(month)
    if "day" in said:
        fields["day"] = number_of(said["day"])
    if "weekday" in said:
        fields["weekday"] = weekday_of(said["weekday"])
    if "part" in said:
        fields["part"] = _PARTS[said["part"]]
    if "direction" in said:
        fields |= _near(said["direction"])
    if "unit" in said:
        fields["unit"] = Unit(said["unit"])
    _check(fields)
    if "until" in said:
        fields["until"] = {"day": number_of(said["until"])}
        _check(fields | fields["until"])
    return fields


def _check(fields: _Fields) -> None:
    """Raise ValueError where there is no such day; a leap year where none is stated."""
    if fields.get("day") is not None:
        dt.date(fields.get("year") or 2000, fields.get("month") or 1, fields["day"])


def _near(words: str) -> _Fields:
    """Direction and base of "last", "this coming", "the following", "that same" and their like."""
    told = words.startswith(("the", "that"))
    direction = next(
        (_DIRECTIONS[word] for word in words.split() if word in _DIRECTIONS), Direction.THIS
    )
    fields: _Fields = {"direction": direction}
    if told and words not in ("the", "the coming", "the current"):
        fields["base"] = Base.NARRATED
    return fields


def _numeric(said: _Said) -> _Fields:
    """A day by numbers, if only one of the two orders gives one."""
    year, first, second = int(said["year"]), int(said["first"]), int(said["second"])
    readings = {
        (day, month)
        for day, month in ((first, second), (second, first))
        if _is_day(year, month, day)
    }
    if len(readings) != 1:
        raise ValueError("two readings, or none")
    day, month = readings.pop()
    return {"year": year, "month": month, "day": day}


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


def _nth_of_month(said: _Said) -> _Fields:
    fields = _calendar({name: words for name, words in said.items() if name != "unit"})
    fields["number"] = _NTH[said["nth"]]
    if "unit" in said:
        fields["unit"] = Unit(said["unit"])
    return fields


def _weekday(said: _Said) -> _Fields:
    fields: _Fields = {"weekday": weekday_of(said["weekday"])}
    if "direction" in said:
        fields |= _near(said["direction"])
    if "week" in said:
        fields |= _near(said["week"]) | {"unit": Unit.WEEK}
    if "count" in said:
        back = said["side"].startswith("ago")
        weeks = number_of(said["count"])
        fields |= (
            {"direction": Direction.LAST, "number": 1 - weeks}
            if back
            else {"direction": Direction.NEXT, "number": weeks}
        )
    if "before_last" in said:
        back = said["before_last"].startswith("before")
        fields |= {
            "direction": Direction.LAST if back else Direction.NEXT,
            "number": -1 if back else 1,
        }
    if "of_week" in said:
        fields["unit"] = Unit.WEEK
    if "week_on" in said:
        fields |= {"direction": Direction.NEXT, "number": 1}
    return fields


def _deictic(said: _Said) -> _Fields:
    days = _DAYS_AWAY.get(said["deictic"], 0)
    return {"unit": Unit.DAY, "number": abs(days), "direction": _sign(days)}


def _sign(number: int) -> Direction:
    if number == 0:
        return Direction.THIS
    return Direction.LAST if number < 0 else Direction.NEXT


def _offset(said: _Said) -> _Fields:
    """So many units away; weeks that are counted from "today" are so many days exactly."""
    unit, number, side = said["unit"], number_of(said["count"]), said["side"]
    back = side.startswith((*_AGO, "ago"))
    weeks = {"week": 7, "fortnight": 14}.get(unit) if side.endswith("today") else None
    fields: _Fields = {
        "unit": Unit.DAY if weeks else _UNITS.get(unit) or Unit(unit),
        "number": number * (weeks or (2 if unit == "fortnight" else 1)),
        "direction": Direction.LAST if back else Direction.NEXT,
        "approximate": bool(said.keys() & {"about", "half"}) or said["count"] in VAGUE,
    }
    if side in ("before", "after", "prior to"):
        fields["base"] = Base.EVENT
    elif not side.startswith(("ago", "hence", "from")):
        fields["base"] = Base.NARRATED
    return fields


def _ahead(said: _Said) -> _Fields:
    return _offset(said | {"side": "hence"})


def _beside(said: _Said) -> _Fields:
    """Of "The week before last" is two back from when it is said; else it is told or before what follows."""
    side = said["side"]
    fields = _offset(
        said | {"count": "a", "side": side.removesuffix(" last").removesuffix(" next")}
    )
    if side.endswith((" last", " next")):
        fields |= {"number": 2, "base": Base.SPOKEN}
    return fields


def _period(said: _Said) -> _Fields:
    fields = _near(said["direction"])
    if said["unit"] in SEASONS:
        fields |= {"unit": Unit.SEASON, "number": SEASONS[said["unit"]]}
    else:
        fields["unit"] = _UNITS.get(said["unit"]) or Unit(said["unit"])
    if "part" in said:
        fields["part"] = _PARTS[said["part"]]
    return fields | {"fiscal": "fiscal" in said}


def _quarter(said: _Said) -> _Fields:
    fields: _Fields = {
        "unit": Unit.QUARTER if "quarter" in said else Unit.YEAR,
        "fiscal": "fiscal" in said,
    }
    if "quarter" in said:
        fields["number"] = _NTH.get(said["quarter"]) or number_of(said["quarter"])
    if "half_year" in said:
        fields |= {
            "unit": Unit.HALF,
            "number": _NTH.get(said["half_year"]) or int(said["half_year"]),
        }
    if "year" in said:
        fields["year"] = year_of(said["year"])
    if "direction" in said:
        fields |= _near(said["direction"])
    return fields


def _season(said: _Said) -> _Fields:
    fields = _quarter(
        {name: words for name, words in said.items() if name in ("year", "direction")}
    )
    fields |= {"unit": Unit.SEASON, "number": SEASONS[said["unit"]]}
    return fields | ({"part": _PARTS[said["part"]]} if "part" in said else {})


def _decade(said: _Said) -> _Fields:
    year = year_of(said["decade"]) // 10 * 10
    fields: _Fields = {"unit": Unit.DECADE, "year": year}
    return fields | ({"part": _PARTS[said["part"]]} if "part" in said else {})


def _years(said: _Said) -> _Fields:
    year, until = int(said["year"]), said["until_year"]
    last = int(until) if len(until) == 4 else year // 100 * 100 + int(until)
    if last <= year:
        raise ValueError("ends before it begins")
    return {"year": year, "until": {"year": last}}


_BY_FORM: dict[str, Callable[[_Said], _Fields]] = {
    "numeric": _numeric,
    "nth-of-month": _nth_of_month,
    "weekday": _weekday,
    "weekday-short": _weekday,
    "deictic": _deictic,
    "ago": _offset,
    "in-so-many": _ahead,
    "the-day-before": _beside,
    "told-period": _period,
    "near-period": _period,
    "part-of-the-period": _period,
    "q1": _quarter,
    "fy-q1": _quarter,
    "1q23": _quarter,
    "nth-quarter": _quarter,
    "half": _quarter,
    "h1": _quarter,
    "season": _season,
    "decade": _decade,
    "years": _years,
}
