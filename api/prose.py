"""An answer as running text, for what shows nothing but text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from api.citing import Link, place_words, source_name
from api.rendering import Told
from api.schemas import AnswerBody, CitationBody
from rag.answer_text import CLOSEST, answer_lines, searched_line
from rag.composition import EXTRACTIVE

# Where a language model failed at an answer; elsewhere `degraded` and `composer` say it.
_BROKE_OFF = "The language model broke off here."
_NOT_USED = "The language model could not be used, so these are the documents’ own sentences."
_NOT_ASKED = "The language model could not be used."
# The characters that no link, image or HTML of Markdown does without. After an odd number of backslashes they do
# nothing already, and one more would set them free.
_ACTIVE = re.compile(r"(?<!\\)((?:\\\\)*)(\](?=[(\[:])|<(?=[A-Za-z/!?]))")


@dataclass(frozen=True, slots=True)
class Mark:
    """Where in the text a citation's marker stands, in code points."""

    marker: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Prose:
    """The text, as the lines that it is sent by, and its markers in order."""

    lines: tuple[str, ...]
    marks: tuple[Mark, ...]

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.lines)


def prose(answer: AnswerBody, link: Link | None = None, *, closest: bool = True) -> Prose:
    """What the answer says, a paragraph for each line; of an abstention also what was searched and what came closest.

    If a language model failed at it, the last line says so.

    Words of documents are written so that nothing in them becomes a link, an image or HTML where the text
    is shown as Markdown.

    Args:
        answer: What is told.
        link: Makes each marker, and the place of what came closest, a link in Markdown; without it they are `[1]`.
        closest: Whether to tell what came closest. It has no marker, since it supports nothing.
    """
    writing = _Writing({one.marker: one for one in answer.citations}, link)
    for words, citations in answer_lines(answer.model_dump()):
        writing.line(words, citations)
    if answer.abstention is not None:
        writing.line(searched_line(answer.abstention.searched.model_dump()), ())
        if closest and answer.abstention.closest:
            writing.line(CLOSEST, ())
            for one in answer.abstention.closest:
                writing.quote(one)
    if answer.degraded:
        writing.line(_failure(answer), ())
    return Prose(tuple(writing.lines), tuple(writing.marks))


class Telling:
    """The same text as it comes: first of each statement its line, then what is left of the whole."""

    def __init__(self, link: Link | None = None) -> None:
        self._link = link
        self._writing = _Writing({}, link)

    def line(self, told: Told) -> Prose:
        """A statement's line, and its markers at their places in the whole text."""
        marks = len(self._writing.marks)
        self._writing.citations.update((one.marker, one) for one in told.citations)
        self._writing.line(told.statement.text, told.statement.citations)
        return Prose((self._writing.lines[-1],), tuple(self._writing.marks[marks:]))

    def rest(self, answer: AnswerBody) -> Prose:
        """What of an answer was not told yet."""
        whole = prose(answer, self._link)
        lines, marks = len(self._writing.lines), len(self._writing.marks)
        return Prose(whole.lines[lines:], whole.marks[marks:])


def source_list(answer: AnswerBody, link: Link) -> str:
    """Each citation by its marker: the quote, where it stands, and its address; of an abstention, what came closest."""
    closest = answer.abstention.closest if answer.abstention else []
    lines = [f"{_source(one)} {link(one)}" for one in answer.citations or closest]
    head = "Sources:" if answer.citations else CLOSEST
    return "\n".join((head, *lines)) if lines else ""


def inert(words: str) -> str:
    """Words in which Markdown finds no link, image or HTML; elsewhere they are as they were."""
    return _ACTIVE.sub(r"\1\\\2", words)


def _failure(answer: AnswerBody) -> str:
    if answer.composer != EXTRACTIVE:
        return _BROKE_OFF
    return _NOT_ASKED if answer.abstention else _NOT_USED


def _source(one: CitationBody) -> str:
    place = ", ".join((one.document_title, *place_words(one), f"characters {one.start}–{one.end}"))
    return inert(f"[{one.marker}] “{one.quote}” ({place})")


@dataclass(slots=True)
class _Writing:
    """Lines as they are put together, and where in all of them the markers are."""

    citations: dict[int, CitationBody]
    link: Link | None
    lines: list[str] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    length: int = 0

    def quote(self, cited: CitationBody) -> None:
        place = inert(source_name(cited))
        if self.link is not None:
            place += f", [source]({self.link(cited)})"
        self._add(f"\n\n“{inert(' '.join(cited.quote.split()))}” ({place})")

    def _add(self, line: str) -> None:
        self.lines.append(line)
        self.length += len(line)

    def line(self, words: str, citations: Iterable[int]) -> None:
        line = ("\n\n" if self.lines else "") + inert(words)  # one break alone is none in Markdown
        for place, marker in enumerate(citations):
            line += " " if place == 0 else ""
            written = f"[{marker}]"
            if self.link is not None:
                written = f"[{written}]({self.link(self.citations[marker])})"
            start = self.length + len(line)
            self.marks.append(Mark(marker, start, start + len(written)))
            line += written
        self._add(line)
