"""Questions that lean on what was asked before, made to stand alone.

Rules over word forms, without a parser: what a pronoun stands for is a name or the last thing that was asked about,
and what a fragment leaves out is the question before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rag.analysis import STOP_WORDS, terms, words
from rag.question.vocabulary import CAPITALS, is_plural
from rag.temporal import find

_PERSON = re.compile(r"\b(?:(?P<own>his)|(?P<of>her)(?=\s+[a-z])|he|him|she|her)\b", re.IGNORECASE)
_THING = re.compile(
    r"\b(?:(?P<own>its|their)|it(?!['’]s\b|(?:\s+(?:is|was))?\s+(?:possible|true|likely)\b)"
    r"|they|them|(?:this|that|these|those)(?=\s*(?:[?.,!]|$)|\s+(?:is|was|are|were|do|does|did|has|have|happen\w*|mean\w*)\b)"
    r"|(?P<named>(?:this|that|these|those)\s+(?=[a-z])))",
    re.IGNORECASE,
)
_PLURAL = re.compile(r"\b(?:they|them|their|these|those)\b", re.IGNORECASE)
# A pronoun behind a clause of its own question stands for what that names.
_SAID_BEFORE = re.compile(
    r"(?<!^)\b[A-Za-z][\w-]{3,}[^?]*"
    r"(?:\?|,|\b(?:and|or|but)\b(?=\s+(?:who|what|which|when|where|why|how|if|is|are|was|were|does?|did|can|has|have)\b))[^?]*$"
)
_RELATIVE = re.compile(r"[a-z]\s+$")  # "exercises | that help": a pronoun of another kind
_LEAD = re.compile(
    r"^\s*(?:(?:and|but|so|ok(?:ay)?|also|then|now|interesting|wow)\b[,.!]?\s*)*(?:(?:what|how)\s+about\b\s*)?",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    rf"^(?:(?:and|but|so)\s+|\w+[.,]\s+)?(?:what|how)\s+about\s+(?:(?:for|in|with)\s+)?(?P<topic>(?:(?:an?|the)\s+[\w’'-]+|(?-i:[{CAPITALS}])[\w’'-]+)(?:\s+[\w’'-]+){{0,3}})\s*\?$",
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
    rf"(?<!^)\b[{CAPITALS}][\w’'&.-]+(?:\s+(?:(?:of|the|and|de|van|von)\s+)?[{CAPITALS}0-9][\w’'&.-]*)*"
)
_OUTRIGHT = re.compile(
    r"^(?:(?:please\s+)?(?:tell|teach)\s+(?:me\s+)?(?:more\s+)?about|describe|explain|what(?:['’]s|\s+is|\s+are|\s+was|\s+were)"
    r"|who\s+(?:is|are|was|were)|how\s+(?:do|does|did)\s+you\s+make)"
    r"\s+(?:some\s+)?(?:(?:the\s+)?(?:(?:different|main|various)\s+)?(?:history|origins?|purpose|meaning|definition|types?|kinds?"
    r"|benefits|advantages|pros and cons|role)\s+of\s+)?"
    r"(?P<topic>[^?.!]*?)[?.!\s]*$",
    re.IGNORECASE,
)
_DEFINITE = re.compile(
    r"\bthe\s+(?!same\b)(?:(?!of\b|in\b|for\b|between\b|on\b|to\b|at\b|that\b|who\b)[\w’'-]+\s*){1,4}(?=[?.!]|$|(?:is|are|was|were|for|do|does|did|be|have|has|get|use\w*)\b)",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:(?P<one>an?)|the|some)\s+", re.IGNORECASE)
_OF = re.compile(r"\s+(?:of|in)\s+(?=\S)")
# What stands for a kind of thing, a place or a part of something, and does not say of what.
_ELLIPTIC = re.compile(
    r"\b(?:ones?|there(?!\s+(?:is|are|was|were|to|any|some|a)\b)|another|nearby|others?|else|any|instead|compare|differ)\b"
    r"|(?<!\bis )(?<!\bare )(?<!\bwas )\b(?:available|needed|required|left|involved|used)\b",
    re.IGNORECASE,
)
_OF_SOMETHING = re.compile(
    r"\b(?:advantage|alternative|application|benefit|cause|characteristic|component|concern|consequence|cost|cure|danger"
    r"|definition|difference|disadvantage|drawback|effect|element|example|feature|function|impact|importance"
    r"|influence|kind|limitation|meaning|method|model|option|origin|part|price|principle|pro|problem|process|purpose"
    r"|reason|relationship|requirement|result|risk|role|rule|sign|size|sort|stage|step|style|symptom|treatment|type"
    r"|use|variety|version|way|winner)(?:s|ies)?(?!\s+of\b)\b",
    re.IGNORECASE,
)
_PART_PLAYED = re.compile(
    r"\b(?:role|impact|effects?|influence|importance|place)\s+of\s+(?:(?!(?:in|on|for|to)\b)[\w’'-]+\s*){1,3}[?.]*$",
    re.IGNORECASE,
)
_NEW_TOPIC = re.compile(
    r"^(?:what(?:['’]s|\s+is|\s+are|\s+was|\s+were)\s+(?:an?\s+)?[\w-]+(?:\s+[\w-]+)?[?.!\s]*$|(?:tell|describe|explain|compare|define)\b)",
    re.IGNORECASE,
)
_ENDS_IN_NOUN = re.compile(
    r"^(?:what|who)\s+(?:is|are|was|were)\s+(?:(?!(?:of|in|on|at|to|for|with|from|like|about|it|that|one|ones)\b)[\w’'-]+\s*)+$",
    re.IGNORECASE,
)
_COMPLEMENT = re.compile(r"\b(?:of|for|in|between|about|by)\s+\w", re.IGNORECASE)
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
    topics: list[str] = []
    for one in (*earlier[-_MOST_TURNS:], question):
        told.append(_stand_alone(one, told, topics))
        if topic := _topic(one, alone=told[-1] == one) or (None if topics else _last_words(one)):
            topics.append(topic)
    return told[-1]


def _stand_alone(question: str, told: Sequence[str], topics: Sequence[str]) -> str:
    if not told or not question.strip():
        return question
    before = told[-1]
    rest = _LEAD.sub("", question.strip())
    led = rest != question.strip()
    if led and not words(rest):
        return before  # "and?"
    if _BARE.match(rest):
        return f"{before.rstrip(' ?.')}: {rest}"
    if led and (not _ASKS.match(rest) or _FRAGMENT.match(rest)):
        return _in_place(rest, before)
    return _with_names(question, told, topics)


def _in_place(fragment: str, before: str) -> str:
    """The question before, with a fragment in the place of what it answers to."""
    frame = before.rstrip(" ?.!")
    piece = fragment.rstrip(" ?.!")
    if (times := find(frame)) and [one.text for one in find(piece)] == [piece]:
        return f"{frame[: times[-1].span.start]}{piece}{frame[times[-1].span.end :]}?"
    if _FRAGMENT.match(piece) and (place := _LAST_PLACE.search(frame)):
        return f"{frame[: place.start()]} {piece} ({frame[place.start() :].strip()})?"
    if piece[:1].isupper() and (name := _NAME.search(frame)):
        return f"{frame[: name.start()]}{piece}{_ending(name[0])}{frame[name.end() :]}?"
    return f"{frame}, {piece}?"


def _ending(name: str) -> str:
    found = _POSSESSIVE.search(name)
    return found[0] if found else ""


def _with_names(question: str, told: Sequence[str], topics: Sequence[str]) -> str:
    """The question with its first pronoun of each kind replaced by what it stands for."""
    asked = question
    if (match := _PERSON.search(question)) and (name := _last_name(told)):
        question = _replaced(question, match, name)
    if not topics:
        return question
    for plural in (True, False):
        match = _thing(question, plural=plural)
        if match and not _holds(question, topic := _meant(topics, plural=plural)):
            question = _replaced(question, match, topic)
    if question == asked and _leans(question, topics[-1]):
        return _with_topics(question, dict.fromkeys((topics[-1], topics[0])))
    return question


def _meant(topics: Sequence[str], *, plural: bool) -> str:
    """Of what was talked about, the last that is one or several, as the pronoun is; else the last."""
    fitting = [one for one in topics if _is_several(one) == plural]
    if fitting:
        return fitting[-1]
    last = topics[-1]
    if not plural:
        return _OF.split(last, maxsplit=1)[-1] if _OF.search(last) else last
    article = _ARTICLE.match(last)
    return f"{last[article.end() :]}s" if article and article["one"] else last


def _is_several(topic: str) -> bool:
    return is_plural(_OF.split(topic, maxsplit=1)[0].split()[-1].lower())


def _holds(question: str, topic: str) -> bool:
    return set(words(_ARTICLE.sub("", topic))) <= set(words(question))


def _leans(question: str, topic: str) -> bool:
    """Whether a question that has neither name nor pronoun says too little without what was talked about."""
    if _names(question) or _THING.search(question) or _holds(question, topic):
        return False
    if _DEFINITE.search(question) and not _COMPLEMENT.search(question):
        return True
    if not set(terms(topic)).isdisjoint(terms(question)) or _NEW_TOPIC.match(question):
        return False
    of_something = _OF_SOMETHING.search(question) and not _COMPLEMENT.search(question)
    patterns = (_ELLIPTIC, _PART_PLAYED)
    return bool(of_something) or any(each.search(question) for each in patterns)


def _with_topics(question: str, topics: Iterable[str]) -> str:
    """The question with what was talked about last, and what the conversation began with."""
    frame, about = question.rstrip(" ?.!"), ", ".join(topics)
    return f"{frame} of {about}?" if _ENDS_IN_NOUN.match(frame) else f"{frame} ({about})?"


def _thing(question: str, *, plural: bool) -> re.Match[str] | None:
    for match in _THING.finditer(question):
        if (_PLURAL.match(match[0]) is not None) != plural:
            continue
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
    return next((names[0] for one in reversed(told) if (names := _names(one))), None)


def _names(question: str) -> list[str]:
    """The names in a question, without words that begin one of its sentences."""
    found = [name[0] for name in _NAME.finditer(question.rstrip(" ?.!"))]
    return [name for name in found if not _ASKS.match(name) and name.lower() not in STOP_WORDS]


def _topic(question: str, *, alone: bool) -> str | None:
    """What a question introduces: what it asks for outright, or, where it stands alone, a name in it."""
    asked = _OUTRIGHT.match(question)
    if asked and asked["topic"] and not _THING.search(question) and alone:
        return asked["topic"]
    if about := _ABOUT.match(question):
        return about["topic"]
    if not alone or not (names := _names(question)):
        return None
    name = _POSSESSIVE.sub("", names[0])
    return f"the {name}" if f"the {name}" in question else name


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
