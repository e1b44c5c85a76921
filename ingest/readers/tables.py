"""Rows of tables as lines that can be read, found and quoted on their own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingest.reading import Reading
from rag.characters import one_line
from rag.types import RowLocator, SectionLocator, Span

Row = Sequence[str]
_WIDER_ROWS = 0.1  # the share that may have more cells than the headers
_BETWEEN = "\n\n"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet's name, the number of its first row, and its rows."""

    name: str
    first: int
    rows: Sequence[Row]


def reading(media_type: str, sheets: Sequence[Sheet], warnings: tuple[str, ...] = ()) -> Reading:
    """Every row of every sheet as a paragraph, with the place of each; a named sheet is a section."""
    text = ""
    rows: list[RowLocator] = []
    sections: list[SectionLocator] = []
    for sheet in sheets:
        start = len(text)
        for index, line in lines(sheet.rows):
            span = Span(len(text), len(text) + len(line))
            rows.append(RowLocator(span=span, sheet=sheet.name, row=sheet.first + index))
            text += line + _BETWEEN
        if sheet.name and len(text) > start:
            sections.append(SectionLocator(span=Span(start, len(text)), path=(sheet.name,)))
    return Reading(media_type=media_type, text=text, locators=(*sections, *rows), warnings=warnings)


def lines(rows: Sequence[Row], *, headed: bool = False) -> Iterator[tuple[int, str]]:
    """Each row that holds anything, with its index: `Header: value; Header: value.` where there are headers.

    The first row is the headers if the source says so (`headed`), or if all its cells hold words, no two the
    same, and hardly a row has more cells. Rows of a single cell above it are titles of the table, and stand for
    themselves. Without headers the cells stand side by side.
    """
    cells = [[one_line(cell) for cell in row] for row in rows]
    filled = [(index, row) for index, row in enumerate(cells) if any(row)]
    titles = 0 if headed else _titles([row for _, row in filled])
    body = filled[titles:]
    headers = _headers([row for _, row in body], headed=headed) if len(body) > 1 else None
    for index, row in filled[:titles]:
        yield index, _line(row, None)
    for index, row in body[1:] if headers else body:
        yield index, _line(row, headers)


def _titles(filled: Sequence[Row]) -> int:
    """How many rows of one cell stand above the first row of several; none where no such row follows."""
    several = (index for index, row in enumerate(filled) if sum(map(bool, row)) > 1)
    return next(several, 0)


def _headers(filled: Sequence[Row], *, headed: bool) -> Row | None:
    first = filled[0]
    if headed:
        return first
    names = [cell for cell in first if cell]
    worded = all(any(c.isalpha() for c in name) for name in names)
    wider = sum(sum(map(bool, row)) > len(names) for row in filled)
    complete = wider <= _WIDER_ROWS * len(filled)
    if len(names) > 1 and worded and complete and len(set(names)) == len(names):
        return first
    return None


def _line(row: Row, headers: Row | None) -> str:
    if headers is None:
        return "\t".join(row).strip("\t")
    named = zip([*headers, *[""] * len(row)], row, strict=False)
    return "; ".join(f"{name}: {cell}" if name else cell for name, cell in named if cell) + "."
