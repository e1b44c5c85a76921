"""Questions that a collection can answer, from its own titles and headings: each was asked before it is offered."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import islice

from rag.composition import EXTRACTIVE
from rag.library import Library
from rag.types import Answer, Document, Filters

_OFFERED = 5
_TRIED = 40  # questions asked for one collection, at the most
_DOCUMENTS, _HEADINGS = 20, 4  # looked at, and of each document
_CHARACTERS = range(8, 100)  # of a heading that names a subject
_FORWARDED = re.compile(r"^(?:(?:re|fwd?)\s*:\s*)+", re.IGNORECASE)
_KEPT = 1_000


class Suggestions:
    """Offers questions, and keeps them until the collection changes.

    A heading that is a question is asked as it stands; any other is asked about. Of these, those are offered
    that are answered from the very document that the heading stands in.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        self._known: OrderedDict[tuple[str, str], list[str]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, collection: str) -> list[str]:
        """Questions to a collection, in the order of its documents.

        Raises:
            UnknownCollection: there is none of that name.
        """
        place = (collection, self._library.store.select(collection, Filters()).snapshot)
        with self._lock:
            known = self._known.get(place)
        if known is None:
            tried = islice(self._candidates(collection), _TRIED)
            answered = (_question(one) for one, source in tried if self._answers(one, source))
            known = list(islice(dict.fromkeys(answered), _OFFERED))
            with self._lock:
                self._known[place] = known
                while len(self._known) > _KEPT:
                    self._known.popitem(last=False)
        return known

    def _candidates(self, collection: str) -> Iterator[tuple[str, Document]]:
        """Of each document its next heading in turn, so that the first questions are of many documents."""
        documents = [
            self._library.store.document(one.id)
            for one in self._library.store.summaries(collection, limit=_DOCUMENTS)
        ]
        named = [list(islice(_headings(one), _HEADINGS)) for one in documents]
        for turn in range(_HEADINGS):
            for document, headings in zip(documents, named, strict=True):
                if turn < len(headings):
                    yield headings[turn], document

    def _answers(self, heading: str, source: Document) -> bool:
        """Whether the first quote is of that document, and is more than its heading again."""
        response = self._library.ask(
            _question(heading), collection=source.collection, composer=EXTRACTIVE
        ).response
        if not isinstance(response, Answer):
            return False
        quote = response.statements[0].quotes[0]
        return quote.document_id == source.id and quote.text.casefold() != heading.casefold()


def _headings(document: Document) -> Iterable[str]:
    innermost = (one.path[-1] for one in document.sections if one.path)
    named = (_FORWARDED.sub("", one) for one in (*innermost, document.title))
    # a title of one word is the name of a file, or says no more than it
    return dict.fromkeys(one for one in named if len(one) in _CHARACTERS and " " in one)


def _question(heading: str) -> str:
    return heading if heading.endswith("?") else f"What about {heading.rstrip('.:;')}?"
