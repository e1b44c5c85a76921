"""What stands around a question: courtesies, the documents it is put to, and whether they agree."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.numbers import any_of
from rag.question.vocabulary import ALL_DOCUMENTS, DOCUMENT_NOUNS
from rag.temporal import find

_COURTESY = re.compile(
    r"^(?:(?:please|kindly|hi|hello|hey|so|well|ok|okay|also)\b,?\s+|(?:can|could|would|will) you (?:please )?"
    r"|(?:tell|inform) (?:me|us)\b(?: about)?,?\s+|do (?:you|we) (?:happen to )?know,?\s+|say\s+"
    r"|(?:i(?:['’]d| would) like|i want|i need) to know,?\s+|i wonder,?\s+|let me know\s+|if\s+)",
    re.IGNORECASE,
)
_ALL = any_of(ALL_DOCUMENTS)
_AGREE = (
    r"(?:agree|disagree|differ|diverge|conflict|contradict(?: (?:each other|one another))?|match|concur"
    r"|say the same|consistent|unanimous|at odds|in agreement)"
)
_ABOUT = r"(?: (?:on|about|over|as to|with each other|with one another|regarding|in)\b)*"
_WHICH = r"(?:the |our |these |those |both |all |two |three ){0,3}"
_CONFLICTS = tuple(
    re.compile(words, re.IGNORECASE)
    for words in (
        rf"\b(?:do|does|did|are) {_WHICH}{_ALL} (?:all |also )?{_AGREE}{_ABOUT}",
        rf"\b{_WHICH}{_ALL} {_AGREE}{_ABOUT}",
        rf"\b{_WHICH}{_ALL} (?:name|give|state) (?:two|three|different|several)\b(?: \w+){{0,2}}",
        rf"\bis there (?:any |a )?(?:disagreement|conflict|contradiction)\b{_ABOUT}",
        rf"\bwhat do (?:they|the {_ALL}) say(?=\W*(?:$|and which))",
        r"\bwho says what\b",
        r"\b(?:and )?which (?:one )?is (?:right|better supported|correct)\b",
    )
)
_NOUN = any_of(sorted(DOCUMENT_NOUNS))
_THE = r"(?:the |this |that |our )"
_SAID_BY = re.compile(
    r"(?:,\s*)?\b(?:according to|as (?:reported|stated|told|given) (?:in|by)|going by|as per)\s+"
    rf"{_THE}?(?P<noun>[\w’'-]+(?:\s+[\w’'-]+){{0,3}}?)\s*(?=[,?.;]|$)(?:,\s*)?",
    re.IGNORECASE,
)
_SAID_BEFORE = re.compile(
    rf"\baccording to (?:the |this |that |our )?(?P<noun>(?:[\w’'-]+\s+){{0,2}}?(?:{_NOUN}|{_ALL}))\b,?",
    re.IGNORECASE,
)
_IN = re.compile(
    rf",?\s*\b(?:in|from|by|on) {_THE}(?P<noun>(?:[\w’'-]+\s+){{0,2}}?(?:{_NOUN}|{_ALL}))\b"
    r"(?!\s+of\b)(?!['’])",
    re.IGNORECASE,
)
_SAYS = re.compile(
    r"\b(?P<aux>do|does|did|has|have|had)?\s*(?:that |which )?\b(?:the|our) (?:two |three |both )?"
    rf"(?P<noun>(?:{_NOUN}|{_ALL})(?:\s(?:of|from|on)\s(?=[^,?.;]*\d)[^,?.;]{{3,30}}?)?)\s+"
    r"(?:says?|said|states?|stated|gives?|given|gave|reports?|reported|claims?|claimed|mentions?|mentioned|talks? about"
    r"|talked about|discuss(?:es|ed)?|describes?|described|names?|named|tells? of)\b(?: that)?",
    re.IGNORECASE,
)

_WITH_THE_YEAR = re.compile(r",?\s*\bwith (?:the |its )?(?:year|date|month)\b,?", re.IGNORECASE)
_OF = re.compile(r"\s(?:of|from|on|in)\s")
_SAME = {"e-mail": "mail", "email": "mail"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Framed:
    """A question without its frame, and what the frame said."""

    question: str
    documents: tuple[str, ...]
    expects_conflict: bool


def framed(question: str) -> Framed:
    """Take courtesies, "according to …" and "do the sources agree" off a question."""
    rest = " ".join(question.split())
    conflict = False
    for pattern in _CONFLICTS:
        rest, found = pattern.subn(" ", rest)
        conflict = conflict or found > 0
    documents: list[str] = []
    for pattern in (_SAID_BEFORE, _SAID_BY, _SAYS, _IN):
        rest = pattern.sub(lambda found: _without(found, documents), rest)
    rest = _plain(_WITH_THE_YEAR.sub(" ", rest))
    while (shorter := _COURTESY.sub("", rest)) != rest:
        rest = shorter
    return Framed(
        question=rest,
        documents=tuple(dict.fromkeys(documents)),
        expects_conflict=conflict,
    )


def _without(found: re.Match[str], documents: list[str]) -> str:
    """What is left in the place of a frame: an auxiliary, and the day of the document that is named."""
    said, dated = found["noun"], ""
    if any(one.span.end - one.span.start == len(said) for one in find(said)):
        return found[0]  # "as reported in May 2020" names no document
    if (of := _OF.search(said)) and find(said[of.end() :]):
        said, dated = said[: of.start()], said[of.start() :]
    noun = " ".join(said.lower().split())
    head = noun.split()[-1]
    if head not in ALL_DOCUMENTS:
        documents.append(_SAME.get(noun, noun))
    aux = found.groupdict().get("aux") or ""
    return f" {dated} {aux} "


def _plain(rest: str) -> str:
    """Without what the cuts left: doubled spaces, commas at the ends, sentences without words."""
    parts = [
        " ".join(part.split()).strip(" ,;:.")
        for part in re.split(r"(?<=[?])\s+|(?<=[a-z]{3}[.!])\s+", rest)
    ]
    return " ".join(part for part in parts if re.search(r"\w", part))
