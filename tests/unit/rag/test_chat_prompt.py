"""What a chat model is told of dates and events, and what it may say of them."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest

from rag.chat_composition import ChatComposer
from rag.chat_prompt import SCHEMA, message, passage_texts, shown_passages
from rag.composition import EXTRACTIVE
from rag.evidence import ALL, Evidence
from rag.protocols import Composed
from rag.question import understand
from rag.types import Answer, Dated, DocumentDate, Quote, ScoredPassage, Searched, Span, Statement
from tests.make import document, lines
from tests.unit.rag.test_chat_composition import ScriptedModel, reply, statement

TEXT = "Spoken on Monday, 6 May 2024.\nThree days earlier Ada Holt opened the gate.\nIt rained."
SOURCE = document(
    TEXT,
    title="Minutes",
    published=DocumentDate(value=dt.date(2024, 5, 8), found_by="user"),
    recorded=DocumentDate(value=dt.date(2024, 5, 6), found_by="user"),
)
QUESTION = "Who opened the gate each time?"
SAID = TEXT.splitlines()[1]


def quote(text: str) -> Quote:
    start = TEXT.index(text)
    return Quote.cut(SOURCE, Span(start, start + len(text)))


EVENT = Dated(value="2024-05-03", rule="days-before-anchor", quote=quote(TEXT.splitlines()[0]))
TABLE = Answer(
    statements=(
        Statement(
            text=f"3 May 2024: {SAID}", quotes=(quote(SAID), EVENT.quote), score=1, event=EVENT
        ),
    )
)


def evidence(*shown: int) -> Evidence:
    passages = lines(SOURCE)
    return Evidence(
        query=QUESTION,
        passages=tuple(ScoredPassage(passage=passages[at], score=1.0) for at in shown),
        documents={SOURCE.id: SOURCE},
        searched=Searched(collection="default", documents=1, passages=3),
        search=lambda query, k, *, among=ALL: evidence(0, 1, 2),
    )


@dataclass
class Tabling:
    """Has a row of one event, whatever is asked."""

    def compose(self, question: str, evidence: Evidence) -> Composed:
        return Composed(response=TABLE, composer=EXTRACTIVE)


def composed(question: str, *statements: Any) -> tuple[Composed, ScriptedModel]:
    model = ScriptedModel(reply(*statements))
    composer = ChatComposer(model=model, otherwise=Tabling(), within_s=5)
    return composer.compose(question, evidence(2)), model


def test_passages_have_their_source_s_dates_and_events_their_day() -> None:
    texts = passage_texts(shown_passages(evidence(2), TABLE))
    dates = "from 'Minutes', published 2024-05-08, recorded 2024-05-06"
    assert texts == [
        f"Passage 1, {dates}:\nIt rained.",
        f"Passage 2, {dates}, telling of an event of 2024-05-03:\n{SAID}",
        f"Passage 3, {dates}, telling of an event of 2024-05-03:\n{TEXT.splitlines()[0]}",
    ]


def test_the_question_is_told_as_it_was_understood() -> None:
    told = message(understand("What did Ada Holt pay for the gate in May 2024?"), ["Passage 1"])
    asked = told.rpartition("Passage 1")[2]
    assert "About: Ada Holt" in asked
    assert "Time: May 2024" in asked
    assert asked.endswith("Question: What did Ada Holt pay for the gate in May 2024?")


def test_the_day_of_an_event_may_be_stated_with_what_it_was_worked_out_from() -> None:
    given, model = composed(
        QUESTION, statement("On 3 May 2024 Ada Holt opened the gate.", (2, SAID))
    )
    assert "telling of an event of 2024-05-03" in model.sent[0][1]
    assert isinstance(given.response, Answer)
    [one] = given.response.statements
    assert (one.event, given.composer) == (EVENT, "chat")
    assert one.quotes == (quote(SAID), EVENT.quote)


@pytest.mark.parametrize(
    "text", ["On 4 May 2024 Ada Holt opened the gate.", "Ada Byron opened it."]
)
def test_no_other_day_or_name_may_be_stated(text: str) -> None:
    given, _ = composed(QUESTION, statement(text, (2, SAID)))
    assert (given.response, given.composer, given.degraded) == (TABLE, EXTRACTIVE, True)


def test_there_is_no_table_for_other_questions() -> None:
    _, model = composed("Did it rain?", statement("It rained.", (1, "It rained.")))
    assert "event of" not in model.sent[0][1]


def test_the_schema_is_what_is_asked_for() -> None:
    assert SCHEMA["required"] == ["statements"]
