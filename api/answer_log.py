"""Answers as they were given, kept for as long as the settings say, and looked at again later."""

from __future__ import annotations

import datetime as dt
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

from api.schemas import AnswerBody
from rag.errors import RagError, UnknownAnswer, UnknownDocument, UnknownVersion
from rag.protocols import AnswerStore, Catalog, Feedback, StoredAnswer
from rag.types import DocumentId, Span, Version

logger = logging.getLogger(__name__)

CitationState = Literal["exact", "superseded", "deleted", "changed"]


class AnswerLog:
    """Keeps answers in the order in which they were given, beside the requests: no question waits for the disk.

    Args:
        answers: Where they are kept.
        days: How long; 0 keeps nothing.
    """

    def __init__(self, answers: AnswerStore, days: int) -> None:
        self._answers = answers
        self._days = days
        self._writing = ThreadPoolExecutor(1, "answer-log")
        self._pending: set[str] = set()

    def keep(self, collection: str, answer: AnswerBody) -> None:
        """Keep an answer; from now on it can be read."""
        if self._days:
            kept = StoredAnswer(
                id=answer.id,
                collection=collection,
                asked_at=dt.datetime.now(dt.UTC),
                body=answer.model_dump(mode="json"),
            )
            self._pending.add(kept.id)
            self._writing.submit(self._write, kept)

    def answer(self, answer_id: str) -> StoredAnswer:
        """An answer that is not past its time.

        Raises:
            UnknownAnswer: there is none.
        """
        self._written(answer_id)
        found = self._answers.answer(answer_id)
        if found.asked_at < self._oldest():
            raise UnknownAnswer(answer_id)
        return found

    def add_feedback(self, answer_id: str, feedback: Feedback) -> None:
        """Keep what somebody says of an answer.

        Raises:
            UnknownAnswer: there is none.
        """
        self._answers.add_feedback(self.answer(answer_id).id, feedback)

    def forget_old(self) -> None:
        """Delete what is past its time."""
        try:
            self._answers.forget_before(self._oldest())
        except RagError as error:
            logger.warning("answers past their time were not deleted: %s", error)

    def close(self) -> None:
        """Write what is pending."""
        self._writing.shutdown()

    def _oldest(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC) - dt.timedelta(days=self._days)

    def _written(self, answer_id: str) -> None:
        """Wait until an answer that was just given is kept."""
        if answer_id in self._pending:
            self._writing.submit(int).result()

    def _write(self, answer: StoredAnswer) -> None:
        try:
            self._answers.keep(answer)
        except RagError as error:  # whoever asked has the answer
            logger.warning("answer %s was not kept: %s", answer.id, error)
        finally:
            self._pending.discard(answer.id)


def state_of(
    catalog: Catalog, document_id: str, version: str, start: int, end: int, quote: str
) -> CitationState:
    """What today's documents say of a quote that was exact when it was given."""
    try:
        present = catalog.summary(DocumentId(document_id)).version
        text = catalog.document(DocumentId(document_id), Version(version)).text
    except (UnknownDocument, UnknownVersion):
        return "deleted"
    if end > len(text) or Span(start, end).cut(text) != quote:
        return "changed"
    return "exact" if present == version else "superseded"
