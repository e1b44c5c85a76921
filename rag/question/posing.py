"""Questions that a sentence answers: turned around by rules of English, and none where a rule would guess.

After Heilman and Smith, "Good Question! Statistical Ranking for Question Generation" (NAACL 2010), without a parser:
only a short subject in front of the first verb is taken, so that it is clear what stands where. Whether the
documents answer a question is for who asks it to find out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rag.analysis import STOP_WORDS, words
from rag.irregular import VERB_LEMMAS
from rag.question.vocabulary import AUXILIARIES, DETERMINERS, PHRASE_ENDS
from rag.temporal import Kind, find

_LONGEST = 13  # words of a question that is read at a glance
_LONGEST_CHARS = 200
_SHORTEST = 4  # of one that is made; an author's own may be shorter
_SUBJECT_WORDS = 6
_FINITE = AUXILIARIES - {"be", "been", "being", "do", "does", "did"}
_TURNS_AWAY = frozenset(  # what leans on other sentences, or on who speaks
    words(
        "i you he she it we they me him her us them my your his its our their this that these those there here who"
        " which now today yesterday tomorrow again also too not never then one"
    )
)
_LEADS_ON = frozenset(words("a an and as but by for from in into of on or than that the to with"))
_SPEAKER = re.compile(r"(?:[-*•]\s+)?(?:[A-Z][\w'’.-]+(?: [A-Z][\w'’.-]+){0,3}:\s+)?")
_STATES = re.compile(r"[A-Z0-9][^?!…“”\"]*\.$")
_APPOSITION = re.compile(r", (?:an?|the) [^,]{2,40},(?= )")
_DATES = (Kind.CALENDAR, Kind.PERIOD, Kind.RANGE)
_ON = re.compile(r"(?:^|\s)(?:on|in|at|for|from|between)(?: the)?$")
_HOW = re.compile(
    r"(?:about |around |some )?[\d.,]+ ?\w+ (wide|long|high|deep|tall|old|heavy|thick)\b"
)
_COSTS = re.compile(r"(?:about |around |some |only )?\W?\d")
_BECAUSE = re.compile(r",? because\b")
_CLAUSE = re.compile(r"[,;:]|\.\s|\s[–—]\s")
_WHY = re.compile(r"why (.+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Clause:
    """A sentence, taken apart at its first verb: `rest` is what follows that."""

    subject: str
    verb: str
    rest: str


def questions_of(sentence: str) -> Iterator[str]:
    """The questions that an English sentence answers by itself; none for most sentences."""
    plain = _SPEAKER.sub("", " ".join(sentence.split()), count=1)
    if not _STATES.fullmatch(plain):
        return
    plain = _APPOSITION.sub("", plain[:-1])
    for rule in _RULES:
        for question in rule(plain):
            if _reads_well(question, _SHORTEST):
                yield question


def question_of_heading(heading: str) -> str | None:
    """What a heading asks: as it stands, or turned around: "Why the gate is shut"."""
    if heading.endswith("?"):
        return heading if _reads_well(heading, shortest=2) else None
    because = _WHY.fullmatch(heading)
    clause = because and _clause(_capitalised(because[1]), _FINITE)
    return f"Why {clause.verb} {clause.subject} {clause.rest}?" if clause and clause.rest else None


def _when(sentence: str) -> Iterator[str]:
    """As in "The gate was shut on 4 May": when was the gate shut?"""
    sentence, leads = _without_leading_date(sentence)
    if clause := _clause(sentence, _FINITE):
        told = _CLAUSE.split(clause.rest)[0] if leads else _before_a_date(clause.rest)
        if told is not None:
            yield f"When {clause.verb} {clause.subject} {told}".rstrip() + "?"


def _when_done(sentence: str) -> Iterator[str]:
    """As in "The gate shuts on 4 May": when does the gate shut?"""
    sentence, leads = _without_leading_date(sentence)
    for verbs, auxiliary in ((_is_present, "does"), (VERB_LEMMAS.__contains__, "did")):
        if clause := _clause(sentence, verbs):
            first = _CLAUSE.split(clause.rest)[0]
            told = first if leads else _before_a_date(first)
            if told is not None and not _has_verb(first):
                yield (
                    f"When {auxiliary} {clause.subject} {_base(clause.verb)} {told}".rstrip() + "?"
                )


def _how(sentence: str) -> Iterator[str]:
    """As in "The gate is 3 m wide": how wide is the gate?"""
    if clause := _clause(sentence, _FINITE):
        if measure := _HOW.match(clause.rest):
            yield f"How {measure[1]} {clause.verb} {clause.subject}?"
        elif clause.rest.startswith("cost ") and _COSTS.match(clause.rest[5:]):
            yield f"How much {clause.verb} {clause.subject} cost?"


def _why(sentence: str) -> Iterator[str]:
    """As in "The gate is shut because it leaks": why is the gate shut?"""
    clause = _clause(sentence, _FINITE)
    reason = clause and _BECAUSE.search(clause.rest)
    if clause and reason and reason.start():
        yield f"Why {clause.verb} {clause.subject} {clause.rest[: reason.start()]}?"


def _who(sentence: str) -> Iterator[str]:
    """As in "Ann Lee shut the gate": who shut the gate?"""
    clause = _clause(sentence, _is_past)
    if clause and _is_full_name(clause.subject) and clause.rest:
        yield f"Who {clause.verb} {_CLAUSE.split(clause.rest)[0]}?"


_RULES: tuple[Callable[[str], Iterator[str]], ...] = (_why, _when, _when_done, _how, _who)


def _clause(sentence: str, verbs: frozenset[str] | Callable[[str], bool]) -> _Clause | None:
    """A sentence at the first of its words that is such a verb, if a short subject stands before that."""
    is_verb = verbs if callable(verbs) else verbs.__contains__
    said = sentence.split(" ")
    at = next((n for n, word in enumerate(said[: _SUBJECT_WORDS + 1]) if n and is_verb(word)), None)
    if at is None or not _is_subject(said[:at]):
        return None
    subject = " ".join([_uncapitalised(said[0]), *said[1:at]])
    return _Clause(subject, said[at], " ".join(said[at + 1 :]))


def _is_subject(said: list[str]) -> bool:
    """Whether these words are a noun phrase that stands by itself: behind an article, or a name."""
    small = [word.lower() for word in said]
    behind_article = small[0] in {"the", "a", "an"} and len(said) > 1
    inside = set(small[1:]) - {"of"}
    return (
        (behind_article or all(word[:1].isupper() for word in said))
        and (behind_article or small[0] not in STOP_WORDS | DETERMINERS)
        and not inside & (PHRASE_ENDS | _TURNS_AWAY | {"and", "or"})
        and not any(map(_CLAUSE.search, said))
        and small[-1] != "of"
    )


def _without_leading_date(sentence: str) -> tuple[str, bool]:
    """A sentence without the date that it begins with, and whether it began with one."""
    dated = next((one for one in find(sentence) if one.kind in _DATES), None)
    if dated and _ON.fullmatch(sentence[: dated.span.start].rstrip().lower()):
        return _capitalised(sentence[dated.span.end :].lstrip(" ,")), True
    return sentence, False


def _before_a_date(rest: str) -> str | None:
    """What is told before a day, month or year that is named with its preposition; None where none is."""
    dated = next((one for one in find(rest) if one.kind in _DATES), None)
    before = rest[: dated.span.start].rstrip() if dated else ""
    preposition = _ON.search(before)
    if preposition is None or _CLAUSE.search(before):
        return None
    return before[: preposition.start()]


def _is_present(word: str) -> bool:
    return len(word) > 3 and word.islower() and word[-1] == "s" and word[-2] not in "sui"


def _is_past(word: str) -> bool:
    return word.islower() and (word in VERB_LEMMAS or (word.endswith("ed") and len(word) > 4))


def _has_verb(told: str) -> bool:
    return any(word in AUXILIARIES or _is_past(word) for word in re.findall(r"\w+", told))


def _base(verb: str) -> str:
    """A verb without the ending of the third person, or of an irregular past."""
    if verb in VERB_LEMMAS:
        return VERB_LEMMAS[verb]
    if verb.endswith("ies"):
        return f"{verb[:-3]}y"
    return verb[:-2] if re.search(r"(?:[cs]h|ss|x|o)es$", verb) else verb[:-1]


def _is_full_name(subject: str) -> bool:
    names = subject.split()
    return len(names) > 1 and all(name[:1].isupper() for name in names)


def _uncapitalised(word: str) -> str:
    return word.lower() if word.lower() in {"the", "a", "an"} else word


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _reads_well(question: str, shortest: int) -> bool:
    asked = re.findall(r"[\w'’-]+", question.lower())
    if not asked or len(question) > _LONGEST_CHARS:
        return False
    whole = asked[-1] not in _LEADS_ON and question.count("(") == question.count(")")
    return whole and shortest <= len(asked) <= _LONGEST and not _TURNS_AWAY & set(asked[1:])
