"""Cut a document into passages: whole sentences, within one section, that fit the embedding model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.analysis import words
from rag.protocols import Embedder
from rag.sentences import sentences
from rag.types import Document, Locator, Passage, Span

# Larger windows exist; a passage that speaks of many things is near to no question about one of them.
PASSAGE_TOKENS = 120
_HEADER_SHARE = 4  # a header takes a quarter of the window at the most
# A tokenizer takes a long word for one unknown token; English prose has four to six characters to a token.
_CHARS_PER_TOKEN = 8
_Count = Callable[[Sequence[str]], list[int]]
_CUT_AT = ["\n", "; ", ", ", " ", ""]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A sentence, or a part of one that is too long; it never crosses a section."""

    span: Span
    tokens: int


@dataclass(frozen=True, slots=True)
class _Header:
    text: str
    tokens: int


def split(document: Document, embedder: Embedder) -> tuple[Passage, ...]:
    """The passages of `document` in order; every visible character stands in exactly one.

    With its header each fits the model's window, and no passage crosses a section's start.
    """
    count = _counting(document, embedder)
    headers = _headers(document, {one.path for one in document.sections} | {()}, embedder)
    passages: list[Passage] = []
    for stretch, pieces in _pieces(document, count):
        header = headers[document.place(stretch).section]
        budget = min(PASSAGE_TOKENS, embedder.window_tokens - header.tokens)
        fitting = [part for piece in pieces for part in _fit(document, piece, budget, count)]
        passages += (Passage.of(document, span) for span in _pack(document, fitting, budget))
    return tuple(passages)


def embedded_texts(
    document: Document, passages: Sequence[Passage], embedder: Embedder
) -> list[str]:
    """What is embedded for each passage: the document's title and the section's headings, then its text."""
    headers = _headers(document, {passage.section for passage in passages}, embedder)
    return [headers[passage.section].text + passage.text for passage in passages]


def _headers(
    document: Document, paths: set[tuple[str, ...]], embedder: Embedder
) -> dict[tuple[str, ...], _Header]:
    limit = embedder.window_tokens // _HEADER_SHARE
    return {path: _header(document.title, path, limit, embedder) for path in sorted(paths)}


def _header(title: str, path: tuple[str, ...], limit: int, embedder: Embedder) -> _Header:
    """As many words of `Title › Section` as fit into `limit` tokens."""
    names = [title, *(name for name in path if name != title)]
    said = " › ".join(names).split()[:limit]  # none is less than a token
    candidates = [" ".join(said[:length]) + "\n" for length in range(len(said), 0, -1)]
    for text, tokens in zip(candidates, _costs(candidates, embedder.count_tokens), strict=True):
        if tokens <= limit:
            return _Header(text, tokens)
    return _Header("", 0)


def _pieces(document: Document, count: _Count) -> Iterator[tuple[Span, list[_Piece]]]:
    """Each stretch between section starts with its sentences, their cost counted in one batch."""
    stretches = [
        (stretch, [one.moved(stretch.start) for one in found])
        for stretch in _stretches(document)
        if (found := sentences(stretch.cut(document.text)))
    ]
    costs = iter(_costs([s.cut(document.text) for _, spans in stretches for s in spans], count))
    for stretch, spans in stretches:
        yield stretch, [_Piece(span, next(costs)) for span in spans]


def _costs(texts: Sequence[str], count: _Count) -> list[int]:
    """Each text's tokens, and no fewer than so many characters would usually have."""
    least = (-(-len(text) // _CHARS_PER_TOKEN) for text in texts)
    return [max(pair) for pair in zip(count(texts), least, strict=True)]


def _counting(document: Document, embedder: Embedder) -> _Count:
    """How a document's text is measured: in words where the model, whose tokens would be letters, does not read it."""
    return embedder.count_tokens if embedder.covers(document.language) else _count_words


def _count_words(texts: Sequence[str]) -> list[int]:
    return [len(words(text)) for text in texts]


def _stretches(document: Document) -> list[Span]:
    """What passages may fill: the text without furniture, cut where a section or a mail's part begins."""
    borders: list[Locator] = [*document.sections, *document.parts, *document.furniture]
    edges = {0, len(document.text)}
    edges.update(edge for one in borders for edge in (one.span.start, one.span.end))
    return [
        Span(a, b)
        for a, b in pairwise(sorted(edges))
        if not any(one.span.start <= a < one.span.end for one in document.furniture)
    ]


def _fit(document: Document, piece: _Piece, budget: int, count: _Count) -> Iterator[_Piece]:
    """The piece itself, or parts of it where it is longer than a passage may be."""
    if piece.tokens <= budget:
        yield piece
        return
    # Long sentences are rare, and this import takes as long as embedding a page.
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        separators=_CUT_AT,
        keep_separator="end",
        strip_whitespace=False,
        chunk_size=budget,
        chunk_overlap=0,
        length_function=lambda text: _costs([text], count)[0],
    )
    start = piece.span.start
    parts = splitter.split_text(piece.span.cut(document.text))
    for part, tokens in zip(parts, _costs(parts, count), strict=True):
        if said := part.strip():
            begin = start + part.index(said)
            yield _Piece(Span(begin, begin + len(said)), tokens)
        start += len(part)


def _pack(document: Document, pieces: Sequence[_Piece], budget: int) -> Iterator[Span]:
    """Fill passages with pieces; one that is half full ends where its paragraph does."""
    held: list[_Piece] = []
    for piece in pieces:
        tokens = sum(one.tokens for one in held)
        full = tokens + piece.tokens > budget
        if held and (full or (2 * tokens >= budget and _new_paragraph(document, held[-1], piece))):
            yield Span(held[0].span.start, held[-1].span.end)
            held = []
        held.append(piece)
    if held:
        yield Span(held[0].span.start, held[-1].span.end)


def _new_paragraph(document: Document, piece: _Piece, following: _Piece) -> bool:
    return document.text[piece.span.end : following.span.start].count("\n") > 1
