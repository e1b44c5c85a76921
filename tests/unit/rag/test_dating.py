import datetime as dt
from dataclasses import replace

import pytest

from rag.dating import dated
from rag.question import understand
from rag.reading import Candidate, Ranked
from rag.temporal import stated
from rag.types import Answer, Document, DocumentDate, Span
from tests.make import document
from tests.unit.rag.test_composition import ask, texts


def first(question: str, *sources: Document) -> Answer:
    response = ask(question, *sources, abstain_below=0.1, keep_above=0)
    assert isinstance(response, Answer)
    return response


PAGE = document(
    "Friday 3 May 2019\n\nThe ferry sank on Wednesday.\n",
    title="News",
    published=DocumentDate(value=dt.date(2019, 5, 3), found_by="dateline", span=Span(0, 17)),
)


def test_when_is_answered_by_the_day_that_was_worked_out() -> None:
    answer = first("When did the ferry sink?", PAGE)
    assert texts(answer)[0] == "1 May 2019: The ferry sank on Wednesday."
    [statement, *_] = answer.statements
    assert statement.event is not None
    assert (statement.event.value, statement.event.rule) == ("2019-05-01", "weekday-before-anchor")
    assert [one.text for one in statement.quotes] == [
        "The ferry sank on Wednesday.",
        "Friday 3 May 2019",
    ]


def test_a_number_of_a_form_that_is_not_understood_is_not_passed_over() -> None:
    old = document("The ferry sank 9000 BP.\nAn office opened on 2 June 1990.\n", title="Old")
    assert texts(first("When did the ferry sink?", old))[0] == "The ferry sank 9000 BP."


def test_a_worse_sentence_with_a_number_takes_no_date_from_a_better_one() -> None:
    told = document(
        "Friday 3 May 2019\n\nOn Wednesday there was a storm. The old ferry sank.\n",
        title="News",
        published=PAGE.published,
    )
    fleet = document("The ferry has 40 seats.", id="d2", title="Fleet")
    sank = ranked(told, "The old ferry sank.", 1.0)
    seats = ranked(fleet, "The ferry has 40 seats.", 0.9)
    asked = understand("When did the old ferry sink?")
    assert [one.statement.text for one in dated(asked, [sank, seats])] == [
        "1 May 2019: The old ferry sank."
    ]
    assert dated(asked, [replace(seats, rank=1.1), sank]) == []


def ranked(source: Document, said: str, rank: float) -> Ranked:
    at = source.text.index(said)
    one = Candidate(document=source, span=Span(at, at + len(said)), passage_score=1.0)
    return Ranked(candidate=one, fit=rank, plain=rank, rank=rank)


def test_each_date_is_given_where_it_is_asked_whether_sources_agree() -> None:
    other = document("The ferry sank on 2 May 2019.", id="d2", title="Log")
    asked = "When did the ferry sink? Do the sources agree?"
    assert {one.split(":")[0] for one in texts(first(asked, PAGE, other))} >= {
        "1 May 2019",
        "2 May 2019",
    }


def test_other_questions_get_no_date() -> None:
    assert texts(first("What sank?", PAGE))[0] == "The ferry sank on Wednesday."


LOG = document(
    "Log of the ferry\n\n"
    "8 July 2026: The visit of the inspector was postponed to 22 July.\n"
    "- 24 July 2026: The engine failed yesterday.\n"
    "**2 August 2026:** A new boiler was fitted.\n",
    title="Log of the ferry",
    published=DocumentDate(value=dt.date(2027, 1, 4), found_by="file name"),
)


@pytest.mark.parametrize(
    ("asked", "statement"),
    [
        (
            "When did the inspector visit?",
            "22 July 2026: 8 July 2026: The visit of the inspector was postponed to 22 July.",
        ),
        ("When did the engine fail?", "23 July 2026: 24 July 2026: The engine failed yesterday."),
        ("When was the new boiler fitted?", "2 August 2026: A new boiler was fitted."),
    ],
)
def test_an_entry_of_a_log_was_written_on_the_day_that_it_begins_with(
    asked: str, statement: str
) -> None:
    assert texts(first(asked, LOG))[0] == statement


def test_what_was_moved_was_when_it_was_moved_to() -> None:
    page = document(
        "The launch of the ferry was moved from 3 May 2019 to 7 May 2019.\n", title="Log"
    )
    assert texts(first("When was the launch of the ferry?", page))[0].startswith("7 May 2019: ")


@pytest.mark.parametrize(
    ("told", "day"),
    [
        ("We moved the fair from 20 June to 27 June.", "27 June 2024"),
        ("So we move the fair from 20 June to 27 June.", "27 June 2024"),
        ("The fair was brought forward to 5 May.", "5 May 2024"),
        ("We put the fair off until September.", "September 2024"),
        ("The fair was moved to 3 January.", "3 January 2024"),
        ("The fair was held on 27 June.", "27 June 2023"),
    ],
)
def test_what_was_moved_to_a_day_of_half_a_year_ago_is_still_to_come(told: str, day: str) -> None:
    note = document(
        told, published=DocumentDate(value=dt.date(2024, 6, 12), found_by="file name"), title="Note"
    )
    assert first("When is the fair?", note).statements[0].text.startswith(day)


def test_a_date_without_a_year_is_of_the_year_that_its_title_says() -> None:
    page = document(
        "The ferry sank on 5 December. It was launched on 11 October of the year before.\n",
        title="Report for 2023",
    )
    assert texts(first("When did the ferry sink?", page))[0].startswith("5 December 2023: ")
    assert texts(first("When was it launched?", page))[0].startswith("11 October 2022: ")


def test_a_year_is_of_a_row_only_where_it_stands_near() -> None:
    row = "Year: 2021; {}Day: 11 September; Event: the ferry sank."
    for words, dates in (("", ["2021-09-11"]), ("x " * 2_000, [])):
        page = document(row.format(words), title="Log")
        found = stated(page, Span(0, len(page.text)))
        told = [one.days.value for one in found if one.expression.text == "11 September"]
        assert told == dates


def test_what_is_on_a_day_is_to_come() -> None:
    talk = document("The next call is on the eighth of May.\n", title="Call", recorded=SPOKEN)
    assert texts(first("When is the next call?", talk))[0].startswith("8 May 2025: ")


SPOKEN = DocumentDate(value=dt.date(2025, 2, 27), found_by="today is")


def test_of_two_dates_that_agree_the_finer_is_given() -> None:
    coarse = document("The ferry sank in May 2019.", title="Talk")
    fine = document("The ferry sank off the old pier on 3 May 2019.", id="d2", title="Book")
    assert texts(first("When did the ferry sink?", coarse, fine)) == [
        "3 May 2019: The ferry sank off the old pier on 3 May 2019."
    ]
    other = document("The ferry sank off the old pier on 3 June 2019.", id="d2", title="Book")
    assert texts(first("When did the ferry sink?", coarse, other)) == [
        "May 2019: The ferry sank in May 2019."
    ]
    new = document("The new ferry came on 3 May 2019.", id="d2", title="Book")
    assert texts(first("When did the ferry sink?", coarse, new)) == [
        "May 2019: The ferry sank in May 2019."
    ]


@pytest.mark.parametrize("asks", ["At what time", "At which hour"])
def test_who_asks_for_the_hour_gets_no_day(asks: str) -> None:
    told = document("The ferry sank on 3 May 2019 at 07:30.", title="Talk")
    assert texts(first(f"{asks} did the ferry sink?", told)) == [told.text]


def test_a_date_that_is_asked_for_is_stated_alone() -> None:
    more = document("The ferry sank on 3 May 2019. The ferry sank fast.", title="Talk")
    assert len(texts(first("When did the ferry sink?", more))) == 1
