import pytest

from ingest.boilerplate import stretches
from ingest.reading import read
from rag.types import FurnitureLocator

PROSE = (
    "The ferry left the quay at nine. Its captain had served for thirty years, and nobody on board knew the "
    "channel better. When the fog came down he turned back, and the passengers went home on foot. "
) * 4
BOILERPLATE = [
    "Click the share button above. Follow us on Facebook and subscribe to our weekly newsletter.",
    "All rights reserved.",
    "The views in this column do not necessarily reflect the opinions of the harbour board.",
    "Visit our shop by the quay. Mugs, apparel and more. Memberships start small: a subscription plan that fits "
    "your needs starts at $9.",
    "To get our weather letter, click here.\n\nFeel free to share these articles.",
    "No part may be used without permission of the copyright owner. See our privacy policy.",
]
SUBJECT = [
    "The court held that quoting forty words was fair use.",
    "She now wants to become a patron of the charity.",
    "Members click through the site and share this article with friends, the survey found.",
    "The newsletter had four thousand readers in May.",
    "He asked for permission to use the crane.",
    "The shop on the quay sells mugs and gifts.",
    "The state reserved all rights to the seabed.",
    "Press the button below the display to start the pump.",
    "Click the link below the map to see the tides.",
    "The song ended with all rights reserved by the widow.",
    "The answers given by telephone do not necessarily reflect the views of the wider population.",
]


@pytest.mark.parametrize("said", BOILERPLATE)
def test_what_a_publisher_says_of_itself_is_marked_and_nothing_else(said: str) -> None:
    text = f"{PROSE}\n\n{said}\n\n{PROSE}"
    [found] = stretches(text)
    assert found.cut(text) == said


@pytest.mark.parametrize("said", SUBJECT)
def test_what_is_told_of_such_things_is_not(said: str) -> None:
    assert stretches(f"{PROSE}{said} {PROSE}\n\n{said}\n\n{PROSE}") == []


def test_a_menu_s_line_is_marked_without_the_lines_around_it() -> None:
    text = f"{PROSE}\n\nTide tables\nSign up for our newsletter\nHarbour lights seen from the sea\n\n{PROSE}"
    assert [span.cut(text) for span in stretches(text)] == ["Sign up for our newsletter"]


def test_a_text_about_such_things_is_kept_whole() -> None:
    assert stretches("All rights reserved.") == []
    assert stretches("\n\n".join(BOILERPLATE)) == []


def test_a_reading_keeps_it_in_the_text_apart_from_what_is_searched() -> None:
    text = f"{PROSE}\n\n{BOILERPLATE[0]}"
    reading = read(text.encode(), name="x.txt")
    [marked] = [one for one in reading.locators if isinstance(one, FurnitureLocator)]
    assert marked.span.cut(reading.text) == BOILERPLATE[0]


def test_a_row_of_a_table_is_never_marked() -> None:
    rows = "Id,Text,Note\n" + "".join(f"{n},All rights reserved.,{PROSE[:150]}\n" for n in range(5))
    reading = read(rows.encode(), name="x.csv")
    assert not [one for one in reading.locators if isinstance(one, FurnitureLocator)]
