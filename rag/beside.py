"""What stands beside a sentence and belongs to it: what corrects it, and what completes it."""

from __future__ import annotations

import re
from dataclasses import replace

from rag.reading import Candidate
from rag.rows import is_row
from rag.types import Span

_CORRECTION_WORDS = 12
_CORRECTS = re.compile(
    r"^\W*(?:(?:no|oh)\W+)?(?:sorry|excuse me|pardon|i beg your pardon|correction|rather|i mean|make that|wait)\b"
    r"|,\s+(?:sorry|pardon)\W*$",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"^\W*(?:it|its|they|their|he|his|she|her|this|that|these|those|there)\b(?!['’]s why| (?:is|was) why)",
    re.IGNORECASE,
)


def corrected(one: Candidate) -> Candidate:
    """A sentence with the one behind it that corrects it, or the one before that it corrects."""
    if one.after and _corrects(one.after.cut(one.document.text)):
        return replace(one, span=Span(one.span.start, one.after.end), after=None)
    return with_before(one) if _corrects(one.text) else one


def _corrects(sentence: str) -> bool:
    return len(sentence.split()) <= _CORRECTION_WORDS and _CORRECTS.search(sentence) is not None


def continuing(one: Candidate) -> Candidate | None:
    """The sentence behind one that goes on about what that names ("It cost 185 euros."); None where none does."""
    if one.after is None or is_row(one.text):
        return None
    goes_on = _GOES_ON.search(one.after.cut(one.document.text))
    return replace(one, span=one.after, before=one.span, after=None) if goes_on else None


def with_before(one: Candidate) -> Candidate:
    """A sentence and the one before it."""
    return (
        replace(one, span=Span(one.before.start, one.span.end), before=None) if one.before else one
    )
