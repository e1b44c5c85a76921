"""A composer that few threads use at a time."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from rag.evidence import Evidence
from rag.protocols import AnswerComposer, Composed


@dataclass(frozen=True, slots=True)
class QueuedComposer:
    """Lets so many answers be written at once; the others wait for their turn.

    To write one is work for the processor. More at once than it has cores make none of them sooner, and keep those
    waiting that read a chat model's reply or send what is ready: Python runs one thread at a time, whichever it is.

    Attributes:
        inner: Writes the answers.
        at_once: How many, at the most.
    """

    inner: AnswerComposer
    at_once: int
    _turns: threading.Semaphore = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_turns", threading.Semaphore(self.at_once))

    def compose(self, question: str, evidence: Evidence) -> Composed:
        """See `AnswerComposer.compose`."""
        with self._turns:
            return self.inner.compose(question, evidence)
