"""What a chat model's server may do, over a real connection: an answer comes in time, whatever it is."""

import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import ChatGenerationChunk

from ingest.pipeline import Ingester
from rag.abandonment import abandonable
from rag.adapters.langchain_chat import LangChainChatModel, Structured
from rag.bootstrap import assemble, open_rag, open_rewriter
from rag.chat_prompt import SCHEMA
from rag.errors import ModelError, ModelKeyRefused, ModelTimeout, ModelUnavailable
from rag.library import Library
from rag.protocols import Upload
from rag.question import stand_alone
from rag.settings import ChatSettings, Settings
from rag.types import Answer, Reply, Usage
from tests.chat_server import Behaviour, event, serving
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.make import document, lines
from tests.unit.rag.test_chat_composition import GOOD, QUESTION, TEXT, reply

DEADLINE_S = 2.0
WRITTEN = reply(GOOD)
HALF = WRITTEN[:-2]  # the statement, and no end


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")


def library(address: str) -> Library:
    store, embedder = InMemoryStore(), HashingEmbedder()
    one = document(TEXT, title="Bridge")
    passages = lines(one)
    store.add(one, passages, embedder.embed_passages([p.text for p in passages]), original=b"x")
    model = LangChainChatModel.named("openai:m", address, DEADLINE_S)
    return assemble(Settings(chat=ChatSettings(timeout_s=DEADLINE_S)), store, embedder, model)


def asked(behaviour: Behaviour) -> Reply:
    with serving(behaviour) as address:
        opened = library(address)
        began = time.monotonic()
        answered = opened.ask(QUESTION)
        assert time.monotonic() - began < DEADLINE_S + 0.5
    assert isinstance(answered.response, Answer)
    assert "12,000" in answered.response.statements[0].text
    return answered


def test_a_reply_is_read_in_parts_and_what_it_took_is_told() -> None:
    parts = [(0.0, WRITTEN[at : at + 5]) for at in range(0, len(WRITTEN), 5)]
    answered = asked(Behaviour(parts))
    assert (answered.composer, answered.degraded, answered.model) == ("chat", False, "openai:m")
    assert answered.usage is not None
    assert (answered.usage.input_tokens, answered.usage.output_tokens) == (100, 20)


def test_what_a_reply_takes_is_asked_for_and_added_up() -> None:
    said = {"prompt_tokens": 40, "completion_tokens": 1, "total_tokens": 41}
    behaviour = Behaviour([(0, event(None, usage=said)), (0, "x")])
    with serving(behaviour) as address:
        model = LangChainChatModel.named("openai:m", address, 5)
        parts = list(model.reply("s", "u", within_s=5))
    assert behaviour.asked[0]["stream_options"] == {"include_usage": True}
    assert parts == [Usage(40, 1), "x", Usage(140, 21)]


def test_a_model_that_cannot_be_told_to_tell_what_it_takes_serves_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = FakeListChatModel(responses=["x"])
    monkeypatch.setattr("langchain.chat_models.init_chat_model", lambda *_, **__: made)
    model = LangChainChatModel.named("fake:list", None, 5)
    assert list(model.reply("s", "u", within_s=5)) == ["x"]


@pytest.mark.parametrize("how", ["text", "schema"])
def test_a_server_that_does_not_tell_what_a_reply_takes_is_asked_without_from_then_on(
    how: Structured,
) -> None:
    behaviour = Behaviour([(0, WRITTEN)], refused="stream_options")
    with serving(behaviour) as address:
        model = LangChainChatModel.named("openai:m", address, 5, schema=SCHEMA, how=how)
        for _ in range(2):
            said = [one for one in model.reply("s", "u", within_s=5) if isinstance(one, str)]
            assert "".join(said) == WRITTEN
    assert ["stream_options" in one for one in behaviour.asked] == [True, False, False]


@pytest.mark.parametrize(
    ("refused", "name", "how"),
    [
        ("tools", "openai:gpt-4o", "auto"),
        ("tools", "openai:m", "tool"),
        ("response_format", "openai:m", "schema"),
        ("temperature", "openai:m", "text"),
    ],
)
def test_a_server_that_refuses_the_form_or_the_temperature_is_asked_without(
    refused: str, name: str, how: Structured
) -> None:
    behaviour = Behaviour([(0, WRITTEN)], refused=refused)
    with serving(behaviour) as address:
        model = LangChainChatModel.named(name, address, 5, schema=SCHEMA, how=how)
        for _ in range(2):
            said = [one for one in model.reply("s", "u", within_s=5) if isinstance(one, str)]
            assert "".join(said) == WRITTEN
    assert [refused in one for one in behaviour.asked] == [True, False, False]
    assert all("stream_options" in one for one in behaviour.asked)  # what is not refused stays


def test_replies_under_way_when_it_is_first_refused_are_asked_for_without_too() -> None:
    behaviour = Behaviour([(0, WRITTEN)], refused="stream_options", answers_after_s=0.3)
    with serving(behaviour) as address, ThreadPoolExecutor(4) as askers:
        model = LangChainChatModel.named("openai:m", address, 5)
        replies = askers.map(lambda _: list(model.reply("s", "u", within_s=5)), range(4))
        assert [one[0] for one in replies] == [WRITTEN] * 4
    asked_usage = ["stream_options" in one for one in behaviour.asked]
    assert asked_usage == [True] * 4 + [False] * 4  # they were all under way


@pytest.mark.parametrize("status", [400, 422])
def test_a_request_that_is_refused_for_something_else_is_not_sent_again(status: int) -> None:
    behaviour = Behaviour([(0, WRITTEN)], statuses=(status, 200))
    with serving(behaviour) as address:
        model = LangChainChatModel.named("openai:m", address, 5)
        with pytest.raises(ModelError):
            list(model.reply("s", "u", within_s=5))
        assert list(model.reply("s", "u", within_s=5)) == [WRITTEN, Usage(100, 20)]
    assert ["stream_options" in one for one in behaviour.asked] == [True, True]


def test_what_a_reply_takes_is_asked_for_again_where_to_ask_without_did_not_help() -> None:
    behaviour = Behaviour([(0, WRITTEN)], statuses=(200, 400, 200), refused="stream_options")
    with serving(behaviour) as address:
        model = LangChainChatModel.named("openai:m", address, 5)
        with pytest.raises(ModelError):
            list(model.reply("s", "u", within_s=5))
        assert next(model.reply("s", "u", within_s=5)) == WRITTEN
    assert ["stream_options" in one for one in behaviour.asked] == [True, False, True, False]


class Refused(Exception):
    status_code = 400


class RefusingLate(FakeListChatModel):
    """Refuses to tell what a reply takes once it has written some of it."""

    stream_usage: bool = True

    async def _astream(self, *_: Any, **__: Any) -> AsyncIterator[ChatGenerationChunk]:
        yield ChatGenerationChunk(message=AIMessageChunk(content="half"))
        raise Refused("stream_options")


def test_a_reply_that_was_begun_is_not_asked_for_again() -> None:
    parts = LangChainChatModel(RefusingLate(responses=[]), "m").reply("s", "u", within_s=5)
    assert next(parts) == "half"
    with pytest.raises(ModelError):
        next(parts)


@pytest.mark.parametrize("how", ["auto", "tool", "schema", "text"])
@pytest.mark.parametrize("name", ["openai:gpt-4o", "openai:m"])
def test_the_model_is_held_to_the_form_of_an_answer(name: str, how: Structured) -> None:
    by_tool = how == "tool" or (how == "auto" and name == "openai:gpt-4o")
    calls = [
        {
            "index": 0,
            "id": "1",
            "function": {"name": "answer", "arguments": ""},
            "type": "function",
        },
        *({"index": 0, "function": {"arguments": WRITTEN[at : at + 9]}} for at in range(0, 200, 9)),
    ]
    parts: list[tuple[float, str | bytes]] = [(0.0, WRITTEN)]
    if by_tool:
        parts = [(0.0, event({"tool_calls": [call]})) for call in calls]
    behaviour = Behaviour(parts)
    with serving(behaviour) as address:
        model = LangChainChatModel.named(name, address, 5, schema=SCHEMA, how=how)
        said = [one for one in model.reply("s", "u", within_s=5) if isinstance(one, str)]
    assert "".join(said) == WRITTEN
    [sent] = behaviour.asked
    assert ("tools" in sent) == by_tool
    assert ("response_format" in sent) == (how == "schema")


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour([(30, WRITTEN)]),  # hangs
        Behaviour([(0.2, "x")] * 100),  # drips
        Behaviour(statuses=(400,)),
        Behaviour(statuses=(401,)),
        Behaviour(statuses=(429,)),
        Behaviour(statuses=(500,)),
        Behaviour([]),
        Behaviour([(0, "I do not know.")]),
        Behaviour([(0, "x" * 100_000)] * 100),
        Behaviour([(0, WRITTEN[:40])], whole=False),
        Behaviour([(0, b"data: {half\n\n")]),
        Behaviour([(0, b'data: {"choices": [{"delta": {"content": "\xff\xfe"}}]}\n\n')]),
    ],
)
def test_a_model_that_fails_costs_the_model_s_answer_only(behaviour: Behaviour) -> None:
    answered = asked(behaviour)
    assert (answered.composer, answered.degraded) == ("extractive", True)


def test_a_model_that_says_that_nothing_answers_has_not_failed() -> None:
    answered = asked(Behaviour([(0, reply())]))
    assert (answered.composer, answered.degraded) == ("extractive", False)


@pytest.mark.parametrize("rest", [(30.0, "]}"), (0.0, b"data: {half\n\n")])
def test_what_came_before_the_fault_stays(rest: tuple[float, str | bytes]) -> None:
    answered = asked(Behaviour([(0, HALF), rest]))
    assert (answered.composer, answered.degraded) == ("chat", True)


def test_a_server_that_is_busy_is_asked_again() -> None:
    behaviour = Behaviour([(0, WRITTEN)], statuses=(503, 429, 200))
    answered = asked(behaviour)
    assert (answered.composer, answered.degraded) == ("chat", False)
    assert len(behaviour.asked) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_server_that_refuses_is_not_asked_again(status: int) -> None:
    behaviour = Behaviour(statuses=(status,))
    asked(behaviour)
    assert len(behaviour.asked) == 1


def test_a_key_that_is_refused_is_to_be_checked_and_never_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong")
    with serving(Behaviour(statuses=(401,))) as address:
        model = LangChainChatModel.named("openai:m", address, 10)
        with pytest.raises(ModelKeyRefused, match=r"'openai:m'.*401.*[Cc]heck the key") as caught:
            list(model.reply("s", "u", within_s=5))
    assert "sk-wrong" not in str(caught.value)


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (Behaviour([(30, "x")]), ModelTimeout),
        (Behaviour(statuses=(503,)), ModelUnavailable),
        (Behaviour(statuses=(404,)), ModelError),
        (Behaviour(statuses=(401,)), ModelKeyRefused),
        (Behaviour(statuses=(403,)), ModelKeyRefused),
    ],
)
def test_faults_are_told_apart(behaviour: Behaviour, kind: type[ModelError]) -> None:
    with serving(behaviour) as address:
        model = LangChainChatModel.named("openai:m", address, 10)
        with pytest.raises(ModelError) as caught:
            list(model.reply("s", "u", within_s=0.5))
    assert type(caught.value) is kind


def test_without_a_chat_model_nothing_of_it_is_imported() -> None:
    program = """
import sys
from rag.bootstrap import assemble
from rag.settings import Settings
import api.app
from tests.fakes import HashingEmbedder, InMemoryStore
assemble(Settings(), InMemoryStore(), HashingEmbedder())
parts = ("rag.chat_", "rag.adapters.langchain_chat", "langchain.chat_models", "langchain_openai", "openai")
print([one for one in sys.modules if one.startswith(parts)])
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 # ours
    assert done.stdout.strip() == "[]"


def test_nobody_there_is_unavailable() -> None:
    with serving(Behaviour()) as address:
        pass
    model = LangChainChatModel.named("openai:m", address, 1)
    with pytest.raises(ModelUnavailable):
        list(model.reply("s", "u", within_s=1))


def test_a_reply_that_is_not_read_on_is_ended_at_the_server() -> None:
    behaviour = Behaviour([(0.05, "x")] * 1000)
    with serving(behaviour) as address:
        parts = LangChainChatModel.named("openai:m", address, 60).reply("s", "u", within_s=60)
        assert next(parts) == "x"
        parts.close()
        assert behaviour.gone.wait(5)


def test_a_reply_that_nobody_waits_for_is_ended() -> None:
    behaviour = Behaviour([(0, "x"), *[(0.2, b": alive\n\n")] * 200])
    left = threading.Event()
    with serving(behaviour) as address, abandonable(left):
        parts = LangChainChatModel.named("openai:m", address, 60).reply("s", "u", within_s=60)
        assert next(parts) == "x"
        threading.Timer(0.2, left.set).start()
        began = time.monotonic()
        with pytest.raises(ModelTimeout):
            list(parts)
        assert time.monotonic() - began < 2
        assert behaviour.gone.wait(5)


def rewriting(address: str, timeout_s: float = 20) -> Library:
    """A library whose model makes questions stand alone before it answers them."""
    chat = ChatSettings(model="openai:m", base_url=address, timeout_s=timeout_s, rewrites=True)
    store, embedder = InMemoryStore(), HashingEmbedder()
    one = document(TEXT, title="Bridge")
    passages = lines(one)
    store.add(one, passages, embedder.embed_passages([p.text for p in passages]), original=b"x")
    model = LangChainChatModel.named("openai:m", address, timeout_s)
    return assemble(Settings(chat=chat), store, embedder, model, rewriter=open_rewriter(chat))


def test_a_question_is_rewritten_by_one_call_that_has_its_own_form() -> None:
    written = (
        '{"questions": ["What does the bridge cost?"], "queries": ["crowns"], "statements": []}'
    )
    behaviour = Behaviour([(0, written)])
    with serving(behaviour) as address:
        answered = rewriting(address).ask("What does it cost?", earlier=("Where is the bridge?",))
    assert answered.standalone_question == "What does the bridge cost?"
    first, second = behaviour.asked
    assert "Earlier question: Where is the bridge?" in str(first["messages"])
    assert "Passage 1" not in str(first["messages"])
    assert "Passage 1" in str(second["messages"])
    assert answered.usage is not None
    assert (answered.usage.input_tokens, answered.usage.output_tokens) == (200, 40)


def test_a_model_that_hangs_at_both_calls_costs_no_more_than_the_time_there_is() -> None:
    with serving(Behaviour([(30, WRITTEN)])) as address:
        opened = rewriting(address, DEADLINE_S)
        began = time.monotonic()
        answered = opened.ask("What does it cost?", earlier=("Where is the bridge?",))
        assert time.monotonic() - began < DEADLINE_S + 0.5
    by_rules = stand_alone("What does it cost?", ("Where is the bridge?",))
    assert answered.standalone_question == by_rules != "What does it cost?"
    assert (answered.composer, answered.degraded) == ("extractive", True)


@pytest.mark.parametrize(("rewrites", "calls"), [(True, 2), (False, 1)])
def test_questions_are_rewritten_only_where_a_setting_says_so(
    tmp_path: Path, *, rewrites: bool, calls: int
) -> None:
    behaviour = Behaviour([(0, reply())])
    with serving(behaviour) as address:
        chat = ChatSettings(model="openai:m", base_url=address, timeout_s=20, rewrites=rewrites)
        with open_rag(Settings(data=tmp_path, chat=chat)) as opened:
            Ingester(opened).add(TEXT.encode(), Upload(name="bridge.txt"))
            opened.ask(QUESTION)
    assert len(behaviour.asked) == calls
