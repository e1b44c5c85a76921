"""The last check before an answer leaves, whoever wrote it.

Every quote stands in its document, character by character, and no statement has a name, number, date, link or negation
that its quotes lack (`rag.carrying`).
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from rag.carrying import Source, lacking
from rag.errors import DocumentDamaged, NotFound
from rag.rows import heads, labelled
from rag.sentences import sentences
from rag.temporal import stated
from rag.types import (
    Abstention,
    Answer,
    Conflict,
    Document,
    DocumentId,
    Quote,
    Response,
    Searched,
    Span,
    Statement,
    Version,
)

logger = logging.getLogger(__name__)

Key = tuple[DocumentId, Version]


class Verifier:
    """Keeps of one response what its documents, each read again once, bear out.

    A statement that says more than its quotes is dropped (`beyond`). So is a quote that is not exact, and with it a
    statement or a side of a conflict that has no other quote, a statement whose date was derived from it, and a
    conflict that has one side left; an answer without statements becomes an abstention.

    Args:
        read: Gives a version of a document.

    Attributes:
        documents: Those that quotes were found exact in.
    """

    def __init__(self, read: Callable[[DocumentId, Version], Document]) -> None:
        self._read = read
        self.documents: dict[Key, Document] = {}

    def statement(self, statement: Statement) -> Statement | None:
        """The statement with the quotes that stand; None if it does not."""
        kept = _statement(statement, self._exact)
        return None if kept is None or beyond(kept, self.documents) else kept

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


_AROUND = 400  # characters beside a quote in which its sentence begins and ends
# A statement is looked at by who wrote it and again before it leaves: what is found depends on these texts alone.
_lacking = lru_cache(maxsize=256)(lacking)
_sentences = lru_cache(maxsize=256)(sentences)


def beyond(statement: Statement, documents: Mapping[Key, Document]) -> tuple[str, ...]:
    """What a statement says beyond its quotes, their documents' titles, headings and dates, and what follows of these.

    Args:
        statement: One whose quotes are exact.
        documents: Those that it quotes.
    """
    cited = [(quote, documents[quote.document_id, quote.version]) for quote in statement.quotes]
    around = [_sentences_around(quote.span, document.text) for quote, document in cited]
    texts = [quote.text for quote in statement.quotes]
    whole = [text for text, sentence in zip(texts, around, strict=True) if text == sentence]
    own_words = _blanked(_lines(whole), statement.text)
    if not own_words.strip():
        return ()
    dates = [date for quote, document in cited for date in _dates(quote, document)]
    if statement.event:
        dates.append(statement.event.value)
    source = Source(
        tuple(texts),
        around=tuple(around),
        beside=tuple(" ".join(document.headings(quote.span)) for quote, document in cited),
        dates=tuple(dict.fromkeys(dates)),
    )
    found = (
        _own(span.cut(statement.text), span.cut(own_words), source)
        for span in _sentences(statement.text)
        if span.cut(own_words).strip()
    )
    return tuple(dict.fromkeys(each for one in found for each in one))


def _own(sentence: str, own_words: str, source: Source) -> tuple[str, ...]:
    """What a sentence lacks, read whole, and without what it has word for word."""
    return _lacking(sentence, source) and _lacking(own_words, source)


def _blanked(lines: Iterable[str], text: str) -> str:
    """A text of the same length, without what stands in it word for word."""
    for line in sorted(lines, key=len, reverse=True):
        if line in text:  # to compile a pattern takes longer than all the rest
            text = re.sub(rf"(?<!\w){re.escape(line)}(?!\w)", " " * len(line), text)
    return text


def _lines(quotes: Sequence[str]) -> Iterator[str]:
    """The quotes on one line each, and rows of a table as they read with what heads their columns."""
    for quote in quotes:
        yield " ".join(quote.split())
        yield from (
            labelled(head, quote) for head in quotes if head != quote and heads(head, quote)
        )


def _sentences_around(span: Span, text: str) -> str:
    """The sentences that a span lies in."""
    first, last = max(0, span.start - _AROUND), span.end + _AROUND
    inside = [one.moved(first) for one in _sentences(text[first:last])]
    return " ".join(one.cut(text) for one in inside if one.overlaps(span))


def _dates(quote: Quote, document: Document) -> Iterator[str]:
    """What the times in a quote mean, and when the document came out."""
    for one in stated(document, quote.span):
        if one.days.value:
            yield one.days.value
    for date in (document.published, document.recorded, document.original):
        if date:
            yield str(date.value)


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
