"""What a chat model has replied to the same question over the same passages, so that none is paid for twice."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Generic, TypeVar

from rag.types import Statement

_KEPT = 256
_T = TypeVar("_T")


def digest(shown: object) -> bytes:
    """Names what a model is asked and shown: values whose `repr` says all of them."""
    return hashlib.sha256(repr(shown).encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What came of a model's reply.

    Attributes:
        statements: Those that stand, in its order.
        claimed: Whether it stated anything, whether or not that stands.
        failed: Whether it broke off, or was not what was asked for.
    """

    statements: tuple[Statement, ...]
    claimed: bool
    failed: bool

    @property
    def degraded(self) -> bool:
        """Whether less came of it than was asked for. A model that says that nothing answers has done what it was."""
        return self.failed or (self.claimed and not self.statements)


class Remembered(Generic[_T]):
    """The last replies by what the model was shown. Safe to use from many threads.

    That is a finer key than the collection's state: what is added elsewhere costs no reply, and a document that is
    deleted, changed or dated otherwise does. What is remembered is verified again like everything else.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, _T] = OrderedDict()
        self._changing = threading.Lock()

    def get(self, key: bytes) -> _T | None:
        """What came of a key, if it is remembered."""
        with self._changing:
            if known := self._kept.get(key):
                self._kept.move_to_end(key)
            return known

    def keep(self, key: bytes, one: _T) -> None:
        """Remember a reply, and forget the one that was asked for the longest ago."""
        with self._changing:
            self._kept[key] = one
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
