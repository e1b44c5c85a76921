"""The forms that English dates come in. Patterns are for lower case; group names say what a word is for.

A group's name may end in a digit, where a pattern has two places for the same thing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property

from rag.numbers import any_of
from rag.temporal.expressions import Kind
from rag.temporal.grammar import (
    COUNT,
    COUNT_WORDS,
    DAY,
    DAY_ORDINAL,
    HALF_DAY,
    MONTH,
    MONTH_NAMES,
    SEASONS,
    SHORT_SPOKEN_YEAR,
    WEEKDAY,
    WEEKDAY_NAMES,
    WEEKDAY_OR_SHORT,
    YEAR,
    YEAR_DIGITS,
    YEAR_OR_SHORT,
)
from rag.temporal.grammar import SPACE as S


@dataclass(frozen=True)
class Form:
    """One way to say a time, and what sort of expression it makes."""

    id: str
    kind: Kind
    written: str

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compiled when a first text is looked at: many a process imports this and looks at none."""
        return re.compile(rf"(?<!\w){self.written}")


_PART_WORDS = ("early", "mid", "late", "earlier", "later", "beginning", "start", "middle", "end")
_PART = (
    rf"(?:(?:the{S})?(?P<part>{any_of(_PART_WORDS)})"
    rf"(?:-|{S}(?:(?:of|in){S}(?:the{S}(?!year|month|week))?)?))"
)
_WEEKDAY = rf"(?:(?P<weekday>{WEEKDAY_OR_SHORT})(?:{S}{HALF_DAY})?,?{S})?"
_NEAR_WORDS = ("last", "past", "this", "next", "coming")
_NEAR = rf"(?:this{S}past|this{S}coming|{any_of(_NEAR_WORDS)})"
_TOLD_WORDS = ("previous", "preceding", "following", "next", "same", "very same", "ensuing")
_TOLD = any_of(_TOLD_WORDS)
_THERE = rf"(?:(?:the{S}{_TOLD}|that{S}same|that))"
_OF_YEAR = (
    rf"(?:,?{S}(?:of{S}|in{S})?(?P<year>{YEAR})|{S}(?:of{S}|in{S})?(?P<year2>['’]\d\d\b|{SHORT_SPOKEN_YEAR})"
    rf"|{S}(?:of{S})?(?P<direction8>the{S}(?P<unit8>year){S}(?:before|after))\b(?!{S}(?:last|next|the|that)\b)"
    rf"|{S}(?:of{S})?(?P<direction9>{_NEAR}|{_THERE}|the){S}(?P<unit9>year))?"
)
_DAY_TO = (
    rf"(?:{S}?[-–—]{S}?|{S}(?P<joint>to|until|till|through|and){S}(?:the{S})?)(?:{WEEKDAY},?{S})?"
)
_UNTIL_DAY = rf"(?P<until>{DAY})"
_LENGTHS = any_of(
    ("day", "night", "weekend", "week", "fortnight", "month", "quarter", "year", "decade")
)
_LENGTH = rf"(?P<unit>{_LENGTHS})"
_JOINED = rf"(?:-|{S})"
_ABOUT = any_of(
    (
        "about", "around", "almost", "nearly", "roughly", "approximately", "over", "more than",
        "just over", "just under", "less than", "well over", "at least", "only",
    )
).replace(" ", S)  # fmt: skip
_FISCAL = rf"(?:fiscal(?:{S}year)?{S}|fy{S}?)"

FORMS = (
    Form(
        "iso",
        Kind.CALENDAR,
        r"(?<![\d-])(?P<year>[12]\d{3})-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>\d\d))?(?!-?\d)",
    ),
    Form(
        "numeric",
        Kind.CALENDAR,
        r"(?<![\d/.])(?P<first>\d{1,2})(?P<mark>[/.])(?P<second>\d{1,2})[/.](?P<year>[12]\d{3})(?!\d)",
    ),
    Form(
        "day-month",
        Kind.CALENDAR,
        rf"(?<![\d.,:/]){_WEEKDAY}(?:the{S})?(?P<day>{DAY})(?:{S}(?:of{S})?|-)(?P<month>{MONTH})(?:{_OF_YEAR}|-(?P<year3>{YEAR_DIGITS}))",
    ),
    Form(
        "days-month",
        Kind.RANGE,
        rf"(?<![\d.,:/]){_WEEKDAY}(?:the{S})?(?P<day>{DAY}){_DAY_TO}{_UNTIL_DAY}{S}(?:of{S})?(?P<month>{MONTH}){_OF_YEAR}",
    ),
    Form(
        "month-day",
        Kind.CALENDAR,
        rf"{_WEEKDAY}(?P<month>{MONTH}){S}(?:(?P<on>on{S})?the{S})?(?P<day>{DAY}){_OF_YEAR}",
    ),
    Form(
        "month-days",
        Kind.RANGE,
        rf"{_WEEKDAY}(?P<month>{MONTH}){S}(?:the{S})?(?P<day>{DAY}){_DAY_TO}{_UNTIL_DAY}{_OF_YEAR}",
    ),
    Form("month-year", Kind.CALENDAR, rf"{_PART}?(?P<month>{MONTH}){_OF_YEAR}"),
    Form("near-month", Kind.CALENDAR, rf"(?P<direction>{_NEAR}){S}(?P<month>{MONTH})"),
    Form("told-month", Kind.CALENDAR, rf"(?P<direction>{_THERE}){S}(?P<month>{MONTH})"),
    Form(
        "nth-of-month",
        Kind.CALENDAR,
        rf"(?:the{S})?(?P<nth>first|second|third|fourth|last){S}(?:(?P<weekday>{WEEKDAY})|(?P<unit>weekend|week)){S}"
        rf"(?:of|in){S}(?:(?P<month>{MONTH}){_OF_YEAR}|(?P<direction>{_NEAR}|{_THERE}|the){S}month\b)",
    ),
    Form(
        "weekday",
        Kind.WEEKDAY,
        rf"(?:(?P<week>{_NEAR}|{_THERE}){S}week,?{S}(?:on{S})?|(?P<count>an?|one|two){S}weeks?{S}(?P<side>on|from|ago(?:{S}on)?){S})?"
        rf"(?:(?P<direction>{_NEAR}|{_THERE}){S}|(?P<the>the){S})?(?P<weekday>{WEEKDAY})\b(?:{S}{HALF_DAY}\b)?"
        rf"(?:{S}(?:of{S})?(?P<week2>{_NEAR}|{_THERE}){S}week\b|{S}(?:of{S}the{S}(?P<of_week>week){S})?"
        rf"(?P<before_last>before{S}last|after{S}next)\b|{S}(?P<week_on>week)\b)?",
    ),
    Form(
        "weekday-short",
        Kind.WEEKDAY,
        r"(?P<weekday>mon|tues?|wed|thurs?|fri|sat|sun)\b",
    ),
    Form(
        "weekday-day",
        Kind.CALENDAR,
        rf"(?P<weekday>{WEEKDAY}),?{S}(?:the{S})?(?P<day>{DAY})",
    ),
    Form(
        "day-of-month",
        Kind.CALENDAR,
        rf"the{S}(?P<day>{DAY_ORDINAL})(?:{S}of{S}(?P<direction>{_NEAR}|{_THERE}|the){S}(?P<unit>month)\b)?",
    ),
    Form(
        "deictic",
        Kind.OFFSET,
        rf"(?:(?:earlier|later|early|late){S})?(?P<deictic>the{S}day{S}before{S}yesterday|the{S}day{S}after{S}tomorrow|yesterday|today"
        rf"|tonight|tomorrow|this{S}(?:morning|afternoon|evening)|last{S}(?:night|evening))\b(?:{S}{HALF_DAY}\b)?",
    ),
    Form(
        "ago",
        Kind.OFFSET,
        rf"(?:(?P<about>{_ABOUT}){S})?(?P<count>{COUNT})(?:-|{S})(?P<half>and{S}a{S}half{S})?{_LENGTH}s?['’]?{S}"
        rf"(?P<side>ago(?:{S}today)?|before(?:{S}that)?|earlier|later|after(?:wards|{S}that)?|prior{S}to|previously|beforehand|hence"
        rf"|from{S}(?:now|today))\b",
    ),
    Form(
        "in-so-many",
        Kind.OFFSET,
        rf"in{S}(?:(?P<about>{_ABOUT}){S})?(?P<count>{COUNT})(?:-|{S}){_LENGTH}s?\b(?P<time>['’]s?{S}time)?",
    ),
    Form(
        "the-day-before",
        Kind.OFFSET,
        rf"the{S}(?P<unit>day|night|morning|evening|week|weekend|month|quarter|year){S}"
        rf"(?P<side>before(?:{S}(?:last|that))?|after(?:{S}(?:next|that))?|earlier)\b",
    ),
    Form(
        "told-period",
        Kind.PERIOD,
        rf"(?:(?P<part>early|late|earlier|later){S})?(?P<direction>{_THERE}){S}"
        rf"(?P<unit>day|morning|afternoon|evening|night|weekend|week|month|quarter|year|decade|{any_of(SEASONS)})\b",
    ),
    Form(
        "near-period",
        Kind.PERIOD,
        rf"(?:{_PART})?(?P<the>the{S})?(?P<direction>{_NEAR}|current){S}"
        rf"(?:(?P<fiscal>fiscal|financial){S})?(?P<unit>weekend|week|month|quarter|year|decade|{any_of(SEASONS)})\b",
    ),
    Form(
        "part-of-the-period",
        Kind.PERIOD,
        rf"(?:the{S})?(?P<part>beginning|start|middle|end){S}of{S}(?P<direction>the){S}(?P<unit>week|month|year)\b",
    ),
    Form(
        "q1",
        Kind.PERIOD,
        rf"q(?P<quarter>[1-4])(?:{S}(?:of{S})?(?P<fiscal>{_FISCAL})?|[-/])?(?:(?P<year>{YEAR_DIGITS})|['’]?(?P<year2>\d\d)(?!\d))?(?!\w)",
    ),
    Form(
        "fy-q1",
        Kind.PERIOD,
        rf"(?P<fiscal>{_FISCAL})['’]?(?:(?P<year>{YEAR_DIGITS})|(?P<year2>\d\d)(?!\d))(?:{S}(?:q(?P<quarter>[1-4])|(?P<quarter2>first|second|third|fourth)(?:-|{S})quarter)\b)?",
    ),
    Form("1q23", Kind.PERIOD, r"(?P<quarter>[1-4])q['’]?(?P<year>\d\d|[12]\d{3})(?!\w)"),
    Form(
        "nth-quarter",
        Kind.PERIOD,
        rf"(?:the{S})?(?P<quarter>first|second|third|fourth|1st|2nd|3rd|4th)(?:-|{S})(?P<fiscal>fiscal{S})?quarter\b"
        rf"(?:{S}(?:of{S}|in{S})?(?:the{S})?(?:(?P<fiscal2>{_FISCAL})(?P<year>{YEAR}|\d\d\b)|(?P<year2>{YEAR})"
        rf"|(?P<direction>{_NEAR}|{_THERE}){S}year\b))?",
    ),
    Form(
        "half",
        Kind.PERIOD,
        rf"(?:the{S})?(?P<half_year>first|second|latter){S}half{S}of{S}(?:(?P<year>{YEAR})|(?P<direction>{_NEAR}|{_THERE}|the){S}year\b)",
    ),
    Form("h1", Kind.PERIOD, rf"h(?P<half_year>[12]){S}(?:of{S})?(?P<year>{YEAR_DIGITS})"),
    Form(
        "season",
        Kind.PERIOD,
        rf"(?:{_PART}|the{S})?(?P<unit>{any_of(SEASONS)})\b(?:,?{S}(?:of{S})?(?P<year>{YEAR_OR_SHORT}|{SHORT_SPOKEN_YEAR})(?:[/–-](?:\d{{4}}|\d\d)\b)?"
        rf"|{S}(?:of{S})?(?P<direction>{_NEAR}){S}year\b)?",
    ),
    Form(
        "decade",
        Kind.PERIOD,
        rf"{_PART}?(?:the{S})?(?:(?P<decade>(?:1[5-9]|20)\d0)|['’](?P<decade2>\d0))['’]?s\b",
    ),
    Form(
        "years",
        Kind.RANGE,
        r"(?<![\d-])(?P<year>(?:1[5-9]|20)\d\d)[-–—/](?P<until_year>(?:1[5-9]|20)\d\d|\d\d)(?![\d-])",
    ),
    Form("year", Kind.CALENDAR, rf"{_PART}?(?:(?:the{S})?(?P<word>year){S}(?:of{S})?)?(?P<year>{YEAR})"),
    Form("short-spoken-year", Kind.CALENDAR, rf"{_PART}?(?P<year>{SHORT_SPOKEN_YEAR})"),
)  # fmt: skip
# What a form's first words can be. Most words of a text are none of them, and cost no more than this.
_FIRST = (
    rf"(?:(?:the|very){S})?(?:['’]?\d|{any_of(name[:3] for name in MONTH_NAMES + WEEKDAY_NAMES)}"
    rf"|(?:{any_of((*_PART_WORDS, *_NEAR_WORDS, *_TOLD_WORDS, *SEASONS, *COUNT_WORDS))}"
    r"|that|latter|current|year|fiscal)\b"
    rf"|(?:day|night|morning|evening|week|weekend|month|quarter|year){S}(?:before|after|earlier)"
    rf"|an?{S}(?:few|couple|{_LENGTHS})|{_ABOUT}\b|q[1-4]|h[12]|fy|yesterday|today|tonight|tomorrow"
    rf"|in{S}(?:{_ABOUT}{S})?{COUNT}{_JOINED}{_LENGTHS})"
)


@cache
def beginning() -> re.Pattern[str]:
    """Where any of them begins; which one it is takes another look, as one pattern cannot name a group twice."""
    unnamed = (re.sub(r"\(\?P<\w+>", "(?:", form.written) for form in FORMS)
    return re.compile(rf"(?<!\w)(?={_FIRST})(?:{'|'.join(unnamed)})")
