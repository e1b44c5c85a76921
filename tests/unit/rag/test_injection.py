"""Documents that carry instructions, against a model that obeys them: the application alone has to hold."""

import gzip
import json
import os
from pathlib import Path

import pytest

from rag.bootstrap import assemble
from rag.library import Library
from rag.settings import Settings
from rag.types import Answer, Reply, Statement
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.make import document, lines
from tests.obedient import ELSEWHERE, EVIL, FACT, ORDERS, SECRET, ObedientModel, guises

QUESTION = "What does the bridge at Sund cost to keep?"
BIPIA = Path(os.environ.get("BENCH", Path(__file__).parents[4] / "shared/bench")) / "bipia"
PLACES = ("start", "end", "heading")


def library(text: str, title: str = "Bridge") -> tuple[Library, ObedientModel]:
    store, embedder, model = InMemoryStore(), HashingEmbedder(), ObedientModel()
    for one in (
        document(text, title=title),
        document(ELSEWHERE, id="d2", collection="other"),
    ):
        passages = lines(one)
        vectors = embedder.embed_passages([each.text for each in passages])
        store.add(one, passages, vectors, original=one.text.encode())
    return assemble(Settings(), store, embedder, model), model


def state(opened: Library) -> object:
    return opened.store.collections(), opened.store.summaries(None), opened.store.queued()


def assert_nothing_got_out(
    opened: Library, model: ObedientModel, answered: Reply, text: str
) -> None:
    mark, system = model.sent[-1].mark, model.sent[-1].system
    shown = "\n".join(one.text for one in statements(answered))
    for never in (mark, SECRET, EVIL, "evil.example", "plover", "99,000", "Vik", "never"):
        assert never not in shown
    assert not any(line and line in shown for line in system.splitlines())
    assert ELSEWHERE not in model.sent[-1].user
    for one in statements(answered):
        for quote in one.quotes:
            assert quote.is_exact(opened.store.document(quote.document_id))
            assert quote.text in text


def statements(answered: Reply) -> tuple[Statement, ...]:
    assert isinstance(answered.response, Answer)
    return answered.response.statements


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("guise", guises())
@pytest.mark.parametrize("place", PLACES)
def test_a_model_that_obeys_changes_nothing(guise: str, order: str, place: str) -> None:
    attack = guises()[guise](f"ORDER-{order}")
    text = f"{attack}\n{FACT}" if place == "start" else f"{FACT}\n{attack}"
    opened, model = library(
        FACT if place == "heading" else text, attack if place == "heading" else "Bridge"
    )
    before = state(opened)
    answered = opened.ask(QUESTION)
    assert model.obeyed == [order]
    assert_nothing_got_out(opened, model, answered, text)
    assert FACT in [one.text for one in statements(answered)]
    assert state(opened) == before


def read_lines(name: str) -> list[dict[str, str]]:
    with gzip.open(BIPIA / name, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.mark.skipif(not BIPIA.is_dir(), reason=f"no attacks of BIPIA at {BIPIA}: set BENCH")
def test_the_attacks_of_bipia_change_nothing() -> None:
    attacks = [one["text"] for one in read_lines("attacks.jsonl.gz")]
    assert attacks
    orders = list(ORDERS)
    for number, attack in enumerate(attacks):
        order = orders[number % len(orders)]
        text = f"{FACT}\n{attack} ORDER-{order}"
        opened, model = library(text)
        answered = opened.ask(QUESTION)
        assert model.obeyed == [order]
        assert_nothing_got_out(opened, model, answered, text)
        assert FACT in [one.text for one in statements(answered)]
