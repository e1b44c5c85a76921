"""Whether a sentence may hold what is asked for: one about the subject alone is no answer."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from rag.analysis import STOP_WORDS, terms, words
from rag.numbers import CARDINALS, any_of
from rag.polarity import Denial, polarity
from rag.question import Kind, Query
from rag.question.vocabulary import AUXILIARIES, CAPITALS
from rag.reading import Candidate
from rag.temporal import find, stated

_NUMBER = re.compile(
    rf"\d[\d,.]*|\b(?:zero|{any_of(CARDINALS)}|hundreds?|thousands?|millions?|billions?|half|quarter|thirds?|dozens?"
    r"|pair|couple|single|once|twice|several|unlimited|free)\b",
    re.IGNORECASE,
)
_LONG = re.compile(
    r"\b(?:seconds?|minutes?|hours?|days?|weeks?|fortnights?|months?|years?|decades?|centur(?:y|ies)|nights?|seasons?"
    r"|springs?|summers?|autumns?|winters?|overnight|until|till|since|forever|indefinitely)\b",
    re.IGNORECASE,
)
# What says when without a date that is understood: "45 BC", "in the 1050s", "at the end of the war", "on Wednesdays".
_WHEN = re.compile(
    r"\b\d{2,4}(?:s|th|st|nd|rd)?\b|\b(?:when|while|before|after|during|until|since|prior|once|ago|age|time|soon|later"
    rf"|at (?:\d+|{any_of(CARDINALS)})|[ap]\.?m\b|beginning|start|end|middle|eve|dawn|dusk|sunrise|sunset|noon"
    r"|midnight|morning|afternoon|evening|nights?|today|now|yesterday|tomorrow|tonight|spring|summer|autumn|winter"
    r"|easter|christmas|daily|weekly|monthly"
    r"|annual|annually|yearly|every|each|within|(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
    r"|century|centuries|(?:year|month|week|day|hour|minute)s)\b",
    re.IGNORECASE,
)
_CAPITALISED = re.compile(rf"\b[{CAPITALS}][\w’'-]*")
_KNOWING = frozenset(terms("sure know known"))
# What denies all that a sentence says, and not one word of it, as "not in May, but in June" does.
_DENIES = re.compile(
    rf"(?:\b(?:{any_of(AUXILIARIES)})\s+not|n['’]t)\b(?!\s+(?:just|only|merely|simply|sure|know))"
    r"|\b(?:never|nobody|nothing|none of|neither|cancel(?:s|led|ed)?)\b",
    re.IGNORECASE,
)
_ITEM_NUMBER = re.compile(r"\(?\d{1,3}[.)]\s")  # of a list
_WORDED = frozenset({"area", "frequency"})  # "the old town", "every hour"
_ASKS_NAME = re.compile(r"\bnames?\b", re.IGNORECASE)
_ASKS_AHEAD = re.compile(r"\b(?:will|shall|going to)\b", re.IGNORECASE)
_ASKS_BACK = re.compile(r"^(?:did|was|were|has|have|had)\b", re.IGNORECASE)
_UNREAL = re.compile(
    r"\b(?:will|shall|may|might|would|should|must|whether|if)\s+(?:(?:not|also|then|to)\s+)?(?P<verb>\w+)",
    re.IGNORECASE,
)


def has_look(query: Query) -> bool:
    """Whether what is asked for has a look by which a sentence is told that may hold it."""
    named = query.kind in (Kind.PERSON, Kind.ORGANISATION) and bool(_ASKS_NAME.search(query.text))
    worded = query.kind is Kind.NUMBER and query.attribute in _WORDED
    return named or (query.kind in (Kind.NUMBER, Kind.DURATION, Kind.DATE) and not worded)


def may_answer(query: Query, one: Candidate, newest: dt.date | None = None) -> bool:
    """Whether a sentence holds what may be the value; True where its kind or language says nothing of how it looks.

    Args:
        query: What is asked.
        one: The sentence.
        newest: When the newest document came out that has a say: what is to come of a text without a date comes later.
    """
    sentence = one.text
    if one.document.language not in (None, "en"):
        return True
    match query.kind:
        case Kind.NUMBER if query.attribute in _WORDED:
            return True
        case Kind.NUMBER:
            return _has_number(query, sentence)
        case Kind.DURATION:
            long = _LONG.search(sentence) or find(sentence)
            return bool(long) or _has_number(query, sentence)
        case Kind.DATE if _ASKS_AHEAD.search(query.text):
            return _may_be_to_come(query, one, newest)
        case Kind.DATE:
            return bool(find(sentence)) or _says_when(query, sentence)
        case Kind.PERSON | Kind.ORGANISATION if _ASKS_NAME.search(query.text):
            return _has_name(query, one)  # else it may be "the warden", "the council"
        case Kind.YES_NO if _ASKS_BACK.match(query.text):
            return not _only_thought_of(query, sentence)
        case _:
            return True


def denies(query: Query, sentence: str) -> bool:
    """Whether a sentence says that something of the question is not so: what contradicts a question answers it."""
    asked = frozenset(terms(query.text))
    return bool(_DENIES.search(sentence)) or any(
        _denies_of(asked, one) for one in polarity(sentence).denials
    )


def _denies_of(asked: frozenset[str], one: Denial) -> bool:
    """Whether a negation denies one of these stems, or what was just said ("ours, not yours")."""
    if one.word == "not" and not one.stems:
        return True
    denies = one.word in ("not", "no", "nor") and _KNOWING.isdisjoint(one.stems)
    return denies and not asked.isdisjoint(one.stems)


def _has_number(query: Query, sentence: str) -> bool:
    """Whether there is a number that is of no date, no item's of a list, and not of the question."""
    asked = frozenset(word for word in words(query.text) if not word.isalpha())
    mark = _ITEM_NUMBER.match(sentence)
    return any(
        one[0].lower().rstrip(".,") not in asked
        for one in _outside_dates(_NUMBER, sentence)
        if mark is None or one.start() >= mark.end()
    )


def _has_name(query: Query, one: Candidate) -> bool:
    """Whether there is a capitalised word that the question lacks; at the beginning, one that is a name elsewhere.

    A text without capitals, as recognisers of speech write it, may name anybody anywhere.
    """
    if one.text.islower():
        return True
    asked = frozenset(terms(query.text))
    return any(
        word[0].lower() not in STOP_WORDS
        and asked.isdisjoint(terms(word[0]))
        and (word.start() > 0 or f" {word[0].lower()} " not in one.document.text)
        for word in _outside_dates(_CAPITALISED, one.text)
    )


def _outside_dates(pattern: re.Pattern[str], sentence: str) -> Iterator[re.Match[str]]:
    dates = [one.span for one in find(sentence)]
    for match in pattern.finditer(sentence):
        if not any(date.start <= match.start() < date.end for date in dates):
            yield match


def _says_when(query: Query, sentence: str) -> bool:
    """Whether there is a word for a time that is not the question's own, as in "version 14"."""
    asked = frozenset(words(query.text))
    return any(one[0].lower() not in asked for one in _WHEN.finditer(sentence))


def _may_be_to_come(query: Query, one: Candidate, newest: dt.date | None) -> bool:
    """Whether a sentence says when, and not only of what was past when it was said."""
    times = list(stated(one.document, one.span))
    if not times:
        return _says_when(query, one.text)
    since = [time.anchor.interval.first if time.anchor else newest for time in times]
    return any(
        day is None or time.days.interval.last > day for time, day in zip(times, since, strict=True)
    )


def _only_thought_of(query: Query, sentence: str) -> bool:
    """Whether a sentence tells of what is asked about only as of something that may be or is to be."""
    unreal = [term for one in _UNREAL.finditer(sentence) for term in terms(one["verb"])]
    asked = frozenset(query.event).intersection(unreal)
    return bool(asked) and all(unreal.count(one) >= terms(sentence).count(one) for one in asked)
