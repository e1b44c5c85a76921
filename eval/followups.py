"""Follow-up questions: how much of a stand-alone question is there, and are the others left alone?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from eval.bench import BenchError, read_lines
from eval.metrics import Mean, Proportion, mean, proportion
from rag.bootstrap import open_rewriter
from rag.errors import ModelError
from rag.protocols import Rewriter
from rag.settings import Settings

_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """A question of a conversation.

    Attributes:
        history: What was said before, oldest first.
        rewrite: The question as a person wrote it to stand alone.
        needs_rewrite: Whether that differs from the question.
    """

    question: str
    history: tuple[str, ...]
    rewrite: str
    needs_rewrite: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpReport:
    """What was measured.

    Attributes:
        recall: ROUGE-1 recall against the person's question, where that differs from what was asked.
        left_alone: Of the others, the share that stay as they were asked.
    """

    recall: Mean
    left_alone: Proportion


def read_follow_ups(folder: Path) -> list[FollowUp]:
    """The questions of a set.

    Raises:
        BenchError: the set is missing or not in the normal form.
    """
    lines = read_lines(folder / "questions.jsonl.gz", ("question", "answers", "meta"))
    return [
        FollowUp(
            question=line["question"],
            history=tuple(turn["text"] for turn in line["meta"]["history"]),
            rewrite=line["answers"][0],
            needs_rewrite=line["meta"]["needs_rewrite"],
        )
        for line in lines
    ]


def measure(turns: Sequence[FollowUp], stand_alone: Callable[[FollowUp], str]) -> FollowUpReport:
    """Compare what becomes of questions with what a person made of them."""
    return FollowUpReport(
        recall=mean(
            [rouge_1_recall(stand_alone(one), one.rewrite) for one in turns if one.needs_rewrite]
        ),
        left_alone=proportion(
            [stand_alone(one) == one.question for one in turns if not one.needs_rewrite]
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewriting:
    """Questions as a chat model makes them to stand alone, and the rules where what it writes does not stand."""

    name: str
    rewriter: Rewriter
    _stood: list[bool] = field(default_factory=list)

    def __call__(self, turn: FollowUp) -> str:
        """A question as it would be searched with."""
        made = self.rewriter.rewritten(turn.question, turn.history)
        self._stood.append(made.by_model)
        return made.question

    @property
    def standing(self) -> Proportion:
        """Of what was rewritten so far, the share by the model."""
        return proportion(self._stood)


def rewriting() -> Rewriting:
    """As the chat model of the settings rewrites.

    Raises:
        BenchError: there is none, or it cannot be used.
    """
    settings = Settings().chat
    try:
        rewriter = open_rewriter(settings)
    except ModelError as error:
        raise BenchError(str(error)) from error
    if settings.model is None or rewriter is None:
        raise BenchError("There is no chat model; name one in VERSE_CHAT__MODEL.")
    return Rewriting(name=settings.model, rewriter=rewriter)


def rouge_1_recall(text: str, reference: str) -> float:
    """The share of the reference's words, each as often as it stands there, that the text holds (Lin, 2004)."""
    wanted = Counter(_WORD.findall(reference.lower()))
    held = wanted & Counter(_WORD.findall(text.lower()))
    return held.total() / wanted.total() if wanted else 1.0
