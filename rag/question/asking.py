"""What sort of value a question asks for, by its question word and the noun behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.analysis import STOP_WORDS
from rag.question.query import Form, Kind
from rag.question.roles import is_role_noun
from rag.question.vocabulary import (
    AUXILIARIES,
    FRAME_WORDS,
    LASTING_VERBS,
    MEASURES,
    NOUN_KINDS,
    OUTCOME_VERBS,
    PAST_FORMS,
    PRICE_VERBS,
    SAME_NOUN,
    TIME_UNITS,
    is_plural,
    singular,
)

_PREPOSITIONS = (
    r"(?:in|on|at|by|from|to|for|since|until|with|of|as|into|against|under|through|towards?|near)"
)
_ASKS = re.compile(
    rf"(?:\b(?P<preposition>{_PREPOSITIONS})\s+)?\b(?P<word>who(?:se|m)?|when|where|why|what|which|how)\b(?:['’]s\b)?",
    re.IGNORECASE,
)
_COMMAND = re.compile(
    r"^(?:please\s+)?(?P<word>list|name|give|enumerate|show|state|compare|define|explain|describe)\b(?:\s+(?:me|us)\b)?\s*",
    re.IGNORECASE,
)
_YES_NO = re.compile(rf"^(?:whether|{'|'.join(sorted(AUXILIARIES))})\b", re.IGNORECASE)
_COMPARES = re.compile(
    r"\b(?:compared? (?:with|to)|compares?\b|comparison|differences? between|differ(?:s|ed)? (?:from|between)|rather than)"
    r"|\b(?:more|less|fewer|[a-z]{2,12}er)\b(?:\s+\w+){0,3}\s*(?:,|:)\s*(?:that of |the |on |in )?[^?]{1,80}\bor\b"
    r"|^which (?:one )?(?:\w+ ){0,3}?(?:is|was|had|has|were|are|did|cost)\b[^?]{0,60}\b(?:more|less|fewer|most|least"
    r"|(?!after\b|under\b|over\b|ever\b|never\b|number\b|other\b|order\b)[a-z]{3,12}er)\b"
    r"|^which of\b[^?]{1,120}\b(?:more|less|fewer|most|least|(?!after\b|under\b|number\b|other\b)[a-z]{3,12}er)\b",
    re.IGNORECASE,
)
_BE = r"(?:is|was|are|were|will be|has been|had been|does|did)"
_DATE_OF = re.compile(
    r"^(?:the\s+)?(?:exact\s+|calendar\s+|precise\s+)*(?:date|day|year|month|time)s?\b",
    re.IGNORECASE,
)
_REASON_OF = re.compile(
    r"^(?:the\s+)?(?:reason|cause|motive|purpose)s?\b(?:\s+(?:that|why|for|of|behind))?\s*",
    re.IGNORECASE,
)
_NUMBER_OF = re.compile(
    r"^(?:the\s+)?(?:total\s+|exact\s+)?(?:number|count)\s+of\s+", re.IGNORECASE
)
_NAME_OF = re.compile(r"^(?:the\s+)?(?:full\s+)?names?\s+of\s+", re.IGNORECASE)
_DEFINES = re.compile(r"^(?:an?\s+(?P<a>[^,?]+)|(?P<named>(?:the\s+)?[^,?]*))$", re.IGNORECASE)
_WORD = re.compile(r"[^\W_][\w’'.&/-]*")
_UNTIL = (
    frozenset(
        ["of", "at", "on", "in", "for", "by", "with", "to", "from", "during", "who", "that", "which", "when", "after", "before", "and", "or", "against", "as", "about", "since", "did", "does", "do", "given", "used", "made", "taken", "called", "than", "if", "how", "what", "where", "why", "until", "under", "over", "through", "per", "come", "came", "went", "go", "goes", "behind", "not", "never"]
    )
    | AUXILIARIES
)
_DETERMINERS = frozenset(
    ["the", "a", "an", "his", "her", "its", "their", "our", "your", "this", "that", "these", "those", "all", "any", "some", "every", "each", "both"]
)
_VAGUE = frozenset(["exact", "exactly", "calendar", "kind", "type", "sort", "precise", "actual", "full", "whole"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The kind and form of a question, its attribute, and what it says beside."""

    kind: Kind
    form: Form
    attribute: str | None
    rest: str


def asked_for(question: str) -> Asked:
    """Read a question that is without its frame, scope words and times; names still stand in it."""
    compares = _COMPARES.search(question) is not None
    asked = _asked(question)
    form = Form.COMPARISON if compares else asked.form
    return Asked(kind=asked.kind, form=form, attribute=asked.attribute, rest=asked.rest)


def _asked(question: str) -> Asked:
    if command := _COMMAND.match(question):
        found = _commanded(command["word"].lower(), question[command.end() :])
        if found:
            return found
    if _YES_NO.match(question):
        return _value(Kind.YES_NO, rest=_YES_NO.sub(" ", question, count=1))
    if match := _ASKS.search(question):
        before, after = question[: match.start()], question[match.end() :].strip()
        preposition = (match["preposition"] or "").lower()
        return _worded(match["word"].lower(), preposition, before, after)
    return _value(Kind.UNKNOWN, rest=question)


def _value(
    kind: Kind, attribute: str | None = None, *, rest: str = "", form: Form = Form.SINGLE
) -> Asked:
    return Asked(kind=kind, form=form, attribute=attribute, rest=rest)


def _commanded(word: str, after: str) -> Asked | None:
    if word == "define":
        return _value(Kind.DEFINITION, rest=after)
    if word == "compare":
        noun, rest = _noun_phrase(after)
        kind, attribute = _kind_of(noun)
        return _value(kind, attribute, rest=rest, form=Form.COMPARISON)
    if match := _ASKS.search(after):
        if not after[: match.start()].strip(" ,") or word in ("explain", "describe"):
            return None
        if _DATE_OF.match(after):
            return _value(Kind.DATE, rest=after[match.end() :])
    if word in ("explain", "describe"):
        return _value(Kind.MANNER, rest=after)
    found = _named(after, is_plain=True)
    listed = word in ("list", "name", "enumerate") or _is_list(after)
    return _value(
        found.kind, found.attribute, rest=found.rest, form=Form.LIST if listed else Form.SINGLE
    )


def _worded(word: str, preposition: str, before: str, after: str) -> Asked:
    said = f"{before} {after}"
    if word in ("who", "whom"):
        return _who(before, after)
    if word == "whose":
        noun, rest = _noun_phrase(after)
        return _value(Kind.PERSON, noun, rest=f"{before} {rest}")
    if word == "when":
        return _value(Kind.DATE, rest=said)
    if word == "where":
        return _value(Kind.PLACE, rest=said)
    if word == "why":
        return _value(Kind.REASON, rest=said)
    if word == "how":
        return _how(before, after)
    if preposition == "as" and re.match(rf"(?:{'|'.join(AUXILIARIES)})\b", after):
        return _value(Kind.ROLE, "title", rest=said)
    return _what(word, before, after)


def _who(before: str, after: str) -> Asked:
    match = re.match(rf"{_BE}(?:\s+to be)?\s+(?P<noun>.*)", after, re.IGNORECASE)
    if not match:
        return _value(Kind.PERSON, rest=f"{before} {after}")
    noun, rest = _noun_phrase(match["noun"])
    determined = match["noun"].lower().startswith(tuple(f"{one} " for one in _DETERMINERS))
    if noun and (determined or not noun.endswith(("ed", "en"))) and noun not in PAST_FORMS:
        return _value(
            Kind.PERSON,
            singular_phrase(noun),
            rest=f"{before} {rest}",
            form=Form.LIST if is_plural(noun) else Form.SINGLE,
        )
    only_a_name = not before.strip(" ,") and re.fullmatch(
        r"(?:[A-Z][\w’'.-]*\s*)+", match["noun"].strip()
    )
    kind = Kind.DEFINITION if only_a_name else Kind.PERSON
    return _value(kind, rest=f"{before} {match['noun']}")


def _how(before: str, after: str) -> Asked:
    first = after.split(" ", 1)[0].lower() if after else ""
    rest = f"{before} {after[len(first) :]}"
    held = {word.lower() for word in _WORD.findall(rest)}
    if first == "come":
        return _value(Kind.REASON, rest=rest)
    if first == "long":
        return _value(Kind.DURATION, rest=_without(rest, LASTING_VERBS))
    if first in ("many", "much"):
        return _how_many(first, before, after[len(first) :].strip(), held)
    if first in MEASURES:
        return _value(Kind.NUMBER, MEASURES[first], rest=rest)
    if held & OUTCOME_VERBS:
        return _value(
            Kind.THING, "outcome", rest=_without(f"{before} {after}", OUTCOME_VERBS | {"out"})
        )
    return _value(Kind.MANNER, rest=f"{before} {after}")


def _how_many(word: str, before: str, after: str, held: set[str]) -> Asked:
    after = re.sub(r"^(?:more|fewer|less|of|of the)\s+", "", after)
    noun, rest = _noun_phrase(after)
    last = noun.split()[-1] if noun else ""
    rest = f"{before} {rest}"
    if last == "time" or (singular(last) in TIME_UNITS and held & LASTING_VERBS):
        return _value(Kind.DURATION, rest=_without(rest, LASTING_VERBS))
    if word == "much" and held & PRICE_VERBS:
        return _value(Kind.NUMBER, "price", rest=_without(rest, PRICE_VERBS))
    attribute = singular_phrase(noun) if noun else "amount"
    return _value(Kind.NUMBER, attribute, rest=rest)


def _what(word: str, before: str, after: str) -> Asked:
    said = f"{before} {after}"
    if match := re.match(rf"{_BE}\s+", after, re.IGNORECASE):
        verb, tail = match[0].strip().lower(), after[match.end() :]
        if verb in ("does", "did"):
            return _what_does(before, tail)
        return _being(before, tail)
    if match := re.match(r"(?:caused|causes|triggered|led to)\s+", after, re.IGNORECASE):
        return _value(Kind.REASON, rest=f"{before} {after[match.end() :]}")
    if match := re.match(
        r"(?:came out of|became of|resulted from|came of)\s+", after, re.IGNORECASE
    ):
        return _value(Kind.THING, "outcome", rest=f"{before} {after[match.end() :]}")
    if re.match(r"(?:happened|happens|took place)\b", after, re.IGNORECASE):
        return _value(Kind.THING, rest=said)
    if match := re.match(r"(?P<noun>(?:an?\s+|the\s+)?[^,?]+?)\s+(?:is|are|means?)$", after):
        return _value(Kind.DEFINITION, rest=f"{before} {match['noun']}")
    if word == "which" and (
        match := re.match(r"(?:one\s+)?(?:of\b|(?:is|was|are|were|had|has)\b)", after)
    ):
        return _value(Kind.THING, rest=f"{before} {after[match.end() :]}")
    return _named(after, before=before)


def _what_does(before: str, tail: str) -> Asked:
    held = [word.lower() for word in _WORD.findall(tail)]
    if held[-1:] == ["mean"]:
        return _value(Kind.DEFINITION, rest=f"{before} {tail[: -len('mean')]}")
    if set(held) & PRICE_VERBS:
        return _value(Kind.NUMBER, "price", rest=_without(f"{before} {tail}", PRICE_VERBS))
    return _value(Kind.THING, rest=f"{before} {tail}")


def _being(before: str, tail: str) -> Asked:
    """ "What is …": a date, a reason, a number, an attribute of something, or what something is."""
    if match := _NAME_OF.match(tail):
        return (
            _who(before, f"is {tail[match.end() :]}")
            if _heads_role(tail[match.end() :])
            else _named(tail[match.end() :], before=before)
        )
    if match := _NUMBER_OF.match(tail):
        noun, rest = _noun_phrase(tail[match.end() :])
        return _value(Kind.NUMBER, singular_phrase(noun) or None, rest=f"{before} {rest}")
    if match := _REASON_OF.match(tail):
        return _value(Kind.REASON, rest=f"{before} {tail[match.end() :]}")
    if match := _DATE_OF.match(tail):
        rest = re.sub(r"^\s*(?:(?:on|in|at) which|that|when|of)\b", " ", tail[match.end() :])
        return _value(Kind.DATE, rest=f"{before} {rest}")
    words = _WORD.findall(tail)
    is_name = any(word[0].isupper() for word in words)
    bare = not re.search(rf"\b{_PREPOSITIONS}\b|['’]s?\b(?=\s)", tail) and not before.strip(" ,")
    first = words[0].lower() if words else ""
    if bare and words and (first in ("a", "an") or is_name or first not in _DETERMINERS):
        return _value(Kind.DEFINITION, rest=tail)
    return _named(tail, before=before)


def _heads_role(phrase: str) -> bool:
    noun, _ = _noun_phrase(phrase)
    return bool(noun) and is_role_noun(noun.split()[-1])


def _named(phrase: str, before: str = "", *, is_plain: bool = False) -> Asked:
    """A value named by a noun: "which rank did …", "the price of …", "Okoro's rank", "the patient's dose"."""
    noun, rest = _noun_phrase(phrase)
    kind, attribute = _kind_of(noun)
    if kind is Kind.PERSON and attribute is None:
        return _value(kind, rest=f"{before} {rest}")
    if kind is Kind.NUMBER and attribute == "number":
        tail = re.sub(r"^\s*of\b\s*", "", rest)
        counted, further = _noun_phrase(tail)
        attribute, rest = singular_phrase(counted) or "number", further
    if attribute == "price":
        rest = _without(rest, PRICE_VERBS)
    listed = not is_plain and _is_list(noun)
    return _value(
        kind, attribute, rest=f"{before} {rest}", form=Form.LIST if listed else Form.SINGLE
    )


def _is_list(noun: str) -> bool:
    last = noun.split()[-1] if noun.split() else ""
    return is_plural(last) and singular(last) not in NOUN_KINDS[Kind.DATE]


def _kind_of(noun: str) -> tuple[Kind, str | None]:
    """The kind of value that a noun phrase names, and the attribute as queries hold it."""
    if not noun:
        return Kind.THING, None
    phrase = singular_phrase(noun)
    head = phrase.split()[-1]
    for kind, nouns in NOUN_KINDS.items():
        if head not in nouns:
            continue
        if kind in (Kind.DATE, Kind.REASON, Kind.PERSON, Kind.PLACE, Kind.DURATION):
            return kind, None
        if kind is Kind.ROLE or head in SAME_NOUN:
            return kind, SAME_NOUN[head]
        return kind, phrase
    if is_role_noun(head):
        return Kind.PERSON, phrase
    return Kind.THING, SAME_NOUN.get(head, phrase)


def singular_phrase(noun: str) -> str:
    """A noun phrase with its last word in the singular."""
    *before, last = noun.split() or [""]
    return " ".join([*before, singular(last)]) if last else ""


def _noun_phrase(text: str) -> tuple[str, str]:
    """The words in lower case that name something at the beginning of a text, and the rest of the text.

    Determiners, names and what possesses it go to the rest; a verb or preposition ends it.
    """
    taken: list[str] = []
    left: list[str] = []
    at = 0
    for match in _WORD.finditer(text):
        word = match[0]
        plain = word.lower()
        gap = text[at : match.start()]
        if "," in gap and (taken or left) and not left_is_possessive(left):
            break
        if (
            plain in _UNTIL
            or (taken and _is_verb(plain))
            or (plain in STOP_WORDS and plain not in _DETERMINERS)
        ):
            break
        at = match.end()
        if word.endswith(("'s", "’s", "s'", "s’")):
            left += [*taken, word]
            taken = []
        elif word[0].isupper() or any(map(str.isdigit, word)):
            left.append(word)
        elif plain not in _DETERMINERS and plain not in _VAGUE:
            taken.append(plain)
    return " ".join(taken), f"{' '.join(left)} {text[at:]}"


def left_is_possessive(left: list[str]) -> bool:
    """Whether the last of the words left out possesses what follows."""
    return bool(left) and left[-1].endswith(("'s", "’s", "'", "’"))


def _is_verb(word: str) -> bool:
    return word in PAST_FORMS or (
        len(word) > 4 and word.endswith("ed") and not word.endswith("eed")
    )


def _without(text: str, words: frozenset[str] | set[str]) -> str:
    return " ".join(word for word in text.split() if word.strip(" ,.?").lower() not in words)


__all__ = ["FRAME_WORDS", "Asked", "asked_for", "singular_phrase"]
