import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.question import stand_alone


@pytest.mark.parametrize(
    ("earlier", "question", "whole"),
    [
        (["What is scurvy?"], "Is it treatable?", "Is scurvy treatable?"),
        (
            ["Tell me about the Hamlin ferry."],
            "What are its lengths?",
            "What are the Hamlin ferry's lengths?",
        ),
        (["Who is Ada Lovelace?"], "When was she born?", "When was Ada Lovelace born?"),
        (["Who is Ada Lovelace?"], "What was her title?", "What was Ada Lovelace's title?"),
        (
            ["How did Councillor Ames vote on the bridge?"],
            "And Birch?",
            "How did Birch vote on the bridge?",
        ),
        (
            ["How did Councillor Ames vote on the bridge?"],
            "And what about Birch?",
            "How did Birch vote on the bridge?",
        ),
        (
            ["Where was Ada Lovelace in June 1833?"],
            "And what about September 1835?",
            "Where was Ada Lovelace in September 1835?",
        ),
        (["Who is Łucja?"], "When did she sail?", "When did Łucja sail?"),
        (["Where is the ferry built?"], "And?", "Where is the ferry built?"),
        (
            ["What was Ann Lee on the coast tour?"],
            "And on the tour after that?",
            "What was Ann Lee on the tour after the coast tour?",
        ),
        (["Where is the ferry built?"], "Why?", "Why is the ferry built?"),
        (["What is scurvy?", "Is it treatable?"], "Who had it first?", "Who had scurvy first?"),
        (
            ["What is scurvy?", "Which sailors had it?"],
            "What are the symptoms?",
            "What are the symptoms of scurvy?",
        ),
        (["What is scurvy?"], "Which cures are there?", "Which cures of scurvy are there?"),
        (
            ["What is a bascule bridge?", "Why was it built?"],
            "How long do they last?",
            "How long do bascule bridges last?",
        ),
        (
            ["What is the Hamlin ferry?", "What are pontoons?"],
            "How does it use them?",
            "How does the Hamlin ferry use pontoons?",
        ),
        (
            ["Tell me about the Hamlin ferry.", "What about the Orle ferry?"],
            "Are there any accidents?",
            "Are there any accidents (the Orle ferry, the Hamlin ferry)?",
        ),
    ],
)
def test_what_a_question_leaves_out_is_put_in(
    earlier: list[str], question: str, whole: str
) -> None:
    assert stand_alone(question, earlier) == whole


@pytest.mark.parametrize(
    ("before", "question", "whole"),
    [
        ("When was the ferry shut?", "Why?", "Why was the ferry shut?"),
        ("Was the ferry shut?", "Since when?", "Since when was the ferry shut?"),
        ("Was the ferry shut?", "By whom?", "By whom was the ferry shut?"),
        ("Who shut the ferry?", "Why?", "Who shut the ferry, and why?"),
        ("Who shut the ferry in May?", "Who else?", "Who else shut the ferry in May?"),
        ("Did Ann Lee sign it?", "Did Tom Birch?", "Did Tom Birch sign it?"),
        (
            "What did Ann Lee say of the fee?",
            "And what did Tom Birch say?",
            "What did Tom Birch say of the fee?",
        ),
        ("Who is Ann Lee's deputy?", "And Tom Birch's?", "Who is Tom Birch's deputy?"),
        ("How many boats sank?", "And how many in 2019?", "How many boats sank in 2019?"),
        ("How much rain fell in May 2023?", "And in June?", "How much rain fell in June 2023?"),
        ("Who led on 3 May 2020?", "And the day after?", "Who led on 4 May 2020?"),
        ("Who led in May 2020?", "And in June of the next year?", "Who led in June 2021?"),
        (
            "Who led in the third quarter of 2020?",
            "And in the quarter before?",
            "Who led in the second quarter of 2020?",
        ),
        ("Who led in Q4 2020?", "And in Q2?", "Who led in Q2 of 2020?"),
        ("Who led in Q4 2020?", "And in Q2 2021?", "Who led in Q2 2021?"),
        (
            "Who led in Q4 2020?",
            "And two quarters later?",
            "Who led in the second quarter of 2021?",
        ),
        ("How much rain fell in June 2023?", "And in May?", "How much rain fell in May 2023?"),
        ("How much rain fell in June 2023?", "In May?", "How much rain fell in May 2023?"),
        ("Who led on 2 June 2020?", "And on 3 may?", "Who led on 3 may 2020?"),
        ("Who led in 2020?", "And in May of 2021?", "Who led in May of 2021?"),
        (
            "How much rain fell in June 2023?",
            "And in May at sea?",
            "How much rain fell in May 2023 at sea?",
        ),
        ("How much rain fell in June 2023?", "And last year?", "How much rain fell last year?"),
        (
            "Who led on the coast tour?",
            "And at( the fair?",
            "Who led at( the fair (on the coast tour)?",
        ),
        ("Who led in 2020?", "And now?", "Who led today?"),
        ("Who led in 2020?", "And before that?", "Who led before 2020?"),
        ("Who led in May?", "And a day later?", "Who led a day after May?"),
        ("Who chairs the club?", "What about 2019?", "Who chairs the club in 2019?"),
        ("What did the ferry cost in 2018?", "And 2019?", "What did the ferry cost in 2019?"),
        ("When does the pool open?", "And on Sundays?", "When does the pool open on Sundays?"),
        (
            "Who spoke for the club at the hearing?",
            "And for the city?",
            "Who spoke for the city at the hearing?",
        ),
        ("How wide is the bridge?", "What about the length?", "What is the length of the bridge?"),
        ("How wide is the bridge?", "What about the ferry?", "How wide is the ferry?"),
        ("Who is the head of the club?", "And the deputy?", "Who is the deputy of the club?"),
        ("What other reasons were given?", "And legal reasons?", "What legal reasons were given?"),
        ("Which boats sank in 2020?", "The Sund Queen?", "The Sund Queen?"),
        ("Which boats sank?", "And the Sund Queen?", "Which boats sank, and the Sund Queen?"),
    ],
)
def test_a_fragment_takes_the_place_of_what_it_answers_to(
    before: str, question: str, whole: str
) -> None:
    assert stand_alone(question, [before]) == whole


@pytest.mark.parametrize(
    ("before", "question", "whole"),
    [
        (
            "Who led at the fair of May 2023?",
            "And at the one after that?",
            "Who led at the fair after that of May 2023?",
        ),
        (
            "Who led in May 2023?",
            "And at the visit before?",
            "Who led at the visit before that in May 2023?",
        ),
        (
            "Who won the cup in 2020?",
            "And the year before?",
            "Who won the cup in 2019?",
        ),
        (
            "Who led when Orle fell?",
            "And at the one before that?",
            "Who led at the one before that (when Orle fell)?",
        ),
        (
            "Who was head when Orle fell?",
            "And the head at the siege after that?",
            "Who was head at the siege after Orle fell?",
        ),
        (
            "Who led in 2020?",
            "And in the one before?",
            "Who led in the one before that in 2020?",
        ),
        (
            "Who led on the Orle?",
            "And on the one before?",
            "Who led on the one before that on the Orle?",
        ),
        (
            "Who led on the coast tour?",
            "And on the next one?",
            "Who led on the next one after the coast tour?",
        ),
    ],
)
def test_what_comes_next_is_said_to_be_next_to_what_was_asked_about(
    before: str, question: str, whole: str
) -> None:
    assert stand_alone(question, [before]) == whole


@pytest.mark.parametrize(
    ("before", "question", "whole"),
    [
        ("Which clerk weighed the seal on 3 May 2020?", "How old is it?", "How old is the seal?"),
        ("When was the iron bridge opened?", "And who built it?", "Who built the iron bridge?"),
        (
            "How many work at the mill in Orle?",
            "When does it close?",
            "When does the mill in Orle close?",
        ),
        ("Did Ann Lee sign the letter?", "What was in it?", "What was in the letter?"),
        ("Who is the mayor of Orle?", "When was she born?", "When was the mayor of Orle born?"),
        (
            "Who won the cup in 2020?",
            "How old was she?",
            "How old was the one who won the cup in 2020?",
        ),
        (
            "Who is mayor while Ann Lee is ill?",
            "How does he know her?",
            "How does the mayor know Ann Lee?",
        ),
        ("How did sailing begin?", "Who made it known?", "Who made sailing known?"),
        ("Which boats sank in 2020?", "How many of them?", "How many of the boats?"),
        ("Was a lift for tall boats planned?", "Who asked for them?", "Who asked for tall boats?"),
        (
            "How many boats did Lee's sell in May 2020?",
            "How many of them were new?",
            "How many of Lee's boats were new in May 2020?",
        ),
        ("What did Ann Lee see in May 2020?", "Was she alone?", "Was Ann Lee alone?"),
        ("What is the Orle method?", "Why was this method used?", "Why was the Orle method used?"),
        ("Which ferries are there?", "Which is the fastest?", "Which is the fastest ferry?"),
        ("Where is the mill of Orle?", "How do they work?", "How do the mill of Orle work?"),
        ("Where is the fair held in Orle?", "Who sells fish there?", "Who sells fish in Orle?"),
        (
            "Which post did Lee get in 2020?",
            "Whom did she follow there?",
            "Whom did Lee follow in 2020?",
        ),
        ("Which post did Lee get in 2020?", "Who was there?", "Who was there?"),
        (
            "Which is older, the ferry or Orle?",
            "What does the former cost?",
            "What does the ferry cost?",
        ),
        ("Did Ann Lee or Tom Birch win?", "How old is the latter?", "How old is Tom Birch?"),
        ("What is Orle?", "Is there a mill there?", "Is there a mill in Orle?"),
        ("What happened on 3 May 2020?", "Who spoke then?", "Who spoke on 3 May 2020?"),
        ("What is the fair of May 2020?", "Who spoke then?", "Who spoke in May 2020?"),
    ],
)
def test_words_that_stand_for_something_are_replaced(
    before: str, question: str, whole: str
) -> None:
    assert stand_alone(question, [before]) == whole


@pytest.mark.parametrize(
    ("earlier", "question", "whole"),
    [
        (
            ["What is the Orle dam?"],
            "How is the gate moved?",
            "How is the gate of the Orle dam moved?",
        ),
        (
            ["What is the Orle dam?"],
            "What are some of the risks?",
            "What are some of the risks of the Orle dam?",
        ),
        (
            ["What is the Orle dam?"],
            "What was the role of Lund?",
            "What was the role of Lund in the Orle dam?",
        ),
        (
            ["What is the Orle dam?"],
            "What are typical faults?",
            "What are typical faults of the Orle dam?",
        ),
        (["What is the Orle dam?", "Who built it?"], "What broke?", "What broke (the Orle dam)?"),
        (
            ["What is the Orle dam?", "Who built it?", "What is a sluice?"],
            "Describe the risks.",
            "Describe the risks of a sluice (the Orle dam).",
        ),
        (
            ["What is the Orle dam?", "When was the iron bridge opened?"],
            "Who built it?",
            "Who built the iron bridge (the Orle dam)?",
        ),
        (
            ["What is the Orle dam?", "When was the iron bridge opened?"],
            "And in May?",
            "When was the iron bridge opened in May?",
        ),
        (
            ["Why was the fair of 2024 moved?", "How many boats did Lee's sell?"],
            "How many of them were new?",
            "How many of Lee's boats were new?",
        ),
        (["Who are the main heads of Orle?", "And Ann Lee?"], "Is she ill?", "Is Ann Lee ill?"),
        (
            ["What is the Orle dam?", "What is the Lund dam?"],
            "How do they compare?",
            "How do the Orle dam and the Lund dam compare?",
        ),
    ],
)
def test_what_is_of_something_is_said_to_be_of_that(
    earlier: list[str], question: str, whole: str
) -> None:
    assert stand_alone(question, earlier) == whole


@pytest.mark.parametrize(
    ("before", "question"),
    [
        ("Who is the mayor of Orle?", "When was the footbridge opened?"),
        ("Who is the mayor of Orle?", "How much does the bridge cost?"),
        ("What is the Orle dam?", "When was the iron footbridge opened?"),
        ("How wide is the bridge?", "What does the ferry cost?"),
        ("Who is Ann Lee's deputy?", "Who is Tom Birch?"),
        ("Who is Ann Lee's deputy?", "And who is Tom Birch?"),
        ("What is the Orle dam?", "Now something else: what does it cost?"),
        ("Who built the Orle dam?", "So-called clubs: which are there?"),
        ("Who built the Orle dam?", "Now that the ferry is shut, who pays?"),
        ("Who built the Orle dam?", "In which month may one sail?"),
        ("Was ist der Orle-Damm?", "Was kostet die Brücke?"),
        ("What is the Orle dam?", "OK, another question: who is the treasurer?"),
        ("What is the Orle dam?", "Interesting. I had thought so. Who is Ann Lee?"),
    ],
)
def test_another_matter_takes_nothing_from_what_was_asked(before: str, question: str) -> None:
    assert stand_alone(question, [before]) == question


@pytest.mark.parametrize(
    "question",
    [
        "What is mortadella and where is it from?",
        "Who wrote the law that bans smoking?",
        "When did Ada Lovelace die?",
        "Is it possible to sail in winter?",
        "How many ferries sail on Sundays?",
        "How is sugar refined?",
        "What is the definition of a knot?",
        "What treatments exist for gout?",
        "Tell me about tides.",
    ],
)
def test_what_stands_alone_is_left_alone(question: str) -> None:
    assert stand_alone(question, ["What is scurvy?"]) == question


def test_questions_of_the_bundled_suites_stand_alone_behind_one_another() -> None:
    suites = Path(__file__).parents[3] / "eval" / "suites"
    kept = []
    # What a newcomer types into a collection of one page names no subject at all.
    whole = (one for one in suites.glob("*/questions.jsonl") if "short-" not in one.parent.name)
    for lines in sorted(whole):
        read = [json.loads(line) for line in lines.read_text().splitlines()]
        asked = [one["question"] for one in read if not one.get("history")]
        kept += [
            stand_alone(one, asked[max(0, at - 3) : at]) == one for at, one in enumerate(asked)
        ]
    assert len(kept) > 200
    assert sum(kept) / len(kept) > 0.96


def test_without_a_conversation_nothing_changes() -> None:
    assert stand_alone("Is it treatable?", []) == "Is it treatable?"


@pytest.mark.parametrize(
    ("question", "kept"),
    [
        ("Whose idea was it to leave?", "was it to leave"),
        ("Who took the Ulm globe home when it was lent?", "when it was lent"),
        ("Who took the Ulm globe home when its crate broke?", "when its crate broke"),
    ],
)
def test_what_a_question_says_itself_is_not_of_the_ones_before(question: str, kept: str) -> None:
    assert kept in stand_alone(question, ["What is the Orle dam?"])


def test_a_clause_behind_no_noun_is_of_the_question_before() -> None:
    asked = stand_alone("What happened after it closed?", ["What is the Orle dam?"])
    assert asked == "What happened after the Orle dam closed?"


def test_space_between_words_is_one_space() -> None:
    earlier = ["", "What  is the\nOrle\u00a0dam?", " "]
    assert stand_alone("  What is\n\nits cost? ", earlier) == "What is the Orle dam's cost?"
    assert stand_alone(" Who  is Ann Lee? ", earlier) == " Who  is Ann Lee? "
    assert stand_alone("\n", earlier) == "\n"


@pytest.mark.parametrize(
    "said", ["a-", "Ann ", "Xa the ", "do use ", "to ", "of the ", "it ", "his ", ",", "-"]
)
def test_what_is_long_is_read_once(said: str) -> None:
    """Where a pattern went back for each word of these, its answer would take minutes."""
    long = f"What {said * (4_000 // len(said))}"
    assert isinstance(stand_alone(f"{long} it?", ["What is the Orle dam?", long]), str)


_WORDS = (
    "what who when how many else and about the a of in after that before it they there then one next May 2020 's Orle"
    " Lee bridge boats cost is did was differ role , ? . at( in[ the* \\1"
)
_SAID = st.lists(st.sampled_from(_WORDS.split(" ")), max_size=9).map(" ".join)


@given(st.text(max_size=200), st.lists(st.text(max_size=100), max_size=12))
def test_any_words_can_be_asked(question: str, earlier: list[str]) -> None:
    assert isinstance(stand_alone(question, earlier), str)


@given(_SAID, st.lists(_SAID, max_size=4))
def test_any_words_that_lean_on_others_can_be_asked(question: str, earlier: list[str]) -> None:
    whole = stand_alone(question, earlier)
    assert whole.strip() or not question.strip()
