"""Questions that name nothing that was talked about, but say too little without it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rag.analysis import terms
from rag.question.referring import is_said_before, refers
from rag.question.topics import RELATIONAL, Conversation, asked_outright, holds, names, phrases
from rag.temporal import find

_PART_PLAYED = re.compile(
    r"\brole of (?:(?!(?:in|on|for|to)\b)[\w’'-]+ ?){1,3}[?.]*$",
    re.IGNORECASE,
)
_OF_SOMETHING = re.compile(
    rf"\b{RELATIONAL}(?: and {RELATIONAL})?\b(?! (?:of|for|between|about|that|who)\b)",
    re.IGNORECASE,
)
_OF = re.compile(r" (?:of|for|between|by) (?!\w+ing\b)\w", re.IGNORECASE)
_BEFORE_VERB = re.compile(r"\b(?:do|does|did|can|could|will|would|should|to)\b", re.IGNORECASE)
_IS_VERB = re.compile(
    r"\b(?:cause|cost|cure|use|function|rule|result|process|sign|influence|impact|price|model|stage|step|style|size"
    r"|sort|type)s?$",
    re.IGNORECASE,
)
# "the drawing", "the first check": known from what was talked about; "the iron bridge" is known by itself.
_GIVEN = re.compile(r"the (?:(?:most [\w-]+|first|last|next|\w+est) )?[\w’'-]+", re.IGNORECASE)
_OF_WHAT = r"(?:of|for|in|between|about|by|to|that|who|which)\b"
_VALUED = re.compile(
    r"^(?:what|which|who) (?:is|are|was|were) (?:(?:the|some|any) )?(?:(?:most|more) )?"
    r"(?:important|typical|popular|common|famous|main|major|key|recent|possible|other|best|well-known|good|special)\b"
    r"(?!.*\b(?:of|in|on|at|to|for|with|from|like|about|it|that|ones?)\b)",
    re.IGNORECASE,
)
# What stands for a kind of thing, a place or a part of something, and does not say of what.
_ELLIPTIC = re.compile(
    r"\b(?:one(?= ?[?.,]| (?:is|was|for|to|in|that|with)\b)|ones|another|nearby|others?|else|any|instead)\b",
    re.IGNORECASE,
)
_SHORT = 2  # telling words of a question that a talk about something gives its meaning


def joined(question: str, talk: Conversation) -> str:
    """The question with what was talked about behind a noun that is of it, or at its end; itself if it stands alone."""
    topic = talk.topics[-1]
    if refers(question) or holds(question, topic):
        return question
    end = len(question.rstrip(" ?.!"))
    if _PART_PLAYED.search(question):
        return _put_in(question, end, "in", topic)
    if names(question) or find(question):
        return question
    if at := _end_of_noun(question) or (
        _end_of_given(question) if talk.is_explored(topic) else None
    ):
        return _put_in(question, at, "of", topic)
    if not set(terms(topic)).isdisjoint(terms(question)):
        return question
    if _VALUED.match(question):
        return _put_in(question, end, "of", topic)
    elliptic = _ELLIPTIC.search(question)
    if elliptic and not is_said_before(question[: elliptic.start()]):
        return _with_aside(question, [topic, talk.main_topic])
    return _with_theme(question, talk)


def _end_of_noun(question: str) -> int | None:
    """Where a noun ends that is always of something, in a question that does not say of what."""
    said = [of.start() for of in _OF.finditer(question)]
    verb = _BEFORE_VERB.search(question)
    for noun in _OF_SOMETHING.finditer(question, said[-1] if said else 0):
        is_verb = verb and verb.end() < noun.start() and _IS_VERB.search(noun[0])
        if not is_verb:
            return noun.end()
    return None


def _end_of_given(question: str) -> int | None:
    """Where "the drawing" ends, in a question that does not say of what."""
    for phrase in filter(_GIVEN.fullmatch, phrases(question)):
        found = re.search(rf"{re.escape(phrase)}\b(?! {_OF_WHAT})", question)
        if found:
            return found.end()
    return None


def _with_theme(question: str, talk: Conversation) -> str:
    """A short question with what was asked about last, once that was taken up."""
    is_short = len(terms(question)) <= _SHORT and not asked_outright(question)
    topic = talk.topics[-1]
    return (
        _with_aside(question, [topic, talk.main_topic])
        if is_short and talk.is_taken_up(topic)
        else question
    )


def with_main_topic(question: str, talk: Conversation) -> str:
    """The question, which leans on others, with what the talk is about in brackets, unless it says that.

    Queries with keywords of what a session began with find more of what is meant (Lin et al., "Multi-stage
    conversational passage retrieval", TOIS 2021).
    """
    if len(talk.topics) < 2 or holds(question, talk.main_topic):
        return question
    return _with_aside(question, [talk.main_topic])


def _put_in(question: str, at: int, joint: str, topic: str) -> str:
    return f"{question[:at]} {joint} {topic}{question[at:]}"


def _with_aside(question: str, topics: Iterable[str]) -> str:
    """The question with topics in brackets at its end."""
    frame = question.rstrip(" ?.!")
    return f"{frame} ({', '.join(dict.fromkeys(topics))}){question[len(frame) :] or '?'}"
