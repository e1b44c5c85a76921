"""What stands beside a sentence and belongs to it: what corrects it, and what goes on about what it names."""

from __future__ import annotations

import re
from dataclasses import replace

from rag.reading import Candidate
from rag.rows import is_row
from rag.sentences import sentences
from rag.temporal import behind_day
from rag.types import Span

_CORRECTION_WORDS = 12
_NEXT_CHARS = 200  # in which the next sentence ends, if it is short
_CORRECTS = re.compile(
    r"^\W*(?:[^\W\d][\w .()’'-]{0,40}:\s+)?(?:(?:no|oh)\W+)*"
    r"(?:(?:sorry|excuse me|(?:i beg your )?pardon(?: me)?|correction|rather|wait)\s*[,.:;…–—-]|(?:i mean|make that)\b)"
    r"|,\s+(?:sorry|pardon)\W*$",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"^\W*(?:it|its|they|their|he|his|she|her|this|that|these|those|there)\b(?!['’]s why| (?:is|was) why)",
    re.IGNORECASE,
)
_NONE = re.compile(r"\bno such\b|(?:\bnot|n['’]t)\s+exist\b", re.IGNORECASE)
_THERE = re.compile(r"^\W*there\b", re.IGNORECASE)


def corrected(one: Candidate) -> Candidate:
    """A sentence with the one behind it that corrects it, or the one before that it corrects."""
    text = one.document.text
    behind = text[one.span.end : one.span.end + _NEXT_CHARS]
    following = next(iter(sentences(behind)), None)
    if following and "\n\n" not in behind[: following.start] and _corrects(following.cut(behind)):
        return replace(one, span=Span(one.span.start, one.span.end + following.end), after=None)
    return with_before(one) if _corrects(one.text) else one


def _corrects(sentence: str) -> bool:
    said = behind_day(sentence)
    return len(said.split()) <= _CORRECTION_WORDS and _CORRECTS.search(said) is not None


def continuing(one: Candidate) -> Candidate | None:
    """The sentence behind one that goes on about what that names ("It cost 185 euros."); None where none does.

    "There" only goes on about it where it says that there is none.
    """
    if one.after is None or is_row(one.text):
        return None
    text = one.document.text
    after = one.after.cut(text)
    parted = "\n\n" in text[one.span.end : one.after.start]
    goes_on = _GOES_ON.search(after) and (says_there_is_none(after) or not _THERE.search(after))
    if parted or after.endswith("?") or not goes_on:
        return None
    return replace(one, span=one.after, before=one.span, after=None)


def says_there_is_none(sentence: str) -> bool:
    """Whether a sentence says of what was just named that there is none: "There is no such thing."."""
    return _NONE.search(sentence) is not None


def with_before(one: Candidate) -> Candidate:
    """A sentence and the one before it."""
    return (
        replace(one, span=Span(one.before.start, one.span.end), before=None) if one.before else one
    )
