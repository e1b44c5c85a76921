"""Markdown: what a reader sees of it, with a section for each heading."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import unescape

from lxml.html.defs import tags as html_tags
from markdown_it import MarkdownIt
from markdown_it.token import Token

from ingest import dates
from ingest.readers import tables
from ingest.readers.blocks import Block, lay_out
from ingest.readers.decoding import decode
from ingest.reading import Reading
from rag.characters import clean, one_line
from rag.types import DocumentDate

_MOST_NESTING = 60  # the parser drops what is nested deeper
_HEADING_CHARS = 200  # a rule under a paragraph makes it a heading, which it seldom is

_FRONT_MATTER = re.compile(r"\s*---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"([\w-]+)[ \t]*:[ \t]*(.*)")
_FIELD_OR_REST = re.compile(r"[\w-]+[ \t]*:.*|[ \t]+.*|-[ \t].*|#.*|")
_ROW_START = re.compile(r"[\s>]*(?:(?:[-*+]|\d{1,9}[.)])\s+)?\|")
_CELL_BORDER = re.compile(r"(?<!\\)\|")
_UNSEEN = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE
)
_TAG = re.compile(rf"</?(?:{'|'.join(sorted(html_tags))})\b[^<>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _FrontMatter:
    """The fields above a text, by their names in lower case, and where the text begins."""

    fields: dict[str, str]
    end: int

    def first(self, *names: str) -> str:
        return next((value for name in names if (value := self.fields.get(name))), "")


def read(content: bytes) -> Reading:
    """Read the text; marks of emphasis, link targets and the front matter are left out of it.

    A table's rows are read with their headers.

    Raises:
        UnreadableDocument: the encoding cannot be told.
    """
    decoded = decode(content)
    cleaned = clean(decoded.text)
    front = _front_matter(cleaned.text)
    body = cleaned.text[front.end :]
    parser = MarkdownIt("commonmark", {"maxNesting": _MOST_NESTING}).enable(
        ["table", "strikethrough"]
    )
    tokens = parser.parse(body)
    too_deep = any(token.level >= _MOST_NESTING - 2 for token in tokens)
    blocks = [Block(body)] if too_deep else list(_blocks(parser, tokens, body.split("\n")))
    layout = lay_out(blocks)
    return Reading(
        media_type="text/markdown",
        title=front.first("title") or _first_heading(blocks),
        text=layout.text,
        locators=layout.sections,
        author=one_line(front.first("author", "authors", "by")) or None,
        published=_published(front),
        warnings=decoded.warnings
        + cleaned.warnings
        + (
            ("Its lists or quotes nest too deeply: it was read as plain text.",) if too_deep else ()
        ),
    )


def _front_matter(text: str) -> _FrontMatter:
    found = _FRONT_MATTER.match(text)
    lines = found[1].split("\n") if found else []
    fields = {
        field[1].lower(): _unquoted(field[2]) for line in lines if (field := _FIELD.match(line))
    }
    if found is None or not fields or not all(_FIELD_OR_REST.fullmatch(line) for line in lines):
        return _FrontMatter({}, 0)
    return _FrontMatter(fields, found.end())


def _unquoted(value: str) -> str:
    return value.strip().strip("[]").strip("\"'").strip()


def _published(front: _FrontMatter) -> DocumentDate | None:
    day = dates.leading_day(front.first("date", "published", "pubdate", "publishdate"))
    return DocumentDate(value=day, found_by="front matter") if day else None


def _first_heading(blocks: Sequence[Block]) -> str:
    return next((block.text for block in blocks if block.level == 1), "")


def _blocks(parser: MarkdownIt, tokens: Sequence[Token], lines: Sequence[str]) -> Iterator[Block]:
    marker = ""  # of the list item whose first block is still to come
    heading: int | None = None
    remaining = iter(tokens)
    for token in remaining:
        if token.type == "table_open":
            rows = _table(parser, remaining, lines)
            for _, line in tables.lines(rows, headed=True):
                yield Block(marker + line)
                marker = ""
        elif token.type == "list_item_open":
            marker = f"{token.info}{token.markup} "
        elif token.type == "heading_open" and token.level == 0:
            heading = int(token.tag[1])
        elif token.type == "list_item_close":
            marker = ""
        elif token.type == "heading_close":
            heading = None
        text = _text(token)
        if text.strip():
            is_heading = heading is not None and len(text) <= _HEADING_CHARS
            yield Block(marker + text, heading if is_heading else None)
            marker = ""


def _table(parser: MarkdownIt, remaining: Iterator[Token], lines: Sequence[str]) -> list[list[str]]:
    """The rows of the table that has begun; its tokens are taken off."""
    rows: list[list[str]] = []
    line = ""
    for token in remaining:
        if token.type == "table_close":
            break
        if token.type == "tr_open":
            rows.append([])
            line = lines[token.map[0]] if token.map else ""
        elif token.type == "inline":
            rows[-1].append(_text(token))
        elif token.type == "tr_close":
            rows[-1] += _surplus(parser, line, len(rows[-1]))
    return rows


def _surplus(parser: MarkdownIt, line: str, columns: int) -> list[str]:
    """A row's cells beyond the header's, which the parser drops, from the row's own line."""
    cells = _CELL_BORDER.split(_ROW_START.sub("", line, count=1))[columns:]
    return ["".join(map(_text, parser.parseInline(one.strip()))) for one in cells]


def _text(token: Token) -> str:
    """What a reader sees of a block without blocks of its own; nothing for any other token."""
    if token.type in ("fence", "code_block"):
        return clean(token.content).text.strip("\n")
    if token.type == "html_block":
        return clean(_without_tags(token.content)).text.strip()
    if token.type == "inline":
        return clean("".join(map(_inline, token.children or ()))).text.strip()
    return ""


def _inline(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak"):
        return "\n"
    if token.type == "image":
        return "".join(map(_inline, token.children or ()))
    if token.type == "html_inline":
        return _without_tags(token.content)
    return token.content


def _without_tags(markup: str) -> str:
    """The text of HTML inside of Markdown; what is no HTML element, as in `<Name>`, stays."""
    visible = _UNSEEN.sub("", markup)
    return unescape(_TAG.sub(lambda tag: "\n" if tag[0].lower().startswith("<br") else "", visible))
