"""Write the suites' PDFs, Word documents and workbooks from `<suite>/sources/`; the same bytes every time.

A source `report.pdf.txt` becomes `docs/report.pdf`. It begins with lines `key: value` (title, author, header, footer)
up to a line `---`. After that, blocks stand apart by empty lines: `# ` begins a heading (in a workbook, a sheet), `| `
a table's rows, a lone `===` a page; the rest are paragraphs.
"""

import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import docx
import xlsxwriter
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import cm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Table

SUITES = Path(__file__).parent
MADE = dt.datetime(2020, 1, 1)  # noqa: DTZ001 - office files know no time zones; no date of any event


@dataclass(frozen=True, slots=True)
class Source:
    """What a document is made of: its properties, and its blocks in order."""

    about: dict[str, str]
    blocks: tuple[str, ...]


def main() -> None:
    """Write every document that has a source."""
    for path in sorted(SUITES.glob("*/sources/*.txt")):
        target = path.parents[1] / "docs" / path.stem
        target.write_bytes(WRITERS[target.suffix](_source(path.read_text(encoding="utf-8"))))


def pdf(source: Source) -> bytes:
    """A PDF with a running header and a footer that counts the pages."""
    file = io.BytesIO()
    about = source.about
    report = SimpleDocTemplate(
        file, pagesize=A4, title=about["title"], author=about.get("author", ""), invariant=1
    )
    decorate = partial(_decorate, about=about)
    title = Paragraph(about["title"], getSampleStyleSheet()["Title"])
    story = [title, *map(_flowable, source.blocks)]
    report.build(story, onFirstPage=decorate, onLaterPages=decorate)
    return file.getvalue()


def word(source: Source) -> bytes:
    """A Word document with a header on every page."""
    document = docx.Document()
    about = document.core_properties
    about.title, about.author = source.about["title"], source.about.get("author", "")
    about.created = about.modified = MADE
    document.sections[0].header.paragraphs[0].text = source.about.get("header", "")
    document.add_heading(about.title, 0)
    for block in source.blocks:
        if block.startswith("| "):
            rows = _rows(block)
            table = document.add_table(rows=len(rows), cols=len(rows[0]))
            for row, texts in zip(table.rows, rows, strict=True):
                for cell, text in zip(row.cells, texts, strict=True):
                    cell.text = text
        elif block.startswith("# "):
            document.add_heading(block[2:], 1)
        else:
            document.add_paragraph(block)
    return _repacked(_saved(document))


def workbook(source: Source) -> bytes:
    """A workbook with a sheet for each heading."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    book.set_properties({"title": source.about["title"], "created": MADE})
    for block in source.blocks:
        if block.startswith("# "):
            sheet = book.add_worksheet(block[2:])
        else:
            for number, row in enumerate(_rows(block)):
                sheet.write_row(number, 0, [_number_or_text(cell) for cell in row])
    book.close()
    return _repacked(file.getvalue())


WRITERS = {".pdf": pdf, ".docx": word, ".xlsx": workbook}


def _source(text: str) -> Source:
    head, _, body = text.partition("\n---\n")
    about = dict(line.split(": ", 1) for line in head.splitlines())
    return Source(about, tuple(_blocks(body)))


def _blocks(body: str) -> Iterator[str]:
    """The blocks of a body; the lines of a paragraph are joined, those of a table are kept."""
    for block in filter(None, map(str.strip, body.split("\n\n"))):
        yield block if block.startswith("| ") else " ".join(block.splitlines())


def _rows(block: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip()[1:-1].split("|")] for line in block.splitlines()]


def _flowable(block: str) -> Flowable:
    styles = getSampleStyleSheet()
    if block == "===":
        return PageBreak()
    if block.startswith("| "):
        return Table(_rows(block), hAlign="LEFT", spaceBefore=8, spaceAfter=8)
    if block.startswith("# "):
        return Paragraph(block[2:], styles["Heading2"])
    return Paragraph(block, styles["BodyText"])


def _decorate(canvas: Canvas, report: SimpleDocTemplate, *, about: dict[str, str]) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.drawString(2.5 * cm, A4[1] - 1.5 * cm, about.get("header", ""))
    canvas.drawString(2.5 * cm, 1.3 * cm, about.get("footer", ""))
    canvas.drawRightString(A4[0] - 2.5 * cm, 1.3 * cm, f"page {report.page}")


def _number_or_text(cell: str) -> int | str:
    return int(cell) if cell.isascii() and cell.isdigit() else cell


def _saved(document: docx.document.Document) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _repacked(content: bytes) -> bytes:
    """The same archive without the hour at which it was made."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name), old.read(name), zipfile.ZIP_DEFLATED)
    return file.getvalue()


if __name__ == "__main__":
    main()
