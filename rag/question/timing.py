"""The times that a question sets, and its words for which of several events are meant."""

from __future__ import annotations

import datetime as dt
import re

from rag.question.happenings import ONE_BY_ONE, OVER_SEVERAL
from rag.question.query import Relation, Scope, TimeConstraint
from rag.temporal import (
    Anchor,
    AnchorKind,
    Interval,
    Kind,
    TimeExpression,
    find,
    resolve,
    tense_at,
)

_SCOPES = (
    (
        Scope.CURRENT,
        r"now(?!\s+(?:that|and))|currently|at present|presently|as things stand|by now|today|these days|nowadays"
        r"|at the moment|current|so far|still|at this time",
    ),
    (Scope.LATEST, r"latest|newest|most recent(?:ly)?|most up-to-date"),
    (
        Scope.EACH,
        r"(?:for |on |at |in )?each time|every time|each|every|respectively|(?-i:per (?=[a-z]+\b))"
        rf"|{ONE_BY_ONE}|{OVER_SEVERAL}",
    ),
    (Scope.PREVIOUS, r"before (?:that|this|then)|previous(?:ly)?|beforehand|the time before"),
    (Scope.FIRST, r"first(?! of)|the first of|earliest|initially|originally"),
    (Scope.LAST, r"the last time|last time|last|final(?:ly)?(?=\s+[a-z])|most lately"),
    (Scope.NEXT, r"next"),
)
_SCOPE_WORDS = tuple(
    (scope, re.compile(rf"\b(?:{words})\b", re.IGNORECASE)) for scope, words in _SCOPES
)
_LASTS = re.compile(
    r"\b(?:did|does|do|will|would|could|can|to)\b[^?.]*?\b(last)\b(?=\s*(?:[?.,]|$))", re.IGNORECASE
)
_RELATIONS = (
    (Relation.BEFORE, r"before|prior to|earlier than|up to"),
    (Relation.AFTER, r"after|later than|following"),
    (Relation.SINCE, r"since|from"),
    (Relation.UNTIL, r"until|till|by|through"),
    (Relation.AS_OF, r"as of|as at|at the end of"),
    (Relation.IN, r"in|on|during|of|at|for|between|around|over|throughout|within"),
)
_BEFORE_TIME = tuple(
    (relation, re.compile(rf"\b(?:{words})(?:\s+(?:the|about|around|each))?\s*$", re.IGNORECASE))
    for relation, words in _RELATIONS
)
_EVENT = re.compile(
    r"(?:,\s*)?\b(?:directly |immediately |right |shortly |just |soon )?"
    r"(?P<relation>before|prior to|after|until|till|since|at the time of|during|as of|(?<!the )following)\s+"
    r"(?P<event>(?!when\b|and\b|or\b|that\b|this\b|what\b|which\b|each\b|every\b)[^,?.;]{2,120}?)\s*(?=[,?.;]|$)",
    re.IGNORECASE,
)
_OF_EVENT = {
    "before": Relation.BEFORE,
    "prior to": Relation.BEFORE,
    "after": Relation.AFTER,
    "following": Relation.AFTER,
    "until": Relation.UNTIL,
    "till": Relation.UNTIL,
    "since": Relation.SINCE,
    "at the time of": Relation.IN,
    "during": Relation.IN,
    "as of": Relation.AS_OF,
}


def scopes(question: str) -> tuple[tuple[Scope, ...], str]:
    """The scope words of a question, sorted; and the question without them."""
    found: set[Scope] = set()
    hidden = _LASTS.sub(lambda match: match[0][:-4] + "L_ST", question)
    for scope, words in _SCOPE_WORDS:
        hidden, times = words.subn(" ", hidden)
        if times:
            found.add(scope)
    return tuple(sorted(found)), " ".join(hidden.replace("L_ST", "last").split())


def times(question: str, asked_on: dt.date | None) -> tuple[tuple[TimeConstraint, ...], str]:
    """The times that a question sets by date, in its order; and the question without them."""
    kept: list[str] = []
    found: list[TimeConstraint] = []
    at = 0
    for expression in find(question):
        if expression.kind is Kind.OFFSET and expression.number == 0:
            continue  # "today" asks for what is so now
        relation, start = _relation(question[at : expression.span.start])
        kept.append(question[at : at + start])
        at = expression.span.end
        found.append(_constraint(expression, relation, question, asked_on))
    kept.append(question[at:])
    return tuple(found), " ".join(" ".join(kept).split()).strip(" ,")


def _relation(before: str) -> tuple[Relation, int]:
    """The relation that the words before a time set, and where they begin."""
    for relation, words in _BEFORE_TIME:
        if match := words.search(before):
            return relation, match.start()
    return Relation.IN, len(before)


def _constraint(
    expression: TimeExpression, relation: Relation, question: str, asked_on: dt.date | None
) -> TimeConstraint:
    if expression.kind is Kind.RANGE:
        relation = Relation.IN
    return TimeConstraint(
        relation=relation,
        interval=_interval(expression, question, asked_on),
        expression=expression,
        month=expression.month
        if expression.kind is Kind.CALENDAR and not expression.year
        else None,
    )


def _interval(
    expression: TimeExpression, question: str, asked_on: dt.date | None
) -> Interval | None:
    """The days; a date without a year that nothing ties to the day of asking stays open."""
    if not expression.is_absolute and not expression.direction:
        return None
    anchor = (
        Anchor(value=asked_on.isoformat(), kind=AnchorKind.SENT, found_by="asked")
        if asked_on
        else None
    )
    resolved = resolve(expression, anchor, tense=tense_at(question, expression.span))
    return resolved.interval if resolved else None


def reference_events(
    question: str, asked_on: dt.date | None
) -> tuple[tuple[TimeConstraint, ...], str]:
    """The events by which a question sets a time ("before the merger of 2019"); and the question without them.

    What is nothing but a date is left for `times`.
    """
    found: list[TimeConstraint] = []

    def taken(match: re.Match[str]) -> str:
        event = re.sub(r"^(?:the|a|an)\s+", "", match["event"].strip(), flags=re.IGNORECASE)
        dates, beside = times(event, asked_on)
        begins = dates and event.startswith(dates[0].expression.text if dates[0].expression else "")
        if begins or not re.search(r"[^\W\d]", beside):
            return match[0]
        relation = _OF_EVENT[" ".join(match["relation"].lower().split())]
        interval = next((one.interval for one in dates if one.interval), None)
        found.append(TimeConstraint(relation=relation, event=event, interval=interval))
        return " "

    rest = _EVENT.sub(taken, question)
    return tuple(found), " ".join(rest.split()).strip(" ,")
