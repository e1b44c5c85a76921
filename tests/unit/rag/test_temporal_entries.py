import datetime as dt

import pytest

from rag.temporal import AnchorKind, behind_day, leading_day, said_on, stated
from rag.types import Document, DocumentDate, SectionLocator, Span
from tests.make import document

PUBLISHED = DocumentDate(value=dt.date(2025, 6, 1), found_by="Published")


def said_of(source: Document, words: str) -> list[str | None]:
    at = source.text.index(words)
    return [one.days.value for one in stated(source, Span(at, at + len(words)))]


def under(
    heading: str,
    said: str = "It broke yesterday.",
    published: DocumentDate | None = PUBLISHED,
) -> Document:
    text = f"Notes\n\n{heading}\n\n{said}\n"
    section = SectionLocator(span=Span(7, len(text)), path=("Notes", heading))
    return document(text, title="Notes", locators=(section,), published=published)


@pytest.mark.parametrize(
    "heading",
    [
        "4 October 2023",
        "Wednesday 4 October 2023: the crate",
        "v1.2 (2023-10-04)",
        "[1.2.0] - 2023-10-04",
        "Version 1.2.0, 4 October 2023",
    ],
)
def test_what_stands_under_a_heading_that_is_a_day_was_written_on_it(heading: str) -> None:
    assert said_of(under(heading), "yesterday") == ["2023-10-03"]


@pytest.mark.parametrize(
    "heading",
    [
        "The crate of 4 October 2023",
        "Due 4 October 2023",
        "Since 1 May 2020",
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


def test_the_day_is_quoted_from_its_heading() -> None:
    source = under(
        "1 May 2023", said="It was out of service until 21 May 2023. It broke yesterday."
    )
    at = source.text.index("yesterday")
    anchor = said_on(source, Span(at, at + len("yesterday")))
    assert anchor
    assert (anchor.kind, anchor.value) == (AnchorKind.ENTRY, "2023-05-01")
    assert anchor.quote
    assert anchor.quote.span == Span(7, 17)


def test_what_a_text_begins_with_may_be_the_day_that_it_is_about() -> None:
    text = "# 4 October 2023\n\nIt broke yesterday.\n"
    section = SectionLocator(span=Span(0, len(text)), path=("4 October 2023",))
    letter = document(text, title="A letter", locators=(section,), published=PUBLISHED)
    assert said_of(letter, "yesterday") == ["2025-05-31"]


def test_nothing_was_written_yet_on_a_day_of_a_programme() -> None:
    assert said_of(under("12 July 2026 - departure"), "yesterday") == ["2025-05-31"]
    assert said_of(under("12 July 2026 - departure", published=None), "yesterday") == ["2026-07-11"]


@pytest.mark.parametrize(
    "stamp",
    ["14/05/2025, 18:02 -", "[14/05/2025, 18:02:11]", "[2025-05-14 18:02]", "5/14/2025, 6:02 PM -"],
)
def test_a_message_of_a_chat_was_written_on_the_day_that_it_begins_with(stamp: str) -> None:
    chat = document(f"{stamp} Ann: It broke yesterday.", title="Chat", published=PUBLISHED)
    assert said_of(chat, "yesterday") == ["2025-05-13"]
    assert behind_day(chat.text) == "Ann: It broke yesterday."


def test_a_line_of_a_programme_is_no_message() -> None:
    assert leading_day("14 May 2025 18:30 at the hall: songs") is None
    assert leading_day("14 May 2025, 18:30 - 20:00: songs in the hall") is None
