"""Find the place of a quote that somebody else wrote down."""

import re
from itertools import islice

from rag.types import Span

_SAME = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'"}
)
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")
_BETWEEN = r"(?:[^\w.,]|[.,](?!\d)|_)+"  # words; a stop between digits is part of a number
_TELLING_WORDS = 5  # in the same order, at the least, for a place to be the one that was meant
_LONGEST = 100  # characters of a word
_UNBROKEN = re.compile(r"(?:[^\W_]|(?<=\d)[.,](?=\d))+")  # what a cut must not go through


def locate(quote: str, text: str) -> Span | None:
    """Where `quote` stands in `text`: as it is, with white space and quote marks folded, or else by its words.

    By its words: at least five, the same in the same order, with nothing but other punctuation, marks and case
    between, at one place only. None where it does not stand there.
    """
    wanted = quote.strip()
    if not wanted or len(wanted) > 2 * len(text) + 100:
        return None
    start = text.find(wanted)
    if start >= 0:
        return Span(start, start + len(wanted))
    # Every quote mark folds to one character, so offsets stay; white space becomes a pattern.
    folded = text.translate(_SAME)
    words = (re.escape(word) for word in _SPACE.split(wanted.translate(_SAME)))
    found = re.search(r"\s+".join(words), folded) or _by_words(wanted, folded)
    return Span(found.start(), found.end()) if found else None


def _by_words(wanted: str, text: str) -> re.Match[str] | None:
    words = [re.escape(word) for word in _WORD.findall(wanted)]
    if len(words) < _TELLING_WORDS:
        return None
    pattern = rf"(?<!\w){_BETWEEN.join(words)}(?!\w)"
    found = list(islice(re.finditer(pattern, text, re.IGNORECASE), 2))
    return found[0] if len(found) == 1 else None


def uncut(span: Span, text: str) -> Span:
    """The span, with the whole of a word or number at whose middle it begins or ends."""
    start, end = span.start, span.end
    for one in _UNBROKEN.finditer(text, max(0, start - _LONGEST), min(len(text), end + _LONGEST)):
        if one.start() < start < one.end():
            start = one.start()
        if one.start() < end < one.end():
            end = one.end()
    return Span(start, end)
