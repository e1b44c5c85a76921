"""Spreadsheets: every row is a line with its headers, at its sheet and number."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from ingest.readers import package, tables
from ingest.readers.tables import Sheet
from ingest.reading import Reading
from rag.characters import one_line
from rag.errors import DocumentTooLarge, EncryptedDocument, UnreadableDocument

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PROPERTIES = ("docProps/core.xml", "meta.xml")
_CELLS = 5_000_000
_SHEET_PART = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_CELL_PLACE = re.compile(rb"""<(?:\w+:)?c\b[^<>]*?\br\s*=\s*["']([A-Za-z]+)(\d+)["']""")
_MOST_LETTERS, _MOST_DIGITS = 3, 7  # of a cell's column and row: XFD1048576 is the last
Cell = str | int | float | bool | dt.date | dt.time | dt.timedelta


def read(content: bytes) -> Reading:
    """Read every visible sheet of a workbook: values as they were last computed.

    Raises:
        EncryptedDocument, UnreadableDocument: it cannot be opened.
    """
    parts = package.opened(content)
    _refuse_vast(parts)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = [_sheet(book, stated.name) for stated in book.sheets_metadata if _shown(stated)]
        hidden = [stated.name for stated in book.sheets_metadata if not _shown(stated)]
    except PasswordError as error:
        raise EncryptedDocument("The workbook needs a password. Save it without one.") from error
    except (CalamineError, OSError, ValueError) as error:
        raise UnreadableDocument("The workbook is damaged. Save it anew.") from error
    return replace(
        tables.reading(MEDIA_TYPE, sheets, tuple(_notes(hidden))),
        title=_stated(parts, "title"),
        author=_stated(parts, "creator") or None,
    )


def _stated(parts: zipfile.ZipFile, name: str) -> str:
    """What the workbook's properties say, as Office Open XML and OpenDocument both keep them."""
    for place in _PROPERTIES:
        if place in parts.namelist():
            described = package.parsed(package.read_member(parts, place))
            return (described.findtext(f".//{package.DUBLIN_CORE}{name}") or "").strip()
    return ""


def _refuse_vast(parts: zipfile.ZipFile) -> None:
    """Refuse cells far apart: the parser fills what is between, and ends its process where memory lacks for it."""
    for name in parts.namelist():
        if not _SHEET_PART.fullmatch(name):
            continue
        rows, columns = set(), set()
        for letters, digits in _CELL_PLACE.findall(package.read_member(parts, name)):
            if len(letters) > _MOST_LETTERS or len(digits) > _MOST_DIGITS:
                raise UnreadableDocument(
                    "The workbook has a cell at no place that is. Save it anew."
                )
            rows.add(int(digits))
            columns.add(
                reduce(lambda number, letter: 26 * number + letter - 64, letters.upper(), 0)
            )
        area = (max(rows) - min(rows) + 1) * (max(columns) - min(columns) + 1) if rows else 0
        if area > _CELLS:
            raise DocumentTooLarge("A sheet's number of cells", area, _CELLS)


def _notes(hidden: Sequence[str]) -> Iterator[str]:
    if hidden:
        yield f"Hidden sheets were left out: {', '.join(map(one_line, hidden))}."


def _shown(stated: object) -> bool:
    return "Hidden" not in str(getattr(stated, "visible", ""))


def _sheet(book: CalamineWorkbook, name: str) -> Sheet:
    sheet = book.get_sheet_by_name(name)
    first = (sheet.start or (0, 0))[0] + 1
    if (
        sheet.height * sheet.width > _CELLS
    ):  # two filled cells far apart would be a gigabyte of empty ones
        raise DocumentTooLarge("A sheet's number of cells", sheet.height * sheet.width, _CELLS)
    rows = sheet.to_python(skip_empty_area=True)
    return Sheet(name, first, [[_plain(cell) for cell in row] for row in rows])


def _plain(cell: Cell) -> str:
    """A value as a person would write it: whole numbers without a point, days without midnight."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return cell.isoformat(" ") if isinstance(cell, dt.datetime) else str(cell)
