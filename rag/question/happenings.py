"""Words for what happened: which of a question's name its kind of event, and others that say the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from rag.analysis import STOP_WORDS, terms, words
from rag.numbers import UP_TO_NINETEEN, any_of
from rag.question.query import Query

_NO_EVENTS = frozenset(terms("first second third last final real whole"))
_SEVERAL = rf"(?:{any_of(UP_TO_NINETEEN[1:])}|\d+)"
_EACH = re.compile(
    r"\b(?:each|every|all)\b(?:\s+(?:of\s+)?(?:the|his|her|its|their|these|those)\b)?"
    rf"|\b(?:his|her|its|their|the)\b(?=\s+{_SEVERAL}\b)",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    r"\b(?P<side>before|after)(?:(?:\s+(?:that|this|it))?(?:\s+one)?\s*\((?P<reference>[^)]+)\)"
    r"|\s+(?:the one|that)\s+(?:of|in|on|at)\s+(?P<named>[^?,;]{1,80}))",
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
        "inspection inspected inspectors audit examined surveyed survey",
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


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An event by its place beside another: one before or after what `reference` names."""

    step: Literal[-1, 1]
    reference: str


def neighbour(question: str) -> Neighbour | None:
    """Which event is meant by "the one before that (…)", "before the one of May"; None where it is named otherwise."""
    found = _BESIDE.search(question)
    if found is None:
        return None
    reference = found["reference"] or found["named"]
    return Neighbour(-1 if found["side"].lower() == "before" else 1, reference)


def event_words(query: Query) -> frozenset[str]:
    """Stems of the words by which documents speak of the kind of event that a question asks about.

    The event is what "each" or a number stands before; where nothing is, all that the question says happened.
    """
    told = frozenset(query.event) - _NO_EVENTS
    head = _head(query.text, told)
    named = frozenset([head]) if head else told
    return named.union(*(group for group in _ALIKE if not named.isdisjoint(group)))


def _head(question: str, told: frozenset[str]) -> str | None:
    """The last event word of the phrase behind "each"."""
    for match in _EACH.finditer(question):
        head = None
        for word in words(question[match.end() :]):
            if word in STOP_WORDS:
                break
            if stems := told.intersection(terms(word)):
                head = next(iter(stems))
        if head:
            return head
    return None
