"""What sort of value a question asks for, by its question word and the noun behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.analysis import STOP_WORDS, terms, words
from rag.numbers import any_of
from rag.question.query import Form, Kind
from rag.question.roles import is_role_noun
from rag.question.vocabulary import (
    AUXILIARIES,
    CAPITALS,
    COMPARATIVES,
    DETERMINERS,
    FRAME_WORDS,
    LASTING_VERBS,
    MEASURES,
    NOUN_KINDS,
    OUTCOME_VERBS,
    PAST_FORMS,
    PEOPLE,
    PHRASE_ENDS,
    PRICE_VERBS,
    SAME_NOUN,
    TIME_UNITS,
    VAGUE_WORDS,
    is_plural,
    singular,
)

_PREPOSITIONS = r"(?:in|on|at|by|from|to|for|since|until|with|of|as|into|against|under|through|towards?|near|between)"
_ASKS = re.compile(
    rf"(?:\b(?P<preposition>{_PREPOSITIONS})\s+)?\b(?P<word>who(?:se|m)?|when|where|why|what|which|how)\b(?:['’]s\b)?",
    re.IGNORECASE,
)
_COMMAND = re.compile(
    r"^(?:please\s+)?(?P<word>list|name|give|enumerate|show|state|compare|define|explain|describe)\b(?:\s+(?:me|us)\b)?\s*",
    re.IGNORECASE,
)
_YES_NO = re.compile(rf"^(?:whether|{any_of(AUXILIARIES)})\b", re.IGNORECASE)
_CLAUSE_BEFORE = re.compile(
    r"^(?P<clause>(?:when|where)\b[^,?]*),\s*(?P<asks>(?:what|which|who|whom|whose|how|why)\b.*)",
    re.IGNORECASE,
)
_CUT = " , "  # where words were taken out, so that names on either side stay two
_MORE = rf"(?:more|less|fewer|most|least|{any_of(COMPARATIVES)})"
_COMPARES = re.compile(
    rf"^compare\b|^how (?:do|does|did)\b.*\bcompare\b|\bcompared (?:with|to)\b|\bdifferences? between\b"
    rf"|\bdiffer(?:s|ed)? (?:from|between)\b|\b{_MORE}\b[^?,]{{0,60}}[,:][^?]{{1,90}}\bor\b"
    rf"|^which\b[^?]{{1,120}}\b{_MORE}\b|\b{_MORE}\b[^?,]{{0,60}}\bthan\b",
    re.IGNORECASE,
)
_COMPARED = re.compile(r"\bcompared (?:with|to)\b", re.IGNORECASE)
_BE = r"(?:is|was|are|were|will be|has been|had been)"
_DATE_OF = re.compile(
    r"^(?:the\s+)?(?:exact\s+|calendar\s+|precise\s+)*(?:date|day|year|month|time)s?\b",
    re.IGNORECASE,
)
_FURTHER_DATE = re.compile(
    r"^[\s,]*(?:and|or)\s+(?:the\s+)?(?:year|month|day|date|time)\b", re.IGNORECASE
)
_REASON_OF = re.compile(
    r"^(?:the\s+)?(?:reason|cause|motive|purpose)s?\b(?:\s+(?:that|why|for|of|behind))?\s*",
    re.IGNORECASE,
)
_BROUGHT_ABOUT = re.compile(
    r"(?:(?:caused|causes|triggered|led to)(?:\s+|$)|(?:kept|stopped|prevented|hindered)\s+(?=\S.*\bfrom\s+\w+ing\b)"
    r"|(?:made|forced)\s+(?!(?:up|of|out|an?|it|the\s+(?:most|least))\b))",
    re.IGNORECASE,
)
_NUMBER_OF = re.compile(
    r"^(?:the\s+)?(?:total\s+|exact\s+)?(?:number|count)\s+of\s+", re.IGNORECASE
)
_LIST_OF = re.compile(
    r"^(?:an?\s+|the\s+)?(?:complete\s+|full\s+)?(?:(?P<dated>timeline|chronology)|list|overview|series)\s+of\s+",
    re.IGNORECASE,
)
_NAME_OF = re.compile(r"^(?:the\s+)?(?:full\s+)?names?\s+of\s+", re.IGNORECASE)
_DEFINES = re.compile(r"^(?:an?\s+(?P<a>[^,?]+)|(?P<named>(?:the\s+)?[^,?]*))$", re.IGNORECASE)
_WORD = re.compile(r"[^\W_][\w’'.&/-]*")


_KINDS_ONLY = frozenset(
    noun
    for kind in (Kind.DATE, Kind.PLACE, Kind.PERSON, Kind.ORGANISATION, Kind.REASON)
    for noun in NOUN_KINDS[kind]
)
_KIND_ASKED = re.compile(
    rf"\b(?:what|which)\s+(?:(?:{any_of(VAGUE_WORDS | FRAME_WORDS)})\s+)*{any_of(_KINDS_ONLY)}s?\b"
    r"(?P<next>\s+[a-z]\w*|\W*$|\W)",
    re.IGNORECASE,
)
# That something is so, or is so now, is said in as many words as there are.
_IS_SO = re.compile(
    r"\b(?:(?:take|takes|took|taken|taking) place|happen(?:s|ed|ing)?|occur(?:s|red|ring)?"
    r"|at present|at the moment|(?:right )?now|currently|nowadays|these days|today)\b"
)
_CAPITALISED = re.compile(rf"(?<=\s)[{CAPITALS}]\w+")


def telling_terms(question: str) -> list[str]:
    """The terms of a question that its answer may share: not the noun that only says what kind of thing it is.

    "On which date did it open?" is answered by no "date", and "may", "exactly", "take place" and "now" are no
    more telling.
    """
    plain = _IS_SO.sub(" ", _KIND_ASKED.sub(_without_kind, question))
    names = {one.lower() for one in _CAPITALISED.findall(question)}
    untold = STOP_WORDS | ((AUXILIARIES | FRAME_WORDS) - names)
    return terms(" ".join(one for one in words(plain) if one not in untold) or question)


def _without_kind(asked: re.Match[str]) -> str:
    """What stands behind the noun, unless that goes on: "what time zone" asks for no time."""
    following = asked["next"].strip().lower()
    goes_on = following[:1].isalpha() and following not in PHRASE_ENDS and not _is_verb(following)
    return asked[0] if goes_on else asked["next"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The kind and form of a question, its attribute, and what it says beside."""

    kind: Kind
    form: Form
    attribute: str | None
    rest: str


def asked_for(question: str) -> Wanted:
    """Read a question that is without its frame, scope words and times; names still stand in it."""
    question = question.strip(" ?!.,;:")
    if first := _CLAUSE_BEFORE.match(question):
        question = f"{first['asks']}{_CUT}{first['clause']}"
    compares = _COMPARES.search(question) is not None
    asked = _asked(_COMPARED.sub(_CUT, question) if compares else question)
    form = Form.COMPARISON if compares else asked.form
    return Wanted(kind=asked.kind, form=form, attribute=asked.attribute, rest=asked.rest)


def _asked(question: str) -> Wanted:
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
) -> Wanted:
    return Wanted(kind=kind, form=form, attribute=attribute, rest=rest)


def _commanded(word: str, after: str) -> Wanted | None:
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
    listing = _LIST_OF.match(after)
    found = _named(after[listing.end() :] if listing else after, is_plain=True)
    listed = listing or word in ("list", "name", "enumerate")
    if listing and listing["dated"]:  # of what happened, and not of what is named
        return _value(
            Kind.THING, rest=f"{found.attribute or ''}{_CUT}{found.rest}", form=Form.PER_EVENT
        )
    form = Form.LIST if listed else Form.SINGLE
    return _value(found.kind, found.attribute, rest=found.rest, form=form)


def _worded(word: str, preposition: str, before: str, after: str) -> Wanted:
    said = f"{before}{_CUT}{after}"
    if word in ("who", "whom"):
        return _value(Kind.PERSON, rest=said) if preposition else _who(before, after)
    if word == "whose":
        noun, rest = _noun_phrase(after)
        return _value(Kind.PERSON, noun, rest=f"{before}{_CUT}{rest}")
    if word == "when":
        return _value(Kind.DATE, rest=said)
    if word == "where":
        return _value(Kind.PLACE, rest=said)
    if word == "why":
        return _value(Kind.REASON, rest=said)
    if word == "how":
        return _how(before, after)
    if preposition == "as" and re.match(rf"{any_of(AUXILIARIES)}\b", after):
        return _value(Kind.ROLE, "title", rest=said)
    return _what(word, before, after)


def _who(before: str, after: str) -> Wanted:
    match = re.match(rf"{_BE}(?:\s+to be)?\s+(?P<noun>.*)", after, re.IGNORECASE)
    if not match:
        return _value(Kind.PERSON, rest=f"{before}{_CUT}{after}")
    noun, rest = _noun_phrase(match["noun"])
    determined = match["noun"].lower().startswith(tuple(f"{one} " for one in DETERMINERS))
    if noun and (determined or not noun.endswith(("ed", "en"))) and noun not in PAST_FORMS:
        several = is_plural(noun) or noun.split()[-1] in PEOPLE
        return _value(
            Kind.PERSON,
            None if noun.split()[-1] in PEOPLE else _singular_phrase(noun),
            rest=f"{before}{_CUT}{rest}",
            form=Form.LIST if several else Form.SINGLE,
        )
    only_a_name = not before.strip(" ,") and re.fullmatch(
        rf"(?:[{CAPITALS}][\w’'.-]*\s*)+", match["noun"].strip()
    )
    kind = Kind.DEFINITION if only_a_name else Kind.PERSON
    return _value(kind, rest=f"{before}{_CUT}{match['noun']}")


def _how(before: str, after: str) -> Wanted:
    first = after.split(" ", 1)[0].lower() if after else ""
    rest = f"{before}{_CUT}{after[len(first) :]}"
    held = {word.lower() for word in _WORD.findall(rest)}
    if match := re.match(r"(?:do|does|did)\s+(?P<of>.*)\bcompare\b", after, re.IGNORECASE):
        return _commanded("compare", match["of"]) or _value(Kind.MANNER, rest=after)
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
            Kind.THING, "outcome", rest=_without(f"{before}{_CUT}{after}", OUTCOME_VERBS | {"out"})
        )
    return _value(Kind.MANNER, rest=f"{before}{_CUT}{after}")


def _how_many(word: str, before: str, after: str, held: set[str]) -> Wanted:
    after = re.sub(r"^(?:more|fewer|less|of|of the)\s+", "", after)
    unit = _WORD.match(after)
    if unit and singular(unit[0].lower()) in TIME_UNITS | {"time"}:
        return _value(
            Kind.DURATION, rest=_without(f"{before}{_CUT}{after[unit.end() :]}", LASTING_VERBS)
        )
    noun, rest = _noun_phrase(after)
    rest = f"{before}{_CUT}{rest}"
    if word == "much" and held & PRICE_VERBS:
        return _value(Kind.NUMBER, "price", rest=_without(rest, PRICE_VERBS))
    attribute = _singular_phrase(noun) if noun else "amount"
    return _value(Kind.NUMBER, attribute, rest=rest)


def _what(word: str, before: str, after: str) -> Wanted:
    said = f"{before}{_CUT}{after}"
    if word == "which" and (
        match := re.match(r"(?:one\s+)?(?:of|is|was|are|were|had|has)\b", after)
    ):
        return _value(Kind.THING, rest=f"{before}{_CUT}{after[match.end() :]}")
    if match := re.match(r"(?:is|was|are|were)\s+(?P<what>.+?)\s+(?:called|named)\b", after):
        return _value(
            Kind.THING, "name", rest=f"{before}{_CUT}{match['what']} {after[match.end() :]}"
        )
    if match := re.match(rf"{_BE}\s+", after, re.IGNORECASE):
        return _being(before, after[match.end() :])
    if match := re.match(rf"{any_of(AUXILIARIES)}\s+", after, re.IGNORECASE):
        return _what_does(before, after[match.end() :])
    if match := _BROUGHT_ABOUT.match(after):
        return _value(Kind.REASON, rest=f"{before}{_CUT}{after[match.end() :]}")
    if match := re.match(
        r"(?:came out of|became of|resulted from|came of)(?:\s+|$)", after, re.IGNORECASE
    ):
        return _value(Kind.THING, "outcome", rest=f"{before}{_CUT}{after[match.end() :]}")
    if re.match(r"(?:happened|happens|took place)\b", after, re.IGNORECASE):
        return _value(Kind.THING, rest=said)
    if match := re.match(r"(?P<noun>(?:an?\s+|the\s+)?[^,?]+?)\s+(?:is|are|means?)$", after):
        return _value(Kind.DEFINITION, rest=f"{before}{_CUT}{match['noun']}")
    return _named(after, before=before)


def _what_does(before: str, tail: str) -> Wanted:
    held = [word.lower() for word in _WORD.findall(tail)]
    if held[-1:] == ["mean"]:
        return _value(Kind.DEFINITION, rest=f"{before}{_CUT}{tail[: -len('mean')]}")
    if set(held) & PRICE_VERBS:
        return _value(Kind.NUMBER, "price", rest=_without(f"{before}{_CUT}{tail}", PRICE_VERBS))
    return _value(Kind.THING, rest=f"{before}{_CUT}{tail}")


def _being(before: str, tail: str) -> Wanted:
    """Of "what is …": a date, a reason, a number, an attribute of something, or what something is."""
    if match := _NAME_OF.match(tail):
        named = tail[match.end() :]
        if _heads_role(named) or re.search(r"\bwho\b", named):
            return _who(before, f"is {named}")
        return _named(named, before=before)
    if match := _NUMBER_OF.match(tail):
        noun, rest = _noun_phrase(tail[match.end() :])
        return _value(Kind.NUMBER, _singular_phrase(noun) or None, rest=f"{before}{_CUT}{rest}")
    if match := _REASON_OF.match(tail):
        return _value(Kind.REASON, rest=f"{before}{_CUT}{tail[match.end() :]}")
    if match := _DATE_OF.match(tail):
        rest = re.sub(r"^\s*(?:(?:on|in|at) which|that|when|of)\b", " ", tail[match.end() :])
        return _value(Kind.DATE, rest=f"{before}{_CUT}{_FURTHER_DATE.sub('', rest)}")
    words = _WORD.findall(tail)
    if words and _is_verb(words[0].lower()):
        return _value(Kind.THING, rest=f"{before}{_CUT}{tail}")
    is_name = any(word[0].isupper() for word in words)
    bare = not re.search(rf"\b{_PREPOSITIONS}\b|['’]s?\b(?=\s)", tail) and not before.strip(" ,")
    first = words[0].lower() if words else ""
    if bare and words and (first in ("a", "an") or is_name or first not in DETERMINERS):
        return _value(Kind.DEFINITION, rest=tail)
    return _named(tail, before=before)


def _heads_role(phrase: str) -> bool:
    noun, _ = _noun_phrase(phrase)
    return bool(noun) and is_role_noun(noun.split()[-1])


def _named(phrase: str, before: str = "", *, is_plain: bool = False) -> Wanted:
    """A value named by a noun: "which rank did …", "the price of …", "Okoro's rank", "the patient's dose"."""
    noun, rest = _noun_phrase(phrase)
    kind, attribute = _kind_of(noun)
    if kind is Kind.PERSON and attribute is None:
        return _value(kind, rest=f"{before}{_CUT}{rest}")
    if kind is Kind.DATE:
        return _value(kind, rest=f"{before}{_CUT}{_FURTHER_DATE.sub('', rest)}")
    if kind is Kind.NUMBER and attribute == "number":
        tail = re.sub(r"^[\s,]*of\b\s*", "", rest)
        counted, further = _noun_phrase(tail)
        attribute, rest = _singular_phrase(counted) or "number", further
    if attribute == "price":
        rest = _without(rest, PRICE_VERBS)
    listed = not is_plain and _is_list(noun)
    return _value(
        kind, attribute, rest=f"{before}{_CUT}{rest}", form=Form.LIST if listed else Form.SINGLE
    )


def _is_list(noun: str) -> bool:
    last = noun.split()[-1] if noun.split() else ""
    return is_plural(last) and singular(last) not in NOUN_KINDS[Kind.DATE]


def _kind_of(noun: str) -> tuple[Kind, str | None]:
    """The kind of value that a noun phrase names, and the attribute as queries hold it."""
    if not noun:
        return Kind.THING, None
    phrase = _singular_phrase(noun)
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


def _singular_phrase(noun: str) -> str:
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
        plain = match[0].lower()
        determines = plain in DETERMINERS
        if "," in text[at : match.start()] and (taken or left):
            break
        if taken and determines:  # "company makes the pump": what stands before an object is a verb
            at = at if len(taken) == 1 or not is_plural(taken[-1]) else at - len(taken.pop())
            break
        is_name = match[0][0].isupper()
        if (plain in PHRASE_ENDS and not is_name) or ((taken or left) and _is_verb(plain)):
            break
        if plain in STOP_WORDS and not determines and not is_name:
            break
        at = match.end()
        if plain.endswith(("'s", "’s", "s'", "s’")):
            left += [*taken, match[0]]
            taken = []
        elif is_name or any(map(str.isdigit, match[0])):
            left.append(match[0])
        elif not determines and plain not in VAGUE_WORDS:
            taken.append(plain)
    return " ".join(taken), f"{' '.join(left)}{_CUT}{text[at:]}"


def _is_verb(word: str) -> bool:
    return word in PAST_FORMS or (
        len(word) > 4 and word.endswith("ed") and not word.endswith("eed")
    )


def _without(text: str, words: frozenset[str] | set[str]) -> str:
    return " ".join("," if word.strip(" ,.?").lower() in words else word for word in text.split())
