import time

import pytest
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont

from ingest.reading import read
from rag.errors import EmptyDocument, EncryptedDocument, UnreadableDocument
from rag.types import PageLocator
from tests.unit.ingest.pdfs import (
    columns,
    encrypted,
    labelled,
    pdf,
    rewritten,
    table,
    with_form,
    with_note,
    without_page,
)

LINES = [
    "The lamp was lit at dusk by the",
    "keeper, who had climbed the stairs.",
    "",
    "In the morning it was put out.",
]


def test_lines_stay_together_and_a_gap_ends_a_paragraph() -> None:
    reading = read(pdf([LINES]), name="lamp.pdf")
    assert reading.text == (
        "The lamp was lit at dusk by the\nkeeper, who had climbed the stairs.\n\n"
        "In the morning it was put out."
    )
    assert reading.media_type == "application/pdf"


def test_an_indented_line_after_a_sentence_begins_a_paragraph() -> None:
    lines = ["The first paragraph ends on this line.", "A second one begins, and it", "goes on."]
    text = read(pdf([lines], indents=[lines[1]]), name="x.pdf").text
    assert text == f"{lines[0]}\n\n{lines[1]}\n{lines[2]}"


def test_words_broken_at_a_line_end_are_joined() -> None:
    text = read(
        pdf([["The light was extin-", "guished at dawn by the assis-", "tant."]]), name="x"
    ).text
    assert "extinguished at dawn by the assistant." in text


def test_a_word_broken_twice_is_joined_twice() -> None:
    text = read(pdf([["It is super-", "califragi-", "listic here."]]), name="x").text
    assert text == "It is supercalifragilistic here."


def test_long_runs_of_letters_take_no_time() -> None:
    content = pdf([["x" * 30_000]] * 4)
    started = time.monotonic()
    read(content, name="x")
    assert time.monotonic() - started < 2


def test_a_short_line_that_ends_a_sentence_ends_a_paragraph() -> None:
    lines = [
        "The first line of these fills the page",
        "and ends soon. It does.",
        "Here is another.",
    ]
    assert "does.\nHere" in read(pdf([[lines[1], *lines[1:]]]), name="x").text
    assert "does.\n\nHere" in read(pdf([lines]), name="x").text


def test_the_top_of_a_second_column_begins_a_paragraph() -> None:
    left, right = ["Wicks and oil", "Glass and soot"], ["The keeper", "The assistant"]
    assert read(columns(left, right), name="x").text == (
        "Wicks and oil\nGlass and soot\n\nThe keeper\nThe assistant"
    )


def test_what_was_filled_into_a_form_is_text() -> None:
    text = read(with_form("Ada Marsh"), name="x").text
    assert text == "Name of the keeper:\nAda Marsh"


def test_what_was_written_onto_a_page_without_a_form_is_text() -> None:
    text = read(with_note(pdf([["The lamp."]]), "Lit by Ada Marsh"), name="x").text
    assert text == "The lamp.\n\nLit by Ada Marsh"


def test_ligatures_are_spelt_out() -> None:
    registerFont(TTFont("Vera", "Vera.ttf"))
    assert read(pdf([["The ﬁrst ﬂame"]], font="Vera"), name="x").text == "The first flame"


def test_a_page_that_cannot_be_read_is_named() -> None:
    reading = read(without_page(pdf([["One"], ["Two"], ["Three"]]), 2), name="x")
    assert "Page 2 cannot be read." in reading.warnings
    assert reading.text == "One\n\nThree"


def test_strings_of_the_file_are_cleaned_and_broken_ones_cost_a_character_only() -> None:
    broken = "\ufeffLa\ud800mp\u202e room\n".encode("utf-16-be", errors="surrogatepass")
    metadata = {"/Title": broken, "/Author": broken}
    reading = read(rewritten(pdf([LINES]), metadata=metadata, label=broken), name="x")
    assert (reading.title, reading.author) == ("Lamp room", "Lamp room")
    assert [one.label for one in reading.locators if isinstance(one, PageLocator)] == ["Lamp room"]


def test_a_compound_keeps_its_hyphen_where_the_text_shows_it() -> None:
    lines = ["It is a self-made lamp, as all self-", "made lamps are."]
    assert "self-made lamps" in read(pdf([lines]), name="x").text


def test_rows_of_figures_stand_apart() -> None:
    text = read(pdf([["Oil 1,200 1,300", "Wicks 40 (12)", "Glass 7 9"]]), name="x").text
    assert text.split("\n\n") == ["Oil 1,200 1,300", "Wicks 40 (12)", "Glass 7 9"]


def test_cells_of_a_table_are_parted_by_tabs_and_its_rows_stand_apart() -> None:
    rows = [["Day", "Office of the keeper"], ["Monday", "Lamp room"], ["Tuesday", "Stairs"]]
    content = table(rows, after="A closing line of words follows the table here.")
    assert read(content, name="x").text == (
        "Day\tOffice of the keeper\n\nMonday\tLamp room\n\nTuesday\tStairs\n\n"
        "A closing line of words follows the table here."
    )


def test_pages_cover_every_character_in_order_and_carry_their_labels() -> None:
    content = labelled(pdf([["Preface of the"], ["Contents"], ["one sentence."]]), roman_pages=2)
    reading = read(content, name="x.pdf")
    pages = [one for one in reading.locators if isinstance(one, PageLocator)]
    assert "".join(page.span.cut(reading.text) for page in pages) == reading.text
    assert [(page.number, page.label) for page in pages] == [(1, "i"), (2, "ii"), (3, "1")]
    assert [page.span.cut(reading.text).strip() for page in pages] == [
        "Preface of the",
        "Contents",
        "one sentence.",
    ]


def test_a_sentence_runs_on_over_the_page() -> None:
    assert read(pdf([["It began here"], ["and ended there."]]), name="x").text == (
        "It began here\nand ended there."
    )


def test_metadata_names_the_document_and_its_author() -> None:
    reading = read(pdf([LINES], title="The Lamp", author="O. Keeper"), name="x.pdf")
    assert (reading.title, reading.author) == ("The Lamp", "O. Keeper")
    assert reading.published is None


@pytest.mark.parametrize(
    "title", ["untitled", "Microsoft Word - lamp.doc", "lamp_final.docx", "0001-22"]
)
def test_a_title_that_a_tool_wrote_is_passed_over(title: str) -> None:
    assert read(pdf([["Of Lamps", "", "Text."]], title=title), name="x.pdf").title == "Of Lamps"


def test_blank_pages_are_no_matter_for_a_warning() -> None:
    reading = read(pdf([["One"], [], [], ["Four"], []]), name="x.pdf")
    assert reading.warnings == ()
    assert not reading.partial
    assert [one.number for one in reading.locators if isinstance(one, PageLocator)] == [1, 4]


def test_no_text_at_all_says_that_it_may_be_scanned() -> None:
    with pytest.raises(EmptyDocument, match="OCR"):
        read(pdf([[], []]), name="x.pdf")


def test_a_password_is_asked_for() -> None:
    with pytest.raises(EncryptedDocument, match="password"):
        read(encrypted(pdf([LINES]), "secret"), name="x.pdf")


def test_an_empty_password_opens() -> None:
    assert "keeper" in read(encrypted(pdf([LINES]), ""), name="x.pdf").text


@pytest.mark.parametrize("cut", [0.02, 0.1])
def test_a_damaged_file_is_unreadable(cut: float) -> None:
    content = pdf([LINES])
    with pytest.raises((UnreadableDocument, EmptyDocument)):
        read(content[: int(len(content) * cut)], name="x.pdf")


def test_a_signature_and_nothing_else_is_unreadable() -> None:
    with pytest.raises(UnreadableDocument):
        read(b"%PDF-1.7\n" + b"nonsense " * 100, name="x.pdf")


def test_junk_before_the_header_is_allowed() -> None:
    assert "keeper" in read(b"junk\n" * 20 + pdf([LINES]), name="x.txt").text


@pytest.mark.parametrize(("junk", "kind"), [(1019, "application/pdf"), (1020, "text/plain")])
def test_the_header_stands_within_the_first_1024_bytes(junk: int, kind: str) -> None:
    content = b"j" * junk + b"%PDF-1.4\n" + pdf([LINES]).partition(b"\n")[2]
    assert read(content, name="x").media_type == kind
