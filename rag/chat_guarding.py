"""A chat model that is asked again where that may help, and left alone where it does not."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass, field

from rag.abandonment import is_abandoned
from rag.errors import ModelError, ModelKeyRefused, ModelTimeout, ModelUnavailable
from rag.protocols import ChatModel
from rag.types import Usage

logger = logging.getLogger(__name__)

_TRIES = 3
_FIRST_WAIT_S = 0.5  # at the most, before the second try; twice as long before each other one
_FAILURES = 5  # one after another, after which a model is left alone
_REST_S = 30.0
# What one question is refused for, another one may be free of; these are met by every question.
_COUNTED = (ModelUnavailable, ModelTimeout, ModelKeyRefused)


@dataclass
class GuardedChatModel:
    """Asks a model that is unavailable again, after a time of chance, unless it has begun to write or time is up.

    After failures in a row it is left alone for a while, in which every reply fails at once; then one question tries
    whether it is back. A reply that is not read on has worked, if any of it came. Safe to use from many threads.
    """

    inner: ChatModel
    _failures: int = field(default=0, init=False)
    _rests_until: float = field(default=0.0, init=False)
    _counting: threading.Lock = field(default_factory=threading.Lock, init=False)

    @property
    def name(self) -> str:
        """See `ChatModel.name`."""
        return self.inner.name

    def reply(
        self, system: str, user: str, *, within_s: float
    ) -> Generator[str | Usage, None, None]:
        """See `ChatModel.reply`."""
        ends = time.monotonic() + within_s
        for tried in range(1, _TRIES + 1):
            self._let_in()
            begun = False
            try:
                for part in self.inner.reply(system, user, within_s=ends - time.monotonic()):
                    begun = True
                    yield part
            except GeneratorExit:
                self._left(begun=begun)
                raise
            except ModelError as error:
                if is_abandoned():
                    self._left(begun=begun)
                    raise
                if isinstance(error, _COUNTED):
                    self._failed()
                wait_s = random.uniform(0, _FIRST_WAIT_S * 2 ** (tried - 1))  # noqa: S311 # no secret
                again = isinstance(error, ModelUnavailable) and not begun and tried < _TRIES
                if not again or time.monotonic() + wait_s >= ends:
                    raise
                logger.info("%s; it is asked again in %.1f s", error, wait_s)
                time.sleep(wait_s)
            else:
                self._worked()
                return

    def _let_in(self) -> None:
        """Let a question through, one at a time to a model that may be back.

        Raises:
            ModelUnavailable: the model is left alone.
        """
        with self._counting:
            if self._failures < _FAILURES:
                return
            now = time.monotonic()
            if now < self._rests_until:
                raise ModelUnavailable(
                    f"The chat model {self.name!r} failed {self._failures} times in a row and is left alone."
                )
            self._rests_until = now + _REST_S

    def _left(self, *, begun: bool) -> None:
        """Count a reply that its reader went from."""
        if begun:
            self._worked()

    def _failed(self) -> None:
        with self._counting:
            self._failures += 1
            if self._failures >= _FAILURES:
                self._rests_until = time.monotonic() + _REST_S

    def _worked(self) -> None:
        with self._counting:
            self._failures = 0
