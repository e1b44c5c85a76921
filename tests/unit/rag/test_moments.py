import datetime as dt

import pytest

from rag.analysis import terms
from rag.moments import Chronicle
from rag.sentences import sentences
from rag.temporal import Interval
from rag.types import Document, DocumentDate, PartLocator, SectionLocator, Span, TimeLocator
from tests.make import document

SATURDAY = DocumentDate(value=dt.date(2022, 3, 12), found_by="dateline", span=Span(0, 13))
REVIEW = document(
    "12 March 2022\n\nThe choir opened its tour in our hall on Thursday. Ann Lee led the altos.\n\n"
    "Nobody coughed.",
    title="A full hall",
    published=SATURDAY,
)


def moment_of(source: Document, sentence: str, event: str = "tour opened") -> str | None:
    start = source.text.index(sentence)
    found = Chronicle(source, terms(event)).of(Span(start, start + len(sentence)))
    return found.value if found else None


def test_a_sentence_s_own_date_comes_first() -> None:
    assert moment_of(REVIEW, "The choir opened its tour in our hall on Thursday.") == "2022-03-10"


def test_what_stands_behind_it_in_its_paragraph_is_of_the_same_moment() -> None:
    assert moment_of(REVIEW, "Ann Lee led the altos.") == "2022-03-10"


def test_those_who_speak_by_turns_go_on_telling_of_one_moment() -> None:
    text = (
        "We begin with what failed on Thursday.\n\nYes, with the leak.\n\nThe pump failed at ten."
    )
    turns = [Span(0, 38), Span(40, 59), Span(61, len(text))]
    times = tuple(
        TimeLocator(span=one, start_s=float(at), end_s=at + 1.0) for at, one in enumerate(turns)
    )
    spoken = document(
        text,
        title="Review",
        recorded=DocumentDate(value=dt.date(2022, 5, 3), found_by="file name"),
        locators=times,
    )
    assert moment_of(spoken, "The pump failed at ten.", event="pump failed") == "2022-04-28"


def test_the_day_after_something_is_not_the_day_of_what_stands_around_it() -> None:
    text = "The choir opened its tour on Thursday. Ann Lee left two days after the flood."
    source = document(text, title="The tour", published=SATURDAY)
    assert moment_of(source, "Ann Lee left two days after the flood.") is None


def test_a_date_that_tells_a_thing_from_others_is_not_when_something_was_done_to_it() -> None:
    text = "The choir has yesterday struck the concert of next Tuesday off its plan."
    source = document(text, published=SATURDAY)
    event = terms("concert")
    whole = Span(0, len(text))
    asked = Chronicle(source, event, spans=True).of(whole)
    held = Chronicle(source, event).of(whole)
    assert asked is not None
    assert asked.value == "2022-03-11"
    assert held is not None
    assert held.value == "2022-03-15"


def test_a_row_tells_of_an_event_where_its_table_has_others() -> None:
    table = "Tour: north; Out: 10 March 2022.\n\nTour: coast; Out: 14 April 2024.\n\nKept by: Ann; Changed: 3 May 2025."
    source = document(table, title="The tours")
    chronicle = Chronicle(source, terms("tour"))
    first, second, last = sentences(table)
    assert chronicle.mentions(first)
    assert chronicle.mentions(second)
    assert not chronicle.mentions(last)
    tabbed = document(
        "3 May 2022\tNorth\tMeet: noon\n\n9 June 2022\tCoast\tMeet: ten", title="Tours"
    )
    assert Chronicle(tabbed, terms("tour")).mentions(Span(0, 27))
    assert chronicle.days(first) == (Interval.of("2022-03-10"),)
    assert chronicle.days(last) == ()


def test_what_is_so_now_is_not_of_the_moment_that_was_told_of_before() -> None:
    text = (
        "The choir opened its tour on Thursday. Ann Lee had led the altos on 3 May 1998. "
        "She leads all of it now. She has been its head since then. She sang then."
    )
    source = document(text, title="The tour", published=SATURDAY)
    assert moment_of(source, "She leads all of it now.") == "2022-03-10"
    assert moment_of(source, "She has been its head since then.") == "2022-03-10"
    assert moment_of(source, "She sang then.") == "1998-05-03"


def test_the_rest_of_a_text_is_of_the_event_that_it_is_about() -> None:
    assert moment_of(REVIEW, "Nobody coughed.") == "2022-03-10"
    assert moment_of(REVIEW, "Nobody coughed.", event="vote") is None


def test_a_moment_is_quoted_with_what_it_was_held_against() -> None:
    sentence = Span(15, 15 + len("The choir opened its tour in our hall on Thursday."))
    found = Chronicle(REVIEW, terms("tour")).own(sentence)
    assert found is not None
    assert [one.text for one in found.quotes] == [sentence.cut(REVIEW.text), "12 March 2022"]
    assert all(one.is_exact(REVIEW) for one in found.quotes)
    assert found.dated.quote == found.quotes[0]


def test_of_several_dates_the_one_beside_the_event_counts() -> None:
    source = document("Born on 3 May 1950, he opened the tour on 4 June 2001 in the old hall.")
    assert moment_of(source, source.text) == "2001-06-04"


def test_a_section_s_event_is_not_that_of_the_next() -> None:
    text = "First vote\n\nIt was on 3 May 2021. All said yes.\n\nSecond vote\n\nIt was on 9 May 2022. Few said yes."
    cut = text.index("Second")
    source = document(
        text,
        locators=(
            SectionLocator(span=Span(0, cut), path=("First vote",)),
            SectionLocator(span=Span(cut, len(text)), path=("Second vote",)),
        ),
    )
    assert moment_of(source, "All said yes.", event="vote") == "2021-05-03"
    assert moment_of(source, "Few said yes.", event="vote") == "2022-05-09"


def test_a_quoted_mail_has_a_day_of_its_own() -> None:
    text = "We vote tomorrow.\n\nThey voted yesterday, said Ann."
    cut = text.index("They")
    source = document(
        text,
        published=DocumentDate(value=dt.date(2024, 5, 7), found_by="Date"),
        locators=(
            PartLocator(
                span=Span(0, cut),
                name="body",
                date=DocumentDate(value=dt.date(2024, 5, 7), found_by="Date"),
            ),
            PartLocator(
                span=Span(cut, len(text)),
                name="quoted 1",
                date=DocumentDate(value=dt.date(2023, 1, 2), found_by="Date"),
            ),
        ),
    )
    assert moment_of(source, "We vote tomorrow.", event="vote") == "2024-05-08"
    assert moment_of(source, "They voted yesterday, said Ann.", event="vote") == "2023-01-01"


def test_a_text_that_dates_no_event_gives_its_own_month() -> None:
    source = document(
        "The council voted. It was close.",
        published=DocumentDate(value=dt.date(2023, 12, 14), found_by="user"),
    )
    assert moment_of(source, "It was close.", event="vote") == "2023-12"


def test_without_any_date_there_is_no_moment() -> None:
    source = document("The council voted. It was close.")
    assert moment_of(source, "It was close.", event="vote") is None


@pytest.mark.parametrize("text", ["", "\n\n", "Words."])
def test_every_sentence_of_any_text_can_be_asked(text: str) -> None:
    source = document(text or "x")
    for one in sentences(source.text):
        assert Chronicle(source, ()).of(one) is None


def test_a_time_in_what_heads_a_column_is_no_moment() -> None:
    row = "tour: islands; state today: open."
    source = document(f"Tours\n\n{row}", published=SATURDAY)
    at = source.text.index(row)
    assert Chronicle(source, terms("tour")).own(Span(at, at + len(row))) is None
