import datetime as dt

import pytest

from rag.types import Answer, Document, DocumentDate, SectionLocator, Span
from tests.make import document
from tests.unit.rag.test_composition import ask, texts

GAZETTE = document(
    "Sat 12 March 2022\n\nThe orchestra opened its northern tour on Thursday. "
    "Ann Lee, assistant conductor of the orchestra, led it.\n",
    id="d1",
    title="A northern tour begins",
    published=DocumentDate(value=dt.date(2022, 3, 12), found_by="dateline", span=Span(0, 17)),
)
LETTER = document(
    "On 14 April 2024 the coast tour began. Ann Lee was chief conductor of the orchestra on the tour.\n",
    id="d2",
    title="The coast tour",
)
QUESTION = "What was Ann Lee's title on each tour?"


def rows(*sources: Document, question: str = QUESTION) -> Answer:
    response = ask(question, *sources, statements=5, abstain_below=0.2)
    assert isinstance(response, Answer)
    return response


def test_each_event_has_a_row_with_its_date_and_what_was_asked() -> None:
    answer = rows(LETTER, GAZETTE)
    assert texts(answer) == [
        "10 March 2022: Ann Lee, assistant conductor of the orchestra, led it.",
        "14 April 2024: Ann Lee was chief conductor of the orchestra on the tour.",
    ]
    assert [one.event.value for one in answer.statements if one.event] == [
        "2022-03-10",
        "2024-04-14",
    ]


def test_a_row_quotes_its_value_its_date_and_the_day_that_was_held_against() -> None:
    first, _ = rows(LETTER, GAZETTE).statements
    assert [one.text for one in first.quotes] == [
        "Ann Lee, assistant conductor of the orchestra, led it.",
        "The orchestra opened its northern tour on Thursday.",
        "Sat 12 March 2022",
    ]
    assert first.event is not None
    assert (first.event.rule, first.event.quote) == ("weekday-before-anchor", first.quotes[1])
    assert all(one.is_exact(GAZETTE) for one in first.quotes)


def test_a_row_for_a_date_says_what_was_then() -> None:
    assert texts(
        rows(LETTER, GAZETTE, question="On which date did each tour of the orchestra open?")
    ) == [
        "10 March 2022: The orchestra opened its northern tour on Thursday.",
        "14 April 2024: On 14 April 2024 the coast tour began.",
    ]


def test_a_timeline_has_a_row_for_each_event() -> None:
    assert texts(rows(LETTER, GAZETTE, question="Give a timeline of the tours of the orchestra."))[
        1
    ].startswith("14 April 2024: ")


def test_what_did_not_take_place_is_left_out() -> None:
    plan = document(
        "Ann Lee, guest conductor, was to lead the island tour on 9 June 2023.\n",
        id="d3",
        title="Plans",
    )
    assert len(rows(LETTER, GAZETTE, plan).statements) == 3
    news = document(
        "The tour of 9 June 2023 was called off by the orchestra.\n", id="d4", title="News"
    )
    assert [one.text[:4] for one in rows(LETTER, GAZETTE, plan, news).statements] == [
        "10 M",
        "14 A",
    ]


@pytest.mark.parametrize(
    "said",
    [
        "Ann Lee, conductor, led the island tour on 9 June 2023, postponed from March.",
        "The island tour of conductor Ann Lee was postponed to 9 June 2023.",
        "Ann Lee, conductor, led the island tour on 9 June 2023 in an abandoned mill.",
        "Conductor Ann Lee's island tour took place on 9 June 2023, after it had been cancelled once.",
        "Ann Lee, conductor, led the island tour on 9 June 2023. In 2023 most other tours were cancelled.",
    ],
)
def test_what_took_place_after_all_is_no_event_that_was_called_off(said: str) -> None:
    news = document(f"{said}\n", id="d3", title="News of the orchestra")
    told = texts(rows(LETTER, GAZETTE, news))
    assert [one.split(":")[0] for one in told] == ["10 March 2022", "9 June 2023", "14 April 2024"]


def test_events_that_were_called_off_are_told_where_they_are_named_or_asked_for() -> None:
    news = document(
        "The island tour of 9 June 2023 was called off by the orchestra. "
        "Ann Lee, conductor, was to lead the island tour.\n",
        id="d3",
        title="News",
    )
    called_off = "When was each tour of the orchestra that was called off?"
    named = "Who led each of the coast and island tours?"
    for question in (called_off, named):
        assert "9 June 2023" in " ".join(texts(rows(LETTER, GAZETTE, news, question=question)))


def test_a_text_that_does_not_name_what_nearly_all_others_do_is_about_it_too() -> None:
    log = document(
        "On 3 July 2023 the river tour began. Ann Lee was its conductor.\n", id="d3", title="Log"
    )
    more = document(
        "The orchestra has forty players.\n", id="d4", title="About the orchestra of the tour"
    )
    question = "Who was conductor of the Orchestra on each tour?"
    told = texts(rows(LETTER, GAZETTE, more, log, question=question))
    assert [one.split(":")[0] for one in told] == ["10 March 2022", "3 July 2023", "14 April 2024"]


def test_rows_that_do_not_name_what_is_asked_for_go_where_others_do() -> None:
    log = document(
        "On 2 May 2021 the harbour tour had a good result: two encores. "
        "\n\nOn 9 June 2022 the island tour ended, and the result was a debt. "
        "\n\nOn 3 July 2023 the river tour passed the old mill.\n",
        id="d5",
        title="Tours of the orchestra",
    )
    told = texts(rows(log, question="What was the result of each tour of the orchestra?"))
    assert [one.split(":")[0] for one in told] == ["2 May 2021", "9 June 2022"]


def test_an_event_that_was_to_come_is_said_to_be_announced() -> None:
    plan = document(
        "2 May 2025\n\nAnn Lee, guest conductor, will lead the island tour on 9 June 2025.\n",
        id="d3",
        title="Plans",
        published=DocumentDate(value=dt.date(2025, 5, 2), found_by="dateline", span=Span(0, 10)),
    )
    assert texts(rows(LETTER, GAZETTE, plan))[-1].startswith(
        "9 June 2025 (announced): Ann Lee, guest"
    )


def test_events_of_others_are_left_out() -> None:
    other = document(
        "On 3 July 2023 the circus began a tour. Its chief rider fell.\n",
        id="d4",
        title="Circus tour",
    )
    assert len(rows(LETTER, GAZETTE, other).statements) == 2


def test_one_event_alone_is_answered_by_sentences() -> None:
    assert all(one.event is None for one in rows(LETTER).statements)


def test_the_event_before_another_one_is_found_beside_it() -> None:
    asked = "What was Ann Lee's title on the tour before that (in April 2024)?"
    assert texts(rows(LETTER, GAZETTE, question=asked)) == [
        "10 March 2022: Ann Lee, assistant conductor of the orchestra, led it."
    ]
    first = "What was Ann Lee's title on the tour before that (in March 2022)?"
    assert all(one.event is None for one in rows(LETTER, GAZETTE, question=first).statements)


def test_named_items_have_a_row_each_and_what_is_missing_is_said() -> None:
    ships = document(
        "The Heron was launched on 4 May 1999 at a price of 12 million.\n"
        "The Plover was launched on 6 June 2001 at a price of 15 million.\n",
        title="Ships",
    )
    answer = rows(ships, question="At what price was each of Heron, Plover and Gannet launched?")
    assert [one.text.split(":")[0] for one in answer.statements] == [
        "Heron – 4 May 1999",
        "Plover – 6 June 2001",
    ]
    assert answer.missing == ("Gannet",)
    assert answer.outcome == "partial"


def test_a_named_item_has_no_date_but_one_that_is_said_of_it() -> None:
    sheet = document(
        "Ship: Heron; launched: 4 May 1999; price: 12 million; state today: sold.\n\n"
        "Ship: Plover; launched: –; price: 15 million; state today: building.\n",
        id="d5",
        title="Ships that were launched",
        published=DocumentDate(value=dt.date(2001, 3, 1), found_by="metadata"),
    )
    told = rows(sheet, question="At what price was each of Heron and Plover launched?")
    assert texts(told) == ["Heron – 4 May 1999: price: 12 million", "Plover: price: 15 million"]
    dates = rows(sheet, question="On which date was each of Heron and Plover launched?")
    assert texts(dates)[0] == "Heron – 4 May 1999"
    assert dates.statements[1].event is None


def test_of_a_year_the_day_of_what_is_told_is_given_and_each_cell_that_is_named() -> None:
    sheet = document(
        "Last change: 9 September 2003.\n\n"
        "Number: 7; name: Heron; launched: 4 May 2001; yard: Lisle.\n\n"
        "Number: 8; name: Plover; launched: 6 June 2003; yard: Lisle.\n",
        id="d5",
        title="Ships that were launched",
    )
    asked = "What were the number and the name of the ship launched in each of 2001 and 2003?"
    assert texts(rows(sheet, question=asked)) == [
        "2001 – 4 May 2001: Number: 7; name: Heron",
        "2003 – 6 June 2003: Number: 8; name: Plover",
    ]


def test_of_a_table_the_cell_that_was_asked_for_is_shown_and_the_row_quoted() -> None:
    table = document(
        "Tour: Northern; Opened: 10 March 2022; Concerts: 7; Soloist: B. Noll.\n\n"
        "Tour: Islands; Opened: 17 November 2022; Concerts: 5; Soloist: S. Arden.\n",
        id="d1",
        title="Tours of the orchestra",
    )
    answer = rows(table, question="How many concerts did the orchestra give on each tour?")
    assert texts(answer) == [
        "Northern – 10 March 2022: Concerts: 7",
        "Islands – 17 November 2022: Concerts: 5",
    ]
    assert [[quote.text for quote in one.quotes] for one in answer.statements] == [
        ["Tour: Northern; Opened: 10 March 2022; Concerts: 7; Soloist: B. Noll."],
        ["Tour: Islands; Opened: 17 November 2022; Concerts: 5; Soloist: S. Arden."],
    ]


def test_a_second_sentence_that_fits_nearly_as_well_stands_in_the_row_with_its_quote() -> None:
    diary = document(
        "On the harbour tour of 2 May 2023 the orchestra gave seven concerts. "
        "Of the seven concerts that it gave on the tour one was rained off.\n\n"
        "On the island tour of 9 June 2024 the orchestra gave four concerts.\n",
        id="d5",
        title="Tours of the orchestra",
    )
    first, second = rows(
        diary, question="How many concerts did the orchestra give on each tour?"
    ).statements
    assert first.text == (
        "2 May 2023: On the harbour tour of 2 May 2023 the orchestra gave seven concerts. "
        "Of the seven concerts that it gave on the tour one was rained off."
    )
    assert (len(first.quotes), len(second.quotes)) == (2, 1)


def test_a_row_for_a_title_has_one_sentence() -> None:
    report = document(
        "Ann Lee was conductor on the harbour tour of 2 May 2023. "
        "Ann Lee was named chief conductor on that tour.\n",
        id="d5",
        title="The harbour tour",
    )
    _, middle, _ = rows(LETTER, GAZETTE, report).statements
    assert middle.text == "2 May 2023: Ann Lee was named chief conductor on that tour."


def test_a_sentence_that_two_documents_hold_stands_once_in_its_row() -> None:
    said = (
        "On the harbour tour of 2 May 2023 the orchestra gave seven concerts.\n\n"
        "On the island tour of 9 June 2024 the orchestra gave four concerts.\n"
    )
    answer = rows(
        document(said, id="d5", title="Tours of the orchestra"),
        document(said, id="d6", title="Tours of the orchestra, again"),
        question="How many concerts did the orchestra give on each tour?",
    )
    assert [one.text.count("concerts") for one in answer.statements] == [1, 1]


def test_a_row_of_a_table_with_tabs_gives_its_cell_and_quotes_what_heads_it() -> None:
    report = document(
        "Tours of the orchestra\n\nDay\tTour\tConductor\n\n10 March 2022\tnorthern tour\tA. Lee\n\n"
        "14 April 2024\tcoast tour\tI. Lund\n",
        title="Tours of the orchestra",
    )
    answer = rows(report, question="Who was conductor on each tour of the orchestra?")
    assert texts(answer) == [
        "northern tour – 10 March 2022: Conductor: A. Lee",
        "coast tour – 14 April 2024: Conductor: I. Lund",
    ]
    assert [one.text for one in answer.statements[0].quotes] == [
        "10 March 2022\tnorthern tour\tA. Lee",
        "Day\tTour\tConductor",
    ]
    assert all(one.is_exact(report) for one in answer.quotes)


def test_what_a_table_numbers_is_told_of_by_its_number_too() -> None:
    table = document(
        "Version: 9; Name: heron; Year: 2017.\n\nVersion: 10; Name: gull; Year: 2019.\n",
        id="d5",
        title="Releases of the song book",
    )
    news = document(
        "On 9 July 2019 another version of the song book was released.\n\n"
        "On 17 June 2017 version 9 of the song book was released.\n\n"
        "On 6 July 2019 version 10 of the song book was released.\n",
        id="d6",
        title="News",
    )
    found = rows(table, news, question="On which date was each of heron and gull released?")
    assert texts(found) == ["heron – 17 June 2017", "gull – 6 July 2019"]


def test_the_other_word_for_what_is_asked_for_heads_a_column_too() -> None:
    table = document(
        "Tour: north; Opened: 10 March 2022; Result: sold out.\n\n"
        "Tour: coast; Opened: 14 April 2024; Result: half empty.\n",
        id="d7",
        title="The tours of the orchestra",
    )
    found = rows(table, question="What was the outcome of each tour of the orchestra?")
    assert texts(found) == [
        "north – 10 March 2022: Result: sold out",
        "coast – 14 April 2024: Result: half empty",
    ]


BOARD = document(
    "Year: 2019; Day: 14 September; Boats at the start: 20.\n"
    "Year: 2021; Day: 11 September; Boats at the start: 23.\n"
    "Year: 2022; Day: 10 September; Boats at the start: 29.\n",
    title="Sund Cup",
)


def test_a_year_in_its_row_makes_a_day_of_a_day_and_a_month() -> None:
    assert texts(rows(BOARD, question="How many boats started in each Sund Cup?")) == [
        "14 September 2019: Boats at the start: 20",
        "11 September 2021: Boats at the start: 23",
        "10 September 2022: Boats at the start: 29",
    ]


@pytest.mark.parametrize(
    ("when", "years"),
    [
        ("since 2021", ["2021", "2022"]),
        ("from 2019 to 2021", ["2019", "2021"]),
        ("of 2019 and of 2022", ["2019", "2022"]),
    ],
)
def test_events_are_of_the_time_that_is_asked_about(when: str, years: list[str]) -> None:
    found = texts(rows(BOARD, question=f"How many boats started in each Sund Cup {when}?"))
    assert [one.split(":")[0][-4:] for one in found] == years


def test_another_number_that_a_sentence_gives_stands_beside_that_of_the_table() -> None:
    talk = document(
        "On 10 September 2022 thirty-one boats started.\n",
        id="d2",
        title="Talk of the cup",
    )
    found = texts(rows(BOARD, talk, question="How many boats started in each Sund Cup?"))
    assert found[-1] == (
        "10 September 2022: Boats at the start: 29. On 10 September 2022 thirty-one boats started."
    )


def test_rows_below_the_heading_of_another_one_are_left_out() -> None:
    ours = "Call on: 2 May 2024; Orders: 55.\nCall on: 1 August 2024; Orders: 49.\n"
    theirs = "Call on: 14 May 2024; Orders: 44.\nCall on: 13 August 2024; Orders: 46.\n"
    book = document(
        ours + theirs,
        title="Calls",
        locators=(
            SectionLocator(span=Span(0, len(ours)), path=("Arda",)),
            SectionLocator(span=Span(len(ours), len(ours + theirs)), path=("Bolin",)),
        ),
    )
    assert texts(rows(book, question="How many orders did Arda have at each call?")) == [
        "2 May 2024: Orders: 55",
        "1 August 2024: Orders: 49",
    ]


def test_a_row_is_called_by_the_column_for_the_event() -> None:
    book = document(
        "Quarter: Q1 2024; Call on: 2 May 2024; Orders: 55.\n"
        "Quarter: Q2 2024; Call on: 1 August 2024; Orders: 49.\n",
        title="Arda",
    )
    assert texts(rows(book, question="How many orders did Arda have in each quarter of 2024?")) == [
        "Q1 2024 – 2 May 2024: Orders: 55",
        "Q2 2024 – 1 August 2024: Orders: 49",
    ]


def test_rows_of_somebody_else_in_a_table_are_left_out_and_what_names_them_alone() -> None:
    book = document(
        "House: Arda; Sale: 2 May 2024; Price: 88.\n"
        "House: Bolin; Sale: 9 May 2024; Price: 54.\n"
        "House: Arda; Sale: 1 August 2024; Price: 61.\n",
        id="d1",
        title="Sales",
    )
    talk = document(
        "At the sale of 7 September 2024 Bolin had a price of 47.\n", id="d2", title="Talk"
    )
    assert texts(rows(book, talk, question="What was the price at each sale of Arda?")) == [
        "2 May 2024: Price: 88",
        "1 August 2024: Price: 61",
    ]


def test_a_row_that_says_nothing_in_the_column_that_is_asked_for_is_left_out() -> None:
    book = document(
        "No: 1; Visit: 2 May 2024; Findings: 9.\n"
        "No: 2; Visit: 9 June 2024; Source: announcement.\n"
        "No: 3; Visit: 1 August 2024; Findings: 6.\n",
        title="Visits",
    )
    assert texts(rows(book, question="How many findings were there at each visit?")) == [
        "2 May 2024: Findings: 9",
        "1 August 2024: Findings: 6",
    ]


def test_where_something_was_is_told_by_the_words_before_a_name() -> None:
    talk = document(
        "The tour opened on 2 May 2024 in Cape Sund. The tour of 2 May 2024 had Ann Lee as its manager.\n"
        "The tour opened on 3 June 2025 in Port Vik. The tour of 3 June 2025, in May Bo Lind still ran it.\n",
        title="Tours",
    )
    found = texts(rows(talk, question="In which place did each tour open?"))
    assert found == [
        "2 May 2024: The tour opened on 2 May 2024 in Cape Sund.",
        "3 June 2025: The tour opened on 3 June 2025 in Port Vik.",
    ]


def test_quarters_of_a_year_have_a_row_each_whatever_they_are_called_and_no_other_year_has() -> (
    None
):
    report = document(
        "Quarter: First quarter; Orders: 55.\nQuarter: Second quarter; Orders: 49.\n",
        id="d1",
        title="Annual report 2024 of Arda",
    )
    older = document(
        "Quarter: First quarter; Orders: 33.\nQuarter: Second quarter; Orders: 34.\n",
        id="d2",
        title="Annual report 2023 of Arda",
    )
    talk = document("In Q3 2024 Arda had orders of 41.\n", id="d3", title="Talk")
    asked = "How many orders did Arda have in each quarter of 2024?"
    assert texts(rows(report, older, talk, question=asked)) == [
        "first quarter: Orders: 55",
        "second quarter: Orders: 49",
        "Q3 2024: In Q3 2024 Arda had orders of 41.",
    ]
    assert rows(report, older, talk, question=asked).missing == ("fourth quarter",)


def test_times_that_are_named_one_by_one_admit_no_others() -> None:
    asked = "Were there more boats at the start of the Sund Cup in 2019 or in 2022, and how many each time?"
    assert [one.split(":")[0][-4:] for one in texts(rows(BOARD, question=asked))] == [
        "2019",
        "2022",
    ]


def test_a_sentence_below_a_title_that_names_what_is_asked_about_may_name_others() -> None:
    book = document(
        "Match: 2 May 2024; Club: Arda; Score: 3-1.\n"
        "Match: 9 May 2024; Club: Bolin; Score: 0-0.\n"
        "Match: 1 August 2024; Club: Arda; Score: 1-2.\n",
        id="d1",
        title="Matches",
    )
    talk = document(
        "The match of 7 September 2024 against Bolin had a score of 2-2.\n",
        id="d2",
        title="Arda in autumn 2024",
    )
    found = texts(rows(book, talk, question="What was the score in each match of Arda?"))
    assert [one.split(":")[0] for one in found] == [
        "2 May 2024",
        "1 August 2024",
        "7 September 2024",
    ]


def test_a_column_for_places_does_not_say_whose_a_row_is() -> None:
    book = document(
        "Day: 2 May 2024; Place: Sund; Price: 8.\n"
        "Day: 9 May 2024; Place: Sund; Price: 9.\n"
        "Day: 1 August 2024; Place: Vik; Price: 7.\n",
        title="Concerts of the choir of Sund",
    )
    assert (
        len(
            rows(
                book, question="What was the price of each concert of the choir of Sund?"
            ).statements
        )
        == 3
    )


def test_what_is_gone_through_keeps_its_name_where_it_is_what_is_asked_about() -> None:
    book = document(
        "House: Arda; Price: 4.\nHouse: Bolin; Price: 6.\nHouse: Corin; Price: 5.\n", title="Prices"
    )
    found = texts(rows(book, question="What was the price of Arda, Bolin and Corin at Bolin?"))
    assert [one.split(":")[0] for one in found] == ["Arda", "Bolin", "Corin"]


def test_a_remark_may_say_what_its_column_leaves_empty() -> None:
    book = document(
        "Day: 2 May 2024; Price: 88; Remark: warm.\n"
        "Day: 9 May 2024; Price: –; Remark: the price was 90 in the hall.\n"
        "Day: 1 August 2024; Price: 61; Remark: –.\n",
        title="Sales of Arda",
    )
    assert len(rows(book, question="What was the price at each sale of Arda?").statements) == 3
