"""From the words of a question to what it asks for, by rules for English."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from itertools import pairwise

from rag.analysis import STOP_WORDS, terms, words
from rag.question.asking import asked_for
from rag.question.framing import framed
from rag.question.happenings import SEVERAL_DID
from rag.question.naming import is_summed, items, names
from rag.question.query import Form, Kind, Query, Relation, Scope, TimeConstraint
from rag.question.timing import reference_events, scopes, times
from rag.question.vocabulary import (
    AUXILIARIES,
    FRAME_WORDS,
    LIGHT_VERBS,
    NUMBER_WORDS,
    is_english,
)

_LONGEST = 4000  # characters that are looked at
_PARTS = re.compile(
    r"(?:,?\s+and\s+|\?\s+(?:and\s+)?)(?=(?:(?:by|in|on|at|for|from|to|since|with|of)\s+)?(?:who|whom|whose|when|where|why|how"
    r"|what|which)\b)",
    re.IGNORECASE,
)
_AND = re.compile(r"\band\b|,\s*(?:in|at|on)\b", re.IGNORECASE)
_ASKS = re.compile(r"\b(?:who|whom|whose|when|where|why|how|what|which)\b", re.IGNORECASE)


def understand(question: str, asked_on: dt.date | None = None) -> Query:
    """What a question asks for; never raises, and what is not understood is of kind UNKNOWN.

    Args:
        question: One that stands alone.
        asked_on: What "last year" in it is held against; such times stay open if None.
    """
    plain = " ".join(question[:_LONGEST].split())
    if not is_english(plain):
        return Query(text=question)
    frame = framed(plain)
    parts = _split(frame.question)
    queries = [_single(part, asked_on) for part in parts]
    whole = replace(
        queries[0],
        text=question,
        asked=frame.question,
        documents=frame.documents,
        expects_conflict=frame.expects_conflict,
    )
    if len(queries) == 1:
        return whole
    further = [_referring(query, queries[0]) for query in queries[1:]]
    return replace(whole, parts=(queries[0], *further))


def _split(question: str) -> list[str]:
    """The single questions of a double one; the whole where it is one."""
    parts = [part for part in _PARTS.split(question) if part.strip()]
    if len(parts) > 1 and all(_ASKS.search(part) for part in parts):
        return parts
    return [question]


def _referring(query: Query, first: Query) -> Query:
    """A later part with what "he" and "it" in it stand for; one that names no event is of the first's."""
    if query.entities or query.items:
        return query
    if query.event:
        return replace(query, entities=first.entities)
    return replace(
        first,
        text=query.text,
        asked=query.asked,
        kind=query.kind,
        attribute=query.attribute,
        form=query.form if first.form is Form.SINGLE else first.form,
        scope=tuple(sorted({*first.scope, *query.scope})),
        time=query.time or first.time,
    )


def _single(question: str, asked_on: dt.date | None) -> Query:
    gone_through, rest = items(question)
    events, rest = reference_events(rest, asked_on)
    constraints, untimed = times(rest, asked_on)
    two_dates = not is_summed(rest) and _dates_two(constraints, rest)
    scope, rest = scopes(untimed)
    asked = asked_for(rest)
    entities, left = names(asked.rest)
    form = asked.form
    several = asked.kind is Kind.DATE and SEVERAL_DID.search(question) is not None
    if several or gone_through or Scope.EACH in scope or (form is Form.SINGLE and two_dates):
        form = Form.PER_EVENT
    elif form in (Form.SINGLE, Form.LIST) and {Scope.CURRENT, Scope.LATEST} & set(scope):
        form = Form.LATEST
    if gone_through and Scope.EACH not in scope:
        scope = tuple(sorted((*scope, Scope.EACH)))
    return Query(
        text=question,
        kind=asked.kind,
        form=form,
        attribute=asked.attribute,
        entities=entities,
        event=_stems(left),
        items=gone_through,
        scope=scope,
        time=(*constraints, *events),
    )


def _dates_two(constraints: tuple[TimeConstraint, ...], question: str) -> bool:
    """Whether a question asks about two times or more alike: "in the derby of May and in that of June"."""
    dates = [
        one.expression.span for one in constraints if one.expression and one.relation is Relation.IN
    ]
    return any(_AND.search(question[a.end : b.start]) for a, b in pairwise(dates))


def _stems(text: str) -> tuple[str, ...]:
    """The stems of the words that say what happened, sorted."""
    telling = [
        word
        for word in words(text)
        if word not in STOP_WORDS
        and word not in AUXILIARIES
        and word not in FRAME_WORDS
        and word not in LIGHT_VERBS
        and word not in NUMBER_WORDS
    ]
    return tuple(sorted(set(terms(" ".join(telling))))) if telling else ()
