"""What was altered in a sentence that is otherwise copied: a name, a number, or whether it denies something."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from rag.analysis import STOP_WORDS
from rag.polarity import is_negation

_WORD = re.compile(r"\w+(?:[.,:'’-]\w+)*")
_TIME = re.compile(r"Time_(\d*)_(\d*)_(\d*)")
_COPIED = 0.7  # of a statement's words, for it to count as a copy
_SHORT = 3  # words that stand in the place of others, at the most
_LONG = 200  # words of what is compared, at the most: the time grows with their product


def time_word(year: int | None, month: int | None, day: int | None) -> str:
    """A word to put in the place of a time, so that it is compared by what it says."""
    return f"Time_{year or ''}_{month or ''}_{day or ''}"


def altered(statement: str, source: str) -> Iterator[str]:
    """What stands in a statement in the place of something else of its source, if most of it is copied from there.

    Numbers should be written alike in both, and times as `time_word` has them.
    """
    ours, theirs = _words(statement), _words(source)
    matcher = SequenceMatcher(None, _folded(ours), _folded(theirs), autojunk=False)
    same = [one for one in matcher.get_matching_blocks() if one.size]
    if sum(one.size for one in same) < _COPIED * len(ours):
        return
    for kind, start, end, start_theirs, end_theirs in matcher.get_opcodes():
        put, left_out = ours[start:end], theirs[start_theirs:end_theirs]
        inside = start_theirs > 0 and end_theirs < len(theirs) and 0 < end < len(ours)
        if kind == "equal" or max(len(put), len(left_out)) > _SHORT:
            continue
        if inside and _negations(put) != _negations(left_out):
            yield " ".join(put) or f"not {theirs[end_theirs]}"
        elif kind == "replace" and _is_exchanged(put, left_out):
            yield " ".join(put)


def _words(text: str) -> list[str]:
    return _WORD.findall(text)[:_LONG]


def _folded(words: Sequence[str]) -> list[str]:
    return [one.casefold() for one in words]


def _negations(words: Sequence[str]) -> bool:
    return any(map(is_negation, words))


def _is_exchanged(put: Sequence[str], left_out: Sequence[str]) -> bool:
    """Whether a name stands for a name, a number for a number, or a time for one that it cannot be."""
    ours, theirs = _time(put), _time(left_out)
    if ours and theirs:
        both = zip(ours.groups(), theirs.groups(), strict=True)
        return any(one and other and one != other for one, other in both)
    return (any(map(_is_name, put)) and any(map(_is_name, left_out))) or (
        any(map(_is_number, put)) and any(map(_is_number, left_out))
    )


def _time(words: Sequence[str]) -> re.Match[str] | None:
    return next((found for one in words if (found := _TIME.fullmatch(one))), None)


def _is_name(word: str) -> bool:
    return len(word) > 1 and word[0].isupper() and word.lower() not in STOP_WORDS


def _is_number(word: str) -> bool:
    return word[0].isdigit() or _TIME.fullmatch(word) is not None
