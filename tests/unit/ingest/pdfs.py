"""PDFs made for tests."""

import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText
from pypdf.constants import PageLabelStyle
from pypdf.generic import (
    ArrayObject,
    ByteStringObject,
    DecodedStreamObject,
    DictionaryObject,
    Fit,
    NameObject,
    NumberObject,
    PdfObject,
    RectangleObject,
)
from reportlab.lib.pagesizes import A5
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

LEADING = 14


def pdf(
    pages: Sequence[Sequence[str]],
    *,
    title: str | None = None,
    author: str | None = None,
    indents: Sequence[str] = (),
    font: str = "Helvetica",
) -> bytes:
    """A page per sequence of lines; an empty line leaves a gap, and lines in `indents` are indented."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A5, invariant=1)
    canvas.setTitle(title or "untitled")
    if author:
        canvas.setAuthor(author)
    for lines in pages:
        canvas.setFont(font, 12)
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


def columns(left: Sequence[str], right: Sequence[str]) -> bytes:
    """A page of two columns."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A5, invariant=1)
    for x, lines in ((40, left), (220, right)):
        for row, line in enumerate(lines):
            canvas.drawString(x, 540 - row * LEADING, line)
    canvas.save()
    return file.getvalue()


def with_form(value: str) -> bytes:
    """A page with a line of text and a field that was filled in."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A5, invariant=1)
    canvas.drawString(40, 540, "Name of the keeper:")
    canvas.acroForm.textfield(name="keeper", value=value, x=40, y=500)
    canvas.save()
    return file.getvalue()


def with_note(content: bytes, text: str) -> bytes:
    """The same PDF with words written onto its first page as an annotation."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    note = writer.add_annotation(0, FreeText(text=text, rect=(40, 300, 300, 330)))
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    shown = DecodedStreamObject()
    shown.set_data(f"BT /F 12 Tf 5 10 Td ({text}) Tj ET".encode())
    shown.update(
        {
            NameObject("/Subtype"): NameObject("/Form"),
            NameObject("/BBox"): RectangleObject((0, 0, 260, 30)),
            NameObject("/Resources"): _names({"/Font": _names({"/F": _names(font)})}),
        }
    )
    note[NameObject("/AP")] = _names({"/N": writer._add_object(shown)})
    return _written(writer)


def _names(values: Mapping[str, str | PdfObject]) -> DictionaryObject:
    return DictionaryObject(
        {
            NameObject(key): NameObject(one) if isinstance(one, str) else one
            for key, one in values.items()
        }
    )


def rewritten(content: bytes, *, metadata: Mapping[str, bytes], label: bytes) -> bytes:
    """The same PDF with strings that may be of any bytes: metadata, and the prefix of page labels."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    assert writer._info is not None
    for key, value in metadata.items():
        writer._info[NameObject(key)] = ByteStringObject(value)
    style = DictionaryObject({NameObject("/P"): ByteStringObject(label)})
    labels = {NameObject("/Nums"): ArrayObject([NumberObject(0), style])}
    writer.root_object[NameObject("/PageLabels")] = DictionaryObject(labels)
    return _written(writer)


def without_page(content: bytes, number: int) -> bytes:
    """The same PDF, one of its pages replaced by what is none."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    pages = writer.root_object["/Pages"]
    assert isinstance(pages, DictionaryObject)
    kids = pages["/Kids"]
    assert isinstance(kids, ArrayObject)
    kids[number - 1] = NumberObject(7)
    return _written(writer)


def _written(writer: PdfWriter) -> bytes:
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def encrypted(content: bytes, password: str) -> bytes:
    """The same PDF, to be opened by `password`."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    writer.encrypt(user_password=password, algorithm="RC4-128")
    return _written(writer)


def labelled(content: bytes, *, roman_pages: int) -> bytes:
    """The same PDF, its first pages counted in roman numerals."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    writer.set_page_label(0, roman_pages - 1, style=PageLabelStyle.LOWERCASE_ROMAN)
    writer.set_page_label(roman_pages, len(writer.pages) - 1, style=PageLabelStyle.DECIMAL)
    return _written(writer)


def drawn(*pages: Sequence[tuple[float, float, str]]) -> bytes:
    """Pages of strings at their places, in points from the lower left corner."""

    def paint(canvas: Canvas, strings: Sequence[tuple[float, float, str]]) -> None:
        for x, y, text in strings:
            canvas.drawString(x, y, text)

    return painted(*(partial(paint, strings=page) for page in pages))


def painted(*pages: Callable[[Canvas], object]) -> bytes:
    """Pages that functions paint."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A5, invariant=1)
    for paint in pages:
        paint(canvas)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def running(bodies: Sequence[Sequence[str]], *, header: str, footer: str) -> bytes:
    """Pages of lines below a header and above a footer, in which `#` is the page's number."""
    return drawn(
        *(
            [
                (40, 570, header.replace("#", str(number))),
                *((40, 530 - row * LEADING, line) for row, line in enumerate(lines)),
                (40, 25, footer.replace("#", str(number))),
            ]
            for number, lines in enumerate(bodies, start=1)
        )
    )


def scan(canvas: Canvas, *, text_layer: str = "") -> None:
    """A page that is one grey image, and the text that OCR found on it."""
    image = Image.new("L", (40, 56), 200)
    image.paste(90, (10, 10, 30, 20))
    canvas.drawImage(ImageReader(image), 0, 0, *A5)
    if text_layer:
        write_invisibly(canvas, text_layer)


def write_invisibly(canvas: Canvas, text: str) -> None:
    """A string that is drawn in no ink."""
    invisible = canvas.beginText(40, 300)
    invisible.setTextRenderMode(3)
    invisible.textOut(text)
    canvas.drawText(invisible)


def turned(content: bytes, degrees: int, crop: tuple[float, float, float, float]) -> bytes:
    """The same PDF, every page rotated clockwise and cropped to left, bottom, right and top."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    for page in writer.pages:
        page.rotate(degrees)
        page.cropbox = RectangleObject(crop)
    return _written(writer)


def outlined(content: bytes, entries: Sequence[tuple[str, int, float]]) -> bytes:
    """The same PDF with an outline of titles, each with its page from 0 and its height above the page's foot."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    for title, page, top in entries:
        writer.add_outline_item(title=title, page_number=page, fit=Fit.xyz(left=0, top=top))
    return _written(writer)


def with_file(content: bytes, name: str, inside: bytes) -> bytes:
    """The same PDF with a file inside."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    writer.add_attachment(name, inside)
    return _written(writer)
