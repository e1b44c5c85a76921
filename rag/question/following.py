"""Questions that lean on what was asked before, made to stand alone.

Rules over word forms, without a parser: what a fragment leaves out is the question before it (ellipsis, here), what
a pronoun stands for is a name or the last thing that was asked about (coreference, `referring`), and what is of
something is of that (`joining`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.analysis import terms, words
from rag.numbers import any_of
from rag.question.joining import joined, with_main_topic
from rag.question.query import Kind
from rag.question.referring import refers, spelled_out, time_of, with_preposition
from rag.question.topics import (
    ARTICLE,
    ASKS,
    POSSESSIVE,
    RELATIONAL,
    Conversation,
    head,
    kind_asked,
    named,
    names,
    phrases,
)
from rag.question.vocabulary import (
    AUXILIARIES,
    NOUN_KINDS,
    PHRASE_ENDS,
    TIME_UNITS,
    is_plural,
)
from rag.temporal import (
    Anchor,
    AnchorKind,
    Base,
    Direction,
    Interval,
    TimeExpression,
    Unit,
    find,
    resolve,
    written,
)

_PREPOSITION = r"(?:about|at|on|in|for|to|by|before|after|during|under|with|from|until|since|when)"
_AUXILIARY = any_of(AUXILIARIES)
_LEAD = re.compile(
    r"^(?:(?:and|but|so|ok(?:ay)?|also|then|now|interesting|wow)\b(?![-/'’])[,.!]? ?)*(?:(?:what|how) about\b ?)?",
    re.IGNORECASE,
)
_CONJUNCTION = re.compile(r"^(?:and|but|so|then|also)\b,? ", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"^(?:ok(?:ay)?\W+|now\W+|and\W+|but\W+)*(?:(?:to|for|on|about) )?"
    r"(?:another (?:topic|subject|question|matter)|(?:something|anything) (?:\w+ly |quite )?(?:else|different)"
    r"|(?:an?|the) (?:\w+ly |quite )?(?:different|other|new|next) (?:topic|subject|question|matter))\b",
    re.IGNORECASE,
)
_FRAGMENT = re.compile(rf"^{_PREPOSITION}\b", re.IGNORECASE)
_BARE = re.compile(
    rf"^(?P<asks>(?:{_PREPOSITION} )?(?:why|whom?|what|which|how|when|where)(?: (?:much|many|long|often|exactly))?)"
    r"(?P<else> else)?(?: (?:not|so|come))? ?\??$",
    re.IGNORECASE,
)
_ADVERB = re.compile(
    rf"(?:{_PREPOSITION} .*|why|when|where|how(?: (?:long|often))?)(?: exactly)?",
    re.IGNORECASE,
)
_YES_NO = re.compile(rf"^(?:(?:why|when|where|how) )?(?P<rest>{_AUXILIARY} .*)", re.IGNORECASE)
_AGAIN = re.compile(
    rf"(?P<asks>(?:how|what|which|who|when|where)(?: (?:many|much|long))?) "
    rf"(?P<piece>{_PREPOSITION} (?!.*\b{_AUXILIARY}\b).+)",
    re.IGNORECASE,
)
_CLAUSES = re.compile(  # more than one
    r"[.!?] \w|[,:;] (?:who|whom|whose|what|which|when|where|why|how|is|are|was|were|do|does|did|can|will)\b",
    re.IGNORECASE,
)
# "the one before that", "the next one"
_BESIDE = re.compile(
    r"\b(?:(?P<after>after|later)|before|earlier)(?: (?:that|this|it|then))?(?: one)?$"
    r"|\bthe (?:(?P<next>next|following)|previous|preceding) [\w-]+$",
    re.IGNORECASE,
)
_LAST_PLACE = re.compile(
    r" (?P<by>at|on|in|for|during|by|to|from|under|with|before|after|when) "
    r"(?P<what>(?:(?!\b(?:at|on|in|for|during|by|when) ).)*)$"
)
_CLAUSE = re.compile(r" (?P<by>when) (?P<what>.*)$")
_OF_A_KIND = re.compile(r"the (?P<noun>[\w-]+) (?P<which>(?:of|in|on|at) .+)")
_PLACED = re.compile(r"(?P<head>the [\w’'-]+) (?P<place>(?:at|on|in|for|during) .+)", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    rf"(?:the|its|their) (?:[\w-]+ )?(?:{RELATIONAL}|{any_of(NOUN_KINDS[Kind.NUMBER] | NOUN_KINDS[Kind.DATE])})",
    re.IGNORECASE,
)
_IN_PAST = re.compile(r"\b(?:did|was|were|had)\b", re.IGNORECASE)
_ASKS_TIME = re.compile(
    r"\b(?:when|how long|how old|(?:what|which) (?:day|date|month|year|time))\b",
    re.IGNORECASE,
)
_PERSONAL = re.compile(r"\b(?:he|she|him|her|his)\b", re.IGNORECASE)
_QUARTERS = ("first", "second", "third", "fourth")
_MOST_TURNS = 10  # back in a conversation


def stand_alone(question: str, earlier: Sequence[str]) -> str:
    """The question with what it takes from earlier ones (oldest first) put into it; itself where that is nothing.

    The last ten are looked at. They are made to stand alone first, so that what "it" is may have been said long
    before. One that says that it is about something else takes nothing from those before it. White space counts as
    one space where anything is put in.
    """
    talk = Conversation()
    before = [one for one in earlier if words(one)]
    for one in before[-_MOST_TURNS:]:
        asked = " ".join(one.split())  # which the patterns count on
        talk = Conversation() if _ELSEWHERE.match(asked) else talk
        whole = (_filled(asked, talk) or _completed(asked, talk)) if talk.rewritten else asked
        topic = _introduced(asked, alone=whole == asked)
        topics = (*talk.topics, topic) if topic else talk.topics
        talk = Conversation((*talk.asked, asked), (*talk.rewritten, whole), topics)
    asked = " ".join(question.split())
    if not asked or not talk.rewritten or _ELSEWHERE.match(asked):
        return question
    if filled := _filled(asked, talk):
        return filled
    whole = _completed(asked, talk)
    return with_main_topic(whole, talk) if whole != asked else question


def _introduced(question: str, *, alone: bool) -> str | None:
    """What a question introduces: nothing where it has a pronoun, or leans on others and has no name."""
    if not alone and (refers(question) or not names(question)):
        return None
    return named(question) or next(iter(phrases(question)), None) or kind_asked(question)


def _filled(question: str, talk: Conversation) -> str | None:
    """A fragment put into the question before; None where it is a question of its own."""
    before = talk.rewritten[-1]
    rest = _LEAD.sub("", question)
    led = rest != question
    if led and not words(rest):  # "and?", "and now?"
        return _in_place("today", talk) if "now" in words(question) else before
    if bare := _BARE.match(rest):
        return _asked_so(bare, before)
    if (led or _YES_NO.match(rest)) and (again := _begun_again(rest, before)):
        return again
    is_fragment = _is_fragment(rest, led=led) or (led and not ASKS.match(rest))
    return _in_place(rest, talk) if is_fragment and not _CLAUSES.search(rest) else None


def _is_fragment(rest: str, *, led: bool) -> bool:
    """Whether words are a place or time, and no question: "in May", and not "in which month may one sail"."""
    months = words(" ".join(one.text for one in find(rest)))  # "may" among them
    said = words(rest)[1:3] if led else words(rest)
    asks = AUXILIARIES.intersection(said).difference(months)
    return _FRAGMENT.match(rest) is not None and not asks


def _completed(question: str, talk: Conversation) -> str:
    """A whole question with what it refers to, or what it is about; without the "and" in front, if it leans on that."""
    plain = _CONJUNCTION.sub("", question)
    whole = spelled_out(plain, talk)
    if whole != plain and _is_of_that_time(plain) and find(talk.rewritten[-1]) and not find(whole):
        whole = f"{whole.rstrip(' ?.')} {time_of(talk)}?"
    if whole == plain and talk.topics:
        whole = joined(plain, talk)
    return whole[:1].upper() + whole[1:] if whole != plain else question


def _is_of_that_time(question: str) -> bool:
    """Whether a question asks what was then: of the past, without a time, and not of a person, whose life is long."""
    named = find(question) or _ASKS_TIME.search(question) or _PERSONAL.search(question)
    return not named and _IN_PAST.search(question) is not None


def _asked_so(bare: re.Match[str], before: str) -> str:
    """The question before with another question word: "Why was it shut?" of "When was it shut?" and "Why?"."""
    frame = before.rstrip(" ?.!")
    asks = bare["asks"][:1].upper() + bare["asks"][1:]
    if bare["else"] and frame.lower().startswith(f"{asks.lower()} "):
        return f"{asks} else{frame[len(asks) :]}?"
    yes_no = _YES_NO.match(frame)
    if yes_no and _ADVERB.fullmatch(asks) and not bare["else"]:
        return f"{asks} {yes_no['rest'][:1].lower()}{yes_no['rest'][1:]}?"
    return f"{frame}, and {bare[0].rstrip(' ?').lower()}?"


def _begun_again(rest: str, before: str) -> str | None:
    """The question before, where this one begins it anew for another name or time: "And what did Birch say?"."""
    begun, frame = rest.rstrip(" ?.!"), before.rstrip(" ?.!")
    if (old := names(frame)) and (new := names(begun)):
        swapped = frame.replace(POSSESSIVE.sub("", old[0]), new[0], 1)
        if swapped.lower().startswith(f"{begun.lower()} "):
            return f"{swapped}?"
    again = _AGAIN.fullmatch(begun)
    if again and frame.lower().startswith(again["asks"].lower()):
        return _placed(again["piece"], frame)
    return None


def _in_place(fragment: str, talk: Conversation) -> str:
    """The question before, with a fragment in the place of what it answers to."""
    frame, piece = talk.rewritten[-1].rstrip(" ?.!"), fragment.rstrip(" ?.!")
    placed = _PLACED.fullmatch(piece)
    if placed and set(terms(placed["head"])) <= set(terms(frame)):
        piece = placed["place"]
    piece = _worked_out(piece, frame)
    if beside := _beside(piece, frame):
        return beside
    if [one.text for one in find(piece)] == [piece]:
        return _at_time(piece, frame)
    return _placed(piece, frame) if _FRAGMENT.match(piece) else _exchanged(piece, frame, talk)


def _beside(piece: str, frame: str) -> str | None:
    """The question before about what comes before or after what it was about: "at the fair after that of May"."""
    place, beside = _place(frame, piece), _BESIDE.search(piece)
    if place is None or beside is None:
        return None
    side = "after" if beside["after"] or beside["next"] else "before"
    kept = piece if beside[0].lower().startswith("the ") else piece[: beside.start()].rstrip()
    what = place["what"]
    if dated := _OF_A_KIND.fullmatch(what):
        kept, what = re.sub(r"\bone$", dated["noun"], kept), f"that {dated['which']}"
    elif place["by"] == "when" and kept.endswith(" one"):
        what = f"that (when {what})"
    elif _is_like_that(kept, what):
        what = f"that{place[0]}"
    return f"{' '.join([frame[: place.start()], *kept.split(), side])} {what}?"


def _is_like_that(kept: str, what: str) -> bool:
    """Whether one says "the visit before that in May", and not "before May", "the year before 2020"."""
    is_time = [one.text for one in find(what)] == [what]
    is_name = ARTICLE.sub("", what)[:1].isupper()  # which does not say what it is one of
    if kept.endswith(" one"):
        return is_time or is_name
    return is_time and bool(kept) and TIME_UNITS.isdisjoint(words(kept))


def _worked_out(piece: str, frame: str) -> str:
    """A fragment with its time told by itself, not by the one before: "2019" for "the year before", asked of 2020."""
    told, before = find(piece), find(frame)
    known = resolve(before[-1], None) if before else None
    if not told or known is None or known.value is None:
        return piece
    time = told[-1]
    if (quarter := _quarter(before[-1], time)) is not None:
        return f"{piece[: time.span.start]}{quarter}{piece[time.span.end :]}"
    anchor = Anchor(value=known.value, kind=AnchorKind.SENT, found_by="asked")
    if time.month and not time.year and time.base is not Base.NARRATED:
        return f"{piece[: time.span.end]} {known.value[:4]}{piece[time.span.end :]}"
    meant = resolve(time, None, narrated=anchor) if time.base is Base.NARRATED else None
    if meant is None or meant.value is None or Interval.of(meant.value) != meant.interval:
        return piece
    return f"{piece[: time.span.start]}{written(meant.value)}{piece[time.span.end :]}"


def _quarter(known: TimeExpression, beside: TimeExpression) -> str | None:
    """The quarter that is told by the one of a year that was asked about; None where either is something else."""
    if not known.unit == beside.unit == Unit.QUARTER or not known.year or not known.number:
        return None
    if beside.base is not Base.NARRATED:
        return None if beside.year else f"{beside.text} of {known.year}"
    steps: dict[Direction | None, int] = {Direction.NEXT: 1, Direction.LAST: -1}
    at = known.year * 4 + known.number - 1 + steps.get(beside.direction, 0) * (beside.number or 1)
    return f"the {_QUARTERS[at % 4]} quarter of {at // 4}"


def _at_time(piece: str, frame: str) -> str:
    """A question with another time, which has no preposition."""
    new = with_preposition(find(piece)[0])
    if not (times := find(frame)):
        return f"{frame} {new}?"
    before = re.sub(r"\b(?:in|on) $", "", frame[: times[-1].span.start])
    return f"{before}{new}{frame[times[-1].span.end :]}?"


def _placed(piece: str, frame: str) -> str:
    """A question with "on Monday" in the place of what follows its own "on", or its last preposition."""
    piece = piece[:1].lower() + piece[1:]
    by = re.escape(piece.split()[0])
    if same := re.search(rf" {by} (?:(?! {_PREPOSITION} ).)+", frame, re.IGNORECASE):
        return f"{frame[: same.start()]} {piece}{frame[same.end() :]}?"
    place = _place(frame, piece)
    if place is None:
        return f"{frame} {piece}?"
    left = "" if find(piece) and find(place[0]) else f" ({place[0].strip()})"
    return f"{frame[: place.start()]} {piece}{left}?"


def _place(frame: str, piece: str) -> re.Match[str] | None:
    """What a fragment takes the place of: all that was said of when, unless it is but another time."""
    clause = None if find(piece) else _CLAUSE.search(frame)
    return clause or _LAST_PLACE.search(frame)


def _exchanged(piece: str, frame: str, talk: Conversation) -> str:
    """A question with a name or a thing in the place of another one; or for an attribute of what it was about."""
    if piece[:1].isupper() and (old := names(frame)):
        ending = POSSESSIVE.search(old[0])
        new = POSSESSIVE.sub("", piece) + (ending[0] if ending else "")
        return f"{frame.replace(old[0], new, 1)}?"
    topic = talk.topics[-1] if talk.topics else ""
    if topic and _ATTRIBUTE.fullmatch(piece):
        return f"What {'are' if is_plural(piece) else 'is'} {piece} of {topic}?"
    *others, noun = piece.split()
    same = re.search(rf"\b(?:(?:the|other|some|any) )*{re.escape(noun)}\b", frame)
    if others and same and PHRASE_ENDS.isdisjoint(piece.lower().split()):
        return f"{frame[: same.start()]}{piece}{frame[same.end() :]}?"
    thing = head(topic)
    if ARTICLE.match(piece) and ARTICLE.match(thing) and thing in frame:
        return f"{frame.replace(thing, piece, 1)}?"
    return f"{frame}, and {piece}?"
