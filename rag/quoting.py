"""Find the place of a quote that somebody else wrote down."""

import re

from rag.types import Span

_SAME = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'"}
)
_SPACE = re.compile(r"\s+")


def locate(quote: str, text: str) -> Span | None:
    """Where `quote` stands in `text`: as it is, or else with white space and quote marks folded.

    None where it does not stand there; nothing but those two differences is forgiven.
    """
    wanted = quote.strip()
    if not wanted:
        return None
    start = text.find(wanted)
    if start >= 0:
        return Span(start, start + len(wanted))
    # Every quote mark folds to one character, so offsets stay; white space becomes a pattern.
    words = (re.escape(word) for word in _SPACE.split(wanted.translate(_SAME)))
    found = re.search(r"\s+".join(words), text.translate(_SAME))
    return Span(found.start(), found.end()) if found else None
