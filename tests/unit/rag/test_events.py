from collections.abc import Sequence

from rag.analysis import terms
from rag.events import Event, Told, grouped, labels
from rag.moments import Moment
from rag.reading import Candidate
from rag.temporal import Interval
from rag.types import Quote, Span
from tests.make import document


def told(text: str, when: str | None, *, mentions: bool = True, days: Sequence[str] = ()) -> Told:
    source = document(text, id=text)
    span = Span(0, len(text))
    quote = Quote.cut(source, span)
    return Told(
        candidate=Candidate(document=source, span=span, share=0.5, passage_score=0.5),
        moment=Moment(value=when, rule="stated", place=span, quotes=(quote,)) if when else None,
        mentions=mentions,
        labels=labels(text, terms("tour")),
        days=tuple(map(Interval.of, days)),
    )


def summary(events: list[Event]) -> list[tuple[str, list[str]]]:
    return [
        (one.moment.value if one.moment else "", [each.candidate.text for each in one.told])
        for one in events
    ]


def test_labels_are_the_words_before_the_event_s_own() -> None:
    assert labels("On the islands tour and the Coast Tour they sang.", terms("tour")) == {
        "island",
        "coast",
    }
    assert labels("The tour was long.", terms("tour")) == frozenset()


def test_mentions_of_one_day_are_one_event_and_events_come_in_order_of_time() -> None:
    late, early, again = (
        told("The coast tour.", "2024-04-14"),
        told("The north tour.", "2022-03-10"),
        told("That coast tour.", "2024-04-14"),
    )
    assert summary(grouped([late, early, again])) == [
        ("2022-03-10", ["The north tour."]),
        ("2024-04-14", ["The coast tour.", "That coast tour."]),
    ]


def test_a_month_joins_the_only_day_in_it_and_a_year_the_event_of_its_label() -> None:
    days = [told("The north tour.", "2022-03-10"), told("The islands tour.", "2022-11-18")]
    month = told("A tour.", "2022-03")
    year = told("The islands tour of that year.", "2022")
    unclear = told("A tour of that year.", "2022")
    assert summary(grouped([*days, month, year, unclear])) == [
        ("2022-03-10", ["The north tour.", "A tour."]),
        ("2022-11-18", ["The islands tour.", "The islands tour of that year."]),
    ]


def test_other_sentences_join_by_their_date_and_make_no_event() -> None:
    event = told("The tour.", "2022-03-10")
    of_it = told("Ann led.", "2022-03-10", mentions=False)
    other = told("Bob was born.", "1950-01-01", mentions=False)
    assert summary(grouped([of_it, other, event])) == [("2022-03-10", ["The tour.", "Ann led."])]


def test_what_has_no_date_is_no_event() -> None:
    assert grouped([told("A tour.", None)]) == []


def test_a_row_of_a_year_is_of_the_event_that_shares_its_values() -> None:
    june = told("The tour began with heron, a new song.", "2022-06-10")
    july = told("The tour of the others.", "2022-07-03")
    row = told("Year: 2022; Song: Heron; Lead: Lee.", "2022")
    assert summary(grouped([june, july, row])) == [
        ("2022-06-10", [june.candidate.text, row.candidate.text]),
        ("2022-07-03", [july.candidate.text]),
    ]


def test_the_day_on_which_a_row_says_that_it_ended_is_no_other_event() -> None:
    days = ("2022-03-10", "2022-03-28")
    row = told("Tour: north; Out: 10 March 2022; Home: 28 March 2022.", days[0], days=days)
    home = told("They came home from the tour.", days[1])
    other = told("Tour: coast; Out: 28 March 2022.", days[1], days=days[1:])
    island = told("The island tour began.", days[1])
    assert [when for when, _ in summary(grouped([row, home]))] == [days[0]]
    assert [when for when, _ in summary(grouped([row, other]))] == list(days)
    assert [when for when, _ in summary(grouped([row, island]))] == list(days)
