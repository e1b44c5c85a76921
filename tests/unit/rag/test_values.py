import datetime as dt

import pytest

from rag.question import understand
from rag.reading import Candidate
from rag.types import Abstention, DocumentDate, Span
from rag.values import denies, may_answer
from tests.make import document
from tests.unit.rag.test_composition import ask, texts


def answers(question: str, sentence: str, *, around: str = "", language: str | None = "en") -> bool:
    text = f"{sentence}\n\n{around}"
    source = document(
        text,
        language=language,
        published=DocumentDate(value=dt.date(2024, 5, 3), found_by="mail header"),
    )
    span = Span(0, len(sentence))
    return may_answer(understand(question), Candidate(document=source, span=span, passage_score=1))


@pytest.mark.parametrize(
    ("question", "holds", "lacks"),
    [
        (
            "How many boats came to the regatta?",
            "Forty-one boats came to the regatta.",
            "The boats came to the regatta on 3 May 2023.",
        ),
        (
            "How many of the 12 boats came back?",
            "Of the 12 boats seven came back.",
            "The 12 boats came back late.",
        ),
        (
            "What does the mooring cost?",
            "The mooring costs 40 crowns.",
            "The mooring is dear.",
        ),
        ("How much does the cook earn?", "The cook earns €2,100.", "The cook earns it well."),
        (
            "When was the harbour dredged?",
            "It was dredged before the war.",
            "The harbour was dredged by a firm from the south.",
        ),
        (
            "What is the name of who steered the boat?",
            "Ola Berg steered the boat.",
            "On 3 May the boat was steered well.",
        ),
        (
            "What is the name of the firm that dredged the harbour?",
            "The harbour was dredged by Sandvik and Sons.",
            "The harbour was dredged by a firm from the south.",
        ),
        (
            "Did the club sell the boat?",
            "The club sold the boat.",
            "The club may sell the boat in autumn.",
        ),
        (
            "When will the harbour open again?",
            "The harbour opens again on 1 June 2024.",
            "The harbour opened again on 1 June 2022.",
        ),
    ],
)
def test_a_sentence_about_the_subject_alone_holds_no_value(
    question: str, holds: str, lacks: str
) -> None:
    assert answers(question, holds)
    assert not answers(question, lacks)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Why did the boat sink?", "The boat sank."),
        ("Where is the boat?", "The boat is in the shed."),
        ("In what area do they sail?", "They sail in the west."),
        ("Who steered the boat?", "The boat was steered by the warden."),
        ("What is the name of who steered the boat?", "so it was ola berg who steered the boat"),
    ],
)
def test_where_a_value_may_look_like_anything_every_sentence_may_hold_it(
    question: str, sentence: str
) -> None:
    assert answers(question, sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("How long did the strike last?", "The strike lasted a week."),
        ("How long is the crossing?", "It is an hour by boat."),
        ("How long was the pool closed?", "The pool was closed from May to July."),
        ("What does the museum cost?", "Admission is free."),
        ("How much is the ticket?", "The ticket is 12 kr."),
        ("What is the price of the ticket?", "A ticket is EUR40."),
        ("How many goals did they score?", "They scored zero goals."),
        ("How many times did she win?", "She won twice."),
        ("What share of the budget is for roads?", "A third of the budget is for roads."),
        ("How often does the bus go?", "The bus goes every hour."),
        ("When does the shop open?", "The shop opens daily at nine."),
        ("When is the gate shut?", "The gate is shut at dusk."),
        ("When will the bridge be finished?", "It will be finished once the steel arrives."),
        ("When will the shop close?", "The shop closes every evening."),
        ("Did they repair the pump?", "They managed to repair the pump."),
        ("Did the club sell the boat?", "The club had to sell the boat."),
        ("Which party runs the town?", "The town is run by the party that won."),
        ("Who runs the school?", "The school is run by the city council."),
    ],
)
def test_plain_answers_are_answers(question: str, sentence: str) -> None:
    assert answers(question, sentence)


def test_other_languages_are_not_judged() -> None:
    assert answers("How many boats came?", "Viele Boote kamen.", language="de")


def test_a_capital_alone_makes_no_name() -> None:
    sentence = "Conditions were good, and the boat was steered well."
    question = "What is the name of who steered the boat?"
    assert answers(question, sentence)
    assert not answers(question, sentence, around="The conditions held.")


@pytest.mark.parametrize(
    "sentence",
    [
        "The regatta was cancelled.",
        "She didn't steer.",
        "The boat was not bought, it was a gift.",
        "Nobody steered.",
        "There was no steering that year.",
        "That was luck, not skill, and in the end not.",
    ],
)
def test_what_is_not_so_is_said_to_be_not_so(sentence: str) -> None:
    assert denies(understand("When did she steer the boat?"), sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "We are not sure when she steered.",
        "The boat came.",
        "Boats are not just used here, but also in the north.",
        "Boats aren't just used here.",
        "The cancellation policy is on page 2.",
        "The boat was lost not in May, but in June.",
        "Boat: Heron; Penalty: none; Crew: no more than two.",
    ],
)
def test_what_is_denied_of_something_else_contradicts_no_question(sentence: str) -> None:
    assert not denies(understand("When did she steer the boat?"), sentence)


def test_a_number_of_the_question_is_no_date() -> None:
    assert not answers("When will version 14 come out?", "It will become version 14.")
    assert answers("When will version 14 come out?", "Version 14 will come out in 2027.")


def test_what_is_past_by_the_newest_document_is_not_to_come() -> None:
    query = understand("When will the boat sail next?")
    row = document("Sailed: 5 April 2022; Remark: planned.", language="en")
    one = Candidate(document=row, span=Span(0, len(row.text)), passage_score=1)
    assert may_answer(query, one)
    assert may_answer(query, one, dt.date(2022, 3, 1))
    assert not may_answer(query, one, dt.date(2023, 5, 3))


BOAT = document(
    "The new boat of the club was built in the yard of Nes. The new boat of the club is red.",
    title="The boat",
)


def test_where_no_sentence_holds_a_value_there_is_no_answer() -> None:
    response = ask("How much did the new boat of the club cost?", BOAT, abstain_below=0.3)
    assert isinstance(response, Abstention)
    assert [one.text for one in response.closest]


def test_what_contradicts_a_question_is_an_answer() -> None:
    gift = document("The new boat of the club was not bought, it was a gift.", title="The boat")
    said = texts(ask("How much did the new boat of the club cost?", gift, abstain_below=0.3))
    assert said == ["The new boat of the club was not bought, it was a gift."]
