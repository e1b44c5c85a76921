"""Answers that a chat model has given to the same question over the same passages, so that none is paid for twice."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from rag.chat_composition import ChatComposer, passages_shown
from rag.evidence import Evidence
from rag.protocols import Composed
from rag.types import Answer, Statement

_KEPT = 256


@dataclass
class RememberingComposer:
    """Gives the model's answer again where everything that the model would be shown is the same.

    That is a finer key than the collection's state: what is added elsewhere costs no answer, and a document that is
    deleted, changed or dated otherwise does. What is remembered is verified again like everything else. Degraded
    answers are not remembered. Safe to use from many threads.
    """

    inner: ChatComposer
    _kept: OrderedDict[bytes, Composed] = field(default_factory=OrderedDict, init=False)
    _changing: threading.Lock = field(default_factory=threading.Lock, init=False)

    def compose(self, question: str, evidence: Evidence) -> Composed:
        """See `AnswerComposer.compose`."""
        return next(one for one in self.composing(question, evidence) if isinstance(one, Composed))

    def composing(self, question: str, evidence: Evidence) -> Iterator[Statement | Composed]:
        """See `TellingComposer.composing`."""
        key = self._key(question, evidence)
        if (known := self._known(key)) and isinstance(known.response, Answer):
            yield from known.response.statements
            yield known
            return
        for one in self.inner.composing(question, evidence):
            if isinstance(one, Composed) and not one.degraded and one.model:
                self._keep(key, replace(one, usage=None))
            yield one

    def _key(self, question: str, evidence: Evidence) -> bytes:
        found = [one.passage for one in evidence.passages]
        places = [(one.document_id, one.version, one.span) for one in found]
        shown = passages_shown(evidence)
        everything = (self.inner.model.name, evidence.searched.collection, question, places, shown)
        return hashlib.sha256(repr(everything).encode("utf-8", "surrogatepass")).digest()

    def _known(self, key: bytes) -> Composed | None:
        with self._changing:
            if known := self._kept.get(key):
                self._kept.move_to_end(key)
            return known

    def _keep(self, key: bytes, composed: Composed) -> None:
        with self._changing:
            self._kept[key] = composed
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
