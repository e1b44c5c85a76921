"""Office documents, e-books and hostile archives, made for tests."""

import io
import zipfile
from collections.abc import Mapping, Sequence

import docx
import pptx
import xlsxwriter


def zipped(members: Mapping[str, bytes | str], *, level: int = 9) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as package:
        for name, content in members.items():
            package.writestr(name, content)
    return buffer.getvalue()


def word() -> bytes:
    document = docx.Document()
    document.core_properties.title = "Ferry plan"
    document.core_properties.author = "M. Ostrow"
    document.add_heading("Ferry plan", 0)
    document.add_paragraph("The ferry leaves at nine.")
    document.add_heading("Fares", 1)
    table = document.add_table(rows=3, cols=2)
    for row, cells in zip(
        table.rows, [("Who", "Fare"), ("Adult", "4 crowns"), ("Child", "2 crowns")], strict=True
    ):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    document.add_paragraph("Dogs ride free.")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def edited_word() -> bytes:
    document = docx.Document()
    document.add_paragraph("MARK")
    table = document.add_table(rows=3, cols=3)
    for row, texts in zip(
        table.rows, [("Name", "Amount", "Price"), ("wide", "", "7"), ("a", "b", "c")], strict=True
    ):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    table.cell(1, 0).merge(table.cell(1, 1)).text = "wide"
    table.cell(2, 2).add_table(rows=1, cols=1).cell(0, 0).text = "inner."
    buffer = io.BytesIO()
    document.save(buffer)
    changed = (
        "<w:p><w:r><w:t>The price is </w:t></w:r><w:del><w:r><w:delText>10</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>20</w:t></w:r></w:ins><w:r><w:t> euros.</w:t></w:r></w:p>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>Inside of a control.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    )
    with zipfile.ZipFile(buffer) as package:
        members = {name: package.read(name) for name in package.namelist()}
    body = members["word/document.xml"].decode()
    members["word/document.xml"] = body.replace(
        "<w:p><w:r><w:t>MARK</w:t></w:r></w:p>", changed
    ).encode()
    return zipped(dict(members))


def annotated_word() -> bytes:
    """A document with a header, a footer that counts pages, a footnote, an endnote and a comment."""
    document = docx.Document()
    section = document.sections[0]
    section.header.paragraphs[0].text = "Harbour board, 3 May 2024"
    section.footer.paragraphs[0].text = "4"
    paragraph = document.add_paragraph("The pier is 40 m long.")
    document.add_comment(paragraph.runs, text="Really?", author="A.")
    document.add_paragraph("It was built in 1900.")
    buffer = io.BytesIO()
    document.save(buffer)
    with zipfile.ZipFile(buffer) as package:
        members = {name: package.read(name) for name in package.namelist()}
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    kinds = {"footnote": "Without the steps.", "endnote": "Or in 1901."}
    for kind, text in kinds.items():
        members[f"word/{kind}s.xml"] = (
            f'<w:{kind}s {space}><w:{kind} w:id="2"><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:{kind}></w:{kind}s>'
        ).encode()
    relations = "".join(
        f'<Relationship Id="n{kind}" Target="{kind}s.xml" Type="http://schemas.openxmlformats.org/officeDocument'
        f'/2006/relationships/{kind}s"/>'
        for kind in kinds
    )
    types = "".join(
        f'<Override PartName="/word/{kind}s.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        f'wordprocessingml.{kind}s+xml"/>'
        for kind in kinds
    )
    for name, end, more in (
        ("word/_rels/document.xml.rels", "</Relationships>", relations),
        ("[Content_Types].xml", "</Types>", types),
    ):
        members[name] = members[name].decode().replace(end, more + end).encode()
    body = members["word/document.xml"].decode()
    for text, kind in (("40 m long.", "footnote"), ("in 1900.", "endnote")):
        reference = f'{text}</w:t></w:r><w:r><w:{kind}Reference w:id="2"/>'
        body = body.replace(f"{text}</w:t></w:r>", f"{reference}</w:r>")
    members["word/document.xml"] = body.encode()
    return zipped(dict(members))


def slides() -> bytes:
    deck = pptx.Presentation()
    for title, body in (("Start", "We begin in May."), ("Costs", "It costs 3 million.")):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = body
    notes = deck.slides[1].notes_slide.notes_text_frame
    assert notes is not None
    notes.text = "Mention the grant."
    hidden = deck.slides.add_slide(deck.slide_layouts[1])
    hidden.shapes.title.text = "Backup"
    hidden._element.set("show", "0")
    buffer = io.BytesIO()
    deck.save(buffer)
    return buffer.getvalue()


def workbook(sheets: dict[str, Sequence[Sequence[object]]]) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "default_date_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    book.close()
    return buffer.getvalue()


def epub(chapters: Mapping[str, str | bytes], missing: Sequence[str] = (), **more: bytes) -> bytes:
    items = "".join(
        f'<item id="c{n}" href="text/{name}" media-type="application/xhtml+xml"/>'
        for n, name in enumerate([*chapters, *missing])
    )
    refs = "".join(f'<itemref idref="c{n}"/>' for n in range(len(chapters) + len(missing)))
    return zipped(
        {
            "mimetype": b"application/epub+zip",
            "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
            '<rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>',
            "OPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            "<metadata><dc:title>Islands</dc:title><dc:creator>R. Amsel</dc:creator></metadata>"
            f"<manifest>{items}</manifest><spine>{refs}</spine></package>",
            **{f"OPS/text/{name}": page for name, page in chapters.items()},
            **{name.replace("__", "/"): content for name, content in more.items()},
        }
    )


def page(heading: str, *paragraphs: str) -> str:
    body = "".join(f"<p>{one}</p>" for one in paragraphs)
    return (
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head>'
        f"<body><h1>{heading}</h1>{body}</body></html>"
    )
