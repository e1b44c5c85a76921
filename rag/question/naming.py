"""Names, codes and quoted words of a question, and the items that it goes through one by one."""

from __future__ import annotations

import re

from rag.analysis import STOP_WORDS
from rag.question.vocabulary import AUXILIARIES, CAPITALS

_QUOTED = re.compile(r"[\"“”«»]([^\"“”«»]{1,80})[\"“”«»]")
_PART = (
    rf"(?:(?:Dr|Mr|Mrs|Ms|Prof|St|Gen|Col|Sgt|Lt|Capt|Jr|Sr)\.|[{CAPITALS}][\w&]{{0,40}}(?:[-’'./](?!s\b)[\w&]{{1,40}}){{0,6}}"
    r"|\d\w{0,40}(?:-\w{1,40}){0,6}|\w{1,40}-\d[\w-]{0,40})"
)
_JOINT = r"(?:of|of the|de|de la|del|van|van der|von|di|da|le|la|&)"
_NAME = re.compile(rf"(?<!\w){_PART}(?:\s+(?:{_JOINT}\s+)?{_PART}){{0,7}}")
_POSSESSIVE = re.compile(r"(?:['’]s|(?<=s)['’])$")
_POSSESSIVES = re.compile(r"(?<!\w)['’]s?(?!\w)")
_NO_NAMES = (
    STOP_WORDS
    | AUXILIARIES
    | frozenset(
        [
            "list",
            "name",
            "give",
            "compare",
            "define",
            "explain",
            "describe",
            "whether",
            "please",
            "tell",
            "show",
            "i",
            "according",
            "state",
        ]
    )
)
_ITEM = (
    rf"(?:the\s+)?(?:[{CAPITALS}\d][\w’'&-]{{0,40}}(?:\s+[{CAPITALS}\d][\w’'&-]{{0,40}}){{0,3}}"
    r"|[a-z][\w’'-]{0,40})"
)
_EACH_OF = re.compile(
    rf"\b(?:(?:each|every one|all)\s+of|both)\s+(?:the\s+[a-z]+s\s+)?"
    rf"(?P<items>{_ITEM}(?:\s*,\s*{_ITEM}){{0,20}},?\s+(?:and|or)\s+{_ITEM})(?![-\w])"
)
_CAPITAL = (
    rf"(?:the\s+(?:[a-z]+\s+)?)?(?:[{CAPITALS}][\w’'&-]{{0,40}}|\d{{3,4}})"
    rf"(?:\s+[{CAPITALS}\d][\w’'&-]{{0,40}}){{0,3}}"
)
_SERIES = re.compile(
    rf"(?<!\w)(?P<items>{_CAPITAL}(?:\s*,\s*{_CAPITAL}){{1,20}},?\s+(?:and|or)\s+{_CAPITAL})(?P<each>\s+each\b)?"
)
_PAIR = re.compile(rf"(?<!\w)(?P<items>{_CAPITAL}\s+and\s+{_CAPITAL})\s+each\b")
_YEARS = re.compile(r"\b(?P<items>\d{4}(?:\s*,\s*\d{4}){0,20},?\s+and\s+\d{4})\b")
_QUARTERS = re.compile(
    r"\b(?:(?:each|every|all|by)(?: of)?(?: the)?(?: four)?|the four)\s+quarters?\b"
    r"(?=\s+(?:of|in|for)\s+(?:the\s+)?(?:(?:fiscal|financial)\s+)?(?:year\s+)?\d{4}\b(?!\s*(?:,|-|–|and|or|to|until)\b))",
    re.IGNORECASE,
)
QUARTERS = ("first quarter", "second quarter", "third quarter", "fourth quarter")
_SUMMED = re.compile(r"\b(?:altogether|in all|in total|combined|taken together)\b", re.IGNORECASE)
_BETWEEN = re.compile(r"\bbetween\s+$")


def is_summed(question: str) -> bool:
    """Whether a question puts what it names together: "in 2023 and 2024 altogether"."""
    return _SUMMED.search(question) is not None


def items(question: str) -> tuple[tuple[str, ...], str]:
    """What a question goes through one by one, and the question without it.

    It does where it says "each of A, B and C", or "each quarter", or names three things or more, or years.
    """
    if found := _QUARTERS.search(question):
        return QUARTERS, f"{question[: found.start()]} each quarter {question[found.end() :]}"
    for pattern in (_EACH_OF, _YEARS, _SERIES, _PAIR):
        found = pattern.search(question)
        if pattern is _YEARS and is_summed(question):
            continue
        if found and not _BETWEEN.search(question[: found.start("items")]):
            parts = _parts(found["items"])
            if len(parts) > 1:
                rest = f"{question[: found.start()]} each {question[found.end() :]}"
                return parts, " ".join(rest.split())
    return (), question


def _parts(series: str) -> tuple[str, ...]:
    parts = re.split(r"\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+", series)
    return tuple(
        re.sub(r"^(?:the|each|in|of)\s+", "", part.strip()) for part in parts if part.strip()
    )


def names(question: str) -> tuple[tuple[str, ...], str]:
    """Names, codes and quoted words, sorted, each once; and the question without them."""
    found: list[str] = [quoted for quoted in _QUOTED.findall(question) if quoted.strip()]
    rest = _QUOTED.sub(" ", question)
    kept: list[str] = []
    at = 0
    for match in _NAME.finditer(rest):
        start = match.start() + _framing(match[0])
        if start < match.end():
            kept.append(rest[at:start])
            at = match.end()
            found.append(_plain(rest[start:at]))
    kept.append(rest[at:])
    return tuple(sorted({one for one in found if one})), " ".join(
        _POSSESSIVES.sub(" ", " ".join(kept)).split()
    )


def _framing(name: str) -> int:
    """How many characters at the beginning of a name are words of the question itself."""
    at = 0
    for word in re.finditer(r"\S+\s*", name):
        plain = word[0].strip(" ,.").lower()
        if plain not in _NO_NAMES and not plain.isdigit():
            return at
        if plain.isdigit() and word.end() < len(name):
            return at
        at = word.end()
    return at


def _plain(name: str) -> str:
    return _POSSESSIVE.sub("", name.strip(" ,;:?!"))
