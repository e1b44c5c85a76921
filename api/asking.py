"""A question on its way, in whatever form it came: what is spent, kept and counted is the same for all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from api.access import today
from api.dependencies import Service
from api.rendering import Markers, Told, answer_body, told_body
from api.schemas import AnswerBody
from api.view import View
from rag.abandonment import Abandoned
from rag.access import Grant
from rag.library import AUTO, Retrieved, Stated, Step
from rag.types import Filters, Usage

Part = Retrieved | Told | AnswerBody


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

    def parts(self) -> Iterator[Part]:
        """What was found, each statement once it is verified, and the whole answer, which is counted and stored."""
        markers: Markers = {}
        for step in self.steps:
            match step:
                case Retrieved():
                    yield step
                case Stated():
                    yield told_body(step, markers)
                case _:
                    answer = answer_body(step)
                    self._keep(answer)
                    yield answer

    def answer(self) -> AnswerBody:
        """The whole answer, kept.

        Raises:
            Abandoned: nobody waited for it any longer.
        """
        for part in self.parts():
            if isinstance(part, AnswerBody):
                return part
        raise Abandoned

    def _keep(self, answer: AnswerBody) -> None:
        self.service.metrics.answer(answer.outcome, answer.timings_ms)
        self.service.answers.keep(self.collection, answer)


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
        budget=_Tokens(service=service, grant=view.grant, day=today()),
    )
    return Asking(service=service, collection=collection, steps=steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tokens:
    """`TokenBudget` of the key that asks, on the day on which it asked; the metrics count what is used, too."""

    service: Service
    grant: Grant
    day: dt.date

    def reserve(self, tokens: int) -> bool:
        return self.service.gate.take_if_left(self.grant, self.day, "model_tokens", tokens)

    def settle(self, reserved: int, usage: Usage) -> None:
        self.service.metrics.model(usage.input_tokens, usage.output_tokens)
        used = usage.input_tokens + usage.output_tokens
        self.service.gate.note(self.grant, self.day, "model_tokens", used - reserved)
