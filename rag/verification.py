"""The last check before an answer leaves: every quote stands in its document, character by character."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A response of which every quote is exact, and the documents that its quotes were checked in."""

    response: Response
    documents: Mapping[Key, Document]


def verify(
    response: Response, searched: Searched, read: Callable[[DocumentId, Version], Document]
) -> Verified:
    """Keep of a response what its documents, read again with `read`, bear out.

    A quote that is not exact is dropped, and with it a statement or a side of a conflict that has no other
    quote, a statement whose date was derived from it, and a conflict that has one side left; an answer without
    statements becomes an abstention.
    """
    documents: dict[Key, Document] = {}

    def exact(quote: Quote) -> bool:
        key = (quote.document_id, quote.version)
        try:
            source = documents.get(key) or read(*key)
        except (NotFound, DocumentDamaged):
            return False  # deleted since it was found
        if not quote.is_exact(source):
            logger.error("a quote of document %s is not exact and was dropped", quote.document_id)
            return False
        documents[key] = source
        return True

    match response:
        case Abstention():
            kept: Response = replace(response, closest=tuple(filter(exact, response.closest)))
        case Answer():
            kept = _answer(response, exact, searched)
    return Verified(response=kept, documents=documents)


def _answer(answer: Answer, exact: Callable[[Quote], bool], searched: Searched) -> Response:
    statements = [one for s in answer.statements if (one := _statement(s, exact))]
    conflicts = [kept for c in answer.conflicts if (kept := _conflict(c, exact))]
    if statements:
        return replace(answer, statements=tuple(statements), conflicts=tuple(conflicts))
    return Abstention(
        reason="What was found is no longer in the documents as it was found. Ask again.",
        searched=searched,
    )


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
