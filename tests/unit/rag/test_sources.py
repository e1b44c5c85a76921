import datetime as dt

import pytest

from rag.sources import meant
from rag.types import DocumentDate
from tests.make import document

DOCUMENTS = (
    document("The steel is late.", id="mail", title="Fwd: steel", media_type="message/rfc822"),
    document(
        "The planning price is 12.",
        id="plan",
        title="Price",
        media_type="message/rfc822",
        published=DocumentDate(value=dt.date(2024, 5, 2), found_by="sent"),
    ),
    document("Nothing much.", id="talk", title="The Water Hour", media_type="text/vtt"),
    document(
        "Nothing much.",
        id="spoken",
        title="Evening",
        media_type="text/plain",
        recorded=DocumentDate(value=dt.date(2023, 1, 9), found_by="user"),
    ),
    document("Nothing much.", id="notes", title="Site", source_key="engineering-notes.md"),
)


@pytest.mark.parametrize(
    ("named", "ids"),
    [
        ("mail", {"mail", "plan"}),
        ("planning mail", {"plan"}),
        ("latest mail", {"plan"}),
        ("most recent mail", {"plan"}),
        ("most angry mail", {"mail", "plan"}),
        ("podcast", {"talk", "spoken"}),
        ("notes", {"notes"}),
        ("newest document", {"plan"}),
        ("planning document", {"plan"}),
        ("prime minister", set()),
        ("of", set()),
        ("--", set()),
    ],
)
def test_documents_are_named_by_what_they_are(named: str, ids: set[str]) -> None:
    assert meant(named, DOCUMENTS) == ids


def test_a_document_that_is_called_so_is_meant_and_no_other_that_holds_the_words() -> None:
    mail = document("It is 12.", id="mail", title="Re: Roses - final price list")
    newer = document("Price: see the list.", id="newer", title="Notes", source_key="notes.md")
    assert meant("final price list", (newer, mail)) == {"mail"}
    assert meant("list", (newer, mail)) == {"newer", "mail"}
    years = [
        document(
            "It is 12.",
            id=str(year),
            title=f"Final price list {year}",
            published=DocumentDate(value=dt.date(year, 5, 2), found_by="sent"),
        )
        for year in (2019, 2024)
    ]
    assert meant("final price list", years) == {"2024"}
    assert meant("price list", years) == {"2019", "2024"}


def test_words_that_no_document_holds_leave_all_of_the_kind() -> None:
    assert meant("angry mail", DOCUMENTS) == {"mail", "plan"}
