"""What stands around a question: courtesies, the documents it is put to, and whether they agree."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rag.question.vocabulary import ALL_DOCUMENTS, DOCUMENT_NOUNS
from rag.temporal.grammar import any_of

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
_CONFLICTS = (
    re.compile(
        rf"\b(?:do|does|did|are) (?:all |both )?(?:the |our |these |those )?(?:two |three )?{_ALL} (?:all |also )?{_AGREE}{_ABOUT}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:the|our|these) (?:two |three )?{_ALL} (?:{_AGREE}{_ABOUT}|(?:name|give|state) (?:two|three|different|several)\b(?: \w+){{0,2}})",
        re.IGNORECASE,
    ),
    re.compile(
        r"\bis there (?:any |a )?(?:disagreement|conflict|contradiction)\b" + _ABOUT, re.IGNORECASE
    ),
    re.compile(
        r"\bwho says what\b|\bwhich (?:one )?is (?:right|better supported|correct)\b", re.IGNORECASE
    ),
)
_NOUN = any_of(sorted(DOCUMENT_NOUNS))
_SAID_BY = re.compile(
    r"(?:,\s*)?\b(?:according to|as (?:reported|stated|told|given) (?:in|by)|going by|as per|per)\s+(?:the |this |that |our )?"
    r"(?P<noun>[\w’'-]+(?:\s+[\w’'-]+){0,3}?)\s*(?=[,?.;]|$)(?:,\s*)?",
    re.IGNORECASE,
)
_SAID_BEFORE = re.compile(
    rf"\baccording to (?:the |this |that |our )?(?P<noun>(?:[\w’'-]+\s+){{0,2}}?(?:{_NOUN}|{_ALL}))\b,?",
    re.IGNORECASE,
)
_IN = re.compile(
    rf",?\s*\b(?:in|from|by|on) (?:the|this|that|our) (?P<noun>(?:[\w’'-]+\s+){{0,2}}?(?:{_NOUN}|{_ALL}))\b(?!\s+of\b)(?!['’])",
    re.IGNORECASE,
)
_SAYS = re.compile(
    rf"\b(?P<aux>do|does|did|has|have|had)?\s*(?P<rel>that |which )?\bthe (?P<noun>(?:{_NOUN}|{_ALL}))\s+"
    r"(?:says?|said|states?|stated|gives?|given|gave|reports?|reported|claims?|claimed|mentions?|mentioned|talks? about"
    r"|talked about|discuss(?:es|ed)?|describes?|described|names?|named|tells? of)\b(?: that)?",
    re.IGNORECASE,
)


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
    rest = _plain(rest)
    while (shorter := _COURTESY.sub("", rest)) != rest:
        rest = shorter
    return Framed(
        question=rest,
        documents=tuple(dict.fromkeys(documents)),
        expects_conflict=conflict,
    )


def _without(found: re.Match[str], documents: list[str]) -> str:
    noun = " ".join(found["noun"].lower().split())
    head = noun.split()[-1]
    if head not in ALL_DOCUMENTS:
        documents.append(_SAME.get(noun, noun))
    aux = found.groupdict().get("aux")
    return f" {aux} " if aux else " "


_SAME = {"e-mail": "mail", "email": "mail"}


def _plain(rest: str) -> str:
    """Without what the cuts left: doubled spaces, commas at the ends, sentences without words."""
    parts = [
        " ".join(part.split()).strip(" ,;:.")
        for part in re.split(r"(?<=[?])\s+|(?<=[a-z]{3}[.!])\s+", rest)
    ]
    return " ".join(part for part in parts if re.search(r"\w", part))
