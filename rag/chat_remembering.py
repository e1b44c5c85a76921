"""Answers that a chat model has given to the same question over the same passages, so that none is paid for twice."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict

from rag.protocols import Composed

_KEPT = 256


def digest(shown: object) -> bytes:
    """Names what a model is asked and shown: values whose `repr` says all of them."""
    return hashlib.sha256(repr(shown).encode("utf-8", "surrogatepass")).digest()


class Remembered:
    """The last answers by what the model was shown. Safe to use from many threads.

    That is a finer key than the collection's state: what is added elsewhere costs no answer, and a document that is
    deleted, changed or dated otherwise does. What is remembered is verified again like everything else.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Composed] = OrderedDict()
        self._changing = threading.Lock()

    def get(self, key: bytes) -> Composed | None:
        """The answer of a key, if it is remembered."""
        with self._changing:
            if known := self._kept.get(key):
                self._kept.move_to_end(key)
            return known

    def keep(self, key: bytes, composed: Composed) -> None:
        """Remember an answer, and forget the one that was asked for the longest ago."""
        with self._changing:
            self._kept[key] = composed
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
