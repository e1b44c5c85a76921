from dataclasses import dataclass, field

import pytest

from rag.chat_metering import REPLY_TOKENS, estimated_tokens, metered
from rag.errors import (
    ModelBudgetSpent,
    ModelError,
    ModelKeyRefused,
    ModelTimeout,
    ModelUnavailable,
)
from rag.types import Usage
from tests.unit.rag.test_chat_composition import ScriptedModel

SENT = 3  # tokens of "12345678" and "1234"
RESERVED = SENT + REPLY_TOKENS


@dataclass
class Purse:
    """A budget that lets one in while anything is left."""

    left: int
    settled: list[tuple[int, Usage]] = field(default_factory=list)

    def reserve(self, tokens: int) -> bool:
        if self.left <= 0:
            return False
        self.left -= tokens
        return True

    def settle(self, reserved: int, usage: Usage) -> None:
        self.settled.append((reserved, usage))
        self.left += reserved - usage.input_tokens - usage.output_tokens


def taken(*reply: str | Usage | Exception, parts: int | None = None) -> Usage | None:
    """What is counted of a reply of which so many parts are read, and all if None."""
    purse, used = Purse(100), list[Usage]()
    words = metered(
        ScriptedModel(*reply), "12345678", "1234", within_s=5, budget=purse, prices=None, taken=used
    )
    try:
        for _ in range(parts) if parts is not None else iter(int, 1):
            next(words)
    except (StopIteration, ModelError):
        pass
    words.close()
    [(reserved, settled)] = purse.settled
    assert reserved == RESERVED
    assert used == ([settled] if settled != Usage(0, 0) else [])
    assert purse.left == 100 - settled.input_tokens - settled.output_tokens
    return used[0] if used else None


def estimate(output: int) -> Usage:
    return Usage(SENT, output, estimated=True)


def test_what_the_provider_told_of_a_whole_reply_is_counted() -> None:
    assert taken("abcd", Usage(700, 300)) == Usage(700, 300)
    assert taken(Usage(700, 1), "abcd", Usage(700, 300)) == Usage(700, 300)


@pytest.mark.parametrize(
    ("reply", "parts", "expected"),
    [
        (("abcd", "efghi"), None, estimate(3)),  # told nothing
        ((), None, estimate(0)),  # wrote nothing
        (("abcd", "efghi", Usage(700, 300)), 1, estimate(1)),  # its reader went
        (("abcd", ModelTimeout("slow")), None, estimate(1)),
        (("abcd", ModelUnavailable("broke off")), None, estimate(1)),
        ((ModelTimeout("slow"),), None, estimate(0)),  # it may have read all of it
        ((Usage(700, 1), "abcd" * 9, ModelTimeout("")), None, Usage(700, 9, estimated=True)),
    ],
)
def test_a_reply_that_ends_early_or_tells_nothing_is_estimated(
    reply: tuple[str | Usage | Exception, ...], parts: int | None, expected: Usage
) -> None:
    assert taken(*reply, parts=parts) == expected


@pytest.mark.parametrize(
    "refusal", [ModelError("400"), ModelUnavailable("503"), ModelKeyRefused("401")]
)
def test_a_request_that_was_refused_takes_nothing(refusal: ModelError) -> None:
    assert taken(refusal) is None


def test_nothing_is_sent_once_nothing_is_left() -> None:
    model = ScriptedModel("abcd")
    words = metered(model, "s", "u", within_s=5, budget=Purse(0), prices=None, taken=[])
    with pytest.raises(ModelBudgetSpent):
        next(words)
    assert model.sent == []


def test_an_estimate_is_by_bytes() -> None:
    assert estimated_tokens("") == 0
    assert estimated_tokens("The bridge") == 3  # 10 bytes
    assert estimated_tokens("橋は閉鎖") == 3  # 12 bytes
    assert estimated_tokens("\ud800") == 1
