"""Whether words that look like a time are one where they stand, by the words around them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from rag.temporal.grammar import SPACE as S
from rag.temporal.tense import Tense, tense_at
from rag.types import Span

_BEFORE = 40  # characters that are looked at before an expression


def _preceded(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{words})$")


_YEAR_AFTER = _preceded(
    rf"\b(?:in|since|until|till|by|from|to|of|for|during|before|after|between|through|throughout|and|or|on|about"
    rf"|around|over|towards?|prior{S}to|both|than|dated|year|the|this){S}"
)
_DURING = _preceded(
    rf"\b(?:in|since|until|till|by|during|before|after|from|of|to|for|this|last|over|throughout)(?:{S}the)?{S}"
)
_OVER = _preceded(rf"\b(?:of|for|to|over){S}")
_MONTH_AFTER = _preceded(
    rf"\b(?:in|since|until|till|by|during|from|of|before|after|between|through|throughout|for|to|and|or|early|late"
    rf"|mid){S}|[-–—,(/](?:{S})?"
)
_IN = _preceded(rf"\b(?:in|since|until|till|by|during|as{S}of|of)(?:{S}(?:early|late|mid))?{S}")
_IN_SUCH_A_YEAR = _preceded(
    rf"\b(?<!\bone )(?:in|since|until|till|during|as{S}of"
    rf"|(?:spring|summer|autumn|fall|winter|end|start|beginning|middle){S}of){S}"
)
_IN_THE = _preceded(rf"\b(?:in|since|until|by|during|over){S}the{S}")
_THE = _preceded(rf"\b(?:the|a|an){S}")
_A = _preceded(rf"\b(?:an?|to){S}")
_ON = _preceded(rf"\bon{S}")
_DAY_AFTER = _preceded(
    rf"\b(?:on|by|until|till|since|from|before|after|to|between|and|for|due)(?:{S}about)?{S}"
)
_SHORT_AFTER = _preceded(rf"\b(?:on|last|next|this|by|until|till|since|before|after){S}")
_RECURRING = _preceded(rf"\b(?:every|each|any|most|alternate)(?:{S}(?:other|second|single))?{S}")
_NUMBER_AFTER = _preceded(
    r"[$€£¥#№/.,:+-]|\bno\.?\s?|\b(?:number|room|page|model|flight|version|chapter|section)\s"
)
_COUNTED = re.compile(
    rf"%|[.,:]\d|-\w|{S}(?:%|percent|per{S}cent|people|persons|men|women|children|kg|km|kilomet\w+|met(?:re|er)s?"
    rf"|m|cm|mm|miles|feet|ft|tons?|tonnes|lit(?:re|er)s?|euros?|dollars?|pounds?|usd|eur|hours?|minutes?"
    rf"|seconds?|days?|weeks?|months?|years?|times|million|billion|thousand|degrees|volts?|watts?|kw|mw|gb|mb)\b"
)
_PLURAL = re.compile(
    rf"{S}(?!(?:was|is|has|his|its|this|as|us|yes|does|always|across|towards|perhaps|besides)\b)"
    r"[a-z]{2,30}(?<!s)s\b"
)
_ENDS = re.compile(
    rf"[.,;:!?)\]\"'”’–—]|$|\n|{S}(?:and|or|at|but|we|he|she|they|it|i|the|there|when|then|as|in)\b"
)
_ENDS_CLAUSE = re.compile(rf"\s{{0,9}}(?:[.,;:!?)\]]|$)|\n|{S}(?:and|or|but|so)\b")
_LAST_TIME = _preceded(
    rf"\b(?:last|previous|prior){S}(?:time|visit|trip|one|occasion)"
    rf"(?:{S}(?:was|came|happened|took{S}place))?,?{S}(?:back{S})?(?:in|on){S}(?:the{S})?"
)
_AUXILIARY = re.compile(
    rf"{S}(?:be|have|not|well|also|seem|come|go|need|want|take|make|get|think|say|look|feel|find|help|even|just"
    rf"|only|still|i|you|he|she|we|they|it)\b"
)
_NAMES = ("april", "june", "august")  # of people, or common words
_VERBS = ("may", "march", "mar")
_FIRST_YEAR = 1400  # below it, numbers of four digits are no years


@dataclass(frozen=True, slots=True)
class Candidate:
    """Words that look like a time: the match of a form in `lower`, which is `text` in lower case."""

    form: str
    match: re.Match[str]
    text: str
    lower: str

    @property
    def is_time(self) -> bool:
        """Whether the words are a time."""
        end = self.match.end()
        in_word = self.lower[end : end + 1].isalnum() and not self.lower[end - 1].isdigit()
        check = _CHECKS.get(self.form)
        return not in_word and (check is None or check(self))

    @property
    def names_no_event(self) -> bool:
        """Whether nothing follows that could belong to it: "the day after." is told of, not "after the war"."""
        return self.followed_by(_ENDS_CLAUSE)

    @property
    def is_last_time(self) -> bool:
        """Whether "last time, in" or the like stands before it."""
        return self.follows(_LAST_TIME)

    def said(self, *names: str) -> str:
        """The words of the first of these groups that is there; "" where none is."""
        groups = self.match.groupdict()
        return next((" ".join(groups[name].split()) for name in names if groups.get(name)), "")

    def is_capital(self, group: str) -> bool:
        """Whether a group's first letter is a capital."""
        return self.text[self.match.start(group)].isupper()

    def follows(self, words: re.Pattern[str], group: str | int = 0) -> bool:
        """Whether these words stand right before it, or before a group."""
        start = self.match.start(group)
        return words.search(self.lower[max(0, start - _BEFORE) : start]) is not None

    def followed_by(self, words: re.Pattern[str]) -> bool:
        """Whether these words stand right behind it."""
        return words.match(self.lower, self.match.end()) is not None


def _is_day_of_month(one: Candidate) -> bool:
    """Not "5 may have died", nor "we march 10 miles": a verb needs beside itself what a date has.

    Nor "they march on the first", nor "in april on the first floor".
    """
    if one.said("on"):
        is_verb = one.said("month") in _VERBS and not one.follows(_IN)
        return not is_verb and (bool(one.said("year", "year2")) or one.followed_by(_ENDS))
    return (
        one.said("month").strip(".") not in _VERBS
        or bool(one.said("year", "year3", "weekday", "until"))
        or not one.said("day").isdigit()
        or one.is_capital("month")
        or (one.follows(_DAY_AFTER) and not one.followed_by(_AUXILIARY))
    )


def _is_month(one: Candidate) -> bool:
    month = one.said("month").strip(".")
    if one.said("year", "year2", "direction9"):
        return True
    if one.said("part") and month not in _VERBS:
        return True
    if month in _VERBS:
        if one.follows(_IN, "month") or one.follows(_IN):
            return True
        named = one.follows(_THE) or one.follows(_MONTH_AFTER, "month")
        return one.is_capital("month") and named and not one.followed_by(_AUXILIARY)
    if len(month) in (3, 4) and month not in ("june", "july"):
        return one.follows(_MONTH_AFTER) and one.is_capital("month")
    possessive = one.lower[one.match.end() : one.match.end() + 2] in ("'s", "’s")
    named = possessive or (one.follows(_THE) and one.is_capital("month"))
    return month not in _NAMES or named or one.follows(_MONTH_AFTER)


def _is_near_month(one: Candidate) -> bool:
    """Not "this may be", nor "the last march"."""
    sure = one.is_capital("month") or one.said("direction") != "this"
    verb = one.follows(_THE) or one.followed_by(_AUXILIARY) or not sure
    return not verb or one.said("month").strip(".") not in _VERBS


def _is_weekday(one: Candidate) -> bool:
    """Not "every Friday", nor "the Friday prayers"."""
    of_habit = one.follows(_RECURRING) or one.follows(_THE) or one.said("the")
    return not of_habit or bool(one.said("before_last"))


def _is_short_weekday(one: Candidate) -> bool:
    """Not "the sun" and "sat"."""
    return one.is_capital("weekday") and one.follows(_SHORT_AFTER)


def _is_bare_day(one: Candidate) -> bool:
    """Not "on the 8th floor", nor "by the second"."""
    if one.said("unit"):
        return True
    after = _ON if one.said("day").isalpha() else _DAY_AFTER
    return one.follows(after) and one.followed_by(_ENDS)


def _is_weekday_day(one: Candidate) -> bool:
    """Not "Friday 5 people came"."""
    return not one.said("day").isdigit() or one.followed_by(_ENDS)


def _is_in_so_many(one: Candidate) -> bool:
    """Told of the past, "in two weeks" is how long something took."""
    span = Span(*one.match.span())
    return bool(one.said("time")) or tense_at(one.text, span) is Tense.FUTURE


def _is_near_period(one: Candidate) -> bool:
    """Not "over the last year", which is as long as a year."""
    the = one.said("the") or one.follows(_THE)
    long = the and one.said("direction") in ("last", "past", "next")
    alone = one.said("direction") in ("past", "current", "coming") and not one.said("the")
    return bool(one.said("part")) or not (long or alone)


def _is_quarter(one: Candidate) -> bool:
    stated = one.said("fiscal", "year", "year2", "direction")
    return bool(stated) or one.follows(_DURING) or one.match[0].startswith("the")


def _is_season(one: Candidate) -> bool:
    """Not "a spring", nor "they fall"."""
    if one.said("year", "direction"):
        return one.said("unit") != "fall" or not one.follows(_A)
    if one.said("part"):
        return True
    if one.said("unit") == "fall":
        return one.follows(_IN_THE, "unit") and not one.lower.startswith(" of ", one.match.end())
    return one.follows(_DURING, "unit") and not one.lower.startswith(" of ", one.match.end())


def _is_year(one: Candidate) -> bool:
    """Not "2000 people", "£1,990", "room 1904"; a year in words only after a preposition."""
    if one.said("word", "part"):
        return True
    year, plural = one.said("year"), one.followed_by(_PLURAL)
    if not year.isdigit():
        return one.follows(_DURING) and not plural
    following = one.lower[one.match.end() : one.match.end() + 1]
    if (
        one.follows(_NUMBER_AFTER)
        or one.followed_by(_COUNTED)
        or following.isalpha()
        or following == "_"
        or int(year) < _FIRST_YEAR
    ):
        return False
    if not year.startswith(("19", "20")) and not one.follows(_YEAR_AFTER):
        return False
    return not plural or (one.follows(_DURING) and not one.follows(_OVER))


def _is_short_spoken_year(one: Candidate) -> bool:
    """Not "in room twenty one", nor "by twenty two": only where a year is all that may follow."""
    return bool(one.said("part")) or one.follows(_IN_SUCH_A_YEAR)


_CHECKS: dict[str, Callable[[Candidate], bool]] = {
    "day-month": _is_day_of_month,
    "month-day": _is_day_of_month,
    "days-month": _is_day_of_month,
    "month-days": _is_day_of_month,
    "month-year": _is_month,
    "near-month": _is_near_month,
    "told-month": _is_near_month,
    "weekday": _is_weekday,
    "weekday-short": _is_short_weekday,
    "weekday-day": _is_weekday_day,
    "day-of-month": _is_bare_day,
    "in-so-many": _is_in_so_many,
    "near-period": _is_near_period,
    "nth-quarter": _is_quarter,
    "season": _is_season,
    "year": _is_year,
    "short-spoken-year": _is_short_spoken_year,
}
