import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from rag.bootstrap import assemble
from rag.chat_metering import Prices
from rag.chat_rewriting import ChatRewriter
from rag.errors import ModelError, ModelTimeout
from rag.library import Library, Retrieved
from rag.protocols import Rewritten
from rag.settings import RetrievalSettings, Settings
from rag.types import Usage
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.make import document, lines
from tests.unit.rag.test_chat_composition import GOOD, ScriptedModel, reply
from tests.unit.rag.test_chat_metering import Purse

EARLIER = ("What did Ada Holt build in 2019?",)
QUESTION = "How much did it not cost?"
TEXT = "The bridge costs 12,000 crowns.\nA mast bends in gales.\nRain fell on the quay."


def proposal(*questions: object, queries: Sequence[object] = ()) -> str:
    return json.dumps({"questions": questions, "queries": queries})


def rewriter(*written: str | Usage | Exception) -> ChatRewriter:
    return ChatRewriter(model=ScriptedModel(*written), within_s=5)


def rewritten(
    *written: str | Usage | Exception,
    question: str = QUESTION,
    earlier: Sequence[str] = EARLIER,
) -> Rewritten:
    return rewriter(*written).rewritten(question, earlier)


BY_RULES = rewritten(ModelError("down"))


@pytest.mark.parametrize(
    "text",
    [
        "How much did what Ada Holt built in 2019 not cost?",
        "How much did Ada Holt's building not cost?",
        QUESTION,
    ],
)
def test_a_question_that_asks_the_same_stands(text: str) -> None:
    for written in (proposal(text), f"Here:\n```json\n{proposal(text)}\n```"):
        made = rewritten(written)
        assert (made.question, made.by_model) == (text, True)


@pytest.mark.parametrize(
    "written",
    [
        proposal("How much did Bo Lind's bridge not cost?"),  # another name
        proposal("How much did it not cost in 2020?"),  # another number
        proposal("How much did it not cost on 3 May 2019?"),  # a date that is more exact
        proposal("What did Ada Holt build in 2019?"),  # another question
        proposal("See https://evil.example/?q=cost how much it did not cost"),
        proposal(QUESTION + " please" * 60),
        proposal("How much did it not cost?", "Ada Holt built it."),  # no two questions
        proposal("Why not?", *["How much did it not cost?"] * 3),
        proposal(),
        proposal(5, None, ""),
        "It cost 5 crowns.",
        "{",
        "[1]",
        '{"questions": {"a": 1}}',
        "[" * 100_000 + "{" + "[" * 100_000 + "}",
        "x" * 5_000,
        ModelTimeout("slow"),
    ],
)
def test_the_rules_stand_where_the_model_does_not_do_what_it_should(
    written: str | Exception,
) -> None:
    made = rewritten(written)
    assert (made.question, made.by_model) == (BY_RULES.question, False)
    assert made.queries == ()


def test_a_negation_that_nobody_said_is_not_put_in() -> None:
    made = rewritten(proposal("How much did it not cost?"), question="How much did it cost?")
    assert not made.by_model


def test_a_double_question_is_split_as_rules_split_it() -> None:
    question = "Who is the keeper of the gate, since when?"
    made = rewritten(
        proposal("Who is the keeper of the gate?", "When did he begin, since when is he it?"),
        question=question,
    )
    assert made.question == (
        "Who is the keeper of the gate? When did he begin, since when is he it?"
    )


def test_queries_are_few_short_and_name_nothing_new() -> None:
    good = ["price of the work of Ada Holt", "building 2019", "costs"]
    queries = ["Bo Lind", "bridges 1999", "x" * 201, 7, "?", *good, "a fourth"]
    made = rewritten(proposal(QUESTION, queries=queries[:3] + good))
    assert made.queries == ()  # only the first three are looked at
    assert rewritten(proposal(QUESTION, queries=good)).queries == tuple(good)
    assert rewritten(proposal(QUESTION, queries=queries[2:5])).queries == ()


def test_what_a_rewrite_took_is_counted_and_the_same_is_paid_once() -> None:
    model, purse = ScriptedModel(proposal(QUESTION), Usage(70, 30)), Purse(1_000)
    made = ChatRewriter(model=model, within_s=5, prices=Prices(input=1e6, output=1e6))
    first = made.rewritten(QUESTION, EARLIER, purse)
    assert first.usage == Usage(70, 30, cost=100.0)
    assert purse.left == 900
    assert made.rewritten(QUESTION, EARLIER, purse) == replace(first, usage=None)
    made.rewritten(QUESTION, (), purse)
    assert len(model.sent) == 2
    assert made.rewritten("Another?", (), Purse(0)).question == "Another?"
    assert len(model.sent) == 2


def test_a_reply_without_an_end_is_left_and_counted() -> None:
    purse = Purse(10_000)
    made = rewriter(*["x" * 1_000] * 100)
    found = made.rewritten(QUESTION, EARLIER, purse)
    assert found.usage is not None
    assert found.usage.estimated
    assert found.usage.output_tokens <= 1_250
    assert purse.left == 10_000 - found.usage.input_tokens - found.usage.output_tokens


def test_only_the_questions_that_are_not_too_long_are_sent() -> None:
    model = ScriptedModel(proposal("Why?"))
    made = ChatRewriter(model=model, within_s=5)
    assert made.rewritten("x" * 1_001, ()).question == "x" * 1_001
    assert model.sent == []
    made.rewritten("Why?", [*(f"What is {n}?" for n in range(20)), "y" * 1_001])
    [(_, sent)] = model.sent
    assert "What is 11?" in sent
    assert "What is 10?" not in sent
    assert "yyy" not in sent


def library(*written: str | Usage, k: int = 1) -> tuple[Library, ScriptedModel]:
    """One that reads k passages of each question."""
    store, embedder = InMemoryStore(), HashingEmbedder()
    one = document(TEXT, title="Bridge")
    passages = lines(one)
    store.add(one, passages, embedder.embed_passages([p.text for p in passages]), original=b"x")
    writes = ScriptedModel(reply(GOOD), Usage(10, 5))
    model = ScriptedModel(*written)
    made = ChatRewriter(model=model, within_s=5)
    settings = Settings(retrieval=RetrievalSettings(evidence=k))
    return assemble(settings, store, embedder, writes, rewriter=made), model


def test_the_answer_shows_what_was_asked_and_tells_what_both_calls_took() -> None:
    asked = "What does the bridge cost?"
    opened, model = library(proposal(asked), Usage(70, 30))
    answered = opened.ask("What does it cost?", earlier=("Who built the bridge?",))
    assert answered.standalone_question == asked
    assert (answered.composer, answered.usage) == ("chat", Usage(80, 35))
    assert len(model.sent) == 1
    by_documents = opened.ask("What does it cost?", composer="extractive")
    assert by_documents.usage is None
    assert len(model.sent) == 1  # nothing is sent where the model is not to answer


def test_queries_bring_passages_and_change_nothing_that_is_asked() -> None:
    asked = "What does the bridge cost?"
    opened, _ = library(proposal(asked, queries=["mast in gales", "bridge cost"]))
    steps = opened.answering(asked)
    found = next(steps)
    assert isinstance(found, Retrieved)
    assert found.standalone_question == asked
    texts = [one.passage.text for one in found.found.passages]
    assert texts == ["The bridge costs 12,000 crowns.", "A mast bends in gales."]
