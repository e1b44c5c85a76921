"""A question on its way, in whatever form it came: what is spent, kept and counted is the same for all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from api.dependencies import Service
from api.rendering import answer_body
from api.schemas import AnswerBody
from api.view import View
from rag.access import Grant
from rag.composition import EXTRACTIVE
from rag.library import AUTO, Retrieved, Step
from rag.types import Filters, Reply

_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A question that was let in.

    Attributes:
        service: Where the answer is counted and kept.
        grant: What its asker may do.
        collection: What it is put to.
        steps: As `Library.answering` gives them; what is refused was refused already.
    """

    service: Service
    grant: Grant
    collection: str
    steps: Iterator[Step]

    def keep(self, answer: AnswerBody) -> None:
        """Count an answer that is given, and store it."""
        self.service.metrics.answer(answer.outcome, answer.timings_ms)
        if (usage := answer.usage) is not None:
            self.service.metrics.model(usage.input_tokens, usage.output_tokens)
            tokens = usage.input_tokens + usage.output_tokens
            self.service.gate.note(self.grant, "model_tokens", tokens)
        self.service.answers.keep(self.collection, answer)

    def told(
        self,
        opening: Callable[[str], Iterable[_Part]],
        rest: Callable[[AnswerBody], Iterable[_Part]],
    ) -> Iterator[_Part]:
        """What is sent of the answer, in parts, as it comes.

        Args:
            opening: Gives the parts that are due once the answer's id is known.
            rest: Gives those that need the whole answer, which is kept before.
        """
        for step in self.steps:
            if isinstance(step, Retrieved):
                yield from opening(step.id)
            elif isinstance(step, Reply):
                answer = answer_body(step)
                self.keep(answer)
                yield from rest(answer)

    def answer(self) -> AnswerBody:
        """The whole answer, kept."""
        [answer] = self.told(lambda _: (), lambda whole: (whole,))
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
    spent = _is_spent(service, view.grant, composer)
    limits = service.library.settings.limits
    asked = [one for one in earlier if len(one) <= limits.question_chars]
    steps = view.answering(
        question,
        collection,
        filters or Filters(),
        composer=EXTRACTIVE if spent else composer,
        earlier=asked[-limits.history_turns :],
    )
    return Asking(
        service=service,
        grant=view.grant,
        collection=collection,
        steps=_degraded(steps) if spent else steps,
    )


def _is_spent(service: Service, grant: Grant, composer: str) -> bool:
    """Whether a chat model would write the answer, and the key has no tokens left for it."""
    chosen = service.library.preferred if composer == AUTO else composer
    return chosen != EXTRACTIVE and not service.gate.has_left(grant, "model_tokens")


def _degraded(steps: Iterator[Step]) -> Iterator[Step]:
    for one in steps:
        yield replace(one, degraded=True) if isinstance(one, Reply) else one
