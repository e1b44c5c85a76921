"""What words of a question stand for, of what was talked about before: pronouns, "there", "then", "the bridge"."""

from __future__ import annotations

import re

from rag.analysis import STOP_WORDS, terms, words
from rag.question.topics import (
    ARTICLE,
    POSSESSIVE,
    Conversation,
    asked_outright,
    asks_who,
    head,
    holds,
    is_several,
    kind_asked,
    named_at,
    names,
    phrases,
)
from rag.question.vocabulary import CAPITALS, is_plural, singular
from rag.temporal import Kind, TimeExpression, find

_PERSONS = (
    re.compile(r"\b(?:(?P<own>his)|he|him)\b", re.IGNORECASE),
    re.compile(r"\b(?:(?P<own>her)(?= [a-z])|she|her)\b", re.IGNORECASE),
)
_THING = re.compile(
    r"\b(?:(?P<own>its|their)\b|it\b(?!['’]s\b|(?: (?:is|was))? (?:possible|true|likely)\b)"
    r"(?!(?:(?<=\bis it)|(?<=\bwas it)) (?:that|to)\b)"  # "whose idea was it to leave"
    r"|they\b|them\b|(?:this|that|these|those)(?= ?(?:[?.,!]|$)"
    r"| (?:is|was|are|were|do|does|did|has|have|happen\w*|mean\w*)\b)"
    r"|(?P<named>(?:this|that|these|those) (?=[a-z])(?!(?:of|in|on|at|for)\b|[a-z]+:)))",
    re.IGNORECASE,
)
_PLURAL = re.compile(r"\b(?:they|them|their|these|those)\b", re.IGNORECASE)
_SAID = re.compile(r"(?<!^)\b[A-Za-z][\w-]{3}")
_NEW_CLAUSE = re.compile(
    r"[?,]|\. | [-–—] |\b(?:and|or|but)\b"
    r"(?= (?:who|what|which|when|where|why|how|if|is|are|was|were|does?|did|can|has|have)\b)"
)
# "Why did the club raise its fee": what an auxiliary stands before does it.
_DOES = re.compile(
    r"\b(?:do|does|did|have|has|had|can|could|will|would|should) (?!(?:you|i|we|one|it|they)\b)[\w’'-]+ ",
    re.IGNORECASE,
)
_SHORTENED = re.compile(r"\b(?:the|this|that) (?P<noun>[\w’'-]+)\b(?! of\b)", re.IGNORECASE)
_NOUN = rf"(?:(?:the|an?) (?:[a-z][\w-]* )?[\w’'-]+|[{CAPITALS}][\w’'-]+(?: [{CAPITALS}][\w’'-]+){{0,3}})"
_A_NOUN = re.compile(_NOUN)
_OF_THE_NOUN = re.compile(r"\b(?:when|after|before|because|while|until|once|day|date|time) $")
_TWO = re.compile(rf"(?<!^)\b(?P<first>{_NOUN}),? (?:and|or) (?P<second>{_NOUN})(?= ?[?.,]| )")
_ONE_OF_TWO = re.compile(
    r"\bthe (?:former|first(?: one)|(?P<second>latter|second one))\b", re.IGNORECASE
)
_THERE = re.compile(  # a place, not what there is
    r"(?<!is )(?<!are )(?<!was )(?<!were )\bthere\b(?! (?:is|are|was|were|to|any|some|a)\b)",
    re.IGNORECASE,
)
_PLACE = re.compile(rf"\b(?:in|at) (?P<place>(?:the )?(?=[{CAPITALS}])[^?.,]+?)(?= [a-z]|[?.,]|$)")
_BE = re.compile(r"(?:['’]s|is|are|was|were)\b")
_THEN = re.compile(
    r"\b(?:then|at (?:that|the|this) time|(?:in|on) that (?:day|week|month|year))(?= ?[?.]*$)",
    re.IGNORECASE,
)
_BEFORE_TIME = re.compile(r"\b(?:in|on|at|since|until|by|from|during|after|before) (?:the )?$")
_SUPERLATIVE = re.compile(r"\bthe (?:\w+est|worst|most \w+)(?= (?:in|of|for|on|ever)\b| ?[?.!]*$)")


def refers(question: str) -> bool:
    """Whether a question has a pronoun for what was talked about."""
    things = (_thing(question, plural=plural) for plural in (True, False))
    return bool(_persons(question)) or any(things)


def is_said_before(beginning: str) -> bool:
    """Whether a question's beginning ends in a new clause, so that what stands there is of the one before.

    That is a clause with a question word or verb of its own, or one behind a noun: "the globe when it was lent".
    """
    clauses = list(_NEW_CLAUSE.finditer(beginning))
    if clauses and _SAID.search(beginning, 0, clauses[-1].start()):
        return True
    of_noun = _OF_THE_NOUN.search(beginning)
    return of_noun is not None and _A_NOUN.search(beginning, 1, of_noun.start()) is not None


def spelled_out(question: str, talk: Conversation) -> str:
    """The question with the first word of each kind that stands for something replaced by that."""
    question = _of_two(_in_full(question, talk), talk)
    there = _THERE.search(question)
    before = question[: there.start()] if there else ""
    if there and not is_said_before(before) and (place := _place(talk)):
        question = f"{before}{place}{question[there.end() :]}"
    then = None if find(question) else _THEN.search(question)
    if then and not is_said_before(question[: then.start()]) and (time := time_of(talk)):
        question = f"{question[: then.start()]}{time}{question[then.end() :]}"
    persons = zip(_persons(question), _people(talk), strict=False)
    for match, name in reversed(list(persons)):
        question = _replaced(question, match, name)
    if not talk.topics:
        return question
    if (most := _SUPERLATIVE.search(question)) and (kind := _kind(talk.topics[-1])):
        question = f"{question[: most.end()]} {kind}{question[most.end() :]}"
    for plural, meant in ((True, _they), (False, _it)):
        thing = _thing(question, plural=plural)
        if thing and not holds(question, topic := meant(talk)):
            question = _replaced(question, thing, topic)
    return question


def _in_full(question: str, talk: Conversation) -> str:
    """The question with "the bridge" as it was called before: "the iron bridge"."""
    for short in _SHORTENED.finditer(question):
        for topic in reversed(talk.topics):
            *others, noun = head(ARTICLE.sub("", topic)).lower().split()
            if others and noun == short["noun"].lower():
                return f"{question[: short.start()]}{topic}{question[short.end() :]}"
    return question


def _of_two(question: str, talk: Conversation) -> str:
    """The question with "the former" or "the latter" as it was called in the question before."""
    one = _ONE_OF_TWO.search(question)
    two = _TWO.search(talk.rewritten[-1]) if one else None
    if one is None or two is None:
        return question
    meant = two["second"] if one["second"] else two["first"]
    return f"{question[: one.start()]}{meant}{question[one.end() :]}"


def _place(talk: Conversation) -> str | None:
    """The last name that was asked about, or what stood behind "in" or "at"; else, for an office, when that was."""
    for one in reversed(talk.rewritten):
        asked = asked_outright(one)
        if asked and asked[0].isupper():
            return f"in {asked}"
        if (found := _PLACE.search(one)) and not find(found["place"]):
            return f"in {found['place']}"
    return time_of(talk)


def time_of(talk: Conversation) -> str | None:
    """The last time that was named, with its preposition."""
    for one in reversed(talk.rewritten):
        if times := find(one):
            before = _BEFORE_TIME.search(one[: times[-1].span.start])
            return before[0] + times[-1].text if before else with_preposition(times[-1])
    return None


def with_preposition(time: TimeExpression) -> str:
    """A time as it stands behind a verb: "in May 2020", "on 3 May"."""
    if time.direction or time.kind not in (Kind.CALENDAR, Kind.PERIOD, Kind.WEEKDAY):
        return time.text
    return f"{'on' if time.day or time.weekday is not None else 'in'} {time.text}"


def _people(talk: Conversation) -> list[str]:
    """Whom a pronoun may stand for, the likeliest first: who was asked for last, and the names before.

    Who that is the answer says, not the question, so that it stands for "the one who won the cup".
    """
    people = []
    for one in reversed(talk.rewritten):
        if asks_who(one) and (asked := _asked_for(one)):
            people.append(asked)
        people += [POSSESSIVE.sub("", name) for name in names(one)]
    return list(dict.fromkeys(people))


def _asked_for(question: str) -> str | None:
    """Whom a question asks for, in words: "the mayor of Ghent", "the one who won the cup in 2020"; not several."""
    asked = asked_outright(question)
    if asked is None:
        return None if _BE.match(question[4:]) else f"the one who {question[4:].rstrip(' ?.')}"
    if is_several(asked):
        return None
    return asked if ARTICLE.match(asked) or asked[0].isupper() else f"the {asked}"


def _kind(topic: str) -> str | None:
    """What one of several is called: "ferry" of "ferries" and of "a ferry"; None of what is one by itself."""
    article = ARTICLE.match(topic)
    if article:
        return topic[article.end() :] if article["one"] else None
    return singular(topic) if is_plural(topic) else None


def _persons(question: str) -> list[re.Match[str]]:
    """The first pronoun for a man and for a woman, in order, unless the question names somebody before it."""
    named = next((name.start() for name in named_at(question)), len(question))
    found = [
        next((one for one in pattern.finditer(question) if _refers_back(one, named)), None)
        for pattern in _PERSONS
    ]
    return sorted((match for match in found if match), key=lambda match: match.start())


def _refers_back(pronoun: re.Match[str], named: int) -> bool:
    is_object = pronoun[0].lower() in {"him", "her"} and pronoun["own"] is None
    return is_object or pronoun.start() < named


def _thing(question: str, *, plural: bool) -> re.Match[str] | None:
    """The first pronoun for a thing, unless it is of what its own question names before it."""
    for match in _THING.finditer(question):
        if (_PLURAL.match(match[0]) is not None) != plural:
            continue
        before = question[: match.start()]
        if is_said_before(before) or (match["own"] and _DOES.search(before)):
            return None  # and neither is one behind it
        noun = match[0].lower().startswith("that") and words(before.strip().rpartition(" ")[2])
        if not noun or noun[-1] in STOP_WORDS:  # not "exercises that help"
            return match
    return None


def _it(talk: Conversation) -> str:
    """The last single thing that was talked about: rather one that was named with an article than a bare name."""
    before, last = talk.rewritten[-1], talk.topics[-1]
    single = next((one for one in reversed(talk.topics) if not is_several(one)), None)
    if single is None:
        return last.split(" of ", maxsplit=1)[-1]
    if single not in names(before) or asked_outright(before):
        return single
    name = set(terms(single))
    things = (
        one for one in phrases(before) if ARTICLE.match(one) and not name.issubset(terms(one))
    )
    return next(things, single)


def _they(talk: Conversation) -> str:
    """The last things that were talked about, or two of them, or a kind of thing."""
    before, last = talk.rewritten[-1], talk.topics[-1]
    if several := next((one for one in reversed(talk.topics) if is_several(one)), None):
        return several
    article = ARTICLE.match(last)
    of_a_kind = article is not None and article["one"] is not None
    if kind := kind_asked(before):
        return f"the {kind} of {last}" if article else f"{last}'s {kind}"
    if len(talk.topics) > 1 and not of_a_kind:
        return " and ".join(talk.topics[-2:])
    if article is None or not of_a_kind:
        return last
    others = (one for one in phrases(before) if is_several(one))
    return next(others, f"{last[article.end() :]}s")


def _replaced(question: str, match: re.Match[str], name: str) -> str:
    """The question with a name or topic in place of a pronoun; behind "this method" it stands in brackets."""
    before, behind = question[: match.start()], question[match.end() :]
    found = match.groupdict()
    if found.get("named"):
        return f"{question.rstrip(' ?.')} ({name})?"
    own = found["own"]
    if before.endswith(" of ") and not own and name.islower() and not ARTICLE.match(name):
        name = f"the {name}"
    name = POSSESSIVE.sub("", name)
    ending = ("'" if name.endswith("s") else "'s") if own else ""
    return f"{before}{name}{ending}{behind}"
