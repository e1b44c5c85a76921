"""What a statement says that its quotes do not: names, numbers with their units, months and negations.

Whether the words around them follow from the quotes is another question; a statement that lacks nothing here may
still be wrong, and one that lacks something has to be shown with care or not at all.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Collection, Iterator, Sequence

from rag.analysis import STOP_WORDS, terms
from rag.numbers import cardinal, ordinal, value_of
from rag.temporal import find

_NUMBER = re.compile(
    r"(?<![\w.])(?<![A-Za-z]-)(?P<digits>\d+(?:,\d{3})*(?:\.\d+)*)(?:st|nd|rd|th)?(?!\d)"
)
_WORD = re.compile(r"[^\W\d_][\w’'-]*")
_JOINED = r"[\s-]"
_SPELLED = re.compile(  # "second" is a unit behind digits
    rf"(?<![\w-])(?:zero\b|{cardinal(_JOINED)}|(?<!\d\s){ordinal(_JOINED)})",
    re.IGNORECASE,
)
_NO_NUMBERS = frozenset({"one", "first"})  # as often an article or an order
_COUNT = r"(?:(?<!\d)(?P<digits>\d+(?:\.\d+)?)|\b(?:an?|one))"
_HUNDREDS = re.compile(
    rf"{_COUNT}{_JOINED}hundred\b(?:{_JOINED}(?:and{_JOINED})?(?P<rest>\d\d?)(?![\d.,]))?",
    re.IGNORECASE,
)
_SCALES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_SCALED = re.compile(rf"{_COUNT}{_JOINED}?(?P<scale>{'|'.join(_SCALES)})\b", re.IGNORECASE)
# A unit a line, in all its words. Two of one measure are not the same: "5 days", "5 weeks".
_UNITS = {
    word: line.split()[0]
    for line in """
        % percent
        percentage
        mm millimetre millimetres millimeter millimeters
        cm centimetre centimetres centimeter centimeters
        m metre metres meter meters
        km kilometre kilometres kilometer kilometers
        mile miles
        foot feet
        inch inches
        g gram grams
        kg kilogram kilograms
        tonne tonnes
        ton tons
        pound pounds
        ounce ounces
        second seconds
        minute minutes
        hour hours
        day days
        week weeks
        month months
        year years
        decade decades
        dollar dollars
        euro euros
        cent cents
        """.strip().splitlines()
    for word in line.split()
} | {"per cent": "%"}
_UNIT = re.compile(
    r"(?<!\d)(?P<digits>\d+(?:\.\d+)?)[\s-]?(?P<unit>%|per\scent|[a-z]+)", re.IGNORECASE
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|nobody|none|nothing|neither|nor|without|cannot|fail(?:s|ed)?|refus\w+|den(?:y|ies|ied)"
    r"|unable|lack\w*|un(?:known|likely))\b|n['’]t\b",
    re.IGNORECASE,
)
_SENTENCE_START = re.compile(r"(?:^|[.!?:]\s+|[\"“(])\W*$")


def lacking(statement: str, quotes: Sequence[str]) -> tuple[str, ...]:
    """The names, numbers, units, months and negations of a statement that none of its quotes has, in that order.

    Derived, and so not lacking: a number in other digits or words ("260,000", "260 thousand"), a month of a day that
    is written in digits, a name in another case or with another ending.
    """
    said = " ".join(quotes)
    months = {_month_name(one.month) for one in find(said) if one.month}
    return (
        *_names(statement, {*terms(said)} | months),
        *sorted(_numbers(_plain(statement, but=_NO_NUMBERS)) - _numbers(_plain(said))),
        *_units(statement, said),
        *(() if _NEGATION.search(said) else dict.fromkeys(_negations(statement))),
    )


def _names(statement: str, held: Collection[str]) -> Iterator[str]:
    for match in _WORD.finditer(statement):
        word = match[0]
        if not word[0].isupper() or word.lower() in STOP_WORDS:
            continue
        if _SENTENCE_START.search(statement[: match.start()]) and word[1:].islower():
            continue  # any word may begin a sentence
        if not set(held).issuperset(terms(word)):
            yield word


def _month_name(month: int) -> str:
    return terms(calendar.month_name[month])[0]


def _plain(text: str, but: Collection[str] = ()) -> str:
    """A text with numbers as plain digits, but for these words where they are no part of a larger number."""
    text = _NUMBER.sub(lambda one: one["digits"].replace(",", ""), text)
    text = _SPELLED.sub(lambda one: one[0] if one[0].lower() in but else _value(one[0]), text)
    return _SCALED.sub(_unscaled, _HUNDREDS.sub(_counted, text))


def _value(words: str) -> str:
    word = words.lower()
    return "0" if word == "zero" else str(value_of(word))


def _counted(match: re.Match[str]) -> str:
    hundreds = _shifted(match["digits"] or "1", 2)
    return hundreds[: -len(rest)] + rest if (rest := match["rest"]) else hundreds


def _unscaled(match: re.Match[str]) -> str:
    return _shifted(match["digits"] or "1", _SCALES[match["scale"].lower()])


def _shifted(digits: str, places: int) -> str:
    """A decimal number times a power of ten, exactly, however long it is."""
    whole, _, part = digits.partition(".")
    part = part.ljust(places, "0")
    return f"{whole}{part[:places]}.{part[places:]}".rstrip(".")


def _numbers(plain: str) -> set[str]:
    found = (one["digits"] for one in _NUMBER.finditer(plain))
    return {_bare(one) for one in found}


def _bare(digits: str) -> str:
    """A number without the zeros that say nothing; a code such as "1.2.10" is itself."""
    match digits.count("."):
        case 0:
            return digits.lstrip("0") or "0"
        case 1:
            return digits.rstrip("0").rstrip(".")
        case _:
            return digits


def _units(statement: str, said: str) -> Iterator[str]:
    """Numbers with another unit than each that the quotes give them."""
    held = _measured(said)
    for number, units in _measured(statement).items():
        if number in held and not units & held[number]:
            yield f"{number} ({', '.join(sorted(units))})"


def _measured(text: str) -> dict[str, set[str]]:
    measured: dict[str, set[str]] = {}
    for match in _UNIT.finditer(_plain(text)):
        if unit := _UNITS.get(match["unit"].lower()):
            measured.setdefault(match["digits"], set()).add(unit)
    return measured


def _negations(statement: str) -> Iterator[str]:
    return (one[0].lower() for one in _NEGATION.finditer(statement))
