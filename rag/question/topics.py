"""What questions are about, as noun phrases that a later question can take up.

Rules over word forms, without a parser: what is asked for outright, a name with the nouns that it goes with, or
the words behind an auxiliary, without their verb.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.analysis import STOP_WORDS, terms, words
from rag.question.vocabulary import AUXILIARIES, CAPITALS, PAST_FORMS, PHRASE_ENDS, is_plural
from rag.temporal import find

# Nouns that are always of something, and by themselves do not say of what.
RELATIONAL = (
    r"(?:advantage|alternative|application|benefit|cause|characteristic|component|concern|consequence|con|cost|cure"
    r"|danger|definition|difference|disadvantage|drawback|effect|element|example|feature|function|history|impact"
    r"|importance|influence|kind|limitation|meaning|method|model|objective|option|origin|part|price|principle|pro"
    r"|problem|process|purpose|reason|relationship|requirement|result|risk|role|root|rule|sign|size|sort|stage|step"
    r"|style|symptom|treatment|type|use|variet(?:y|ie)|version|way|winner)s?"
)
ARTICLE = re.compile(r"^(?:(?P<one>an?)|the|some) ", re.IGNORECASE)
POSSESSIVE = re.compile(r"['’]s?$")
ASKS = re.compile(
    r"^(?:who|whom|whose|what|which|when|where|why|how|is|are|was|were|do|does|did|can|could|should|will|would"
    r"|has|have|had|tell|describe|explain|give|list|name|until|since|to|in|on|at|for|by|from)\b",
    re.IGNORECASE,
)
_OUTRIGHT = re.compile(
    r"^(?:(?:please )?(?:tell|teach) (?:me )?(?:more )?about|.*\b(?:learn|know|hear|information) (?:about|on)"
    r"|describe|explain|(?:what|who)(?:['’]s| (?:is|are|was|were))) (?P<topic>[^?!]+?)"
    r"(?=$| (?:after|before|during|when|while|compared)\b|,? and (?:\w+ )?(?:who|what|which|when|where|why|how)\b)",
    re.IGNORECASE,
)
_PART_OF = re.compile(
    rf"^(?:some|(?:(?:the|an?) )?(?:[\w-]+ ){{0,2}}?(?:pros and cons|{RELATIONAL})) of ",
    re.IGNORECASE,
)
_NAME = re.compile(
    rf"(?<!^)\b[{CAPITALS}][\w’'&.-]+(?: (?:(?:of|the|and|de|van|von) )?[{CAPITALS}0-9][\w’'&.-]*)*"
)
_BEFORE_NAME = re.compile(
    r"\b(?:(?:the|an?) (?:(?!is\b|are\b|was\b|were\b|like\b)[a-z][\w’'-]* ){1,3}(?:of|in|at|for) )?"
    r"(?:the |an? )?$"
)
_KIND_ASKED = re.compile(
    r"(?:which|how many) (?P<kind>(?:[a-z][\w-]* )?(?:[a-z][\w-]*[^\Wsu]s|people))\b",
    re.IGNORECASE,
)
_PARTICIPLE = re.compile(r"[^e]ed$")
_GLUE = "\N{NO-BREAK SPACE}"  # keeps the words of a date together
_WORD = re.compile(rf"[\w’'](?:[\w’'&/.{_GLUE}-]*[\w’'])?|[^\w\s]")
_ARTICLES = frozenset(["the", "a", "an"])
_BE = frozenset(["is", "are", "was", "were"])
_NO_NOUNS = AUXILIARIES | frozenset(
    words("others ones one another like worth wrong unique done to that which who when while if")
)
_ENDS = (STOP_WORDS | PHRASE_ENDS | PAST_FORMS | _NO_NOUNS) - _ARTICLES - {"of", "most", "more"}


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was talked about so far, the oldest first.

    Attributes:
        asked: The questions as they were put.
        rewritten: The same, made to stand alone.
        topics: What they introduced.
    """

    asked: Sequence[str] = ()
    rewritten: Sequence[str] = ()
    topics: Sequence[str] = ()

    @property
    def main_topic(self) -> str:
        """What the talk began with, as long as it is about that; else the last topic."""
        return self.topics[0] if self.is_explored(self.topics[0]) else self.topics[-1]

    def is_taken_up(self, topic: str) -> bool:
        """Whether a later question leant on something, so that the talk is about it."""
        both = zip(self.asked, self.rewritten, strict=True)
        return any(holds(told, topic) and not holds(asked, topic) for asked, told in both)

    def is_explored(self, topic: str) -> bool:
        """Whether something is talked about at length: asked for outright, or again."""
        things = (one for one in self.rewritten if not asks_who(one))
        return any(asked_outright(one) == topic for one in things) or self.is_taken_up(topic)


def holds(question: str, topic: str) -> bool:
    """Whether all telling words of a topic stand in a question."""
    return set(terms(ARTICLE.sub("", topic))) <= set(terms(question))


def asks_who(question: str) -> bool:
    """Whether a question asks for a person."""
    return question.lower().startswith("who ")


def is_several(topic: str) -> bool:
    """Whether a topic is a plural: "the piers of the bridge"."""
    return is_plural(head(topic).split()[-1].lower())


def head(topic: str) -> str:
    """A topic without what it is of or in: "the piers" of "the piers of the bridge"."""
    return re.split(" (?:of|in) ", topic, maxsplit=1)[0]


def names(question: str) -> list[str]:
    """The names in a question, without days and words that begin one of its sentences."""
    return [match[0] for match in named_at(question)]


def named(question: str) -> str | None:
    """What a question asks for outright, or else the first name in it with the nouns that it goes with."""
    if asked := asked_outright(question):
        return asked
    name = _with_nouns(question)
    whole = POSSESSIVE.sub("", next(iter(phrases(question)), ""))
    fits = name and name in whole and (whole.startswith(name) or ARTICLE.match(whole))
    return whole if fits else name


def asked_outright(question: str) -> str | None:
    """What is asked for: "the Hamlin ferry" of "What are the types of the Hamlin ferry?"."""
    match = _OUTRIGHT.match(question.rstrip(" ?!.,"))
    if match is None:
        return None
    asked = match["topic"].strip()
    while (rest := _PART_OF.sub("", asked)) != asked:
        asked = rest
    said = asked.lower().split()
    is_noun = said and not _ends(said[0]) and said[-1] not in PHRASE_ENDS
    return asked if is_noun and _NO_NOUNS.isdisjoint(said) else None


def _with_nouns(question: str) -> str | None:
    """The first name, with the nouns that it is said of: "the works in Velm"."""
    match = next(iter(named_at(question)), None)
    if match is None:
        return None
    before = _BEFORE_NAME.search(question[: match.start()])
    return (before[0] if before else "") + POSSESSIVE.sub("", match[0])


def named_at(question: str) -> list[re.Match[str]]:
    """Where the names of a question stand."""
    in_times = {at for one in find(question) for at in range(one.span.start, one.span.end)}
    return [
        match
        for match in _NAME.finditer(question.rstrip(" ?.!"))
        if match.start() not in in_times
        and not ASKS.match(match[0])
        and not STOP_WORDS.issuperset(words(match[0]))
    ]


def kind_asked(question: str) -> str | None:
    """What things a question asks for: "tall boats" of "How many tall boats sank?"."""
    match = _KIND_ASKED.match(question)
    return match["kind"] if match else None


def phrases(question: str) -> list[str]:
    """The noun phrases of a question, as far as they show.

    The first is what stands behind an auxiliary, without the verb; if that is a pronoun or there is none, an object.
    """
    times = {one.text for one in find(question)}
    for time in times:
        question = question.replace(time, time.replace(" ", _GLUE))
    said = _WORD.findall(question.rstrip(" ?.!"))
    at = next((n for n, word in enumerate(said[:4]) if word.lower() in AUXILIARIES), None)
    behind = said if at is None else said[at + 1 :]
    if at is None or not behind or behind[0].lower() in STOP_WORDS - _ARTICLES:
        first, *others = _runs(behind[1:]) or [[]]
        if first and first[0].lower() not in _ARTICLES:  # a verb, or "some criticisms of"
            first = [] if first[1:2] == ["of"] else first[1:]
    else:
        first, *others = _runs(behind) or [[]]
        first = _without_verb(first, said[at].lower(), said[0].lower())
    found = [" ".join(run).replace(_GLUE, " ") for run in (first, *others) if run]
    return [one for one in found if one not in times]


def _without_verb(run: list[str], auxiliary: str, asks: str) -> list[str]:
    """A subject without the verb or the adjective that ends the words behind an auxiliary."""
    if auxiliary in {"do", "are", "were"}:
        several = next((n for n, word in enumerate(run) if is_plural(word.lower())), None)
        if several is not None:
            return run[: several + 1]
    has_article = bool(run) and run[0].lower() in _ARTICLES
    capitals = [n for n, word in enumerate(run) if word[0].isupper()]
    if auxiliary not in _BE and capitals and not has_article:
        return run[: capitals[-1] + 1]
    ends_otherwise = auxiliary not in _BE | {"has", "have", "had"} or asks in {"why", "how"} | _BE
    return run[:-1] if ends_otherwise and len(run) > 1 + has_article and run[-2] != "of" else run


def _ends(word: str) -> bool:
    """Whether a noun phrase is over at a word."""
    return word in _ENDS or _PARTICIPLE.search(word) is not None


def _runs(said: list[str]) -> list[list[str]]:
    """The stretches of words that may be noun phrases, each with its article."""
    runs: list[list[str]] = [[]]
    for word in said:
        small = word.lower()
        if small in _ARTICLES and runs[-1][-1:] != ["of"]:
            runs.append([word])
        elif _ends(small) or not small[0].isalnum():
            runs.append([])
        else:
            runs[-1].append(word)
    return [run for run in runs if run and "of" not in (run[0], run[-1])]
