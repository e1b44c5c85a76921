import time
from collections.abc import Generator
from threading import Event

import pytest

from rag import chat_guarding
from rag.abandonment import abandonable
from rag.chat_guarding import GuardedChatModel
from rag.errors import ModelError, ModelKeyRefused, ModelTimeout, ModelUnavailable

AWAY = ModelUnavailable("away")


class Model:
    """Does what is next on a list: raises it, or writes its parts and raises what is among them."""

    name = "test:model"

    def __init__(self, *does: list[str | Exception]) -> None:
        self.does = list(does)
        self.within_s: list[float] = []

    def reply(self, system: str, user: str, *, within_s: float) -> Generator[str, None, None]:
        self.within_s.append(within_s)
        for part in self.does.pop(0):
            if isinstance(part, Exception):
                raise part
            yield part


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_guarding, "_FIRST_WAIT_S", 0.02)
    monkeypatch.setattr(chat_guarding, "_REST_S", 0.2)


def asked(model: GuardedChatModel, within_s: float = 5) -> str:
    return "".join(
        part for part in model.reply("s", "u", within_s=within_s) if isinstance(part, str)
    )


def fails(model: GuardedChatModel, kind: type[ModelError], within_s: float = 5) -> None:
    with pytest.raises(ModelError) as caught:
        asked(model, within_s)
    assert type(caught.value) is kind


def test_a_model_that_is_away_is_asked_three_times_in_the_time_there_is() -> None:
    inner = Model([AWAY], [AWAY], ["a", "b"])
    assert asked(GuardedChatModel(inner)) == "ab"
    first, second, third = inner.within_s
    assert 5 > first > second > third > 4
    inner = Model([AWAY], [AWAY], [AWAY], ["late"])
    fails(GuardedChatModel(inner), ModelUnavailable)
    assert len(inner.does) == 1


@pytest.mark.parametrize(
    ("does", "kind"),
    [
        (["begun", AWAY], ModelUnavailable),
        ([ModelTimeout("slow")], ModelTimeout),
        ([ModelError("refused")], ModelError),
    ],
)
def test_what_asking_again_does_not_mend_is_not_asked_again(
    does: list[str | Exception], kind: type[ModelError]
) -> None:
    inner = Model(does, ["again"])
    fails(GuardedChatModel(inner), kind)
    assert len(inner.does) == 1


def test_there_is_no_other_try_after_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_guarding, "_FIRST_WAIT_S", 1e9)
    inner = Model([AWAY], ["late"])
    fails(GuardedChatModel(inner), ModelUnavailable, within_s=0.1)
    assert len(inner.does) == 1


def test_a_model_that_fails_again_and_again_is_left_alone_for_a_while() -> None:
    slow: list[str | Exception] = [ModelTimeout("slow")]
    inner = Model(*[slow] * 6, ["back"], ["and well"])
    model = GuardedChatModel(inner)
    for _ in range(5):
        fails(model, ModelTimeout)
    for _ in range(3):
        fails(model, ModelUnavailable)
    assert len(inner.does) == 3
    time.sleep(0.25)
    fails(model, ModelTimeout)  # one question tries
    fails(model, ModelUnavailable)
    time.sleep(0.25)
    assert asked(model) == "back"
    assert asked(model) == "and well"


def test_a_reply_that_is_not_read_on_after_text_has_come_counts_as_working() -> None:
    slow: list[str | Exception] = [ModelTimeout("slow")]
    inner = Model(*[slow] * 4, ["enough", "unread"], *[slow] * 4, ["still asked"])
    model = GuardedChatModel(inner)
    for _ in range(4):
        fails(model, ModelTimeout)
    parts = model.reply("s", "u", within_s=5)
    assert next(parts) == "enough"
    parts.close()
    for _ in range(4):
        fails(model, ModelTimeout)
    assert asked(model) == "still asked"


@pytest.mark.parametrize(("begun", "left_alone"), [(["begun"], False), ([], True)])
def test_a_reader_that_left_is_no_failure_and_text_that_came_is_none_either(
    begun: list[str], left_alone: bool
) -> None:
    slow: list[str | Exception] = [ModelTimeout("slow")]
    inner = Model(*[slow] * 4, [*begun, ModelTimeout("nobody waits")], slow, ["well"])
    model, left = GuardedChatModel(inner), Event()
    for _ in range(4):
        fails(model, ModelTimeout)
    left.set()
    with abandonable(left):
        fails(model, ModelTimeout)
    fails(model, ModelTimeout)
    if left_alone:
        fails(model, ModelUnavailable)
    else:
        assert asked(model) == "well"


def test_for_nobody_a_model_that_is_away_is_not_asked_again() -> None:
    inner, left = Model([AWAY], ["never asked"]), Event()
    left.set()
    with abandonable(left):
        fails(GuardedChatModel(inner), ModelUnavailable)
    assert len(inner.does) == 1


def test_a_model_that_hangs_in_the_middle_again_and_again_is_left_alone_too() -> None:
    hanging: list[str | Exception] = ["begun", ModelTimeout("slow")]
    inner = Model(*[hanging] * 5, ["never asked"])
    model = GuardedChatModel(inner)
    for _ in range(5):
        fails(model, ModelTimeout)
    fails(model, ModelUnavailable)
    assert len(inner.does) == 1


def test_a_key_that_is_refused_is_not_tried_for_every_question() -> None:
    refused: list[str | Exception] = [ModelKeyRefused("wrong key")]
    inner = Model(*[refused] * 5, ["never asked"])
    model = GuardedChatModel(inner)
    for left in (5, 4, 3, 2, 1):
        fails(model, ModelKeyRefused)
        assert len(inner.does) == left  # once a question
    fails(model, ModelUnavailable)
    assert len(inner.does) == 1
