"""Who may call what: one check for every route, from its declared need, before a body is read."""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fastapi import Request, Response
from fastapi.routing import APIRoute
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from api.problems import BUDGET_SPENT, FORBIDDEN, KEY_NEEDED, RATE_LIMITED, ProblemError
from rag.access import EVERYTHING, Grant, Scope, acting, key_id_of, opens
from rag.protocols import Budget, KeyStore
from rag.settings import LimitSettings

_Route = TypeVar("_Route", bound=Callable[..., Any])


def today() -> dt.date:
    """The day whose budgets are spent now."""
    return dt.datetime.now(dt.UTC).date()


def needs(scope: Scope | None) -> Callable[[_Route], _Route]:
    """Declare what a route needs of a key; None for a route that is open to everybody."""

    def declare(route: _Route) -> _Route:
        route.__needs__ = scope  # type: ignore[attr-defined] # read by GuardedRoute only
        return route

    return declare


class GuardedRoute(APIRoute):
    """A route that lets a request in before anything of its body is read.

    A dependency would be too late: the framework reads and parses a body before it solves them.

    Raises:
        TypeError: the endpoint does not say what it needs.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        if not hasattr(endpoint, "__needs__"):
            raise TypeError(f"{path} does not say what it needs: put @needs(…) on its function")
        self.needs: Scope | None = endpoint.__needs__
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The framework's handler, behind the gate."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            if self.needs is not None:
                gate: Gate = request.app.state.service.gate
                request.state.grant = gate.admit(request, self.needs)
            return await handle(request)

        return guarded


_ANY_AMOUNT = 2**62  # what a database's integers hold


class Gate:
    """Tells what a request may do, and counts what its key does.

    Args:
        keys: The keys there are.
        limits: How much one key may do.
        required: Whether a request needs a key; otherwise each may do everything.
    """

    def __init__(self, keys: KeyStore, limits: LimitSettings, *, required: bool) -> None:
        self._keys = keys
        self._limits = limits
        self._required = required
        self._rates = FixedWindowRateLimiter(MemoryStorage())
        self._rate = RateLimitItemPerMinute(limits.requests_per_minute)
        self._wrong = RateLimitItemPerMinute(limits.wrong_keys_per_minute)

    def admit(self, request: Request, scope: Scope) -> Grant:
        """What the request may do.

        Raises:
            ProblemError: it has no valid key, its key lacks the scope, or its key calls too often.
        """
        if not self._required:
            return EVERYTHING
        grant = self._grant(request)
        acting.set(f"key {grant.key_id}")
        if not self._rates.hit(self._rate, "key", grant.key_id or ""):
            raise self._too_often(self._rate, "key", grant.key_id or "")
        if not grant.may(scope):
            raise ProblemError(FORBIDDEN, f"This call needs a key with the scope {scope!r}.")
        return grant

    def spend(self, grant: Grant, budget: Budget, amount: int = 1) -> None:
        """Take from the day's budget of the key that was sent, if one was.

        Raises:
            ProblemError: the budget does not suffice; nothing is taken.
        """
        if grant.key_id is None:
            return
        limit = self._limit(budget)
        now = dt.datetime.now(dt.UTC)
        if not self._keys.spend(grant.key_id, now.date(), budget, amount, limit):
            midnight = dt.datetime.combine(now.date() + dt.timedelta(days=1), dt.time(), dt.UTC)
            raise ProblemError(
                BUDGET_SPENT,
                f"The key's budget of {limit:,} {budget.replace('_', ' ')} a day is spent; "
                "the next one begins at midnight UTC.",
                headers={"Retry-After": str(math.ceil((midnight - now).total_seconds()))},
            )

    def take_if_left(self, grant: Grant, day: dt.date, budget: Budget, amount: int) -> bool:
        """Take from a day's budget, even more than is left; False, with nothing taken, where nothing is left.

        Always true where no key was sent, and nothing is counted then.
        """
        if grant.key_id is None:
            return True
        below = self._limit(budget) - 1
        return self._keys.spend(grant.key_id, day, budget, amount, below + amount)

    def note(self, grant: Grant, day: dt.date, budget: Budget, amount: int) -> None:
        """Take what was used already from a day's budget, whether it suffices or not; give back what is below 0."""
        if grant.key_id is not None and amount:
            self._keys.spend(grant.key_id, day, budget, amount, _ANY_AMOUNT)

    def _limit(self, budget: Budget) -> int:
        return {
            "questions": self._limits.questions_per_day,
            "upload_bytes": self._limits.upload_bytes_per_day,
            "model_tokens": self._limits.model_tokens_per_day,
        }[budget]

    def _grant(self, request: Request) -> Grant:
        kind, _, sent = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and sent:
            key = self._keys.key(key_id_of(sent))
            if opens(sent, key, dt.datetime.now(dt.UTC)) and key is not None:
                return key.grant
            address = request.client.host if request.client else ""
            if not self._rates.hit(self._wrong, "wrong", address):
                raise self._too_often(self._wrong, "wrong", address)
        raise ProblemError(
            KEY_NEEDED,
            "Send a valid key in the header: Authorization: Bearer KEY. "
            "`verse keys create` makes one.",
            headers={"WWW-Authenticate": "Bearer"},
        )

    def _too_often(self, rate: RateLimitItemPerMinute, *names: str) -> ProblemError:
        ends = self._rates.get_window_stats(rate, *names).reset_time
        return ProblemError(
            RATE_LIMITED,
            f"More than {rate.amount:,} requests a minute; wait, and send it again.",
            headers={"Retry-After": str(max(1, math.ceil(ends - time.time())))},
        )
