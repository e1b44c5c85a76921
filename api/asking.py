"""A question on its way, in whatever form it came: what is spent, kept and counted is the same for all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from api.dependencies import Service
from api.rendering import answer_body
from api.schemas import AnswerBody
from api.view import View
from rag.library import AUTO, Step
from rag.types import Filters, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A question that was let in.

    Attributes:
        service: Where the answer is counted and kept.
        collection: What it is put to.
        steps: As `Library.answering` gives them; what is refused was refused already.
    """

    service: Service
    collection: str
    steps: Iterator[Step]

    def keep(self, answer: AnswerBody) -> None:
        """Count an answer that is given, and store it."""
        self.service.metrics.answer(answer.outcome, answer.timings_ms)
        self.service.answers.keep(self.collection, answer)

    def answer(self) -> AnswerBody:
        """The whole answer, kept."""
        answer = answer_body(next(step for step in self.steps if isinstance(step, Reply)))
        self.keep(answer)
        return answer


def begin(
    service: Service,
    view: View,
    question: str,
    collection: str,
    *,
    filters: Filters | None = None,
    composer: str = AUTO,
    earlier: Sequence[str] = (),
) -> Asking:
    """Let a question in, at the cost of one.

    Args:
        service: What answers.
        view: What its asker sees.
        question: As it was asked.
        collection: As for `View.answering`, like `filters` and `composer`.
        filters: None restricts nothing.
        composer: Who writes the answer.
        earlier: The questions before it, oldest first; one that was too long to be answered tells nothing.

    Raises:
        ProblemError: the key's budget is spent.
        InvalidQuestion, UnknownCollection: as `View.answering`.
    """
    service.gate.spend(view.grant, "questions")
    limits = service.library.settings.limits
    asked = [one for one in earlier if len(one) <= limits.question_chars]
    steps = view.answering(
        question,
        collection,
        filters or Filters(),
        composer=composer,
        earlier=asked[-limits.history_turns :],
    )
    return Asking(service=service, collection=collection, steps=steps)
