"""The words of English dates, their numbers, and patterns over them. All patterns are for lower case."""

from __future__ import annotations

import re

from rag.numbers import (
    CARDINALS,
    ONES,
    ORDINALS,
    TENS,
    UP_TO_NINETEEN,
    any_of,
    cardinal,
    ordinal,
    value_of,
)

MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
WEEKDAY_NAMES = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
)  # fmt: skip
SEASONS = {"winter": 0, "spring": 1, "summer": 2, "autumn": 3, "fall": 3}
# How many are meant where no number is said; such expressions are approximate.
VAGUE = {"a couple of": 2, "a few": 3, "several": 4, "some": 3}

# White space and a line's end, with the mark of a quoted mail, but no blank line.
SPACE = r"(?:[^\S\n]{1,4}(?:\n[^\S\n]{0,8}(?:>[^\S\n]{0,4}){0,3})?|\n[^\S\n]{0,8}(?:>[^\S\n]{0,4}){0,3})"
_JOINED = rf"(?:-|{SPACE})"
_TEENS = any_of(UP_TO_NINETEEN[9:])
_CARDINAL = cardinal(_JOINED)
_ORDINAL = ordinal(_JOINED)

MONTH = rf"(?:{any_of(MONTH_NAMES)}\b|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?)"
WEEKDAY = any_of(WEEKDAY_NAMES)
HALF_DAY = any_of(("morning", "afternoon", "evening", "night", "lunchtime", "noon"))
WEEKDAY_OR_SHORT = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\b\.?"
_SPOKEN_YEAR = (
    rf"(?:(?:twenty|nineteen|eighteen|seventeen){_JOINED}"
    rf"(?:oh?{_JOINED}{ONES}|{_TEENS}|{any_of(TENS)}(?:{_JOINED}{ONES})?)"
    rf"|two{SPACE}thousand(?:{SPACE}and)?(?:{SPACE}{_CARDINAL})?)\b"
)
# A year without its century, as it is said: "twenty two", "ninety-eight".
_TENS_AND_ONES = rf"(?:{any_of((TENS[0], *TENS[5:]))}{_JOINED}{ONES})"
_SHORT_SPOKEN_YEAR = re.compile(_TENS_AND_ONES)
# What goes on behind it: a number before any other word counts something, as in "twenty two new trains".
_GOES_ON = any_of(
    (
        *("a", "an", "the", "this", "that", "his", "her", "its", "their", "my", "our"),
        *("i", "you", "he", "she", "it", "we", "they", "who", "what", "which", "there", "here"),
        *("is", "are", "was", "were", "has", "have", "had", "did", "do", "does", "will", "would"),
        *("and", "or", "but", "so", "yes", "no", "not", "then", "when", "where", "as", "again"),
        *("in", "on", "at", "by", "with", "for", "from", "after", "before", "until", "through"),
    )
)
SHORT_SPOKEN_YEAR = rf"{_TENS_AND_ONES}(?=[.,;:!?)\]\"”–—]|\s*(?:$|\n)|{SPACE}(?:[(\[\"“–—]|(?:{_GOES_ON}|{ONES})\b))"
# No word boundary after the digits: the text of a web page often runs on without a space.
YEAR_DIGITS = r"[12]\d{3}(?!\d)"
YEAR = rf"(?:{YEAR_DIGITS}|{_SPOKEN_YEAR})"
YEAR_OR_SHORT = rf"(?:{YEAR}|['’]\d\d\b)"
DAY_ORDINAL = rf"(?:(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)\b|{_ORDINAL})"
DAY = rf"(?:{DAY_ORDINAL}|(?:0?[1-9]|[12]\d|3[01])(?![\d:%]|\.\d|,\d{{3}}(?!\d)))"
COUNT = rf"(?:{any_of(VAGUE)}|an?|another|\d{{1,3}}|{_CARDINAL})"

COUNT_WORDS = (*CARDINALS, *ORDINALS, "another", "several", "some")


def month_of(word: str) -> int:
    """The number of a month by its name or the first three letters of it."""
    return next(n for n, name in enumerate(MONTH_NAMES, start=1) if name.startswith(word[:3]))


def weekday_of(word: str) -> int:
    """The number of a weekday by the first three letters of its name; Monday is 0."""
    return next(n for n, name in enumerate(WEEKDAY_NAMES) if name.startswith(word[:3]))


def number_of(words: str) -> int:
    """The number that digits, with an ordinal's ending or without, or words up to ninety-nine say.

    Raises:
        ValueError: they say none.
    """
    if digits := re.match(r"\d+", words):
        return int(digits[0])
    if words in VAGUE:
        return VAGUE[words]
    if words in ("a", "an", "another"):
        return 1
    return value_of(words)


def year_of(words: str) -> int:
    """The year that a match of `YEAR_OR_SHORT` or `SHORT_SPOKEN_YEAR` says; two digits are of the years 1950 to 2049.

    Raises:
        ValueError: they say none.
    """
    if words.strip("'’").isdigit() or _SHORT_SPOKEN_YEAR.fullmatch(words):
        number = number_of(words.strip("'’"))
        if number > 99:
            return number
        return number + (2000 if number < 50 else 1900)
    first, *rest = [word for word in re.split(r"[\s-]+", words) if word not in ("and", "o", "oh")]
    if first == "two":
        return 2000 + (number_of(" ".join(rest[1:])) if rest[1:] else 0)
    return 100 * number_of(first) + number_of(" ".join(rest))
