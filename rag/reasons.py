"""Reasons: they often stand in the sentence beside the one that says what happened."""

from __future__ import annotations

import re

from rag.reading import Candidate
from rag.types import Quote, Span

_GIVES_REASON = re.compile(
    r"\b(?:because|since|due to|owing to|thanks to|as a result|so that|in order|reasons?|caused?|causes|therefore)\b",
    re.IGNORECASE,
)
_FOLLOWS = re.compile(
    r"^\W*(?:so(?!\s+(?:far|much|many|long|few)\b)|hence|(?:that|which)(?:['’]s| is| was) why)\b",
    re.IGNORECASE,
)


def with_reason(one: Candidate) -> Quote:
    """A sentence, and the one beside it that gives a reason, as one quote.

    That is one with a word for a reason, and else the one behind it: English mostly tells first what happened. Why
    stands before what begins with "so". A sentence that gives a reason itself stands alone.
    """
    if _GIVES_REASON.search(one.text):
        return one.quote
    beside = [each for each in (one.after, one.before) if each]
    telling = [each for each in beside if _GIVES_REASON.search(each.cut(one.document.text))]
    follows = [one.before] if one.before and _FOLLOWS.search(one.text) else []
    chosen = next(iter((*follows, *telling, *beside)), None)
    if chosen is None:
        return one.quote
    both = Span(min(one.span.start, chosen.start), max(one.span.end, chosen.end))
    return Quote.cut(one.document, both)
