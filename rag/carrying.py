"""What a statement says that its quotes do not: names, numbers with their units, months and negations.

Whether the words around them follow from the quotes is another question; a statement that lacks nothing here may
still be wrong, and one that lacks something has to be shown with care or not at all.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from rag.analysis import STOP_WORDS, terms
from rag.temporal import find

_NUMBER = re.compile(
    r"(?<![\w.])(?<![A-Za-z]-)(?P<digits>\d+(?:,\d{3})*(?:\.\d+)?)(?:st|nd|rd|th)?(?![\d])"
)
_WORD = re.compile(r"[^\W\d_][\w’'-]*")
_CARDINALS = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty
    """.split()  # noqa: SIM905 # prose is easier to keep in order than a list of literals
_ORDINALS = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth".split()  # noqa: SIM905
_SPELLED = {
    word: str(number) for words in (_CARDINALS, _ORDINALS) for number, word in enumerate(words)
}
_NO_NUMBERS = re.compile(r"\b(?:one|first)\b", re.IGNORECASE)  # as often an article or an order
_SCALES = {"thousand": 3, "million": 6, "billion": 9, "trillion": 12}
_SCALED = re.compile(
    rf"(?P<digits>\d+(?:\.\d+)?)[\s-]?(?P<scale>{'|'.join(_SCALES)})\b", re.IGNORECASE
)
_UNITS = {
    unit: measure
    for measure, units in {
        "share": "% percent",
        "length": "mm cm m km metre metres meter meters kilometre kilometres kilometer kilometers mile miles foot"
        " feet inch inches",
        "mass": "g kg gram grams kilogram kilograms tonne tonnes ton tons pound pounds ounce ounces",
        "time": "second seconds minute minutes hour hours day days week weeks month months year years decade decades",
        "money": "dollar dollars euro euros cent cents",
    }.items()
    for unit in units.split()
} | {"per cent": "share"}
_UNIT = re.compile(r"(?P<digits>\d+(?:\.\d+)?)[\s-]?(?P<unit>%|per\scent|[a-z]+)", re.IGNORECASE)
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
    return (
        *_names(statement, said),
        *sorted(_numbers(_NO_NUMBERS.sub(" ", statement)) - _numbers(said)),
        *_units(statement, said),
        *(() if _NEGATION.search(said) else dict.fromkeys(_negations(statement))),
    )


def _names(statement: str, said: str) -> Iterator[str]:
    held = {*terms(said)} | {_month_name(one) for one in _months(said)}
    for match in _WORD.finditer(statement):
        word = match[0]
        if not word[0].isupper() or word.lower() in STOP_WORDS:
            continue
        if _SENTENCE_START.search(statement[: match.start()]) and word[1:].islower():
            continue  # any word may begin a sentence
        if not {*terms(word)} <= held:
            yield word


def _months(text: str) -> set[int]:
    return {one.month for one in find(text) if one.month is not None}


def _month_name(month: int) -> str:
    return terms(calendar.month_name[month])[0]


def _plain(text: str) -> str:
    """A text with numbers as plain digits."""
    text = _NUMBER.sub(lambda one: one["digits"].replace(",", ""), text)
    text = _WORD.sub(lambda one: _SPELLED.get(one[0].lower(), one[0]), text)
    return _SCALED.sub(_unscaled, text)


def _unscaled(match: re.Match[str]) -> str:
    return str(Decimal(match["digits"]).scaleb(_SCALES[match["scale"].lower()]).quantize(1))


def _numbers(text: str) -> set[str]:
    found = (one["digits"] for one in _NUMBER.finditer(_plain(text)))
    return {one.rstrip("0").rstrip(".") if "." in one else one.lstrip("0") or "0" for one in found}


def _units(statement: str, said: str) -> Iterator[str]:
    """Numbers with a unit of another measure than each that the quotes give them."""
    held = _measured(said)
    for number, measures in _measured(statement).items():
        if number in held and not measures & held[number]:
            yield f"{number} ({', '.join(sorted(measures))})"


def _measured(text: str) -> dict[str, set[str]]:
    measured: dict[str, set[str]] = {}
    for match in _UNIT.finditer(_plain(text)):
        if measure := _UNITS.get(match["unit"].lower()):
            measured.setdefault(match["digits"], set()).add(measure)
    return measured


def _negations(statement: str) -> Iterator[str]:
    return (one[0].lower() for one in _NEGATION.finditer(statement))
