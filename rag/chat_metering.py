"""What a chat model's replies take, counted and bounded also where its provider tells nothing."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace

from rag.errors import ModelBudgetSpent, ModelError, ModelTimeout
from rag.protocols import ChatModel, TokenBudget
from rag.types import Usage

REPLY_TOKENS = 2_000  # set aside for what is written: a few times what an answer takes
_TOKEN_BYTES = 4  # of UTF-8, about: letters that take more of them are more of a token, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Of a million tokens that a model reads and writes, in one currency."""

    input: float
    output: float

    def cost(self, usage: Usage) -> float:
        """Of a reply, in that currency."""
        spent = usage.input_tokens * self.input + usage.output_tokens * self.output
        return spent / 1_000_000


def estimated_tokens(*texts: str) -> int:
    """About how many tokens texts have together, by their bytes."""
    return -(-sum(len(one.encode("utf-8", "surrogatepass")) for one in texts) // _TOKEN_BYTES)


def metered(
    model: ChatModel,
    system: str,
    user: str,
    *,
    within_s: float,
    budget: TokenBudget | None,
    prices: Prices | None,
    taken: list[Usage],
) -> Generator[str, None, None]:
    """The words of a reply; what it took, priced, is added to `taken`, and taken from the budget, however it ends.

    That is what the provider told; where it told nothing, or the reply was not read to its end, it is no less than an
    estimate by what was sent and what came. A request that was refused takes nothing. Tokens that a model writes and
    does not show are known from its provider only.

    Raises:
        ModelBudgetSpent: nothing is left; nothing was sent.
        ModelError: as `ChatModel.reply`.
    """
    sent = estimated_tokens(system, user)
    reserved = sent + REPLY_TOKENS
    if budget is not None and not budget.reserve(reserved):
        raise ModelBudgetSpent
    came: list[str] = []
    told: Usage | None = None
    ended = refused = False
    try:
        with closing(model.reply(system, user, within_s=within_s)) as reply:
            for part in reply:
                if isinstance(part, Usage):
                    told = part
                else:
                    came.append(part)
                    yield part
        ended = True
    except ModelError as error:
        refused = not (came or told or isinstance(error, ModelTimeout))
        raise
    finally:
        usage = Usage(0, 0)
        if told and ended:
            usage = told
        elif not refused:
            usage = _at_least(told, sent, estimated_tokens(*came))
        if usage != Usage(0, 0):
            taken.append(replace(usage, cost=prices.cost(usage)) if prices else usage)
        if budget is not None:
            budget.settle(reserved, usage)


def _at_least(told: Usage | None, sent: int, came: int) -> Usage:
    known = told or Usage(0, 0)
    return Usage(max(known.input_tokens, sent), max(known.output_tokens, came), estimated=True)
