import datetime as dt

import pytest

from rag import timeliness
from rag.question import understand
from rag.reading import Candidate
from rag.temporal import Interval
from rag.types import Answer, Document, DocumentDate, Span
from tests.make import document
from tests.unit.rag.test_composition import ask, texts

PLAYER = document(
    "Ola Berg has seen many a club.\n\n"
    "From 2011 to 2014 she was with the club of Vik.\n\n"
    "She kept the goal of the team of Sund from 2015.\n\n"
    "In June 2019 she moved on to the club of Nes.\n",
    title="Ola Berg",
)


def first(question: str) -> str:
    response = ask(question, PLAYER, abstain_below=0, keep_above=0)
    assert isinstance(response, Answer)
    return texts(response)[0]


@pytest.mark.parametrize(
    ("when", "club"),
    [
        ("in 2012", "Vik"),
        ("from 2011 to 2013", "Vik"),
        ("before 2012", "Vik"),
        ("in the summer of 2019", "Nes"),
        ("after May 2019", "Nes"),
    ],
)
def test_the_sentence_of_the_time_that_is_asked_about_goes_first(when: str, club: str) -> None:
    assert club in first(f"For which club did she play {when}?")


def test_the_times_of_a_sentence_are_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[Span] = []
    times_of = timeliness._times_of

    def counted(one: Candidate) -> list[Interval]:
        looked.append(one.span)
        return times_of(one)

    monkeypatch.setattr(timeliness, "_times_of", counted)
    first("For which club did she play in 2012?")
    assert len(looked) == len(set(looked)) == 4


def test_a_question_without_a_time_or_for_several_values_is_left_in_its_order() -> None:
    for question in (
        "For which club did Ola Berg play?",
        "Which clubs did Ola Berg play for between 2011 and 2019?",
    ):
        assert first(question).startswith("Ola Berg has")


def test_sentences_of_the_time_that_say_nothing_else_do_not_make_a_question_unanswered() -> None:
    crowd = "".join(f"In 2019 the museum of hall {n} had guests.\n\n" for n in range(12))
    page = document(f"{crowd}The director of the museum was Ann Lee.\n", title="The museum")
    response = ask(
        "Who in the old town of Sund was director of its largest museum in 2019?",
        page,
        statements=10,
        abstain_below=0.2,
        keep_above=0,
    )
    assert isinstance(response, Answer)
    assert "The director of the museum was Ann Lee." in texts(response)


def report(number: int, published: str, *, title: str = "Report to the members") -> Document:
    """One of many that differ by little but their date and a figure."""
    day = DocumentDate(value=dt.date.fromisoformat(published), found_by="dateline")
    text = f"The income of the ferry was {number} crowns. The income of the bridge rose.\n"
    return document(text, id=f"d{number}", title=title, published=day)


def letter(number: int, published: str, said: str) -> Document:
    """One that says this alone."""
    day = DocumentDate(value=dt.date.fromisoformat(published), found_by="dateline")
    return document(f"{said}\n", id=f"d{number}", title="Letter", published=day)


REPORTS = [
    report(year * 10 + quarter, f"20{year}-{3 * quarter:02}-15")
    for year in range(15, 25)
    for quarter in (1, 2, 3, 4)
]


@pytest.mark.parametrize(
    "asked",
    [
        "What was the income of the ferry in June 2021?",
        "What was the income of the ferry, as reported in June 2021?",
        "What was the income of the ferry, according to the report of June 2021?",
        "What was the income of the ferry as of 15 June 2021?",
    ],
)
def test_of_documents_that_are_alike_the_one_of_the_time_is_cited_alone(asked: str) -> None:
    response = ask(asked, *REPORTS, abstain_below=0.1, keep_above=0.5)
    assert isinstance(response, Answer)
    assert texts(response)[0] == "The income of the ferry was 212 crowns."
    assert {one.document_id for one in response.quotes} == {"d212"}


def test_a_document_may_be_of_the_time_by_its_title_or_by_when_it_was_recorded() -> None:
    said = "The income of the ferry was 7 crowns.\n"
    day = DocumentDate(value=dt.date(2021, 6, 8), found_by="dateline")
    for source in (
        document(said, id="d1", title="Minutes of 8 June 2021"),
        document(said, id="d1", title="Talk", recorded=day),
    ):
        response = ask(
            "What was the income of the ferry in June 2021?",
            *REPORTS[:20],
            source,
            abstain_below=0.1,
            keep_above=0.5,
        )
        assert isinstance(response, Answer)
        assert texts(response) == ["The income of the ferry was 7 crowns."]


def test_what_a_document_of_the_time_says_of_another_month_is_not_of_that_time() -> None:
    letters = [
        letter(number, day, f"{number} members joined the ferry club last month.")
        for number, day in ((12, "2021-06-04"), (40, "2021-07-04"))
    ]
    asked = "How many members joined the ferry club in June 2021?"
    response = ask(asked, *letters, abstain_below=0.1, keep_above=0.5)
    assert isinstance(response, Answer)
    assert texts(response)[0] == "40 members joined the ferry club last month."


def test_what_the_report_of_a_day_says_is_asked_of_reports_of_that_day() -> None:
    query = understand("What does the report of May 2020 say about frogs?")
    assert query.documents == ("report",)
    assert [one.interval for one in query.time] == [Interval.of("2020-05")]


def test_where_it_is_asked_how_things_stand_the_newest_goes_first() -> None:
    letters = [
        letter(fare, day, f"The fare of the ferry is {fare} crowns.")
        for fare, day in ((7, "2019-06-01"), (9, "2021-06-01"), (8, "2020-06-01"))
    ]
    for asked, fares in (
        ("What is the fare of the ferry now?", [9, 8, 7]),
        ("What is the fare of the ferry?", [7, 9, 8]),
    ):
        response = ask(asked, *letters, statements=3, abstain_below=0.1, keep_above=0.2)
        assert isinstance(response, Answer)
        assert texts(response) == [f"The fare of the ferry is {one} crowns." for one in fares]


def test_a_fiscal_quarter_is_that_of_the_title() -> None:
    names = {1: "First", 2: "Second", 3: "Third", 4: "Fourth"}
    titled = [
        report(year * 10 + quarter, "2020-01-01", title=f"FY{year} {name} Quarter Report")
        for year in range(17, 22)
        for quarter, name in names.items()
    ]
    asked = "What was the income of the ferry in the third quarter of fiscal 2019?"
    response = ask(asked, *titled, abstain_below=0.1, keep_above=0.5)
    assert isinstance(response, Answer)
    assert texts(response)[0] == "The income of the ferry was 193 crowns."
    assert {one.document_id for one in response.quotes} == {"d193"}


def test_a_document_of_the_time_that_fits_worse_does_not_stand_alone() -> None:
    noise = document(
        "The ferry has a bell.\n",
        id="d1",
        published=DocumentDate(value=dt.date(2021, 6, 1), found_by="dateline"),
    )
    asked = "What was the income of the ferry of the harbour of Sund in June 2021?"
    plain = document("The income of the ferry of the harbour of Sund was 7 crowns.\n", id="d2")
    response = ask(asked, noise, plain, abstain_below=0.1, keep_above=0)
    assert isinstance(response, Answer)
    assert len(response.statements) == 2


def test_of_a_year_are_the_documents_of_that_year_in_sentences_that_state_no_time() -> None:
    letters = [
        letter(fare, day, f"Letter of {day}\n\nThe fare of the ferry is {fare} crowns.")
        for fare, day in ((7, "2019-06-01"), (9, "2021-06-01"), (8, "2020-06-01"))
    ]
    for year, fare in ((2019, 7), (2020, 8), (2021, 9)):
        asked = f"What was the fare of the ferry in {year}?"
        response = ask(asked, *letters, abstain_below=0.1, keep_above=0.2)
        assert isinstance(response, Answer)
        assert texts(response)[0] == f"The fare of the ferry is {fare} crowns."


def test_a_question_that_says_when_is_answered_by_a_document_of_then_which_need_not_say_it() -> (
    None
):
    minutes = letter(3, "2021-06-01", "Present: nine members.")
    asked = "How many members were present in June 2021?"
    response = ask(asked, minutes, abstain_below=0.9, keep_above=0.5)
    assert isinstance(response, Answer)
