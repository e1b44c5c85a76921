"""Questions that lean on what was asked before, made to stand alone.

Rules over word forms, without a parser: what a pronoun stands for is a name or the last thing that was asked about,
and what a fragment leaves out is the question before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.analysis import STOP_WORDS, words

_PERSON = re.compile(r"\b(?:(?P<own>his)|(?P<of>her)(?=\s+[a-z])|he|him|she|her)\b", re.IGNORECASE)
_THING = re.compile(
    r"\b(?:(?P<own>its|their)|it(?!['’]s\b|(?:\s+(?:is|was))?\s+(?:possible|true|likely)\b)"
    r"|they|them|(?:this|that|these|those)(?=\s*(?:[?.,!]|$)|\s+(?:is|was|are|were|do|does|did|has|have|happen\w*|mean\w*)\b)"
    r"|(?P<named>(?:this|that|these|those)\s+(?=[a-z])))",
    re.IGNORECASE,
)
# A pronoun behind a clause of its own question stands for what that names.
_SAID_BEFORE = re.compile(r"\b[a-z][\w-]{3,}[^?]*(?:\?|,|\band\b|\bor\b|\bbut\b)[^?]*$")
_RELATIVE = re.compile(r"[a-z]\s+$")  # "exercises | that help": a pronoun of another kind
_LEAD = re.compile(
    r"^\s*(?:(?:and|but|so|ok(?:ay)?|also|then|now|interesting|wow)\b[,.!]?\s*)+|^\s*(?:what|how)\s+about\b\s*",
    re.IGNORECASE,
)
_FRAGMENT = re.compile(
    r"^(?:at|on|in|for|to|by|before|after|during|under|with|from|until|since|when)\b", re.IGNORECASE
)
_BARE = re.compile(
    r"^(?:why|how|when|where|who|how\s+(?:much|many|long|so|come))(?:\s+(?:not|so))?\s*\??$",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"^(?:who|whom|whose|what|which|when|where|why|how|is|are|was|were|do|does|did|can|could|should|will|would"
    r"|has|have|had|tell|describe|explain|give|list|name|until|since|to|in|on|at|for|by|from)\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"(?<!^)\b[A-Z][\w’'&.-]+(?:\s+(?:(?:of|the|and|de|van|von)\s+)?[A-Z0-9][\w’'&.-]*)*"
)
_OUTRIGHT = re.compile(
    r"^(?:(?:please\s+)?(?:tell|teach)\s+(?:me\s+)?(?:more\s+)?about|describe|explain|what(?:['’]s|\s+is|\s+are|\s+was|\s+were)"
    r"|who\s+(?:is|are|was|were)|how\s+(?:do|does|did)\s+you\s+make)"
    r"\s+(?:the\s+|an?\s+|some\s+)?(?:(?:history|origins?|purpose|meaning|definition|main|types?|kinds?)\s+of\s+)?"
    r"(?P<topic>[^?.!]*?)[?.!\s]*$",
    re.IGNORECASE,
)
_DEFINITE = re.compile(
    r"\bthe\s+(?!same\b)(?:(?!of\b|in\b|for\b|between\b|on\b|to\b|at\b|that\b|who\b)[\w’'-]+\s*){1,4}(?=[?.!]|$|(?:is|are|was|were|for|do|does|did|be|have|has|get|use\w*)\b)",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:the|an?|some)\s+", re.IGNORECASE)
_LAST_PLACE = re.compile(
    r"\s+(?:at|on|in|for|during|by|to|from|under|with|before|after|when)\s+(?:(?!\b(?:at|on|in|for|during|by|when)\s).)*$"
)
_POSSESSIVE = re.compile(r"['’]s?$")
_MOST_TURNS = 10  # back in a conversation


def stand_alone(question: str, earlier: Sequence[str]) -> str:
    """The question with what it takes from earlier ones (oldest first) put into it; itself where that is nothing.

    Earlier questions are made to stand alone first, so that what "it" is may have been said long ago.
    """
    told: list[str] = []
    topic: str | None = None
    for one in (*earlier[-_MOST_TURNS:], question):
        told.append(_stand_alone(one, told, topic))
        topic = _topic(one, alone=told[-1] == one) or topic or _last_words(one)
    return told[-1]


def _stand_alone(question: str, told: Sequence[str], topic: str | None) -> str:
    if not told or not question.strip():
        return question
    before = told[-1]
    rest = _LEAD.sub("", question.strip())
    led = rest != question.strip()
    if _BARE.match(rest):
        return f"{before.rstrip(' ?.')}: {rest}"
    if led and (not _ASKS.match(rest) or _FRAGMENT.match(rest)):
        return _in_place(rest, before)
    return _with_names(question, told, topic)


def _in_place(fragment: str, before: str) -> str:
    """The question before, with a fragment in the place of what it answers to."""
    frame = before.rstrip(" ?.!")
    piece = fragment.rstrip(" ?.!")
    if _FRAGMENT.match(piece) and (place := _LAST_PLACE.search(frame)):
        return f"{frame[: place.start()]} {piece} ({frame[place.start() :].strip()})?"
    if piece[:1].isupper() and (name := _NAME.search(frame)):
        return f"{frame[: name.start()]}{piece}{_ending(name[0])}{frame[name.end() :]}?"
    return f"{frame}, {piece}?"


def _ending(name: str) -> str:
    found = _POSSESSIVE.search(name)
    return found[0] if found else ""


def _with_names(question: str, told: Sequence[str], topic: str | None) -> str:
    """The question with its first pronoun of each kind replaced by what it stands for."""
    asked = question
    if (match := _PERSON.search(question)) and (name := _last_name(told)):
        question = _replaced(question, match, name)
    if topic is None or set(words(topic)) <= set(words(question)):
        return question
    if match := _thing(question):
        question = _replaced(question, match, topic)
    if question == asked and _DEFINITE.search(question) and not _NAME.search(question):
        return f"{question.rstrip(' ?.')} ({topic})?"
    return question


def _thing(question: str) -> re.Match[str] | None:
    for match in _THING.finditer(question):
        relative = match[0].lower().startswith("that") and _RELATIVE.search(
            question[: match.start()]
        )
        within = _SAID_BEFORE.search(question[: match.start()])
        if not within and not (relative and words(question[: match.start()])[-1] not in STOP_WORDS):
            return match
    return None


def _replaced(question: str, match: re.Match[str], name: str) -> str:
    found = match.groupdict()
    if found.get("named"):
        return f"{question.rstrip(' ?.')} ({name})?"
    own = found.get("own") or found.get("of")
    bare = _POSSESSIVE.sub("", name)
    ending = ("'" if bare.endswith("s") else "'s") if own else ""
    return question[: match.start()] + bare + ending + question[match.end() :]


def _last_name(told: Sequence[str]) -> str | None:
    for one in reversed(told):
        if names := [name[0] for name in _NAME.finditer(one)]:
            return names[0]
    return None


def _topic(question: str, *, alone: bool) -> str | None:
    """What a question introduces: what it asks for outright, or, where it stands alone, a name in it."""
    asked = _OUTRIGHT.match(question)
    if asked and asked["topic"] and not _THING.search(question) and alone:
        return _ARTICLE.sub("", asked["topic"])
    names = [name[0] for name in _NAME.finditer(question)] if alone else []
    return _POSSESSIVE.sub("", names[0]) if names else None


def _last_words(question: str) -> str | None:
    """The last stretch of words behind the first that are no function words."""
    runs: list[list[str]] = [[]]
    for word in re.findall(r"[\w’'&/-]+", question)[1:]:
        if word.lower() in STOP_WORDS:
            runs.append([])
        else:
            runs[-1].append(word)
    said = [" ".join(run) for run in runs if run]
    return said[-1] if said else None
