"""Which kind of text a text is, told from how it begins; its name counts where that leaves it open."""

from __future__ import annotations

import csv
import io
import re
from typing import Literal

TextFormat = Literal["text", "markdown", "mail", "subtitles", "delimited"]

_DELIMITED_NAME = re.compile(r"\.(?:csv|tsv|tab)\Z", re.IGNORECASE)
_DELIMITERS = ("\t", ";", ",", "|")
_FEWEST_ROWS = 3
_ROWS_CHARS = 4096
_LONGEST_CELL = 200  # of a table that says nothing of itself by its name; longer ones are prose
_MARKDOWN_NAME = re.compile(r"\.(?:md|markdown|mdown|mkd)\Z", re.IGNORECASE)
_MARKDOWN = (  # a kind of mark, and how many of it plain text does not hold by chance
    (re.compile(r"\A\s*---[ \t]*\n[\w-]+:[ \t]*\S"), 1),
    (re.compile(r"(?:\A|\n[ \t]*\n)#{1,6} \S[^\n]*(?=\n(?!#))"), 2),
    (re.compile(r"(?<!!)\[[^\[\]\n]+\]\([^()\s]*\)"), 3),
    (re.compile(r"^(?:```|~~~)", re.MULTILINE), 2),
    (re.compile(r"^ {0,3}\|?[ \t]*:?-{3,}:?[ \t]*\|[ \t:|-]*$", re.MULTILINE), 1),
    (re.compile(r"\*\*\w[^*\n]*\*\*"), 3),
    (re.compile(r"^ {0,3}[-*] \[[ xX]\] \S", re.MULTILINE), 2),
)
_HEADER_LINE = re.compile(r"[!-9;-~]+:(?:[ \t].*|)|[ \t]+\S.*|From .*")
_HEADER_NAME = re.compile(r"([!-9;-~]+):")
_SENDERS = {"from", "received", "return-path", "sender"}
_MAIL_HEADERS = {"date", "subject", "message-id", "mime-version", "to", "delivered-to"}
_SUBTITLES = re.compile(
    r"WEBVTT(?:[ \t]*(?:\n|\Z)|[ \t](?s:.*?)-->)"
    r"|\s*(?:\d+[ \t]*\n)?[ \t]*(?:\d{1,4}:)?\d{1,2}:\d\d[.,]\d{1,3}[ \t]*-->"
)


def text_format(head: str, name: str) -> TextFormat:
    """The format of a text that begins with `head` and is neither HTML nor a table."""
    head = head.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if _SUBTITLES.match(head):
        return "subtitles"
    if _is_mail(head):
        return "mail"
    if _is_delimited(head, name):
        return "delimited"
    return "markdown" if _MARKDOWN_NAME.search(name) or _is_markdown(head) else "text"


def _is_markdown(head: str) -> bool:
    """Whether one kind of mark stands there often, or two kinds at all."""
    counts = [(len(mark.findall(head)), often) for mark, often in _MARKDOWN]
    return any(n >= often for n, often in counts) or sum(n > 0 for n, _ in counts) > 1


def _is_mail(head: str) -> bool:
    """Whether it begins with a block of a mail's headers, which may be longer than the head."""
    block, blank, _ = head.lstrip("\n").partition("\n\n")
    lines = block.split("\n")
    if not blank and len(lines) > 1:
        lines.pop()  # cut off
    names = {name[1].lower() for line in lines if (name := _HEADER_NAME.match(line))}
    return (
        bool(names & _SENDERS)
        and len(names & _MAIL_HEADERS) > 1
        and all(_HEADER_LINE.fullmatch(line) for line in lines)
    )


def _is_delimited(head: str, name: str) -> bool:
    """Whether it is a table: by its name if its rows bear that out, without it only if tabs part them.

    Lines of prose can hold equally many commas, and would not be told from a table.
    """
    mark = delimiter(head)
    if _DELIMITED_NAME.search(name):
        return likely_delimiter(head) is not None
    if mark is None:
        return False
    rows = _first_rows(head, mark)
    longest = max(len(cell) for row in rows for cell in row)
    return mark == "\t" and len(rows) >= _FEWEST_ROWS and longest <= _LONGEST_CELL


def delimiter(text: str) -> str | None:
    """What parts a text's first rows into the same number of cells; None if nothing does."""
    for mark in _DELIMITERS:
        rows = _first_rows(text, mark)
        if len(rows) > 1 and len({len(row) for row in rows}) == 1 and len(rows[0]) > 1:
            return mark
    return None


def likely_delimiter(text: str) -> str | None:
    """What parts the first rows evenly or, where a title or a cut-off row disturbs that, stands there most."""
    head = text[:_ROWS_CHARS]
    most = max(_DELIMITERS, key=head.count)
    return delimiter(text) or (most if head.count(most) else None)


def _first_rows(text: str, mark: str) -> list[list[str]]:
    """The first rows that hold anything; one that may be cut off is left out."""
    head = text[:_ROWS_CHARS]
    rows = [row for row in csv.reader(io.StringIO(head, newline=""), delimiter=mark) if any(row)]
    return rows[: -1 if len(head) == _ROWS_CHARS else None][:20]
