"""Running headers and footers: lines in a page's margin that repeat, count pages, or tell where a copy is from.

Evidence is the place and the repetition on pages that differ besides, so a page that stands alone shows only stamps,
and so do pages that say the same throughout.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from statistics import median

from ingest.dates import first_within, is_of_a_day
from ingest.readers.pdf_layout import TextLine
from ingest.readers.pdf_pages import Box
from rag.types import Span

_ZONE = 0.15  # of a page's height: how far from the first or last printed line running lines stand
_OUTER_ZONE = 0.1  # where one alone is believed
_MOST_ROWS = 4  # that run along one edge
_MOST_CHARS = 200  # of a running line
_SHIFT = 6.0  # points by which a running line may move between pages
_SHARE, _SHARE_OF_HEADINGS = 0.05, 0.25  # of all pages: what a running line is on at least
_FEW_PAGES = 3  # of which two that agree are believed
_PROOF = 3  # pages in sequence whose numbers count them
_YEARS = range(1800, 2101)
_ROMAN = re.compile(r"(?=[ivxlc])(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})", re.IGNORECASE)
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_PARTS = re.compile(r"[\t|·•]|\s[–—-]\s|\s(?=(?i:page|seite|página)\s)")
_BARE_NUMBER = re.compile(
    r"\W*(?i:page|p\.|seite|página)?\s*\W*(?:[A-Z]{1,2}-)?(?P<number>\d{1,4}|[ivxlc]{1,7})"
    r"(?:\s*(?:of|/|von|de|sur)\s*\d{1,4})?\W*"
)
_INLINE_NUMBER = re.compile(r"(?<![\w.,/:-])\d{1,4}(?![\w/:-]|[.,]\d)")
_STAMP = re.compile(
    r"(?:this (?:content|copy|file) (?:was )?)?(?:downloaded|digiti[sz]ed|printed) (?:from|on|by)\b.*",
    re.IGNORECASE,
)
_HOST_OR_DAY = re.compile(
    r"https?://|\b(?:[a-z\d-]+\.)+[a-z]{2,}\b|\b\d{1,4}([/.-])\d{1,2}\1\d{1,4}\b", re.IGNORECASE
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
    def cells(self) -> list[str]:
        return [cell.strip() for cell in self.text.split("\t")]

    @property
    def is_stamp(self) -> bool:
        """Whether it tells where or when a copy was made, apart from the text."""
        return self.parted and self.zone <= _OUTER_ZONE and _is_stamp(self.text)

    def numbers(self) -> Iterator[_Number]:
        """What may be the page's number."""
        if len(self.text) > _MOST_CHARS:
            return
        for at, part in _parts(self.text):
            if found := _BARE_NUMBER.fullmatch(part):
                span = Span(at + found.start("number"), at + found.end("number"))
                if value := _value(found["number"]):
                    yield _Number(row=self, span=span, value=value, apart=True)
        for found in _INLINE_NUMBER.finditer(self.text):
            span, value = Span(*found.span()), int(found[0])
            # Between other words, what runs ahead of the pages rather counts invoices or chapters.
            if 0 < value <= self.page + 1 and not is_of_a_day(self.text, span):
                yield _Number(row=self, span=span, value=value, apart=False)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Number:
    """A number in a row, and whether it stands apart from what else the row says."""

    row: _Row
    span: Span
    value: int
    apart: bool

    @property
    def printed(self) -> str:
        """As it stands there."""
        return self.span.cut(self.row.text)

    @property
    def rest(self) -> str:
        """What else the row says."""
        return _folded(self.row.text[: self.span.start] + "#" + self.row.text[self.span.end :])


@dataclass(frozen=True, slots=True)
class _Counted:
    """A number that counts its page; `proven` where enough others in sequence do so too."""

    number: _Number
    proven: bool


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """What tabs, bars and dashes part, each with where it begins."""
    start = 0
    for mark in _PARTS.finditer(text):
        yield start, text[start : mark.start()]
        start = mark.end()
    yield start, text[start:]


def _is_stamp(text: str) -> bool:
    if len(text) > _MOST_CHARS or not _STAMP.fullmatch(text):
        return False
    return bool(_HOST_OR_DAY.search(text) or first_within(text, Span(0, len(text)), found_by=""))


def without_furniture(
    pages: Sequence[tuple[Sequence[TextLine], float]], labels: Sequence[str]
) -> list[PageBody]:
    """Take running lines apart from each page's lines; the float is the page's height in points.

    Every distinct one stays on the first page that has it, where the page's own number makes no difference.
    Nowhere stay bare numbers that certainly count pages.
    """
    edges = _edges(pages)
    rows = [
        row
        for index, (lines, height) in enumerate(pages)
        for row in _rows(index, lines, height, edges)
    ]
    counted = _counted(rows, labels)
    said = _besides(counted, pages)
    page_count = len(set(said))
    in_company = [row for row in rows if _has_company(row, pages)]
    may_run = _repeated(in_company, said, page_count)
    # Where pages say nothing else, or the same, all of it may be what they say.
    repeated = _repeated(in_company, _besides([*counted, *may_run], pages), page_count)
    if page_count <= _FEW_PAGES:
        repeated = _set_apart(repeated, counted)
    chosen: dict[int, list[_Row]] = defaultdict(list)
    peeled: dict[tuple[int, bool], int] = defaultdict(int)
    for row in rows:
        outermost = peeled[row.page, row.at_top] == row.rank
        if row in repeated or (outermost and (row in counted or row.is_stamp)):
            peeled[row.page, row.at_top] += outermost
            chosen[row.page].append(row)
    turned = _turned([lines for lines, _ in pages], said)
    seen: set[str] = set()
    return [
        _body(lines, chosen[index], turned[index], counted, seen)
        for index, (lines, _) in enumerate(pages)
    ]


def _turned(pages: Sequence[Sequence[TextLine]], said: Sequence[str]) -> list[list[TextLine]]:
    """Each page's lines up or down beside level ones that repeat or tell where a copy is from."""
    different = dict(zip(said, pages, strict=True)).values()
    on_pages = Counter(
        text
        for lines in different
        for text in {_folded(one.text) for one in lines if not one.level}
    )
    return [
        [
            one
            for one in lines
            if not one.level
            and any(other.level for other in lines)
            and (on_pages[_folded(one.text)] >= _least(len(different)) or _is_stamp(one.text))
        ]
        for lines in pages
    ]


def _body(
    lines: Sequence[TextLine],
    rows: Sequence[_Row],
    turned: Sequence[TextLine],
    counted: Mapping[_Row, _Counted],
    seen: set[str],
) -> PageBody:
    running = {id(line) for row in rows for line in row.lines} | {id(line) for line in turned}
    new = []
    for row in rows:
        count = counted.get(row)
        is_proven = count is not None and count.proven
        says = count.number.rest if count and count.proven else _folded(row.text)
        if says not in seen and not (is_proven and _BARE_NUMBER.fullmatch(row.text)):
            new.append(row)
            seen.add(says)
    beside = [line for line in turned if _folded(line.text) not in seen]
    seen.update(_folded(line.text) for line in beside)
    return PageBody(
        lines=tuple(line for line in lines if id(line) not in running),
        headers=tuple(line for row in new if row.at_top for line in row.lines),
        footers=(*(line for row in new if not row.at_top for line in row.lines), *beside),
        number=next((counted[row].number.printed for row in rows if row in counted), ""),
    )


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


def _besides(rows: Iterable[_Row], pages: Sequence[tuple[Sequence[TextLine], float]]) -> list[str]:
    """What each page says beside the rows."""
    apart = {id(line) for row in rows for line in row.lines}
    return [
        _folded(" ".join(line.text for line in lines if id(line) not in apart))
        for lines, _ in pages
    ]


def _repeated(rows: Sequence[_Row], besides: Sequence[str], page_count: int) -> set[_Row]:
    """Rows whose words stand at the same place of several pages, counting those that say the same besides as one.

    `page_count` is how many different pages there are. What has nothing besides is not counted.
    """
    alike: dict[tuple[bool, str], list[_Row]] = defaultdict(list)
    for row in rows:
        if re.search(r"[^\W\d_]{2}", row.text) and (
            page_count > _FEW_PAGES or row.zone <= _OUTER_ZONE
        ):
            alike[row.at_top, _folded(row.text)].append(row)
    found: set[_Row] = set()
    for group in alike.values():
        there = _at_one_depth(group)
        # Further inside, or in many cells, it may be the heading of a table that goes on over pages.
        may_head_table = any(row.rank or len(row.cells) > 2 for row in there)
        share = _SHARE_OF_HEADINGS if may_head_table else _SHARE
        different = {besides[row.page] for row in there} - {""}
        if len(different) >= max(_least(page_count), share * page_count):
            found.update(there)
    return found


def _set_apart(rows: Set[_Row], counted: Iterable[_Row]) -> set[_Row]:
    """The rows whose words, on one page at least, have a gap between them, with such rows or numbers, and the text.

    Two pages that agree prove little: lines of a paragraph, too, may be the same on both.
    """
    running = {(row.page, row.at_top, row.rank): row for row in chain(counted, rows)}

    def is_apart(row: _Row) -> bool:
        inner = running.get((row.page, row.at_top, row.rank + 1))
        return row.parted or (inner is not None and is_apart(inner))

    words = {(row.at_top, _folded(row.text)) for row in rows if is_apart(row)}
    return {row for row in rows if (row.at_top, _folded(row.text)) in words}


def _at_one_depth(rows: Sequence[_Row]) -> list[_Row]:
    depth = median(row.depth for row in rows)
    return [row for row in rows if abs(row.depth - depth) <= _SHIFT]


def _least(page_count: int) -> int:
    """On how many pages, in any case, something is repeated."""
    return 3 if page_count > _FEW_PAGES else 2


def _counted(rows: Sequence[_Row], labels: Sequence[str]) -> dict[_Row, _Counted]:
    """The rows whose numbers rise by one a page or are its label, at one place and among the same words."""
    series: dict[tuple[str, bool, str], dict[_Row, _Number]] = defaultdict(dict)
    for row in rows:
        for one in row.numbers():
            if one.value in _YEARS:
                continue
            among = "" if one.apart else one.rest
            is_label = one.apart and one.printed == labels[row.page]
            for count in ("label", str(one.value - row.page))[not is_label :]:
                series[among, row.at_top, count].setdefault(row, one)
    found: dict[_Row, _Counted] = {}
    for numbers in series.values():
        there = _at_one_depth(list(numbers))
        in_sequence = _longest_run(sorted({row.page for row in there}))
        if in_sequence < _least(len(labels)):
            continue
        for row in there:
            proven = numbers[row].apart and in_sequence >= _PROOF
            if proven or row not in found:
                found[row] = _Counted(numbers[row], proven)
    return found


def _longest_run(pages: Sequence[int]) -> int:
    """How many of the pages follow each other, where every other one may be missing."""
    longest = run = 1
    for page, following in pairwise(pages):
        run = run + 1 if following - page <= 2 else 1
        longest = max(longest, run)
    return longest


def _value(number: str) -> int | None:
    if number.isdigit():
        return int(number)
    if not _ROMAN.fullmatch(number):
        return None
    values = [_ROMAN_VALUES[one] for one in number.lower()]
    return sum(
        -value if value < max(values[at:], default=0) else value for at, value in enumerate(values)
    )
