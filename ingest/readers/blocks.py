"""Canonical text from a sequence of blocks, with a locator for each section."""

from collections.abc import Iterable
from dataclasses import dataclass

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
    sections: list[SectionLocator] = []
    open_headings: list[Block] = []
    length = 0
    starts: list[tuple[int, tuple[str, ...]]] = []
    for block in blocks:
        if block.level is not None:
            outer = [one for one in open_headings if (one.level or 0) < block.level]
            open_headings = [*outer, block]
            starts.append((length, tuple(one.text for one in open_headings)))
        length += len(block.text) + len(_SEPARATOR)
    text = _SEPARATOR.join(block.text for block in blocks)
    ends = [start for start, _ in starts[1:]] + [len(text)]
    for (start, path), end in zip(starts, ends, strict=True) if starts else ():
        sections.append(SectionLocator(span=Span(start, end), path=path))
    return Layout(text, tuple(sections))
