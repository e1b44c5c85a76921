"""The documents that a question wants alone to be heard: "according to the podcast", "in the latest mail"."""

from __future__ import annotations

from collections.abc import Iterable

from rag.analysis import STOP_WORDS, in_order, terms, words
from rag.types import Document, DocumentId

_ANY = frozenset({"document", "source", "text", "file"})
_LEAD_CHARS = 400  # of a text, in which it says what kind of document it is
_NEWEST = frozenset({"newest", "latest", "last", "recent", "final"})
_MAIL = frozenset({"message/rfc822"})
_SLIDES = frozenset({"application/vnd.openxmlformats-officedocument.presentationml.presentation"})
_TABLES = frozenset(
    {
        "text/csv",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.oasis.opendocument.spreadsheet",
    }
)
_SPOKEN = frozenset({"text/vtt", "application/x-subrip"})
_MEDIA_TYPES = {
    **dict.fromkeys(("mail", "email", "letter", "message"), _MAIL),
    **dict.fromkeys(("slides", "presentation"), _SLIDES),
    **dict.fromkeys(("spreadsheet", "table"), _TABLES),
    **dict.fromkeys(("page", "website", "post", "blog"), frozenset({"text/html"})),
    **dict.fromkeys(("book", "chapter"), frozenset({"application/epub+zip"})),
}
_SPEAKING = frozenset(
    {
        "podcast",
        "episode",
        "recording",
        "transcript",
        "interview",
        "webcast",
        "lecture",
        "broadcast",
    }
)


def meant(named: str, documents: Iterable[Document]) -> frozenset[DocumentId]:
    """The documents that a noun phrase names: "planning mail", "newest listing"; none where it names no document.

    A document is of its noun by its title, file name, first lines or format. Of several, those that are called by
    the whole phrase are meant, else those that hold its other words, and the newest where the phrase says so.
    """
    *before, noun = words(named) or [""]
    kind = [one for one in documents if _is(one, noun)]
    called = [one for one in kind if in_order(named) in in_order(_called(one))]
    if before and called:
        kind, before = called, [one for one in before if one in _NEWEST]
    telling = frozenset(terms(" ".join(w for w in before if w not in _NEWEST | STOP_WORDS)))
    if telling:  # to stem whole texts takes time
        kind = [
            one for one in kind if telling <= frozenset(terms(f"{_names(one)} {one.text}"))
        ] or kind
    days = [day for one in kind if (day := one.day)]
    if days and not _NEWEST.isdisjoint(before):
        kind = [one for one in kind if one.day == max(days)]
    return frozenset(one.id for one in kind)


def _is(document: Document, noun: str) -> bool:
    wanted = frozenset(terms(noun))
    if not wanted or noun in _ANY:
        return noun in _ANY
    spoken = document.media_type in _SPOKEN or document.recorded is not None
    return (
        wanted <= frozenset(terms(_names(document)))
        or document.media_type in _MEDIA_TYPES.get(noun, ())
        or (noun in _SPEAKING and spoken)
    )


def _called(document: Document) -> str:
    name = (document.source_key or "").replace("-", " ").replace("_", " ").replace(".", " ")
    return f"{document.title} {name}"


def _names(document: Document) -> str:
    return f"{_called(document)} {document.text[:_LEAD_CHARS]}"
