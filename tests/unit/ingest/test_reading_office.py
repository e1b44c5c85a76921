import datetime as dt
import io
import struct
import zipfile
from collections.abc import Callable

import pytest
import xlsxwriter

from ingest.readers.tables import lines
from ingest.reading import Reading, read
from rag.errors import (
    DocumentError,
    DocumentTooLarge,
    EmptyDocument,
    EncryptedDocument,
    UnreadableDocument,
    UnsupportedFormat,
)
from rag.types import FurnitureLocator, PageLocator, RowLocator, SectionLocator
from tests.unit.ingest import packages


def sections(reading: Reading) -> list[tuple[tuple[str, ...], str]]:
    return [
        (one.path, one.span.cut(reading.text).strip())
        for one in reading.locators
        if isinstance(one, SectionLocator)
    ]


def rows(reading: Reading) -> list[tuple[str, int, str]]:
    return [
        (one.sheet, one.row, one.span.cut(reading.text))
        for one in reading.locators
        if isinstance(one, RowLocator)
    ]


def test_a_word_document_is_its_headings_paragraphs_and_tables_in_order() -> None:
    reading = read(packages.word(), name="plan.docx")
    assert (reading.title, reading.author) == ("Ferry plan", "M. Ostrow")
    assert reading.media_type.endswith("wordprocessingml.document")
    assert sections(reading) == [
        (("Ferry plan",), "Ferry plan\n\nThe ferry leaves at nine."),
        (
            ("Fares",),
            "Fares\n\nWho: Adult; Fare: 4 crowns.\n\nWho: Child; Fare: 2 crowns.\n\nDogs ride free.",
        ),
    ]


@pytest.mark.parametrize(("made", "name"), [(packages.word, "x.docx"), (packages.slides, "x.pptx")])
def test_properties_that_are_declared_to_be_another_part_cost_nothing_else(
    made: Callable[[], bytes], name: str
) -> None:
    """As the fuzzer found: the words of such a file are whole."""
    with zipfile.ZipFile(io.BytesIO(made())) as package:
        members = {one: package.read(one) for one in package.namelist()}
    declared = b"application/vnd.openxmlformats-package.core-properties+xml"
    assert declared in members["[Content_Types].xml"]
    members["[Content_Types].xml"] = members["[Content_Types].xml"].replace(
        declared, b"application/xml"
    )
    reading = read(packages.zipped(members), name=name)
    assert reading.text == read(made(), name=name).text
    assert reading.author is None


def test_tracked_changes_content_controls_and_merged_cells_are_read() -> None:
    reading = read(packages.edited_word(), name="x.docx")
    assert "The price is 20 euros." in reading.text
    assert "Inside of a control." in reading.text
    assert "Name: wide; Price: 7." in reading.text
    assert "Name: a; Amount: b; Price: c inner." in reading.text


def test_notes_follow_their_paragraph_and_running_lines_stand_apart() -> None:
    reading = read(packages.annotated_word(), name="x.docx")
    assert reading.text.split("\n\n") == [
        "The pier is 40 m long.",
        "Without the steps.",
        "It was built in 1900.",
        "Or in 1901.",
        "Harbour board, 3 May 2024",
    ]
    [header] = [one for one in reading.locators if isinstance(one, FurnitureLocator)]
    assert header.span.cut(reading.text) == "Harbour board, 3 May 2024"
    assert reading.published is not None
    assert (reading.published.value.isoformat(), reading.published.found_by) == (
        "2024-05-03",
        "page header",
    )
    assert reading.warnings == ("1 comment was left out.",)


def test_a_document_without_a_body_is_damaged() -> None:
    with zipfile.ZipFile(io.BytesIO(packages.word())) as package:
        members = {name: package.read(name) for name in package.namelist()}
    members["word/document.xml"] = b"<other/>"
    with pytest.raises(UnreadableDocument, match="damaged"):
        read(packages.zipped(dict(members)), name="x")


def test_a_text_box_is_read_once() -> None:
    with zipfile.ZipFile(io.BytesIO(packages.word())) as package:
        members = {name: package.read(name) for name in package.namelist()}
    box = (
        '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        "<mc:{0}><w:p><w:r><w:t>In a box.</w:t></w:r></w:p></mc:{0}>{1}</mc:AlternateContent>"
    )
    fallback = "<mc:Fallback><w:p><w:r><w:t>In a box.</w:t></w:r></w:p></mc:Fallback>"
    body = members["word/document.xml"].decode()
    members["word/document.xml"] = body.replace(
        "<w:t>Dogs ride free.</w:t>",
        f"<w:t>Dogs ride free. </w:t></w:r><w:r>{box.format('Choice', fallback)}",
    ).encode()
    text = read(packages.zipped(dict(members)), name="x").text
    assert text.count("In a box.") == 1
    assert text.endswith("Dogs ride free. In a box.")


def test_a_chapter_that_is_missing_is_told_and_the_others_are_read() -> None:
    book = packages.epub(
        {"a.xhtml": packages.page("The north", "The north is cold.")}, missing=["b.xhtml"]
    )
    reading = read(book, name="x.epub")
    assert reading.partial
    assert "1 chapters are missing" in reading.warnings[0]
    assert "The north is cold." in reading.text


def test_a_chapter_is_read_in_the_encoding_that_it_declares() -> None:
    page = packages.page("Łódź", "Łódź leży nad rzeką.").replace(
        "?>", ' encoding="iso-8859-2"?>', 1
    )
    reading = read(packages.epub({"a.xhtml": page.encode("iso-8859-2")}), name="x.epub")
    assert "Łódź leży nad rzeką." in reading.text


def test_two_cells_far_apart_are_refused_before_they_are_a_gigabyte() -> None:
    rows = [["a", "b"], *[[]] * 9000, [*[""] * 5000, "far"]]
    with pytest.raises(DocumentTooLarge):
        read(packages.workbook({"Sheet": rows}), name="x.xlsx")


def test_slides_are_pages_with_sections_and_notes_and_hidden_ones_are_left_out() -> None:
    reading = read(packages.slides(), name="deck.pptx")
    assert sections(reading) == [
        (("Start",), "Start\n\nWe begin in May."),
        (("Costs",), "Costs\n\nIt costs 3 million.\n\nMention the grant."),
    ]
    pages = [one for one in reading.locators if isinstance(one, PageLocator)]
    assert [(one.number, one.label) for one in pages] == [(1, "1"), (2, "2")]
    assert "Backup" not in reading.text


def test_every_row_of_a_workbook_stands_at_its_sheet_and_number() -> None:
    reading = read(
        packages.workbook(
            {
                "Prices": [
                    ["Item", "Price", "Since"],
                    ["Pen", 2, dt.date(2024, 5, 1)],
                    [],
                    ["Ink", 3.5, ""],
                ],
                "Notes": [["One remark only"]],
                "Empty": [],
            }
        ),
        name="x.xlsx",
    )
    assert rows(reading) == [
        ("Prices", 2, "Item: Pen; Price: 2; Since: 2024-05-01."),
        ("Prices", 4, "Item: Ink; Price: 3.5."),
        ("Notes", 1, "One remark only"),
    ]
    assert [path for path, _ in sections(reading)] == [("Prices",), ("Notes",)]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"Item,Price\nPen,2\nInk,3\n", "a.csv"),
        (b"Item;Price;Place\nPen;2;A\nInk;3;B\nCap;1;C\n", "a.csv"),
        (b"Item\tPrice\r\nPen\t2\r\nInk\t3\r\n", "a"),
        (b"Price list\nItem;Price\nPen;2\n", "a.csv"),
        (b"Item,Price\nPen," + b"x" * 5000 + b"\nInk,3\n", "a.csv"),
        (b'Item,Price\n"Pen, blue",2\n"Ink\nblack",3\n', "a.csv"),
    ],
)
def test_delimited_text_is_told_by_its_content(content: bytes, name: str) -> None:
    reading = read(content, name=name)
    assert reading.media_type == "text/csv"
    found = {row: text for _, row, text in rows(reading)}
    assert "Pen" in found[3 if content.startswith(b"Price list") else 2]
    assert not any(text.startswith("Price list") and "Pen" in text for text in found.values())


@pytest.mark.parametrize(
    "text",
    [
        b"He came, she saw, they left.\nNobody, it seems, was there.\nIt rained, and rained.\n",
        b"A line.\nAnother line.\n",
        b"Dear Sir, I remain, yours.\nDear madam, as ever, hers.\nDear all, so long, theirs.\n" * 2,
        b"| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n",
    ],
)
def test_prose_is_no_table(text: bytes) -> None:
    assert read(text, name="a.txt").media_type in {"text/plain", "text/markdown"}


def test_an_e_book_is_its_chapters_in_the_order_of_its_spine() -> None:
    reading = read(
        packages.epub(
            {
                "b.xhtml": packages.page("The north", "The north is cold. Seals live there."),
                "cover.xhtml": packages.page(""),
                "a.xhtml": packages.page("The south", "The south is warm. Figs grow there."),
            }
        ),
        name="islands.epub",
    )
    assert (reading.title, reading.author) == ("Islands", "R. Amsel")
    assert sections(reading) == [
        (("The north",), "The north\n\nThe north is cold. Seals live there."),
        (("The south",), "The south\n\nThe south is warm. Figs grow there."),
    ]


@pytest.mark.parametrize(
    ("rows_", "expected"),
    [
        ([["A", "B"], ["1", "2"]], [(1, "A: 1; B: 2.")]),
        ([["A", "A"], ["1", "2"]], [(0, "A\tA"), (1, "1\t2")]),
        ([["1", "2"], ["3", "4"]], [(0, "1\t2"), (1, "3\t4")]),
        ([["A", "B"]], [(0, "A\tB")]),
        ([["", ""], ["A", "B"], ["", "x"]], [(2, "B: x.")]),
        ([["Name", ""], ["a", "b"]], [(0, "Name"), (1, "a\tb")]),
        (
            [["Report on pumps 2024"], ["In litres"], ["Place", "Year"], ["North", "7"]],
            [(0, "Report on pumps 2024"), (1, "In litres"), (3, "Place: North; Year: 7.")],
        ),
        (
            [["A", "B"], *([["1", "2"]] * 20), ["3", "4", "5"]],
            [*((n, "A: 1; B: 2.") for n in range(1, 21)), (21, "A: 3; B: 4; 5.")],
        ),
        ([["A", "B"], ["1", "2", "3"]], [(0, "A\tB"), (1, "1\t2\t3")]),
        ([], []),
    ],
)
def test_rows_say_their_headers_where_there_are_some(
    rows_: list[list[str]], expected: list[tuple[int, str]]
) -> None:
    assert list(lines(rows_)) == expected


def overlapping() -> bytes:
    """Two directory entries for the same bytes, as the small archives that unpack to hundreds of megabytes."""
    content = bytearray(packages.zipped({"word/document.xml": b"a" * 50, "second": b"b" * 50}))
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 42 : directory + 46] = struct.pack("<I", 0)
    return bytes(content)


def encrypted() -> bytes:
    content = bytearray(packages.zipped({"word/document.xml": b"a"}))
    at = content.index(b"PK\x01\x02")
    content[at + 8] |= 1
    return bytes(content)


def linked() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        link = zipfile.ZipInfo("word/document.xml")
        link.external_attr = 0o120777 << 16
        package.writestr(link, "/etc/passwd")
    return buffer.getvalue()


ENTITIES = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (
            packages.zipped({"../word/document.xml": b"a", "word/document.xml": b"a"}),
            UnreadableDocument,
        ),
        (packages.zipped({"word/document.xml": ENTITIES}), UnreadableDocument),
        (
            packages.epub({"a.xhtml": packages.page("x", "y")}, OPS__evil__xml=b"")[:-30],
            UnreadableDocument,
        ),
        (packages.zipped({"word/document.xml": b"<w/>"}), UnreadableDocument),
        (packages.zipped({"xl/workbook.xml": b"<w/>"}), UnreadableDocument),
        (packages.zipped({"ppt/presentation.xml": b"<w/>"}), UnreadableDocument),
        (packages.zipped({"mimetype": b"application/epub+zip"}), UnreadableDocument),
        (packages.zipped({"notes.txt": b"hello"}), UnsupportedFormat),
        (packages.zipped({"inner.zip": packages.zipped({"a": b"a"})}), UnsupportedFormat),
        (packages.workbook({"Empty": []}), EmptyDocument),
        (overlapping(), UnreadableDocument),
        (encrypted(), EncryptedDocument),
        (linked(), UnreadableDocument),
        (b"PK\x03\x04 and then nothing", UnreadableDocument),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_a_package_that_is_hostile_or_broken_is_refused(
    content: bytes, kind: type[DocumentError]
) -> None:
    with pytest.raises(kind):
        read(content, name="x.docx")


@pytest.mark.parametrize(
    ("members", "level"),
    [
        (lambda: {"word/document.xml": b"\0" * (300 << 20)}, 1),
        (lambda: {"word/document.xml": b"\0" * (4 << 20)}, 9),
        (lambda: {f"word/{n}": b"" for n in range(10_001)}, 9),
    ],
    ids=["300 MB", "4 MB", "10,001 members"],
)
def test_a_package_that_unpacks_to_very_much_is_refused(
    members: Callable[[], dict[str, bytes]], level: int
) -> None:
    with pytest.raises(UnreadableDocument):
        read(packages.zipped(members(), level=level), name="x.docx")


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ("<dc:date>1998-10-01</dc:date>", "1998-10-01"),
        (
            '<dc:date xmlns:opf="http://www.idpf.org/2007/opf" opf:event="modification">2020-01-01</dc:date>'
            '<dc:date xmlns:opf="http://www.idpf.org/2007/opf" opf:event="publication">1998-10-01</dc:date>',
            "1998-10-01",
        ),
        ("<dc:date>soon</dc:date>", None),
        ("", None),
    ],
)
def test_a_book_is_dated_by_its_publication(dates: str, expected: str | None) -> None:
    book = packages.epub({"a.xhtml": packages.page("One", "The sea was calm.")})
    with zipfile.ZipFile(io.BytesIO(book)) as package:
        members = {name: package.read(name) for name in package.namelist()}
    described = members["OPS/book.opf"].decode()
    members["OPS/book.opf"] = described.replace("</metadata>", f"{dates}</metadata>").encode()
    published = read(packages.zipped(members), name="x").published
    assert (published and (published.value.isoformat(), published.found_by)) == (
        expected and (expected, "dc:date")
    )


@pytest.mark.parametrize(
    ("place", "kind"), [("KKKKKKKKKKKKB3", UnreadableDocument), ("XFD1048576", DocumentTooLarge)]
)
def test_a_cell_far_from_the_others_is_refused_before_what_is_between_is_made(
    place: str, kind: type[DocumentError]
) -> None:
    with zipfile.ZipFile(io.BytesIO(packages.workbook({"A": [["one", "two"], [1, 2]]}))) as package:
        members = {name: package.read(name) for name in package.namelist()}
    sheet = members["xl/worksheets/sheet1.xml"]
    members["xl/worksheets/sheet1.xml"] = sheet.replace(b'r="B2"', f'r="{place}"'.encode())
    with pytest.raises(kind):
        read(packages.zipped(dict(members)), name="x.xlsx")


def test_hidden_sheets_are_told() -> None:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    for name in ("Shown", "Drafts"):
        book.add_worksheet(name).write_row(0, 0, [f"A remark in {name}"])
    book.worksheets()[1].hide()
    book.close()
    reading = read(file.getvalue(), name="x.xlsx")
    assert reading.text.strip() == "A remark in Shown"
    assert reading.warnings == ("Hidden sheets were left out: Drafts.",)


def test_a_workbook_has_the_title_and_author_that_it_states() -> None:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    book.set_properties({"title": "Price list", "author": "M. Ostrow"})
    book.add_worksheet().write_row(0, 0, ["One remark"])
    book.close()
    reading = read(file.getvalue(), name="x.xlsx")
    assert (reading.title, reading.author) == ("Price list", "M. Ostrow")
