"""Questions made of sentences and headings."""

from __future__ import annotations

import pytest

from rag.question.posing import question_of_heading, questions_of


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("The north gate was shut on 4 May 1912 by the pilot, who left.", "When was the north gate shut?"),
        ("The vote is planned for 12 September 2026.", "When is the vote planned?"),
        ("Ann Lee: The ferry comes on the eighth of May, if it can.", "When does the ferry come?"),
        ("The lock closes in June 2026 and not before.", "When does the lock close?"),
        ("In the winter of 1890 the chain broke in ice, and all fell silent.", "When did the chain break in ice?"),
        ("Lee was the minister of trade from May 2012 until June 2024.", "When was Lee the minister of trade?"),
        ("- The old quay was 2.1 m wide.", "How wide was the old quay?"),
        ("A keeper would cost about 40,000 euros a year.", "How much would a keeper cost?"),
        ("The gate is kept shut because the wall leaks.", "Why is the gate kept shut?"),
        ("Ann Lee, an engineer, took over the harbour office.", "Who took over the harbour office?"),
        ("Councillor Brand asked why the gate\nhad been shut; nobody knew.", "Who asked why the gate had been shut?"),
    ],
)  # fmt: skip
def test_a_sentence_answers_what_is_made_of_it(sentence: str, question: str) -> None:
    assert question in list(questions_of(sentence))


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "The gate was shut on 4 May 1912",  # no sentence: a heading or a cell
        "It was shut on 4 May 1912.",
        "The time you have in mind was before 1912.",
        "He took over the harbour office.",
        "The two gates, both of iron, were shut on 4 May 1912.",
        "What was shut on 4 May 1912?",
        "“The gate was shut on 4 May 1912.”",
        "The oil prices in June 1912 were higher than before.",
        "Ann Lee took it.",
        "Die Brücke wurde am 4. Mai 1912 geöffnet.",
    ],
)
def test_where_a_rule_would_guess_nothing_is_asked(sentence: str) -> None:
    assert list(questions_of(sentence)) == []


def test_headings_ask_as_they_stand_or_turned_around() -> None:
    assert question_of_heading("Who closed the gate?") == "Who closed the gate?"
    assert question_of_heading("Who left?") == "Who left?"
    assert question_of_heading("Why?") is None
    assert question_of_heading(f"Who closed the {'g' * 200}?") is None
    assert (
        question_of_heading("Why a drawbridge was ruled out") == "Why was a drawbridge ruled out?"
    )
    assert question_of_heading("Why wait") is None
    assert question_of_heading("Foundations") is None
