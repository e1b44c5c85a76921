"""The last check before an answer leaves: every quote stands in its document, character by character."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from rag.errors import DocumentDamaged, NotFound
from rag.types import (
    Abstention,
    Answer,
    Conflict,
    Document,
    DocumentId,
    Quote,
    Response,
    Searched,
    Statement,
    Version,
)

logger = logging.getLogger(__name__)

Key = tuple[DocumentId, Version]


class Verifier:
    """Keeps of one response what its documents, each read again once, bear out.

    A quote that is not exact is dropped, and with it a statement or a side of a conflict that has no other
    quote, a statement whose date was derived from it, and a conflict that has one side left; an answer without
    statements becomes an abstention.

    Args:
        read: Gives a version of a document.

    Attributes:
        documents: Those that quotes were found exact in.
    """

    def __init__(self, read: Callable[[DocumentId, Version], Document]) -> None:
        self._read = read
        self.documents: dict[Key, Document] = {}

    def statements(self, response: Response) -> Iterator[Statement]:
        """Each statement that stands, as soon as it is checked."""
        if isinstance(response, Answer):
            for one in response.statements:
                if kept := _statement(one, self._exact):
                    yield kept

    def response(
        self, response: Response, statements: Sequence[Statement], searched: Searched
    ) -> Response:
        """The response with the statements that stand, and the rest of it checked."""
        match response:
            case Abstention():
                return replace(response, closest=tuple(filter(self._exact, response.closest)))
            case Answer() if statements:
                conflicts = [
                    kept for c in response.conflicts if (kept := _conflict(c, self._exact))
                ]
                return replace(response, statements=tuple(statements), conflicts=tuple(conflicts))
        return Abstention(
            reason="What was found is no longer in the documents as it was found. Ask again.",
            searched=searched,
        )

    def _exact(self, quote: Quote) -> bool:
        key = (quote.document_id, quote.version)
        try:
            source = self.documents.get(key) or self._read(*key)
        except (NotFound, DocumentDamaged):
            return False  # deleted since it was found
        if not quote.is_exact(source):
            logger.error("a quote of document %s is not exact and was dropped", quote.document_id)
            return False
        self.documents[key] = source
        return True


def _statement(statement: Statement, exact: Callable[[Quote], bool]) -> Statement | None:
    """The statement with the quotes that are exact; None where none is, or its date hangs on one that is not."""
    quotes = tuple(filter(exact, statement.quotes))
    lost_date = statement.event and statement.event.quote not in quotes
    return replace(statement, quotes=quotes) if quotes and not lost_date else None


def _conflict(conflict: Conflict, exact: Callable[[Quote], bool]) -> Conflict | None:
    kept = []
    for position in conflict.positions:
        if quotes := tuple(filter(exact, position.quotes)):
            sources = min(position.independent_sources, len(quotes))
            kept.append(replace(position, quotes=quotes, independent_sources=sources))
    return replace(conflict, positions=tuple(kept)) if len(kept) > 1 else None
