"""Running headers and footers: lines in a page's margin that repeat, count pages, or tell where a copy is from.

Evidence is the place and the repetition; a page that stands alone shows only what no body text looks like.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

from ingest.readers.pdf_layout import TextLine
from ingest.readers.pdf_pages import Box

_ZONE = 0.15  # of a page's height: how far from the first or last printed line running lines stand
_OUTER_ZONE = 0.1  # where one alone is believed
_MOST_ROWS = 4  # that run along one edge
_SHIFT = 6.0  # points by which a running line may move between pages
_SHARE, _SHARE_OF_HEADINGS = 0.05, 0.25  # of all pages: what a running line is on at least
_SHARE_COUNTED, _SHARE_COUNTED_INLINE = 0.1, 0.3  # of all pages: how many a count of pages is on
_DENSITY = 0.3  # the share of pages that a line is on, between the first and the last of them
_TITLE_CHARS = 80
_YEARS = range(1800, 2101)
_ROMAN = re.compile(r"(?=[ivxlc])(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})", re.IGNORECASE)
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_BARE_NUMBER = re.compile(
    r"\W*(?i:page|p\.|seite|página)?\s*\W*(?:[A-Z]{1,2}-)?(?P<number>\d{1,4}|[ivxlc]{1,7})"
    r"(?:\s*(?:of|/|von|de|sur)\s*\d{1,4})?\W*"
)
_STAMP = re.compile(
    r"(?:this (?:content|copy) (?:was )?)?download(?:ed)?\b.*\b(?:from|date|on|by)\b"
    r"|digiti[sz]ed by\b|printed (?:from|on|by)\b|(?:https?://|www\.)\S+\W*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PageBody:
    """A page's lines apart: what it says, and what runs along its edges.

    `number` is the page number that is printed on it, "" where none is found.
    """

    lines: tuple[TextLine, ...]
    headers: tuple[TextLine, ...] = ()
    footers: tuple[TextLine, ...] = ()
    number: str = ""

    def with_lines(self, lines: Sequence[TextLine]) -> PageBody:
        """The same page, its own lines in another order."""
        return replace(self, lines=tuple(lines))


@dataclass(frozen=True, eq=False, kw_only=True)
class _Row:
    """Lines side by side in a margin.

    Attributes:
        rank: Counts from the edge inwards, from 0.
        depth: The distance of its inner side from the page's edge, in points.
        zone: The same from the outermost line of the document, as a share of the page's height.
        parted: Whether more than the space between two lines is between it and the next row.
    """

    page: int
    at_top: bool
    rank: int
    depth: float
    zone: float
    parted: bool
    lines: tuple[TextLine, ...]
    text: str

    @property
    def skeleton(self) -> str:
        return re.sub(r"\d+", "#", " ".join(self.text.casefold().split()))

    @property
    def cells(self) -> list[str]:
        return [cell.strip() for cell in self.text.split("\t")]

    def numbers(self) -> Iterator[_Number]:
        """What may be the page's number: the row or a cell of it, or the word at one of its ends."""
        for cell in dict.fromkeys((self.text, *self.cells)):
            if found := _BARE_NUMBER.fullmatch(cell):
                yield from _number(found["number"], alone=True)
        words = self.text.split()
        for word in (words[0], words[-1]):
            if len(words) > 1 and word.isdigit() and len(word) <= 4 and int(word) not in _YEARS:
                yield from _number(word, alone=False)


@dataclass(frozen=True, slots=True)
class _Number:
    """A number as it is printed, its value, and whether it stands alone in its cell."""

    printed: str
    value: int
    alone: bool


def _number(printed: str, *, alone: bool) -> Iterator[_Number]:
    if value := _value(printed):
        yield _Number(printed, value, alone)


def without_furniture(
    pages: Sequence[tuple[Sequence[TextLine], float]], labels: Sequence[str]
) -> list[PageBody]:
    """Take running lines apart from each page's lines; the float is the page's height in points.

    Every distinct one stays on the first page that has it; page numbers stay nowhere.
    """
    edges = _edges(pages)
    rows = [
        row
        for index, (lines, height) in enumerate(pages)
        for row in _rows(index, lines, height, edges)
    ]
    repeated = _repeated([row for row in rows if _has_company(row, pages)], len(pages))
    offsets = _offsets(rows, len(pages))
    chosen: dict[int, list[_Row]] = defaultdict(list)
    numbers: dict[int, str] = {}
    peeled: dict[tuple[int, bool], int] = defaultdict(int)
    for row in rows:
        outermost = peeled[row.page, row.at_top] == row.rank
        number = _printed(row, offsets, labels[row.page], alone=len(pages) == 1)
        is_stamp = row.zone <= _OUTER_ZONE and _STAMP.match(row.text) is not None
        if row in repeated or (outermost and (number or is_stamp)):
            peeled[row.page, row.at_top] += outermost
            chosen[row.page].append(row)
            if number:
                numbers.setdefault(row.page, number)
    seen: set[str] = set()
    return [
        _body(lines, chosen[index], numbers.get(index, ""), seen)
        for index, (lines, _) in enumerate(pages)
    ]


def _body(lines: Sequence[TextLine], rows: Sequence[_Row], number: str, seen: set[str]) -> PageBody:
    stamps = _sideways(lines)
    running = {id(line) for row in rows for line in row.lines} | {id(line) for line in stamps}
    new = []
    for row in rows:
        if not _BARE_NUMBER.fullmatch(row.text) and row.skeleton not in seen:
            new.append(row)
            seen.add(row.skeleton)
    apart = []
    for line in stamps:
        if (skeleton := re.sub(r"\d+", "#", line.text.casefold())) not in seen:
            apart.append(line)
            seen.add(skeleton)
    return PageBody(
        lines=tuple(line for line in lines if id(line) not in running),
        headers=tuple(line for row in new if row.at_top for line in row.lines),
        footers=(*(line for row in new if not row.at_top for line in row.lines), *apart),
        number=number,
    )


def _sideways(lines: Sequence[TextLine]) -> list[TextLine]:
    """Lines up or down the margin of a page whose other lines are level."""
    turned = [line for line in lines if not line.level]
    level = [line.box for line in lines if line.level]
    if not turned or len(turned) > 2 or len(level) < 10 * len(turned):
        return []
    left, right = median(box.left for box in level), max(box.right for box in level)
    return [line for line in turned if line.box.right <= left or line.box.left >= right]


def _edges(pages: Sequence[tuple[Sequence[TextLine], float]]) -> tuple[float, float]:
    """How far the document's print stays away from the pages' upper and lower edges, in points."""
    boxes = [(line.box, height) for lines, height in pages for line in lines if _is_printed(line)]
    above = min((box.top for box, _ in boxes), default=0.0)
    below = min((height - box.bottom for box, height in boxes), default=0.0)
    return max(0.0, above), max(0.0, below)


def _is_printed(line: TextLine) -> bool:
    return line.level and any(map(str.isalnum, line.text))


def _rows(
    page: int, lines: Sequence[TextLine], height: float, edges: tuple[float, float]
) -> Iterator[_Row]:
    """The rows along the upper edge and along the lower one, each from the edge inwards."""
    printed = [line for line in lines if _is_printed(line)]
    for at_top, edge in zip((True, False), edges, strict=True):
        printed.sort(key=lambda line: line.box.top if at_top else -line.box.bottom)
        grouped = _side_by_side(printed)
        for rank, group in enumerate(grouped[:_MOST_ROWS]):
            box = Box.around([line.box for line in group])
            depth = box.bottom if at_top else height - box.top
            zone = (depth - edge) / height
            if zone > _ZONE:
                break
            space = height
            if rank + 1 < len(grouped):
                inner = grouped[rank + 1][0].box
                space = max(inner.top - box.bottom, box.top - inner.bottom)
            yield _Row(
                page=page,
                at_top=at_top,
                rank=rank,
                depth=depth,
                zone=zone,
                parted=space > 0.5 * box.height,
                lines=tuple(group),
                text="\t".join(line.text for line in group),
            )


def _side_by_side(lines: Sequence[TextLine]) -> list[list[TextLine]]:
    """The first lines in groups that share a height, from left to right."""
    groups: list[list[TextLine]] = []
    for line in lines:
        if groups and groups[-1][0].box.is_beside(line.box):
            groups[-1].append(line)
        elif len(groups) > _MOST_ROWS:
            break
        else:
            groups.append([line])
    return [sorted(group, key=lambda line: line.box.left) for group in groups]


def _has_company(row: _Row, pages: Sequence[tuple[Sequence[TextLine], float]]) -> bool:
    """Whether its page says anything else: what stands alone there is what the page says."""
    return any(line not in row.lines for line in pages[row.page][0])


def _repeated(rows: Sequence[_Row], pages: int) -> set[_Row]:
    """Rows whose words, numbers aside, stand at the same place of several pages."""
    alike: dict[tuple[bool, str], list[_Row]] = defaultdict(list)
    for row in rows:
        if re.search(r"[^\W\d_]{2}", row.text) and (pages > 3 or row.zone <= _OUTER_ZONE):
            alike[row.at_top, row.skeleton].append(row)
    found: set[_Row] = set()
    for group in alike.values():
        depth = median(row.depth for row in group)
        there = [row for row in group if abs(row.depth - depth) <= _SHIFT]
        on = sorted({row.page for row in there})
        # Further inside, or in many cells, it may be the heading of a table that goes on over pages.
        may_head_table = any(row.rank or len(row.cells) > 2 for row in there)
        share = _SHARE_OF_HEADINGS if may_head_table else _SHARE
        enough = len(on) >= max(_least(pages), share * pages)
        if enough and len(on) >= _DENSITY * (on[-1] - on[0] + 1):
            found.update(there)
    return found


def _least(pages: int) -> int:
    """On how many pages, in any case, something is repeated."""
    return 3 if pages > 3 else 2


def _offsets(rows: Sequence[_Row], pages: int) -> set[int]:
    """How far the printed numbers run ahead of the pages, where they count them."""
    least = _least(pages)
    found: set[int] = set()
    for share, alone in ((_SHARE_COUNTED, (True,)), (_SHARE_COUNTED_INLINE, (True, False))):
        on_pages = {
            (row.page, one.value - row.page)
            for row in rows
            for one in row.numbers()
            if one.alone in alone
        }
        counted = Counter(offset for _, offset in on_pages)
        found |= {one for one, times in counted.items() if times >= max(least, share * pages)}
    return found


def _printed(row: _Row, offsets: set[int], label: str, *, alone: bool) -> str:
    """The page number that the row prints, "" where it is none or may be anything else."""
    for number in row.numbers():
        counts = number.value not in _YEARS and number.value - row.page in offsets
        if counts or (label and number.printed == label):
            return number.printed
        if (
            alone
            and row.zone <= _OUTER_ZONE
            and _is_number_alone(row, number.printed, number.value)
        ):
            return number.printed
    return ""


def _is_number_alone(row: _Row, printed: str, value: int) -> bool:
    """Whether a row of the only page can hold nothing but its number, and a title beside it."""
    if not printed.isdigit() or value in _YEARS:
        return False
    if _BARE_NUMBER.fullmatch(row.text):
        return row.parted
    others = [cell for cell in row.cells if cell != printed]
    titled = all(cell[:1].isalpha() and len(cell) <= _TITLE_CHARS for cell in others)
    return row.parted and len(row.cells) > 1 and printed in row.cells and titled and row.rank == 0


def _value(number: str) -> int | None:
    if number.isdigit():
        return int(number)
    if not _ROMAN.fullmatch(number):
        return None
    values = [_ROMAN_VALUES[one] for one in number.lower()]
    return sum(
        -value if value < max(values[at:], default=0) else value for at, value in enumerate(values)
    )
