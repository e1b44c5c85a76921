import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from rag.errors import SpanOutOfRange
from rag.types import (
    Answer,
    Conflict,
    Dated,
    Document,
    DocumentDate,
    DocumentId,
    Filters,
    PageLocator,
    Passage,
    Position,
    Quote,
    SectionLocator,
    Span,
    Statement,
    Usage,
    Version,
)


def document(text: str = "One page. Another page.", **fields: Any) -> Document:
    return Document(
        id=DocumentId("d1"),
        version=Version("sha256:00"),
        collection="default",
        title="A title",
        media_type="text/plain",
        text=text,
        **fields,
    )


def quote(start: int = 0, end: int = 8) -> Quote:
    return Quote.cut(document(), Span(start, end))


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (3, 3), (4, 2)])
def test_a_span_is_a_non_empty_range_from_zero(start: int, end: int) -> None:
    with pytest.raises(ValueError, match="not a span"):
        Span(start, end)


def test_cutting_past_the_end_says_how_long_the_text_is() -> None:
    with pytest.raises(SpanOutOfRange, match="has 3 characters"):
        Span(1, 4).cut("abc")


def test_offsets_count_code_points() -> None:
    assert Span(1, 2).cut("a😀b") == "😀"


def test_a_span_of_a_slice_has_its_place_in_the_whole() -> None:
    assert Span(1, 3).moved(10) == Span(11, 13)


@pytest.mark.parametrize(
    ("other", "both"),
    [
        (Span(0, 2), False),
        (Span(0, 3), True),
        (Span(3, 4), True),
        (Span(4, 9), True),
        (Span(5, 9), False),
    ],
)
def test_spans_overlap_where_a_code_point_is_in_both(other: Span, both: bool) -> None:
    assert Span(2, 5).overlaps(other) is both
    assert other.overlaps(Span(2, 5)) is both


def test_a_quote_is_what_stands_there() -> None:
    source = document()
    quote = Quote.cut(source, Span(10, 17))
    assert quote.text == "Another"
    assert quote.is_exact(source)


@pytest.mark.parametrize(
    "other",
    [
        replace(document(), id=DocumentId("d2")),
        replace(document(), version=Version("sha256:01")),
        document("One page. another page."),
        document("One"),
        document("An One page. Another page."),
    ],
)
def test_a_quote_is_not_exact_in_another_text(other: Document) -> None:
    assert not Quote.cut(document(), Span(10, 17)).is_exact(other)


def test_a_quote_cannot_be_longer_than_its_place() -> None:
    with pytest.raises(ValueError, match="cannot fill"):
        Quote(document_id=DocumentId("d1"), version=Version("v"), span=Span(0, 2), text="three")


def test_a_statement_needs_a_quote_and_an_answer_a_statement() -> None:
    with pytest.raises(ValueError, match="at least one quote"):
        Statement(text="Words.", quotes=(), score=1.0)
    with pytest.raises(ValueError, match="at least one statement"):
        Answer(statements=())


@pytest.mark.parametrize(
    "value", ["", "20", "2020-13", "2020-02-30", "2020-2-3", "2020-02-03T00:00"]
)
def test_a_date_is_iso_8601(value: str) -> None:
    with pytest.raises(ValueError, match=r"not a date|month|day|range"):
        Dated(value=value, rule="stated", quote=quote())


def test_a_date_says_how_much_of_it_is_known() -> None:
    known = [
        Dated(value=v, rule="stated", quote=quote()).precision
        for v in ("2020", "2020-02", "2020-02-29")
    ]
    assert known == ["year", "month", "day"]


def test_what_a_statement_was_dated_by_is_one_of_its_quotes() -> None:
    dated = Dated(value="2020", rule="stated", quote=quote(0, 2))
    with pytest.raises(ValueError, match="one of its quotes"):
        Statement(text="s", quotes=(quote(2, 4),), score=1.0, event=dated)


def test_a_conflict_has_two_sides_and_each_side_its_sources() -> None:
    side = Position(value="v", quotes=(quote(),), independent_sources=1)
    with pytest.raises(ValueError, match="two sides"):
        Conflict(about="a", positions=(side,))
    for sources in (0, 2):
        with pytest.raises(ValueError, match="independent"):
            replace(side, independent_sources=sources)


def test_an_answer_lists_each_quote_once() -> None:
    first, second = quote(0, 2), quote(2, 4)
    side = Position(value="v", quotes=(second,), independent_sources=1)
    answer = Answer(
        statements=(Statement(text="s", quotes=(first, first), score=1.0),),
        conflicts=(Conflict(about="a", positions=(side, side)),),
    )
    assert answer.quotes == (first, second)


def test_a_place_tells_page_and_section_of_the_first_character() -> None:
    source = document(
        locators=(
            PageLocator(span=Span(0, 10), number=1, label="i"),
            PageLocator(span=Span(10, 23), number=2, label="ii"),
            SectionLocator(span=Span(10, 23), path=("Part", "Chapter")),
        )
    )
    assert source.place(Span(9, 12)).page_label == "i"
    assert source.place(Span(9, 12)).section == ()
    assert source.place(Span(10, 12)).page == 2
    assert source.place(Span(10, 12)).section == ("Part", "Chapter")


def test_locators_of_one_kind_may_not_overlap() -> None:
    with pytest.raises(ValueError, match="overlap"):
        document(
            locators=(
                PageLocator(span=Span(0, 12), number=1, label="1"),
                PageLocator(span=Span(10, 23), number=2, label="2"),
            )
        )


def test_a_passage_carries_the_section_it_begins_in() -> None:
    source = document(locators=(SectionLocator(span=Span(0, 9), path=("Start",)),))
    assert Passage.of(source, Span(0, 9)).section == ("Start",)
    assert Passage.of(source, Span(10, 17)).section == ()


def test_date_filters_are_inclusive_and_pass_over_undated_documents() -> None:
    day = dt.date(2024, 5, 1)
    dated = document(published=DocumentDate(value=day, found_by="user"))
    assert Filters(published_after=day, published_before=day).admit(dated)
    assert not Filters(published_after=day + dt.timedelta(1)).admit(dated)
    assert not Filters(published_after=day).admit(document())
    assert not Filters()


def test_filters_are_narrowed_by_others_to_what_both_admit() -> None:
    early, late = dt.date(2024, 5, 1), dt.date(2024, 6, 1)
    one, two, three = DocumentId("1"), DocumentId("2"), DocumentId("3")
    some = Filters(document_ids=frozenset({one, two}), published_after=early)
    other = Filters(
        document_ids=frozenset({two, three}), published_after=late, published_before=late
    )
    assert some.narrowed(other) == other.narrowed(some)
    assert some.narrowed(other) == Filters(
        document_ids=frozenset({two}), published_after=late, published_before=late
    )
    assert some.narrowed(Filters()) == Filters().narrowed(some) == some
    assert not Filters().narrowed(Filters())


def test_what_two_replies_took_is_added_up() -> None:
    assert Usage(1, 2, 0.5) + Usage(3, 4, 0.25) == Usage(4, 6, 0.75)
    assert Usage(1, 2) + Usage(3, 4, estimated=True) == Usage(4, 6, estimated=True)
    assert Usage(1, 2, 0.0) + Usage(3, 4) == Usage(4, 6, 0.0)
