"""Numbers in words: what they are, and patterns for them. All of it is for lower case."""

from __future__ import annotations

import re
from collections.abc import Iterable

UP_TO_NINETEEN = (
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS_UP_TO_NINETEENTH = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
    "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth",
    "eighteenth", "nineteenth",
)  # fmt: skip
CARDINALS = {word: number for number, word in enumerate(UP_TO_NINETEEN, start=1)} | {
    word: 10 * number for number, word in enumerate(TENS, start=2)
}
ORDINALS = {word: number for number, word in enumerate(_ORDINALS_UP_TO_NINETEENTH, start=1)} | {
    "twentieth": 20,
    "thirtieth": 30,
}


def any_of(words: Iterable[str]) -> str:
    """A pattern for one of several words, the longer one where one begins another."""
    return "(?:" + "|".join(sorted(words, key=lambda word: (-len(word), word))) + ")"


ONES = any_of(UP_TO_NINETEEN[:9])


def cardinal(joined: str) -> str:
    """A pattern for "one" to "ninety-nine", whose tens and ones are joined by what the pattern `joined` matches."""
    return rf"(?:{any_of(TENS)}(?:{joined}{ONES})?|{any_of(UP_TO_NINETEEN)})\b"


def ordinal(joined: str) -> str:
    """A pattern for "first" to "thirty-first", joined as `cardinal` says."""
    return (
        rf"(?:twenty{joined}{any_of(_ORDINALS_UP_TO_NINETEENTH[:9])}|thirty{joined}first"
        rf"|{any_of(ORDINALS)})\b"
    )


def value_of(words: str) -> int:
    """The number that the words of a cardinal or an ordinal say.

    Raises:
        ValueError: they say none.
    """
    parts = [CARDINALS.get(word) or ORDINALS.get(word) for word in re.split(r"[\s-]+", words)]
    if not all(parts):
        raise ValueError(f"not a number: {words!r}")
    return sum(part for part in parts if part)
