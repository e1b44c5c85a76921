"""What a document says of time at one place: the expressions there, each worked out by what stands around it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rag.temporal.anchors import Anchor, AnchorKind
from rag.temporal.entries import said_on
from rag.temporal.expressions import TimeExpression
from rag.temporal.finding import find
from rag.temporal.resolution import resolve
from rag.temporal.resolved import Resolved
from rag.temporal.tense import Tense, is_moved_to, tense_at
from rag.types import Document, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A time that a document states.

    Attributes:
        expression: The words.
        anchor: The day that they are held against, where the document states one.
        days: What they mean.
    """

    expression: TimeExpression
    anchor: Anchor | None
    days: Resolved


def stated(document: Document, span: Span) -> Iterator[Stated]:
    """The times stated inside of a span whose days are known, in order.

    Raises:
        SpanOutOfRange: the span does not lie inside the document's text.
    """
    for expression in find(document.text, span):
        anchor = said_on(document, expression.span)
        tense = tense_at(document.text, expression.span)
        if (
            anchor
            and anchor.kind is AnchorKind.ENTRY
            and is_moved_to(document.text, expression.span)
        ):
            tense = Tense.FUTURE  # on the day itself "was postponed to" looks ahead
        if days := resolve(expression, anchor, tense=tense):
            yield Stated(expression=expression, anchor=anchor, days=days)
