"""Which words of a text are denied, as far as that can be told without parsing it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from rag.analysis import STOP_WORDS, terms

_REACH = 2  # telling words behind a negation that it denies
_TOKEN = re.compile(
    r"(?P<negation>\b(?:not(?!\s+only\b)|no(?!\.?\s*\d)|never|nobody|none|nothing|neither|nor|without|cannot"
    r"|fail(?:s|ed)?|refus\w+|den(?:y|ies|ied)|unable|lack\w*|un(?:known|likely))\b|n['’]t\b)"
    r"|(?P<break>[.,;:!?](?=\W|$)|\bbut\b)"
    r"|(?P<word>[^\W_]+?(?=n['’]t\b)|[^\W_]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Denial:
    """A negation and the stems that it denies, the nearest first: at most two, of its own clause."""

    word: str
    stems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Polarity:
    """What a text denies, in order, and the stems that occur in it without being denied."""

    denials: tuple[Denial, ...]
    asserted: frozenset[str]

    @property
    def denied(self) -> frozenset[str]:
        """The stems that some negation denies."""
        return frozenset(stem for one in self.denials for stem in one.stems)

    @property
    def chiefly_denied(self) -> frozenset[str]:
        """The stem next to each negation: what is denied in any reading."""
        return frozenset(one.stems[0] for one in self.denials if one.stems)


def polarity(text: str) -> Polarity:
    """What an English text denies and asserts, by its negations and the words next behind them."""
    denials: list[Denial] = []
    asserted: set[str] = set()
    left = 0  # words that the last negation still reaches
    for token in _TOKEN.finditer(text):
        if token["negation"]:
            denials.append(Denial(token["negation"].lower(), ()))
            left = _REACH
        elif token["break"]:
            left = 0
        elif (stem := _stem(token["word"])) and left and not _is_manner(token["word"]):
            denials[-1] = Denial(denials[-1].word, (*denials[-1].stems, stem))
            left -= 1
        elif stem:
            asserted.add(stem)
    return Polarity(tuple(denials), frozenset(asserted))


def is_negation(word: str) -> bool:
    """Whether a word by itself denies something."""
    token = _TOKEN.search(word)
    return token is not None and token["negation"] is not None


@lru_cache(maxsize=10_000)
def _stem(word: str) -> str | None:
    return None if word.lower() in STOP_WORDS else terms(word)[0]


def _is_manner(word: str) -> bool:
    """Whether a word may stand between a negation and what it denies: "not immediately reopened"."""
    return word.lower().endswith("ly")
