"""Where sentences begin and end."""

import re
from collections.abc import Iterator

from nupunkt import sent_spans

from rag.speech import divided
from rag.types import Span

_BORDER = re.compile(r"\n\s*\n|(?P<stop>[。！？｡]+[”’」』）】]*)")


def sentences(text: str) -> tuple[Span, ...]:
    """The sentences of `text` in order, without surrounding white space; together they hold every word.

    A blank line always ends a sentence, and so do the full stops of Chinese and Japanese, which nothing else
    uses; a single line break never does. Punkt (Kiss and Strunk, Computational Linguistics 2006) with
    nupunkt's English parameters decides the rest, and `divided` where nobody set full stops.
    """
    return tuple(_sentences(text))


def _sentences(text: str) -> Iterator[Span]:
    for start, end in _blocks(text):
        block = text[start:end]
        for at, until in sent_spans(block) if block.strip() else ():
            sentence = block[at:until]
            if stripped := sentence.strip():
                begin = start + at + sentence.index(stripped)
                yield from (one.moved(begin) for one in divided(stripped))


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for border in _BORDER.finditer(text):
        yield start, border.end() if border["stop"] else border.start()
        start = border.end()
    yield start, len(text)
