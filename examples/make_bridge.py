"""Write the samples about a footbridge that are not plain text; the same bytes every time."""

import datetime as dt
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import docx
import pptx
import xlsxwriter

FOLDER = Path(__file__).parent / "documents"

MINUTES = [
    "Present: Mayor Liesbeth Kuiper (chair), Councillors Adebayo, Brandsma, Hoekstra, Linden and "
    "Rasmussen, and the town engineer, Hanne Vestergaard. Apologies: Councillor Tjaden.",
    ("1. The new footbridge", 1),
    "Ms Vestergaard presented the three tenders. The working group recommends the fixed steel bridge "
    "of Oostwerf Staal: it is not the cheapest, but it is the only one that needs no pier in the "
    "canal.",
    "Councillor Brandsma asked why a drawbridge had been ruled out. Ms Vestergaard answered that a "
    "keeper or a remote control would cost about 40,000 euros a year, and that eleven boats in the "
    "whole of 2025 would have needed it.",
    "The council approved the bridge with a budget of 2.4 million euros, of which the province pays "
    "900,000. The opening is planned for 12 September 2026.",
    [
        ("Councillor", "Vote", "Remark"),
        ("Adebayo", "for", ""),
        ("Brandsma", "against", "wants a drawbridge"),
        ("Hoekstra", "for", ""),
        ("Linden", "for", ""),
        ("Rasmussen", "abstained", "lives beside the site"),
    ],
    ("2. Swimming in the old harbour", 1),
    "Councillor Linden reported that the water was tested eleven times last summer and failed once, "
    "after the storm in August. The council will decide in March whether to put up a jetty.",
    ("3. Any other business", 1),
    "The town archive will show its photographs of the old bridge from April on. The meeting closed at 21:40.",
]
SLIDES = [
    (
        "A new footbridge for Aldermere",
        ["Public meeting in the town hall", "10 June 2026", "Hanne Vestergaard, town engineer"],
        "",
    ),
    (
        "What has changed since January",
        [
            "The main girders failed the ultrasonic test in May.",
            "The bridge opens on 7 November 2026 and no longer in September.",
            "The cost is now put at 2.65 million euros.",
        ],
        "If asked: the repair of the welds is paid by the steelworks. What is dearer are the piles on the east bank.",
    ),
    (
        "Until then",
        [
            "Walk round by the lock: nine minutes more.",
            "The school bus stops at the lock from 24 August on.",
            "Cyclists share the towpath; please ring your bell.",
        ],
        "",
    ),
]
BUDGET = [
    ("Item", "Approved (EUR)", "Forecast June 2026 (EUR)"),
    ("Steel bridge, delivered and lifted", 1_310_000, 1_310_000),
    ("East abutment and piles", 410_000, 655_000),
    ("West abutment", 180_000, 175_000),
    ("Paths and lighting", 320_000, 330_000),
    ("Design and supervision", 180_000, 180_000),
    ("Total", 2_400_000, 2_650_000),
]
CHAPTERS = {
    "Before the bridge": [
        "Until the reign of the engineers, Aldermere crossed its canal by a flat boat on a chain. "
        "The ferryman took one cent from a person and three from a pig, and nothing from the doctor.",
        "In the winter of 1890 the chain broke in the ice, and for six weeks the two halves of the town wrote letters.",
    ],
    "The iron footbridge": [
        "The iron footbridge was opened on 4 May 1912 by the Queen's commissioner, who walked across "
        "it and back again because the band had missed the first time. Older guidebooks give the "
        "year as 1911, which is when the piles were driven.",
        "It was built by the Wijnands foundry for 31,500 guilders. For thirty years everybody paid "
        "half a cent to cross; the toll ended in 1942.",
    ],
    "The bridge at war": [
        "In April 1945 retreating soldiers meant to blow the bridge up. Two boys had pulled the "
        "fuses in the night. Their names are on a plate at the west end, and the plate is to return "
        "to the new bridge.",
    ],
}
WHEN = dt.datetime(2026, 1, 15, 9, 0)  # noqa: DTZ001 - office files know no time zones


def main() -> None:
    """Write every file."""
    for name, content in {
        "aldermere-council-minutes.docx": minutes(),
        "aldermere-public-meeting.pptx": slides(),
        "aldermere-bridge-budget.xlsx": budget(),
        "aldermere-a-town-on-the-water.epub": book(),
    }.items():
        (FOLDER / name).write_bytes(content)


def minutes() -> bytes:
    """The council's minutes, with a heading for each item and a table of votes."""
    document = docx.Document()
    about = document.core_properties
    about.title = "Aldermere town council: minutes of 14 January 2026"
    about.author = "Town clerk of Aldermere"
    about.created = about.modified = WHEN
    document.add_heading(about.title, 0)
    for part in MINUTES:
        if isinstance(part, str):
            document.add_paragraph(part)
        elif isinstance(part, tuple):
            document.add_heading(part[0], part[1])
        else:
            table = document.add_table(rows=0, cols=len(part[0]))
            for cells in part:
                for cell, text in zip(table.add_row().cells, cells, strict=True):
                    cell.text = text
    return _repacked(_saved(document))


def slides() -> bytes:
    """A talk of three slides, one with notes."""
    deck = pptx.Presentation()
    about = deck.core_properties
    about.title = "A new footbridge for Aldermere"
    about.author = "Hanne Vestergaard"
    about.created = about.modified = WHEN
    for title, lines, notes in SLIDES:
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = "\n".join(lines)
        if notes:
            slide.notes_slide.notes_text_frame.text = notes
    return _repacked(_saved(deck))


def budget() -> bytes:
    """A workbook of one sheet."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    book.set_properties({"title": "Aldermere footbridge: budget", "created": WHEN})
    sheet = book.add_worksheet("Budget")
    for number, row in enumerate(BUDGET):
        sheet.write_row(number, 0, row)
    book.close()
    return _repacked(file.getvalue())


def book() -> bytes:
    """An e-book with a chapter a file."""
    pages = {
        f"{n}.xhtml": _chapter(title, text) for n, (title, text) in enumerate(CHAPTERS.items(), 1)
    }
    items = "".join(
        f'<item id="c{n}" href="{name}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate(pages)
    )
    spine = "".join(f'<itemref idref="c{n}"/>' for n in range(len(pages)))
    package = (
        '<?xml version="1.0" encoding="utf-8"?><package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
        'unique-identifier="id"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">aldermere'
        "</dc:identifier><dc:title>A town on the water: a short history of "
        "Aldermere</dc:title><dc:creator>Maartje "
        "Zwolsman</dc:creator><dc:date>1998-10-01</dc:date><dc:language>en</dc:language></metadata>"
        f"<manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    container = (
        '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        '<rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": container,
        "book.opf": package,
        **pages,
    }
    return _zipped({name: text.encode() for name, text in parts.items()})


def _chapter(title: str, paragraphs: Sequence[str]) -> str:
    body = "".join(f"<p>{one}</p>" for one in paragraphs)
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml">'
        f"<head><title>{title}</title></head><body><h1>{title}</h1>{body}</body></html>"
    )


def _saved(document: docx.document.Document | pptx.presentation.Presentation) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _repacked(content: bytes) -> bytes:
    """The same archive without the hour at which it was made."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return _zipped({name: package.read(name) for name in package.namelist()})


def _zipped(parts: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as package:
        for name, content in parts.items():
            package.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


if __name__ == "__main__":
    main()
