"""From the words of a question to what it asks for, by rules for English."""

from __future__ import annotations

import datetime as dt

from rag.question.query import Query


def understand(question: str, asked_on: dt.date | None = None) -> Query:
    """What a question asks for; never raises, and what is not understood is of kind UNKNOWN.

    Args:
        question: One that stands alone.
        asked_on: What "last year" in it is held against; such times stay open if None.
    """
    raise NotImplementedError(question, asked_on)
