"""Questions that a collection can answer, made of its own words: each was asked before it is offered."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, zip_longest

from rag.composition import EXTRACTIVE
from rag.errors import DocumentDamaged, NotFound
from rag.library import Library
from rag.question.posing import question_of_heading, questions_of
from rag.sentences import sentences
from rag.types import Answer, Document, Filters, Quote, Span

_OFFERED = 5
_TRIED = 40  # questions asked for one collection, at the most
_DOCUMENTS, _OF_EACH = 20, 4  # looked at, and questions of each
_READ_CHARACTERS = 20_000  # of a document
_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class _Posed:
    """A question, and the sentence that answers it or the heading that asks it."""

    question: str
    document: Document
    sentence: Span | None = None
    heading: str = ""

    def is_answered_by(self, quote: Quote) -> bool:
        """Whether the quote is the answer that the question was made of."""
        if quote.document_id != self.document.id:
            return False
        if self.sentence is None:
            return quote.text.casefold() != self.heading.casefold()
        return quote.span.overlaps(self.sentence)


class Suggestions:
    """Offers questions, and keeps them until the collection changes.

    They are made of sentences that answer them, or stand in the documents as headings. Of these, those are offered
    that are answered from the very place that they were made of.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: OrderedDict[tuple[str, str], list[str]] = OrderedDict()
        # Many pages that open at once have the questions asked once.
        self._asking = threading.Lock()

    def of(self, collection: str) -> list[str]:
        """Questions to a collection; the first ones are to as many documents as have some.

        Raises:
            UnknownCollection: there is none of that name.
        """
        place = (collection, self._library.store.select(collection, Filters()).snapshot)
        with self._asking:
            if place not in self._known:
                tried = islice(self._posed(collection), _TRIED)
                answered = (one.question for one in tried if self._is_answered(one))
                self._known[place] = list(islice(dict.fromkeys(answered), _OFFERED))
                while len(self._known) > _KEPT:
                    self._known.popitem(last=False)
            return self._known[place]

    def _posed(self, collection: str) -> Iterator[_Posed]:
        """Of each document some, the kinds of question and then the documents in turn."""
        of_each = (
            islice(_by_kinds(_posed_by(one)), _OF_EACH) for one in self._documents(collection)
        )
        return _by_kinds(one for turn in zip_longest(*of_each) for one in turn if one)

    def _documents(self, collection: str) -> Iterator[Document]:
        """Some; without one that is deleted meanwhile, or damaged."""
        for one in self._library.store.summaries(collection, limit=_DOCUMENTS):
            with suppress(NotFound, DocumentDamaged):
                yield self._library.store.document(one.id)

    def _is_answered(self, posed: _Posed) -> bool:
        response = self._library.ask(
            posed.question, collection=posed.document.collection, composer=EXTRACTIVE
        ).response
        return isinstance(response, Answer) and any(
            map(posed.is_answered_by, response.statements[0].quotes)
        )


def _posed_by(document: Document) -> Iterator[_Posed]:
    """What its headings ask, and what its sentences answer."""
    headings = (one.path[-1] for one in document.sections if one.path)
    for heading in dict.fromkeys((*headings, document.title)):
        if question := question_of_heading(heading):
            yield _Posed(question, document, heading=heading)
    if document.language in (None, "en"):
        for span in sentences(document.text[:_READ_CHARACTERS]):
            for question in questions_of(span.cut(document.text)):
                yield _Posed(question, document, span)


def _by_kinds(posed: Iterable[_Posed]) -> Iterator[_Posed]:
    """Questions, one of each kind (why, when, …) in turn."""
    kinds: dict[str, list[_Posed]] = {}
    for one in posed:
        kinds.setdefault(one.question.split()[0], []).append(one)
    return (one for turn in zip_longest(*kinds.values()) for one in turn if one)
