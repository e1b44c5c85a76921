"""What holds of whatever any reader makes of any file."""

from itertools import pairwise

from ingest.reading import Reading
from rag.characters import Cleaned, clean
from rag.types import Document, PartLocator, Span, TimeLocator
from tests import make


def check(reading: Reading) -> Document:
    """The document of a sound reading."""
    document = make.document(
        reading.text, locators=reading.locators
    )  # refuses what is out of order
    assert reading.text.strip()
    assert clean(reading.text) == Cleaned(reading.text, 0)
    _check_order(document)
    for one in reading.locators:
        assert one.span.cut(document.text)
        if isinstance(one, TimeLocator):
            assert 0 <= one.start_s <= one.end_s
    stated = [one.date for one in reading.locators if isinstance(one, PartLocator)]
    for date in (reading.published, reading.recorded, reading.original, *stated):
        if date and date.span:
            assert date.span.cut(reading.text).strip()
    return document


def _check_order(document: Document) -> None:
    """Locators of a kind follow each other and never overlap; pages leave no character out."""
    for kind in {type(one) for one in document.locators}:
        spans = [one.span for one in document.locators if type(one) is kind]
        assert all(a.end <= b.start for a, b in pairwise(spans))
    if document.pages:
        assert [document.pages[0].span.start, document.pages[-1].span.end] == [
            0,
            len(document.text),
        ]
        assert all(a.span.end == b.span.start for a, b in pairwise(document.pages))


def check_places(document: Document, spans: list[Span]) -> None:
    """Every span has one place: that of the locators in which it starts."""
    for span in spans:
        place = document.place(span)
        if document.pages:
            (page,) = [one for one in document.pages if one.span.start <= span.start < one.span.end]
            assert place.page == page.number
        sections = [one for one in document.sections if one.span.start <= span.start < one.span.end]
        assert place.section == (sections[0].path if sections else ())
