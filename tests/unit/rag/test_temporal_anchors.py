import datetime as dt

import pytest

from rag.temporal import AnchorKind, anchor_of
from rag.types import Document, DocumentDate, PartLocator, Span
from tests import make

TEXT = "Recorded on 24 March 2025. Hello. On Friday he came."


def document(
    *,
    published: DocumentDate | None = None,
    recorded: DocumentDate | None = None,
    original: DocumentDate | None = None,
    parts: tuple[PartLocator, ...] = (),
) -> Document:
    return make.document(
        TEXT, locators=parts, published=published, recorded=recorded, original=original
    )


def date(day: int, found_by: str = "Published", span: Span | None = None) -> DocumentDate:
    return DocumentDate(value=dt.date(2025, 3, day), found_by=found_by, span=span)


AT = Span(40, 46)


def test_what_was_spoken_is_held_against_its_recording_and_quotes_it() -> None:
    found = anchor_of(
        document(published=date(29), recorded=date(24, "recorded on", Span(12, 25))), AT
    )
    assert found
    assert (found.value, found.kind, found.found_by) == (
        "2025-03-24",
        AnchorKind.RECORDED,
        "recorded on",
    )
    assert found.quote
    assert found.quote.text == "24 March 2025"


def test_what_was_written_is_held_against_its_publication_or_the_first_one() -> None:
    found = anchor_of(document(published=date(29), original=date(1)), AT)
    assert found
    assert (found.value, found.kind, found.quote) == ("2025-03-29", AnchorKind.PUBLISHED, None)
    found = anchor_of(document(original=date(1)), AT)
    assert found
    assert found.kind is AnchorKind.ORIGINAL
    assert anchor_of(document(), AT) is None


def test_a_page_header_is_told_apart() -> None:
    found = anchor_of(document(published=date(29, "page header")), AT)
    assert found
    assert found.kind is AnchorKind.PRINTED


@pytest.mark.parametrize(("quoted", "value"), [(date(3), "2025-03-03"), (None, None)])
def test_a_quoted_mail_has_its_own_day_or_none(
    quoted: DocumentDate | None, value: str | None
) -> None:
    parts = (
        PartLocator(span=Span(0, 30), name="body"),
        PartLocator(span=Span(30, len(TEXT)), name="quoted 1", date=quoted),
    )
    mail = document(published=date(29), parts=parts)
    found = anchor_of(mail, AT)
    assert (found.value if found else None) == value
    own = anchor_of(mail, Span(1, 5))
    assert own
    assert (own.value, own.kind) == ("2025-03-29", AnchorKind.PUBLISHED)


def test_a_mails_own_part_is_held_against_its_sending() -> None:
    mail = document(parts=(PartLocator(span=Span(0, len(TEXT)), name="body", date=date(5)),))
    found = anchor_of(mail, AT)
    assert found
    assert (found.value, found.kind) == ("2025-03-05", AnchorKind.SENT)
