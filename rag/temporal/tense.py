"""Whether the clause around a time expression tells of what was or of what is to come."""

from __future__ import annotations

from enum import StrEnum

from rag.types import Span


class Tense(StrEnum):
    """Past and future, seen from the day of the words."""

    PAST = "past"
    FUTURE = "future"


def tense_at(text: str, span: Span) -> Tense:
    """The tense of the clause around `span`; past where nothing says otherwise, as in narration."""
    raise NotImplementedError
