import pytest

from rag.errors import SpanOutOfRange
from rag.temporal import Base, Direction, Kind, Part, Tense, Unit, find, is_moved_to, tense_at
from rag.types import Span


def texts(text: str) -> list[str]:
    return [one.text for one in find(text)]


@pytest.mark.parametrize(
    "stated",
    [
        "26 July 2023",
        "the 24th of March",
        "March 25, 2025",
        "Mar. 25 2025",
        "June 2nd",
        "Tuesday, the 25th of March 2025",
        "2025-03-25",
        "25/03/2025",
        "the thirteenth of june twenty twenty-three",
        "tuesday the eighth of october twenty twenty four",
        "Thursday night, the sixteenth of January",
        "September 2024",
        "Sept 2024",
        "september twenty three",
        "the twenty second of may twenty three",
        "spring twenty-two",
        "the end of twenty two",
        "April on the eighth",
        "mid-July",
        "the end of May",
        "early 2023",
        "September last year",
        "the first Friday of May 2024",
        "the last week of August",
        "the third quarter of 2023",
        "the third quarter of fiscal 2024",
        "Q3 2023",
        "FY24 Q1",
        "the first half of 2022",
        "the summer of 2019",
        "the winter of 2022/23",
        "the 1990s",
        "last week",
        "next Friday",
        "last September",
        "this year",
        "earlier this year",
        "yesterday",
        "the day before yesterday",
        "this morning",
        "three weeks ago",
        "about a month ago",
        "two days later",
        "the following week",
        "that same day",
        "the week before last",
        "a week on Friday",
        "Friday week",
        "Thursday of the week before last",
        "3 to 5 May 2024",
        "3-5 May",
        "May 3-5, 2024",
    ],
)
def test_a_time_is_found_as_a_whole_in_any_case(stated: str) -> None:
    for said in (stated, stated.lower(), stated.upper()):
        assert texts(f"The team met again ({said}), and nobody spoke.") == [said]


@pytest.mark.parametrize(
    "text",
    [
        "It may be that we march on, and 5 may have died.",
        "He sat in the sun with mon ami and a second helping.",
        "On the second floor, in room 1904, for $1990.",
        "2000 people and 1950 kg of sand came by road.",
        "Every Friday, and on Fridays only, they fall for it.",
        "Do not wed in haste. This may not help.",
        "The spring in the door broke, and prices fall.",
        "He did it in two weeks, over the last year, for three months.",
        "31 April 2024 is no day, nor is 2023-02-30.",
        "04/05/2025 has two readings.",
        "The Friday prayers; mid-sized; the march was long.",
        "In twenty two minutes, in ninety-eight cases, and in twenty one of them.",
        "By twenty one to sixteen, from room twenty one; one in twenty two said so.",
        "In ninety-nine out of a hundred; in twenty-four-hour shifts; in twenty one dollar bills.",
        "Made in twenty one different countries, during twenty five long years.",
        "Section 3.4.1200, part no. 2001, 12:30 and 15%.",
        "",
    ],
)
def test_what_only_looks_like_a_time_is_none(text: str) -> None:
    assert texts(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("he came in may and left in march", ["may", "march"]),
        ("In March they agreed; the May visit failed.", ["March", "May"]),
        ("in twenty one i was there, since twenty-two not", ["twenty one", "twenty-two"]),
        ("in may twenty two people came", ["may"]),
        ("In May twenty two new trains came", ["May"]),
        ("in april on the eighth we left", ["april on the eighth"]),
        ("in april on the first floor", ["april"]),
        ("They march on the 5th of April.", ["the 5th of April"]),
        ("in may twenty two nine did", ["may twenty two"]),
        ("in 1904 he died, and in nineteen ninety nine she did", ["1904", "nineteen ninety nine"]),
        ("the launches of 2017, 2019 and 2021", ["2017", "2019", "2021"]),
        ("between March and June 2023", ["March and June 2023"]),
        ("from 2015 to 2018 and 2019–21", ["2015 to 2018", "2019–21"]),
        ("moved from 3 May to 10 May", ["3 May", "10 May"]),
        ("by the ninth of last month, on the 8th.", ["the ninth of last month", "the 8th"]),
        ("for the first week of\n> November.", ["the first week of\n> November"]),
        ("It ends in September. And in May.", ["September", "May"]),
        ("Deliveries will start in two weeks.", ["in two weeks"]),
        ("in three months' time", ["in three months' time"]),
        ("two days before the launch", ["two days before"]),
        ("In March\n\n2024", ["March", "2024"]),
    ],
)
def test_context_decides(text: str, found: list[str]) -> None:
    assert texts(text) == found


def test_a_year_that_is_said_without_its_century_is_a_near_one() -> None:
    years = [
        one.year
        for one in find("in twenty one, in ninety eight, in may twenty-nine, in twenty oh two")
    ]
    assert years == [2021, 1998, 2029, 2002]


def test_what_an_expression_says_is_in_its_fields() -> None:
    (date,) = find("tuesday the eighth of october twenty twenty four")
    assert (date.year, date.month, date.day, date.weekday) == (2024, 10, 8, 1)
    (ago,) = find("about three weeks ago")
    assert (ago.kind, ago.unit, ago.number, ago.direction, ago.approximate) == (
        Kind.OFFSET,
        Unit.WEEK,
        3,
        Direction.LAST,
        True,
    )
    (later,) = find("two days later")
    assert (later.base, later.direction) == (Base.NARRATED, Direction.NEXT)
    (quarter,) = find("third quarter of fiscal 2024")
    assert (quarter.unit, quarter.number, quarter.year, quarter.fiscal) == (
        Unit.QUARTER,
        3,
        2024,
        True,
    )
    (middle,) = find("mid-July")
    assert (middle.month, middle.part) == (7, Part.MIDDLE)
    (days,) = find("from 3 to 5 May")
    assert (days.kind, days.day, days.until and days.until.day) == (Kind.RANGE, 3, 5)
    (last,) = find("Last time, in September, it rained.")
    assert (last.text, last.direction) == ("September", Direction.LAST)


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("the day before the launch", Base.EVENT),
        ("They left the day before.", Base.NARRATED),
        ("the week before last", Base.SPOKEN),
    ],
)
def test_what_follows_tells_whether_an_event_is_named(text: str, base: Base) -> None:
    assert [one.base for one in find(text)] == [base]


def test_only_what_lies_inside_of_a_span_is_found() -> None:
    text = "On 3 May, and on 4 May."
    (found,) = find(text, Span(10, len(text)))
    assert (found.text, found.span) == ("4 May", Span(17, 22))
    with pytest.raises(SpanOutOfRange):
        find(text, Span(10, 99))


def test_a_place_far_into_a_text_is_read_as_one_at_its_beginning() -> None:
    said, long = "They met from 3 to 5 May, and will meet on Friday.", "It rained. " * 100
    near, far = find(said), find(long + said, Span(len(long), len(long + said)))
    assert [one.text for one in near] == ["3 to 5 May", "Friday"]
    by = len(long)
    moved = [(one.span.start + by, one.until and one.until.span.start + by) for one in near]
    assert [(one.span.start, one.until and one.until.span.start) for one in far] == moved


def test_letters_that_grow_in_lower_case_move_nothing() -> None:
    (found,) = find("İİİ met on Friday.")
    assert found.text == "Friday"


@pytest.mark.parametrize(
    ("text", "tense"),
    [
        ("The council met on Friday.", Tense.PAST),
        ("The council will meet on Friday.", Tense.FUTURE),
        ("On Friday the council will meet.", Tense.FUTURE),
        ("The crane is due on Friday.", Tense.FUTURE),
        ("The talks were scheduled for Friday.", Tense.PAST),
        ("It has been postponed to Friday.", Tense.FUTURE),
        ("She said on Friday that it will open.", Tense.PAST),
        ("We are talking of it because on Friday they met.", Tense.PAST),
        ("They met, but on Friday they will meet again.", Tense.FUTURE),
        ("She said that it will open on Friday.", Tense.FUTURE),
        ("We will see. He left on Friday.", Tense.PAST),
        ("Please reply by Friday.", Tense.FUTURE),
        ("Friday", Tense.PAST),
        ("They are going to move on Friday.", Tense.FUTURE),
        ("The cores may be sampled from Friday on.", Tense.FUTURE),
        ("The bridge will be opened on Friday.", Tense.FUTURE),
        ("It is due to be opened by the mayor on Friday.", Tense.FUTURE),
        ("It has been opened on Friday.", Tense.PAST),
        ("The ship sails on Friday at noon.", Tense.FUTURE),
        ("We open on Friday.", Tense.FUTURE),
        ("I'll be there on Friday.", Tense.FUTURE),
    ],
)
def test_tense_is_that_of_the_clause(text: str, tense: Tense) -> None:
    at = text.index("Friday")
    assert tense_at(text, Span(at, at + 6)) is tense


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("It was postponed to Friday.", True),
        ("We are moving the sale from Monday to Friday.", True),
        ("They bring the sale forward to Friday.", True),
        ("They put it back until Friday.", True),
        ("The sale was moved from Friday.", False),
        ("They brought it on Friday.", False),
        ("They moved it. It lasts until Friday.", False),
    ],
)
def test_what_is_moved_is_moved_to_a_time(text: str, *, moved: bool) -> None:
    at = text.index("Friday")
    assert is_moved_to(text, Span(at, at + 6)) is moved
