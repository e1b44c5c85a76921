"""A real chat model, too small to be right: whatever it writes, what is shown of it stands in the documents."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path

import httpx2 as httpx
import pytest

from rag.adapters.langchain_chat import LangChainChatModel
from rag.bootstrap import assemble
from rag.chat_composition import CHAT
from rag.chat_prompt import SCHEMA
from rag.errors import ModelTimeout
from rag.library import Stated
from rag.settings import ChatSettings, Settings
from rag.types import Reply
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.make import document, lines

ROOT = Path(__file__).parents[2]
TEXT = """\
The bridge at Sund costs 12,000 crowns a year to keep.
Ada Holt has been the keeper of the gate since 3 May 2024.
The old pier was closed because its piles were rotten."""
QUESTIONS = (
    "Why was the old pier closed?",
    "Who is the keeper of the gate?",
    "What does the bridge at Sund cost to keep?",
)
MOST_TRIES = 12  # until a statement of the model stands: about every second time one does


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.small_model"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.communicate(timeout=60)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")


def test_what_is_shown_of_a_model_that_is_often_wrong_is_exact(address: str) -> None:
    store, embedder = InMemoryStore(), HashingEmbedder()
    source = document(TEXT, title="Sund")
    passages = lines(source)
    store.add(source, passages, embedder.embed_passages([p.text for p in passages]), original=b"x")
    model = LangChainChatModel.named(
        "openai:smol", f"{address}/v1", 120, schema=SCHEMA, how="schema"
    )
    chat = ChatSettings(timeout_s=120)
    by_model = False
    for tried, question in enumerate(islice(cycle(QUESTIONS), MOST_TRIES), 1):
        # A library of its own each time: what was replied to the same question would be remembered.
        opened = assemble(Settings(chat=chat), store, embedder, model)
        *steps, answered = opened.answering(question)
        assert isinstance(answered, Reply)
        assert answered.usage is not None  # it was asked, and told what that took or was estimated
        assert answered.response.quotes
        assert all(quote.is_exact(source) for quote in answered.response.quotes)
        told = [one.statement for one in steps if isinstance(one, Stated)]
        assert all(quote.is_exact(source) for one in told for quote in one.quotes)
        by_model |= answered.composer == CHAT
        if by_model and tried >= len(QUESTIONS):
            break
    assert by_model


def test_a_real_server_is_left_in_time_and_at_any_time(address: str) -> None:
    model = LangChainChatModel.named("openai:smol", f"{address}/v1", 60)
    began = time.monotonic()
    with pytest.raises(ModelTimeout):
        list(model.reply("You tell stories.", "Tell a long one about a bridge.", within_s=0.5))
    assert time.monotonic() - began < 5
    until(address, writing=False)
    parts = model.reply("You count.", "Count from one to one hundred.", within_s=60)
    assert isinstance(next(parts), str)
    until(address, writing=True)
    parts.close()
    until(address, writing=False)


def until(address: str, *, writing: bool) -> None:
    """Wait until the server's one slot writes, or does not: it could write for another minute."""
    ends = time.monotonic() + 5
    while httpx.get(f"{address}/slots").json()[0]["is_processing"] != writing:
        assert time.monotonic() < ends
        time.sleep(0.05)
