"""Whether a sentence may hold what is asked for: one about the subject alone is no answer."""

from __future__ import annotations

import re

from rag.analysis import STOP_WORDS, terms, words
from rag.numbers import CARDINALS, any_of
from rag.question import Kind, Query
from rag.question.vocabulary import CAPITALS
from rag.reading import Candidate
from rag.temporal import find, stated

_NUMBER = re.compile(
    rf"\d[\d,.]*|\b(?:{any_of(CARDINALS)}|hundreds?|thousands?|millions?|billions?|half|dozens?|several)\b",
    re.IGNORECASE,
)
# What says when without a date that is understood: "45 BC", "in the 1050s", "at the end of the war", "on Wednesdays".
_WHEN = re.compile(
    r"\b\d{2,4}(?:s|th|st|nd|rd)?\b|\bcentur|\b(?:when|while|before|after|during|until|since|prior|once|ago|age|time|day"
    r"|beginning|start|end|middle|eve|noon|midnight|morning|afternoon|evening|night|today|now|yesterday|tomorrow|tonight"
    r"|spring|summer|autumn|winter|(?:mon|tues|wednes|thurs|fri|satur|sun)days?|(?:year|month|week|day|hour|minute)s)\b",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"[$€£¥₹₽]|\b(?:euros?|dollars?|pounds?|crowns?|francs?|yen|yuan|roubles?|rubles?|rupees?|pesos?|zlotys?|pence|cents?"
    r"|thousand|million|billion|EUR|USD|GBP|CHF|JPY|CNY|RUB|INR|SEK|NOK|DKK|PLN|CZK|CAD|AUD)\b"
)
_CAPITALISED = re.compile(rf"\b[{CAPITALS}][\w’'-]*")
_DENIES = re.compile(
    r"\b(?:not(?! sure| know)|never|no|none|nobody|nothing|neither|nor|cancel\w*)\b|n['’]t\b(?! sure| know)",
    re.IGNORECASE,
)
_ASKS_NAME = re.compile(r"\bnames?\b", re.IGNORECASE)
_ASKS_AHEAD = re.compile(r"\b(?:will|shall|going to)\b", re.IGNORECASE)
_ASKS_BACK = re.compile(r"^(?:did|was|were|has|have|had)\b", re.IGNORECASE)
_UNREAL = re.compile(
    r"\b(?:will|shall|may|might|can|could|would|should|must|whether|if|to)\s+(?:(?:not|also|then)\s+)?(?P<verb>\w+)",
    re.IGNORECASE,
)


def may_answer(query: Query, one: Candidate) -> bool:
    """Whether a sentence holds what may be the value; True where its kind or language says nothing of how it looks."""
    sentence = one.text
    if one.document.language not in (None, "en"):
        return True
    match query.kind:
        case Kind.NUMBER if query.attribute in ("price", "money"):
            return _MONEY.search(sentence) is not None and _has_number(query, sentence)
        case Kind.NUMBER if query.attribute == "area":  # of land, or a part of it
            return True
        case Kind.NUMBER | Kind.DURATION:
            return _has_number(query, sentence)
        case Kind.DATE if _ASKS_AHEAD.search(query.text):
            return _states_what_is_to_come(one)
        case Kind.DATE:
            return bool(find(sentence)) or _WHEN.search(sentence) is not None
        case Kind.PERSON if _ASKS_NAME.search(
            query.text
        ):  # who it was may be "the warden", "two boys"
            return _has_name(query, one)
        case Kind.ORGANISATION:
            return _has_name(query, one)
        case Kind.YES_NO if _ASKS_BACK.match(query.text):
            return not _only_thought_of(query, sentence)
        case _:
            return True


def denies(sentence: str) -> bool:
    """Whether a sentence says that something is not so: what contradicts a question answers it."""
    return _DENIES.search(sentence) is not None


def _has_number(query: Query, sentence: str) -> bool:
    """Whether there is a number that is of no date, unless a duration is asked for, and not of the question."""
    asked = frozenset(word for word in words(query.text) if not word.isalpha())
    dates = () if query.kind is Kind.DURATION else tuple(one.span for one in find(sentence))
    return any(
        one[0].lower().rstrip(".,") not in asked
        and not any(date.start <= one.start() < date.end for date in dates)
        for one in _NUMBER.finditer(sentence)
    )


def _has_name(query: Query, one: Candidate) -> bool:
    """Whether there is a capitalised word that the question lacks and the text nowhere has in lower case.

    A text without capitals, as recognisers of speech write it, may name anybody anywhere.
    """
    if one.text.islower():
        return True
    asked = frozenset(terms(query.text))
    dates = [each.span for each in find(one.text)]
    return any(
        not any(date.start <= word.start() < date.end for date in dates)
        and word[0].lower() not in STOP_WORDS
        and asked.isdisjoint(terms(word[0]))
        and f" {word[0].lower()} " not in one.document.text
        for word in _CAPITALISED.finditer(one.text)
    )


def _states_what_is_to_come(one: Candidate) -> bool:
    return any(
        time.anchor is None or time.days.interval.last > time.anchor.interval.first
        for time in stated(one.document, one.span)
    )


def _only_thought_of(query: Query, sentence: str) -> bool:
    """Whether a sentence tells of what is asked about only as of something that may be or is to be."""
    unreal = [term for one in _UNREAL.finditer(sentence) for term in terms(one["verb"])]
    asked = frozenset(query.event).intersection(unreal)
    return bool(asked) and all(unreal.count(one) >= terms(sentence).count(one) for one in asked)
