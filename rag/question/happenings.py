"""Words for what happened: which of a question's name its kind of event, and others that say the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from typing import Literal

from rag.analysis import STOP_WORDS, terms
from rag.numbers import UP_TO_NINETEEN, any_of
from rag.question.asking import telling_terms
from rag.question.query import Query
from rag.question.vocabulary import is_plural

_NO_VALUES = frozenset(terms("since until till change changed develop developed evolve evolved"))
_NO_EVENTS = frozenset(terms("first second third last final real whole"))
_SEVERAL = rf"(?:{any_of(UP_TO_NINETEEN[1:])}|\d{{1,2}})"
# "sale by sale", before the second
ONE_BY_ONE = r"(?P<one>(?!(?:step|one|side|word|bit|piece|line|case|year|month|week|day)\b)[a-z]{3,}) by (?=(?P=one)\b)"
# "at the four hearings", "over the rounds", before what there are several of
_PLURAL = (
    r"(?=(?-i:(?:[a-z-]+ )?(?!(?:years|months|weeks|days|hours|decades|minutes|seconds|series)\b)"
    r"[a-z-]{3,}(?<![sui])s\b))"
)
SEVERAL_DID = re.compile(
    rf"\b(?:did|do|were|are|will) the {_SEVERAL} {_PLURAL}[^?]*?\b(?:take place|happen|occur|open|held|played)\b",
    re.IGNORECASE,
)
OVER_SEVERAL = (
    rf"(?:(?:at|over|across|during|through|throughout) the {_SEVERAL}"
    rf"|(?:over|across|throughout) the) {_PLURAL}"
)
_EACH = re.compile(
    rf"\b(?:{ONE_BY_ONE}|{OVER_SEVERAL})"
    r"|\b(?:each|every|all)\b(?:\s+of\b)?(?:\s+(?:the|his|her|its|their|these|those)\b)?"
    rf"|\b(?:his|her|its|their|the)\b(?=\s+{_SEVERAL}\b)",
    re.IGNORECASE,
)
_ENDS = re.compile(r"\s*(?:[?,.;]|$|on\b)")
_PARTICLES = {"home", "away", "back"}
_DID = re.compile(r"\b(?:do|does|did|will|would|can|could)\s+$", re.IGNORECASE)
_WORD = re.compile(r"[^\W_][\w’'-]*")
_PARTICLE = re.compile(r"-(?:up|in|off|out|on|down|over)s?$", re.IGNORECASE)  # "check-ups"
_BESIDE = re.compile(
    r"\b(?P<side>before|after)(?:(?:\s+(?:that|this|it))?(?:\s+one)?\s*\((?P<reference>[^)]+)\)"
    r"|\s+(?:the one|that)\s+(?:of|in|on|at)\s+(?P<named>[^?,;]{1,80}))",
    re.IGNORECASE,
)
# "the one before the coast tour", "the visit after Malta was left"
_NEXT_TO = re.compile(
    r"\bthe\s+(?P<event>[a-z]+)\s+(?P<side>before|after)\s+(?!(?:that|this|it|the one)\b)(?P<reference>[^?,;]{1,80})",
    re.IGNORECASE,
)
# Words by which English texts speak of one kind of event.
_ALIKE = tuple(
    frozenset(terms(group))
    for group in (
        "visit visits trip trips travelled came arrived flew went",
        "launch launched unveiled introduced presented announced showed",
        "release released published shipped",
        "vote voted adopted rejected ballot",
        "inspection inspected inspectors audit examined examination surveyed survey check checked checkup",
        "hearing hearings sitting session trial heard",
        "incident outage accident failure",
        "match matches game games played fixture derby",
        "expedition cruise voyage sailed",
        "meeting met talks summit session",
        "tour toured opened",
        "test tested tests",
        "repair repaired mended fixed replaced",
        "election elected",
        "attack attacked",
    )
)
_EVENTS = frozenset(terms("one time")).union(*_ALIKE)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An event by its place beside another: one before or after what `reference` names."""

    step: Literal[-1, 1]
    reference: str


def neighbour(question: str) -> Neighbour | None:
    """Which event is meant by "the one before that (…)", "before the one of May"; None where it is named otherwise."""
    found = _BESIDE.search(question)
    if found is None:
        found = _NEXT_TO.search(question)
        if found is None or _EVENTS.isdisjoint(terms(found["event"])):
            return None
    reference = found["reference"] or found["named"]
    return Neighbour(-1 if found["side"].lower() == "before" else 1, reference)


@lru_cache(maxsize=256)  # it is asked of each sentence
def event_words(query: Query) -> frozenset[str]:
    """Stems of the words by which documents speak of the kind of event that a question asks about.

    The event is what "each" or a number stands before; where nothing is, all that the question says happened.
    """
    telling = _telling(query)
    head = [one for one in _phrase(query) if one in telling][-1:]
    named = frozenset(head) or _happened(query)
    return named.union(*(group for group in _ALIKE if not named.isdisjoint(group)))


@lru_cache(maxsize=256)
def told_of_each(query: Query) -> frozenset[str]:
    """The stems of what a question wants to know of each event: without its names, its times and the event itself."""
    times = (one.expression.text for one in query.time if one.expression)
    known = frozenset(terms(" ".join((*query.entities, *query.items, *times))))
    return frozenset(telling_terms(query.text)).difference(
        known, event_words(query), _phrase(query), _NO_VALUES, terms(" ".join(UP_TO_NINETEEN))
    )


def _phrase(query: Query) -> list[str]:
    """The stems of the first phrase behind "each" that has a word for an event or of a name; none where none has."""
    telling = _telling(query)
    for match in _EACH.finditer(query.text):
        words = _WORD.finditer(query.text, match.end())
        found = list(takewhile(lambda one: _is_no_stop_word(one[0]), words))
        if found and _DID.search(query.text, 0, match.start()):
            found = _without_verb(found, query.text)
        stems = [term for word in found for term in terms(_PARTICLE.sub("", word[0]))]
        if not telling.isdisjoint(stems):
            return stems
    return []


def _without_verb(phrase: list[re.Match[str]], question: str) -> list[re.Match[str]]:
    """The words of "each incident hit" and "each ship bring home" without the verb that ends a clause."""
    last = phrase[-1]
    if not _ENDS.match(question, last.end()) or is_plural(last[0]):  # "did each of the visits"
        return phrase
    verb = 2 if last[0] in _PARTICLES else 1
    return phrase[:-verb] or phrase


def _telling(query: Query) -> frozenset[str]:
    """The stems of events and of names: "each Boat Race"."""
    return _happened(query).union(term for name in query.entities for term in terms(name))


def _happened(query: Query) -> frozenset[str]:
    return frozenset(query.event) - _NO_EVENTS


def _is_no_stop_word(word: str) -> bool:
    return word.lower() not in STOP_WORDS
