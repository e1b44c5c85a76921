"""PDFs made for tests."""

import io
from collections.abc import Sequence

from pypdf import PdfReader, PdfWriter
from pypdf.constants import PageLabelStyle
from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas

LEADING = 14


def pdf(
    pages: Sequence[Sequence[str]],
    *,
    title: str | None = None,
    author: str | None = None,
    indents: Sequence[str] = (),
) -> bytes:
    """A page per sequence of lines; an empty line leaves a gap, and lines in `indents` are indented."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A5, invariant=1)
    canvas.setTitle(title or "untitled")
    if author:
        canvas.setAuthor(author)
    for lines in pages:
        for row, line in enumerate(lines):
            canvas.drawString(52 if line in indents else 40, 540 - row * LEADING, line)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def table(rows: Sequence[Sequence[str]], *, after: str) -> bytes:
    """A page with columns that stand 60 points apart, and a line under them."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A5, invariant=1)
    for row, cells in enumerate([*rows, [after]]):
        for column, cell in enumerate(cells):
            canvas.drawString(40 + 60 * column, 540 - row * LEADING, cell)
    canvas.save()
    return file.getvalue()


def encrypted(content: bytes, password: str) -> bytes:
    """The same PDF, to be opened by `password`."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    writer.encrypt(user_password=password, algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def labelled(content: bytes, *, roman_pages: int) -> bytes:
    """The same PDF, its first pages counted in roman numerals."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    writer.set_page_label(0, roman_pages - 1, style=PageLabelStyle.LOWERCASE_ROMAN)
    writer.set_page_label(roman_pages, len(writer.pages) - 1, style=PageLabelStyle.DECIMAL)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()
