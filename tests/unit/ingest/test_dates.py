import datetime as dt
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import dates
from ingest.reading import read
from rag.types import DocumentDate, Span

PROSE = "The quay was closed for a day, and nobody could say who had ordered it. " * 3


def day(date: DocumentDate | None) -> str | None:
    return date.value.isoformat() if date else None


@pytest.mark.parametrize(
    ("stated", "value"),
    [
        ("March 25, 2025", "2025-03-25"),
        ("Mar. 25, 2025", "2025-03-25"),
        ("March 25th 2025", "2025-03-25"),
        ("25 March 2025", "2025-03-25"),
        ("25th of March 2025", "2025-03-25"),
        ("Tuesday, the 25th of March 2025", "2025-03-25"),
        ("Tues 25 Mar, 2025", "2025-03-25"),
        ("the 25th of March\n2025", "2025-03-25"),
        ("25 Sept 2025", "2025-09-25"),
        ("2025-03-25", "2025-03-25"),
        ("25/03/2025", "2025-03-25"),
        ("03/25/2025", "2025-03-25"),
        ("25.03.2025", "2025-03-25"),
        ("05/05/2025", "2025-05-05"),
        ("29 February 2024", "2024-02-29"),
        ("the 13th of June twenty twenty-three", "2023-06-13"),
        ("13 June twenty nineteen", "2019-06-13"),
        ("March 25, 2025Then words", "2025-03-25"),
        ("2025-03-25T08:00:00Z", "2025-03-25"),
    ],
)
def test_a_date_in_any_usual_form_is_read(stated: str, value: str) -> None:
    text = f"A title\nPublished: {stated} {PROSE}"
    found = dates.published(text).date
    assert found is not None
    assert (found.value.isoformat(), found.found_by) == (value, "Published")
    assert found.span is not None
    assert stated.startswith(found.span.cut(text))


@pytest.mark.parametrize(
    "stated",
    [
        "30 February 2024",
        "31 April 2024",
        "March 32, 2024",
        "2024-13-01",
        "04/05/2025",
        "25/13/2025",
        "March 25",
        "25 March",
        "125 March 20255",
        "Marching 25, 2025",
        "tomorrow",
    ],
)
def test_what_is_no_day_or_more_than_one_is_not_a_date(stated: str) -> None:
    assert dates.published(f"A title\nPublished: {stated}\n{PROSE}") == dates.Stated()


@pytest.mark.parametrize(
    ("line", "found_by"),
    [
        ("Episode Date: 3 May 2024", "Episode Date"),
        ("Episode Date: May 3, 2024The show begins", "Episode Date"),
        ("**Published:** 3 May 2024", "Published"),
        ("Published on May 3, 2024", "Published"),
        ("Published 3 May 2024 at 06:30", "Published"),
        ("By Ada Marsh | Published on May 3, 2024", "Published"),
        ("Publication date: 2024-05-03", "Published"),
        ("Posted on May 3, 2024 by Ada", "Posted"),
        ("Release date: 3 May 2024", "Released"),
        ("Date: Fri 3 May 2024", "Date"),
        ("Date of report (first event): May 3, 2024 (May 1, 2024)", "Date"),
        ("Last edited: Fri 3 May 2024 by A. Marsh", "Last edited"),
        ("The Quay Observer, May 3, 2024", "dateline"),
        ("[The Quay Observer](#) 3 May 2024", "dateline"),
        ("Friday 3 May 2024, 06:30", "dateline"),
        ("3 May 2024, by Ada Marsh. 7 replies.", "dateline"),
        ("By Ada Marsh, May 3, 2024", "dateline"),
        ("Quay bulletin no. 7/24 - 3 May 2024", "dateline"),
    ],
)
def test_the_head_says_when_a_text_came_out(line: str, found_by: str) -> None:
    found = dates.published(f"Dredging the channel\n\n{line}\n\n{PROSE}").date
    assert found is not None
    assert (day(found), found.found_by) == ("2024-05-03", found_by)


@pytest.mark.parametrize(
    "line",
    [
        "On July 26, 2023, the dredger came to the quay.",
        "The dredger came on July 26, 2023",
        "Published on July 26, 2023, the report found little.",
        "He posted on July 26, 2023 that he was well.",
        "Updated July 26, 2023",
        "Born July 26, 1950",
        "Due July 26, 2023",
        "For the quarter ended July 26, 2023",
        "The update: 26 July 2023 was a fine day.",
        "Launch, 3 May 2019\nSecond launch, 4 May 2020\nThird launch, 5 May 2021",
        "Date: 3 May 2019\nDate: 4 May 2020\nDate: 5 May 2021",
    ],
)
def test_what_the_prose_tells_of_is_not_when_it_came_out(line: str) -> None:
    assert dates.published(f"Dredging the channel\n\n{line}\n\n{PROSE}") == dates.Stated()


def test_only_the_head_dates_a_text() -> None:
    assert dates.published(PROSE * 20 + "\nPublished: 3 May 2024\n").date is None
    assert dates.published("One line.\n" * 20 + "The Quay Observer, May 3, 2024\n").date is None


def test_the_first_of_two_labels_wins_and_the_report_says_so() -> None:
    text = f"A title\nPublished: 3 May 2024\nPublished: 4 May 2024\n{PROSE}"
    stated = dates.published(text)
    assert day(stated.date) == "2024-05-03"
    assert stated.warnings == (
        "The text states more than one date (Published): 2024-05-03 is taken, and not 2024-05-04.",
    )


@pytest.mark.parametrize(
    ("words", "found_by"),
    [
        ("our webinar was recorded on Thursday, the 6th of June\n2024 by Bo", "recorded on"),
        ("This episode was recorded 6 June 2024.", "recorded on"),
        ("Our own podcast was taped on June 6, 2024.", "recorded on"),
        ("Recorded on June 6, 2024", "recorded on"),
        ("(Recorded live on 6 June 2024)", "recorded on"),
        ("recording date: 2024-06-06", "recording date"),
        ("Recorded: 6 June 2024", "recording date"),
        ("We are now taping this here on Thursday 6 June 2024, hello", "we are recording"),
        (
            "Now we're recording, today is Thursday the 6th of June twenty twenty-four",
            "we are recording",
        ),
        ("Today is Thursday, 6 June 2024 while we film", "as we record"),
    ],
)
def test_speakers_say_when_they_speak(words: str, found_by: str) -> None:
    text = f"{PROSE * 30}\n{words} and so on."
    found = dates.recorded(text).date
    assert found is not None
    assert (day(found), found.found_by) == ("2024-06-06", found_by)
    assert found.span is not None
    assert "6" in found.span.cut(text)


@pytest.mark.parametrize(
    "words",
    [
        "The highest temperature was recorded on 6 June 2024.",
        "He recorded on 6 June 2024 that all was well.",
        "The sales recorded on 6 June 2024 were low.",
        "It is 6 June 2024 that they remember.",
    ],
)
def test_other_records_are_no_recordings(words: str) -> None:
    assert dates.recorded(f"{PROSE}{words}") == dates.Stated()


@pytest.mark.parametrize(
    ("published_on", "value"),
    [
        ("2024-06-09", "2024-06-06"),
        ("2024-06-06", "2024-06-06"),
        ("2024-12-31", None),
        ("2024-06-05", None),
        ("2023-06-09", None),
    ],
)
def test_a_year_left_out_is_the_publications_where_the_weekday_agrees(
    published_on: str, value: str | None
) -> None:
    text = f"{PROSE}Today is Thursday the 6th of June while we film, and so on."
    found = dates.recorded(text, dt.date.fromisoformat(published_on)).date
    assert day(found) == value
    assert found is None or found.found_by == "as we record, year of publication"


@pytest.mark.parametrize(
    ("words", "value", "found_by"),
    [
        ("hello it is thursday the sixth of june twenty twenty four and", "2024-06-06", "today is"),
        ("It's Thursday, June 6, 2024, and", "2024-06-06", "today is"),
        (
            "It is Thursday night, the sixth of June, and",
            "2024-06-06",
            "today is, year of publication",
        ),
        ("it is friday the sixth of june twenty twenty four and", None, None),
        ("it is the sixth of june twenty twenty four and", None, None),
        ("it is thursday the thirteenth of june twenty twenty four and", None, None),
        ("As it is thursday the sixth of june, and", "2024-06-06", "today is, year of publication"),
    ],
)
def test_who_says_what_day_it_is_speaks_then_where_the_weekday_agrees(
    words: str, value: str | None, found_by: str | None
) -> None:
    found = dates.recorded(f"{words} we begin. {PROSE}", dt.date(2024, 6, 9)).date
    assert (day(found), found.found_by if found else None) == (value, found_by)


def test_further_down_such_words_are_of_a_story() -> None:
    told = "It is Thursday the sixth of June twenty twenty-four."
    assert dates.recorded(f"{PROSE * 50}{told}") == dates.Stated()


def test_a_recording_may_be_of_the_year_before_its_publication() -> None:
    text = "We are recording this on Sunday, December 31."
    assert day(dates.recorded(text, dt.date(2024, 1, 5)).date) == "2023-12-31"


@pytest.mark.parametrize(
    ("lines", "first"),
    [
        ("The Quay Observer, May 3, 2024\n\n[Dredgers Weekly](#) 1 May 2024", "2024-05-01"),
        ("The Quay Observer, May 3, 2024\nDredgers Weekly, May 3, 2024", "2024-05-03"),
        ("The Quay Observer, May 3, 2024\nDredgers Weekly, May 4, 2024", None),
        ("The Quay Observer, May 3, 2024\nSome words.\nDredgers Weekly, May 1, 2024", None),
        ("The Quay Observer, May 3, 2024\nThe Quay Observer, May 1, 2024", None),
        ("This article first appeared in Dredgers Weekly on 1 May 2024.", "2024-05-01"),
        ("Originally published by Dredgers Weekly (May 1, 2024)", "2024-05-01"),
    ],
)
def test_a_reprint_says_where_it_came_out_first(lines: str, first: str | None) -> None:
    assert day(dates.original(f"A title\n\n{lines}\n\n{PROSE}").date) == first


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("2024-05-01-minutes.txt", "2024-05-01"),
        ("report_20240501.pdf", "2024-05-01"),
        ("notes 2024.05.01.md", "2024-05-01"),
        ("2024-05-01 to 2024-05-03.txt", None),
        ("2024-13-01.txt", None),
        ("120240501.txt", None),
        ("01-05-2024.txt", None),
        ("minutes.txt", None),
    ],
)
def test_a_file_name_may_hold_a_day(name: str, value: str | None) -> None:
    assert day(dates.in_name(name)) == value


def test_a_name_is_the_last_resort() -> None:
    stated = read(f"A title\nPublished: 3 May 2024\n{PROSE}".encode(), name="20240601.txt")
    assert (day(stated.published), stated.published and stated.published.found_by) == (
        "2024-05-03",
        "Published",
    )
    silent = read(PROSE.encode(), name="20240601.txt")
    assert (day(silent.published), silent.published and silent.published.found_by) == (
        "2024-06-01",
        "file name",
    )


def test_a_name_gives_the_year_of_what_is_said_to_be_today() -> None:
    spoken = read(f"It is Thursday, the 6th of June. {PROSE}".encode(), name="call-2024-06-06.txt")
    assert (day(spoken.recorded), spoken.recorded and spoken.recorded.found_by) == (
        "2024-06-06",
        "today is, year of publication",
    )


def test_metadata_wins_over_the_text() -> None:
    page = (
        '<html><head><meta name="date" content="2024-05-01"></head><body><h1>A title</h1>'
        f"<p>The Quay Observer, May 3, 2024</p><p>Dredgers Weekly, May 2, 2024</p><p>{PROSE}</p>"
    )
    reading = read(page.encode(), name="x")
    assert (day(reading.published), day(reading.original)) == ("2024-05-01", "2024-05-02")


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 200_000,
        " " * 200_000,
        "recorded on " * 20_000,
        "we are recording " * 20_000,
        "Monday, the " * 20_000,
        "1/1/" * 50_000,
        "| " * 100_000,
        f"on 12 March 2025{' ' * 100_000}x",
        f"on 12 March 2025 12:30{' ' * 100_000}x",
    ],
    ids=[
        "lines",
        "spaces",
        "recorded",
        "recording",
        "weekdays",
        "numbers",
        "bars",
        "behind a date",
        "behind a time",
    ],
)
def test_hostile_text_takes_no_time(text: str) -> None:
    begun = time.monotonic()
    assert (dates.published(text), dates.recorded(text)) == (dates.Stated(), dates.Stated())
    assert time.monotonic() - begun < 2


@given(
    st.lists(
        st.sampled_from(
            [
                *("Published: ", "recorded on ", "this episode was ", "Outlet, ", "\n", " ", "|"),
                *(
                    "3 May 2024",
                    "2024-05-03",
                    "May 3, 2024",
                    "31/31/2024",
                    "twenty twenty",
                    "first ",
                ),
            ]
        ),
        max_size=20,
    ).map("".join)
)
def test_every_date_stands_where_its_span_says(text: str) -> None:
    for stated in (dates.published(text), dates.recorded(text), dates.original(text)):
        if stated.date:
            assert stated.date.value == dt.date(2024, 5, 3)
            assert stated.date.span is not None
            assert "2024" in stated.date.span.cut(text)


@pytest.mark.parametrize(
    ("head", "value"),
    [
        ("Death of the keeper\n5 March 1953", None),
        ("Ada Marsh\n5 March 1953", None),
        ("5 March 1953\nThe lamp went out", "1953-03-05"),
        ("Death of the keeper\n5 March 1953\nThe Harbour Board", None),
        ("Death of the keeper\n5 March 1953\nAda Marsh, harbour master", "1953-03-05"),
        ("Death of the keeper\nby Ada Marsh\n5 March 1953", "1953-03-05"),
        ("Death of the keeper\n5 March 1953, 06:30", "1953-03-05"),
    ],
)
def test_a_day_alone_under_a_title_dates_the_text_only_if_it_is_signed(
    head: str, value: str | None
) -> None:
    assert day(dates.published(f"{head}\n\n{PROSE}").date) == value


@pytest.mark.parametrize("title", ["Battle of the Quay, 18 June 1815", "War of 1 September 1939"])
def test_a_title_that_ends_in_a_date_is_no_dateline(title: str) -> None:
    assert read(f"{title}\n\n{PROSE}".encode(), name="a.txt").published is None


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("The Quay Leaflet, printed 2 April 2024", "2024-04-02"),
        ("issued 2 April 2024 by the keeper", "2024-04-02"),
        ("Printed on 2 April 2024 10:31", None),
        ("Printed by M. Orr, 2 April 2024", None),
        ("This copy was printed on 2 April 2024", None),
        ("www.example.org, printed 2 April 2024", None),
        ("Print date 2 April 2024", None),
    ],
)
def test_a_running_line_says_when_it_was_printed_unless_that_is_a_copy(
    line: str, value: str | None
) -> None:
    text = f"{line}\n{PROSE}"
    assert day(dates.in_running_lines(text, [Span(0, len(line))])) == value


@pytest.mark.parametrize(
    ("head", "value"),
    [
        ("Minutes of the Quay Club\nMeeting of 12 March 2025\n", "2025-03-12"),
        ("Minutes of the annual general meeting held on Wednesday, 12 March 2025\n", "2025-03-12"),
        ("# Committee minutes, 12 March 2025\n", "2025-03-12"),
        ("The Quay Club\nAGM – 12 March 2025\n", "2025-03-12"),
        ("Meeting of 12 March 2025\nNext meeting: 9 April 2025\n", "2025-03-12"),
        ("Meeting of 12 March 2025\nNobody came.\nMeeting of 9 April 2025\n", None),
        ("Agenda of the meeting of 12 March 2025\n", None),
        ("The meeting was moved to 12 March 2025\n", None),
        (f"The Quay Club\n{'x' * 3_000}\nMeeting of 12 March 2025\n", None),
        ("Notes on boats\nBuilt on 12 March 2025\n", None),
    ],
)
def test_minutes_are_of_the_meeting_that_they_are_headed_by(head: str, value: str | None) -> None:
    found = dates.recorded(f"{head}\n{PROSE}").date
    assert (day(found), found.found_by if found else None) == (
        value,
        "minutes of" if value else None,
    )
