"""Canonical text from a sequence of blocks, with a locator for each section."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from rag.types import SectionLocator, Span

_SEPARATOR = "\n\n"


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, list item, table row or heading; a heading's level counts from 1, the outermost."""

    text: str
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """Canonical text and its sections."""

    text: str
    sections: tuple[SectionLocator, ...]


def lay_out(blocks: Iterable[Block]) -> Layout:
    """Join blocks by blank lines. A section runs from its heading to the next heading of any level."""
    blocks = [block for block in blocks if block.text.strip()]
    open_headings: list[Block] = []
    paths: list[tuple[str, ...]] = []
    edges: list[int] = []
    length = 0
    for block in blocks:
        if block.level is not None:
            outer = [one for one in open_headings if (one.level or 0) < block.level]
            open_headings = [*outer, block]
            paths.append(tuple(" ".join(one.text.split()) for one in open_headings))
            edges.append(length)
        length += len(block.text) + len(_SEPARATOR)
    text = _SEPARATOR.join(block.text for block in blocks)
    spans = (Span(start, end) for start, end in pairwise([*edges, len(text)]))
    return Layout(
        text,
        tuple(
            SectionLocator(span=span, path=path) for span, path in zip(spans, paths, strict=True)
        ),
    )
