import datetime as dt

import pytest

from rag.temporal import (
    RULES,
    Anchor,
    AnchorKind,
    Interval,
    Resolved,
    Tense,
    before,
    find,
    overlaps,
    resolve,
    within,
    written,
)


def anchor(value: str) -> Anchor:
    return Anchor(value=value, kind=AnchorKind.RECORDED, found_by="recorded on")


def resolved(
    text: str,
    value: str | None = "2025-03-24",  # a Monday
    tense: Tense = Tense.PAST,
    narrated: str | None = None,
    fiscal_start: int | None = None,
    disabled: frozenset[str] = frozenset(),
) -> Resolved | None:
    (expression,) = find(text)
    return resolve(
        expression,
        anchor(value) if value else None,
        tense=tense,
        narrated=anchor(narrated) if narrated else None,
        fiscal_start=fiscal_start,
        disabled=disabled,
    )


def days(text: str) -> Interval:
    first, last = text.split("/")
    return Interval(dt.date.fromisoformat(first), dt.date.fromisoformat(last))


@pytest.mark.parametrize(
    ("text", "value", "rule"),
    [
        ("26 July 2023", "2023-07-26", "stated"),
        ("July 2023", "2023-07", "stated"),
        ("in 2023", "2023", "stated"),
        ("the first Friday of May 2024", "2024-05-03", "stated"),
        ("the last Monday of May 2024", "2024-05-27", "stated"),
        ("on Friday", "2025-03-21", "weekday-before-anchor"),
        ("on Monday", "2025-03-17", "weekday-before-anchor"),
        ("last Friday", "2025-03-21", "weekday-before-anchor"),
        ("next Friday", "2025-03-28", "weekday-after-anchor"),
        ("this Wednesday", "2025-03-26", "weekday-of-week"),
        ("Wednesday last week", "2025-03-19", "weekday-of-week"),
        ("Friday of next week", "2025-04-04", "weekday-of-week"),
        ("Thursday of the week before last", "2025-03-13", "weekday-of-week"),
        ("a week on Friday", "2025-04-04", "weekday-after-anchor"),
        ("the Friday before last", "2025-03-14", "weekday-before-anchor"),
        ("a week ago on Friday", "2025-03-21", "weekday-before-anchor"),
        ("in September", "2024-09", "last-such-date-before-anchor"),
        ("in March", "2025-03", "last-such-date-before-anchor"),
        ("last March", "2024-03", "last-such-date-before-anchor"),
        ("next March", "2026-03", "next-such-date-after-anchor"),
        ("last time, in September", "2024-09", "last-such-date-before-anchor"),
        ("on 24 March", "2025-03-24", "last-such-date-before-anchor"),
        ("on 25 March", "2024-03-25", "last-such-date-before-anchor"),
        ("on 29 February", "2024-02-29", "last-such-date-before-anchor"),
        ("September last year", "2024-09", "stated-year-of-anchor"),
        ("May this year", "2025-05", "stated-year-of-anchor"),
        ("on the 8th.", "2025-03-08", "last-such-date-before-anchor"),
        ("the 8th of last month", "2025-02-08", "last-such-date-before-anchor"),
        ("Friday the thirteenth", "2024-12-13", "last-such-date-before-anchor"),
        ("yesterday", "2025-03-23", "days-before-anchor"),
        ("the day before yesterday", "2025-03-22", "days-before-anchor"),
        ("today", "2025-03-24", "day-of-anchor"),
        ("tomorrow", "2025-03-25", "days-after-anchor"),
        ("three days ago", "2025-03-21", "days-before-anchor"),
        ("two weeks ago today", "2025-03-10", "days-before-anchor"),
        ("three weeks from today", "2025-04-14", "days-after-anchor"),
        ("the second Sunday of this month", "2025-03-09", "period-of-anchor"),
        ("the first week of last month", "2025-02", "period-before-anchor"),
        ("two months ago", "2025-01", "months-before-anchor"),
        ("five years ago", "2020", "years-before-anchor"),
        ("last week", "2025-03", "period-before-anchor"),
        ("last month", "2025-02", "period-before-anchor"),
        ("this year", "2025", "period-of-anchor"),
        ("next quarter", "2025", "period-after-anchor"),
        ("last summer", "2024", "period-before-anchor"),
        ("Q3 2023", "2023", "stated-period"),
        ("the 1990s", None, "stated-period"),
        ("3 to 5 May 2024", "2024-05-03", "stated"),
    ],
)
def test_a_time_is_worked_out_by_a_rule(text: str, value: str | None, rule: str) -> None:
    found = resolved(text)
    assert found
    assert (found.value, found.rule) == (value, rule)
    assert rule in RULES
    assert resolved(text, disabled=frozenset({rule})) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on Friday", "2025-03-28"),
        ("on Monday", "2025-03-31"),
        ("in September", "2025-09"),
        ("on 25 March", "2025-03-25"),
        ("on 1 March", "2026-03-01"),
        ("on 29 February", "2028-02-29"),
        ("on the 8th.", "2025-04-08"),
        ("this April", "2025-04"),
    ],
)
def test_what_is_to_come_lies_after_the_anchor(text: str, value: str) -> None:
    found = resolved(text, tense=Tense.FUTURE)
    assert found
    assert found.value == value


@pytest.mark.parametrize(
    ("text", "value", "rule"),
    [
        ("two days later", "2023-07-28", "relative-to-narrated"),
        ("the day before.", "2023-07-25", "relative-to-narrated"),
        ("a week earlier", "2023-07-19", "relative-to-narrated"),
        ("two months later", "2023-09", "relative-to-narrated"),
        ("the same day", "2023-07-26", "relative-to-narrated"),
        ("that week", "2023-07", "relative-to-narrated"),
        ("the following Friday", "2023-07-28", "relative-to-narrated"),
        ("the previous year", "2022", "relative-to-narrated"),
        ("two days after the launch", "2023-07-28", "relative-to-event"),
        ("in September", "2023-09", "year-of-narrated"),
        ("in the summer", "2023", "year-of-narrated"),
        ("last time, in September", "2024-09", "last-such-date-before-anchor"),
        ("yesterday", "2025-03-23", "days-before-anchor"),
    ],
)
def test_what_is_told_is_held_against_the_moment_told_of(text: str, value: str, rule: str) -> None:
    found = resolved(text, narrated="2023-07-26")
    assert found
    assert (found.value, found.rule) == (value, rule)
    assert found.by_anchor is ("anchor" in rule)
    assert found.by_narrated is ("anchor" not in rule)


def test_without_the_rule_of_the_moment_told_of_the_anchor_counts() -> None:
    found = resolved("in September", narrated="2023", disabled=frozenset({"year-of-narrated"}))
    assert found
    assert (found.value, found.rule) == ("2024-09", "last-such-date-before-anchor")


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("last week", "2025-03-17/2025-03-23"),
        ("last weekend", "2025-03-22/2025-03-23"),
        ("two weeks ago", "2025-03-07/2025-03-13"),
        ("the week before last", "2025-03-10/2025-03-16"),
        ("a few days ago", "2025-03-19/2025-03-23"),
        ("mid-July 2023", "2023-07-11/2023-07-20"),
        ("late February 2024", "2024-02-21/2024-02-29"),
        ("early 2023", "2023-01-01/2023-04-30"),
        ("the end of May", "2024-05-21/2024-05-31"),
        ("earlier this year", "2025-01-01/2025-03-24"),
        ("later this month", "2025-03-24/2025-03-31"),
        ("the third quarter of 2023", "2023-07-01/2023-09-30"),
        ("the second half of last year", "2024-07-01/2024-12-31"),
        ("the winter of 2022/23", "2022-12-01/2023-02-28"),
        ("the early 1990s", "1990-01-01/1993-04-30"),
        ("the last week of August 2023", "2023-08-25/2023-08-31"),
        ("between March and June 2023", "2023-03-01/2023-06-30"),
        ("from 2019 to 2021", "2019-01-01/2021-12-31"),
        ("3 to 5 May", "2024-05-03/2024-05-05"),
        ("Tuesday to Thursday of the week before last", "2025-03-11/2025-03-13"),
        ("last decade", "2010-01-01/2019-12-31"),
    ],
)
def test_every_time_has_a_first_and_a_last_day(text: str, interval: str) -> None:
    found = resolved(text)
    assert found
    assert found.interval == days(interval)


def test_a_weekday_that_contradicts_its_date_is_reported() -> None:
    found = resolved("Friday, 26 July 2023")
    assert found
    assert found.value == "2023-07-26"
    assert found.warnings == ("26 July 2023 is a Wednesday, not a Friday.",)


def test_a_weekday_chooses_the_year_of_a_date_without_one() -> None:
    found = resolved("Friday, 22 March", "2025-03-21")  # 22 March 2024 was a Friday
    assert found
    assert (found.value, found.warnings) == ("2024-03-22", ())
    found = resolved("Saturday, 22 March", "2025-03-21")  # the day after
    assert found
    assert (found.value, found.rule) == ("2025-03-22", "next-such-date-after-anchor")
    found = resolved("Monday 22 March", "2025-03-21")  # 2021, too far
    assert found
    assert (found.value, len(found.warnings)) == ("2024-03-22", 1)


def test_fiscal_years_need_their_first_month() -> None:
    found = resolved("the first quarter of fiscal 2024")
    assert found
    assert (found.value, found.rule, len(found.warnings)) == ("2024", "fiscal-year-as-stated", 1)
    found = resolved("FY24 Q1", fiscal_start=7)
    assert found
    assert (found.interval, found.rule) == (days("2023-07-01/2023-09-30"), "fiscal-year-from-start")
    found = resolved("fiscal 2024", fiscal_start=7)
    assert found
    assert found.interval == days("2023-07-01/2024-06-30")


@pytest.mark.parametrize(
    "text", ["yesterday", "on Friday", "in September", "last week", "on the 8th."]
)
def test_what_needs_an_anchor_is_not_known_without(text: str) -> None:
    assert resolved(text, None) is None


@pytest.mark.parametrize("text", ["yesterday", "on Friday", "last week"])
def test_days_are_not_counted_from_a_month(text: str) -> None:
    assert resolved(text, "2025-03") is None


def test_months_and_years_are() -> None:
    found = resolved("two years ago", "2025-03")
    assert found
    assert found.value == "2023"


def test_what_leads_out_of_the_calendar_is_not_known() -> None:
    assert resolved("ninety decades ago", "0500-01-01") is None


def test_intervals_compare() -> None:
    july, year = Interval.of("2023-07"), Interval.of("2023")
    assert within(july, year)
    assert not within(year, july)
    assert overlaps(july, Interval.of("2023-07-31"))
    assert not overlaps(july, Interval.of("2023-08"))
    assert before(july, Interval.of("2023-08-01"))
    assert not before(july, Interval.of("2023-07-31"))
    assert Interval.of("2024-02").last == dt.date(2024, 2, 29)
    with pytest.raises(ValueError, match="ends before it begins"):
        Interval(dt.date(2024, 2, 2), dt.date(2024, 2, 1))
    with pytest.raises(ValueError, match="not a date"):
        Interval.of("July")


def test_dates_are_written_in_words() -> None:
    assert [written(one) for one in ("2023-07-26", "2023-07", "2023")] == [
        "26 July 2023",
        "July 2023",
        "2023",
    ]
