"""Whether the clause around a time expression tells of what was or of what is to come."""

from __future__ import annotations

import re
from enum import StrEnum

from rag.types import Span

_CLAUSE = 200  # characters on either side that are looked at


class Tense(StrEnum):
    """Past and future, seen from the day of the words."""

    PAST = "past"
    FUTURE = "future"


_PLANNED = "(?:due|scheduled|planned|expected|slated|set|supposed|meant|booked|invited|to be)"
# What follows an auxiliary belongs to it: "will be opened" is no past.
_VERB = r"(?: (?:not|also|then|now|only|soon))?(?: be| have been)?(?: [a-z]+)?"
# Verbs whose present tells of what is to come: "the ship sails on Friday".
_TIMETABLED = (
    "(?:open|reopen|start|begin|end|close|leave|arrive|launch|sail|depart|resume|return|come|go|move|expire|air"
    "|meet)"
)
_FUTURE = (
    rf"(?:will|shall|would|must|should|can|going to|gonna|needs? to|ought to){_VERB}"
    rf"|(?:may|might) (?:not |now |then )?be(?: [a-z]+)?"
    rf"|(?:is|are|am|be) (?:{_PLANNED}|about to|to)(?: (?:to )?be)?(?: [a-z]+)?"
    rf"|(?:has|have) been (?:{_PLANNED}|moved to|postponed (?:to|until))|(?:is|are|am) [a-z]{{2,}}ing"
    r"|(?:scheduled|planned|expected|slated) (?:for|to|in|on|by)"
    r"|plans?|intends?|expects?|hopes?|wants?|aims?|promises?|upcoming|forthcoming|due|please|let['’]?s"
    rf"|see you|deadline|takes place|{_TIMETABLED}(?:e?s)|(?:i|we|they) {_TIMETABLED}"
)
_PAST = (
    rf"(?:was|were|had been) {_PLANNED}|was|were|had|did|has(?! to)|have(?! to)|used(?= to)"
    r"|(?:was|were|had|did)n['’]t|went|came|met|said|told|took|gave|left|held|led|won|lost|began|became|got"
    r"|saw|sat|spoke|stood|ran|flew|fell|rose|brought|bought|sold|built|broke|chose|drew|drove|felt|found"
    r"|fought|forgot|grew|heard|kept|knew|made|paid|sent|shot|showed|spent|struck|taught|thought|threw|wore"
    r"|wrote|[a-z]{2,20}(?<!e)ed"
)
_MARKER = re.compile(rf"\b(?:(?P<future>{_FUTURE})|(?P<past>{_PAST}))\b|(?P<short>['’]ll)\b")
_IS_ON = re.compile(r"\b(?:is|are)\s+(?:on|for)\s+(?:the\s+)?$")  # "the market is on Friday"
_BORDER = re.compile(r"[.!?;:](?=\s|$)|\n\s*\n")
# A clause's verb comes behind the word that begins it.
_BEGINS = re.compile(rf"{_BORDER.pattern}|\b(?:because|but|although|though|whereas)\b")

_MOVED_TO = re.compile(
    r"\b(?:(?:postpon|mov|reschedul|chang)(?:e|es|ed|ing)|(?:delay|shift)(?:s|ed|ing)?|defer(?:s|red|ring)?"
    r"|put(?:s|ting)?\b[^.!?;\n]{0,40}\b(?:off|back)|(?:bring(?:s|ing)?|brought)\b[^.!?;\n]{0,40}\bforward)\b"
    r"[^.!?;\n]{0,60}\b(?:to|until|till)\s+(?:the\s+)?$",
    re.IGNORECASE,
)


def is_moved_to(text: str, span: Span) -> bool:
    """Whether something was moved to the time at `span`: of "from Friday to Monday", Monday."""
    return _MOVED_TO.search(text, max(0, span.start - _CLAUSE), span.start) is not None


def tense_at(text: str, span: Span) -> Tense:
    """The tense of the clause around `span`; past where nothing says otherwise, as in narration.

    The nearest verb form before the expression decides, in its sentence; else the first one after it.
    """
    before = text[max(0, span.start - _CLAUSE) : span.start].lower()
    after = text[span.end : span.end + _CLAUSE].lower()
    borders = list(_BEGINS.finditer(before))
    before = before[borders[-1].end() :] if borders else before
    if _IS_ON.search(before):
        return Tense.FUTURE
    border = _BORDER.search(after)
    after = after[: border.start()] if border else after
    markers = list(_MARKER.finditer(before))
    marker = markers[-1] if markers else _MARKER.search(after)
    return Tense.FUTURE if marker and not marker["past"] else Tense.PAST
