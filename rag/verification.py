"""The last check before an answer leaves: every quote stands in its document, character by character."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from rag.errors import DocumentDamaged, NotFound
from rag.types import (
    Abstention,
    Answer,
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

    A quote that is not exact is dropped, a statement without quotes with it, and an answer without
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
            kept = _answer(
                [_with_quotes(s, tuple(filter(exact, s.quotes))) for s in response.statements],
                searched,
            )
    return Verified(response=kept, documents=documents)


def _with_quotes(statement: Statement, quotes: tuple[Quote, ...]) -> Statement | None:
    """The statement with these quotes; None without any."""
    return replace(statement, quotes=quotes) if quotes else None


def _answer(statements: list[Statement | None], searched: Searched) -> Response:
    kept = tuple(one for one in statements if one is not None)
    if kept:
        return Answer(statements=kept)
    return Abstention(
        reason="What was found is no longer in the documents as it was found. Ask again.",
        searched=searched,
    )
