import datetime as dt

import pytest

from rag.temporal import AnchorKind, said_on, stated
from rag.types import Document, DocumentDate, PartLocator, SectionLocator, Span
from tests.make import document

DIARY = """The diary of a lighthouse

4 October 2023

The crate came back on Monday.

Sunday, 8 October 2023:
The lamp failed yesterday.

2024-01-03
It snowed the day before yesterday.
"""
PUBLISHED = DocumentDate(value=dt.date(2025, 6, 1), found_by="Published")


def said_of(source: Document, words: str) -> list[str | None]:
    at = source.text.index(words)
    return [one.days.value for one in stated(source, Span(at, at + len(words)))]


def under(heading: str, *, title: str = "Notes") -> Document:
    text = f"{heading}\n\nIt broke yesterday.\n"
    section = SectionLocator(span=Span(0, len(text)), path=(title, heading))
    return document(text, title=title, locators=(section,), published=PUBLISHED)


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("came back on Monday", "2023-10-02"),
        ("failed yesterday", "2023-10-07"),
        ("the day before yesterday", "2024-01-01"),
    ],
)
def test_what_stands_under_a_day_was_written_on_it(words: str, day: str) -> None:
    diary = document(DIARY, published=PUBLISHED)
    assert said_of(diary, words) == [day]
    at = diary.text.index(words)
    anchor = said_on(diary, Span(at, at + len(words)))
    assert anchor
    assert anchor.kind is AnchorKind.ENTRY
    assert anchor.quote
    assert anchor.quote.text in ("4 October 2023", "Sunday, 8 October 2023", "2024-01-03")


@pytest.mark.parametrize(
    "heading",
    [
        "4 October 2023",
        "Wednesday 4 October 2023: the crate",
        "v1.2 (2023-10-04)",
        "[1.2.0] - 2023-10-04",
    ],
)
def test_what_stands_under_a_heading_that_is_a_day_was_written_on_it(heading: str) -> None:
    assert said_of(under(heading), "yesterday") == ["2023-10-03"]


@pytest.mark.parametrize(
    "heading",
    [
        "The crate of 4 October 2023",
        "4 to 6 October 2023",
        "October 2023",
        "31 April 2023",
        "4 October 2023 and 5 November 2023",
    ],
)
def test_a_heading_that_names_more_or_less_than_a_day_is_not_when_it_was_written(
    heading: str,
) -> None:
    assert said_of(under(heading), "yesterday") == ["2025-05-31"]


def test_a_title_may_be_the_day_that_a_text_is_about() -> None:
    assert said_of(under("4 October 2023", title="4 October 2023"), "yesterday") == ["2025-05-31"]


def test_a_single_line_with_a_day_is_no_diary() -> None:
    letter = document("4 October 2023\n\nIt broke yesterday.\n", published=PUBLISHED)
    assert said_of(letter, "yesterday") == ["2025-05-31"]


def test_nothing_was_written_under_the_days_of_a_list() -> None:
    closed = "Closed on:\n\n4 October 2023\n5 October 2023\n\nThe lift broke yesterday.\n"
    assert said_of(document(closed, published=PUBLISHED), "yesterday") == ["2025-05-31"]


def test_a_mail_that_quotes_a_diary_was_sent_on_its_own_day() -> None:
    part = PartLocator(
        span=Span(0, len(DIARY)),
        name="text",
        date=DocumentDate(value=dt.date(2025, 6, 1), found_by="Date"),
    )
    assert said_of(document(DIARY, locators=(part,)), "failed yesterday") == ["2025-05-31"]
