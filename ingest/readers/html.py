"""Web pages: the main text with its sections, and what the page says about itself."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
from collections.abc import Iterator, Sequence
from itertools import dropwhile
from typing import Any

from lxml import etree, html
from trafilatura import bare_extraction
from trafilatura.settings import Document as Found

from ingest.readers import tables
from ingest.readers.blocks import Block, Layout, lay_out
from ingest.readers.decoding import Decoded, decode
from ingest.reading import Reading
from rag.characters import clean, one_line, removal_warnings
from rag.errors import EmptyDocument, UnreadableDocument
from rag.types import DocumentDate

_DECLARED_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_CHARSET_BYTES = 4096
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_ISO_DAY = re.compile(r"\s*(\d{4}-\d\d-\d\d)(?!\d)")

_COLUMNS = 1_000  # of a table, at most
_MAIN_TEXT = (
    250  # characters of main text; where less is found, the page may have none apart from the rest
)
_SENTENCE = 40  # characters of a paragraph that stands nowhere else by chance
_UNSET_DAYS = (dt.date(1, 1, 1), dt.date(1970, 1, 1))  # what systems write for no date at all

_UNSEEN = frozenset(("script", "style", "noscript", "svg", "iframe", "object", "nav", "select"))
# What is around the text of a page too, where no main text is found.
_ASIDE = _UNSEEN | {"aside", "footer", "button"}
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "body", "caption", "dd", "details", "div"),
        *("dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "li"),
        *_HEADINGS,
        *("main", "nav", "ol", "p", "section", "summary"),
        *("table", "tbody", "tfoot", "thead", "tr", "ul"),
        *("head", "item", "list", "quote", "row"),  # trafilatura's names
    )
)
_CELLS = frozenset(("td", "th", "cell"))
_BREAKS = frozenset(("br", "lb"))
_HEADING = re.compile(r"h([1-6])$")

# Where pages state their publication, best first: attribute, value, content attribute.
_DATE_FIELDS = (
    ("property", "article:published_time", "content"),
    ("property", "og:article:published_time", "content"),
    ("itemprop", "datePublished", "content"),
    ("itemprop", "datePublished", "datetime"),
    ("name", "citation_publication_date", "content"),
    ("name", "parsely-pub-date", "content"),
    ("name", "pubdate", "content"),
    ("name", "publish-date", "content"),
    ("name", "dc.date.issued", "content"),
    ("name", "dc.date", "content"),
    ("name", "dcterms.created", "content"),
    ("name", "date", "content"),
)
_DATE_ATTRIBUTES = tuple(dict.fromkeys((a, content) for a, _, content in _DATE_FIELDS))


def read(content: bytes) -> Reading:
    """Find a page's main text; menus, notices and hidden parts stay out.

    Raises:
        EmptyDocument: the page holds no text.
        UnreadableDocument: its markup cannot be parsed.
    """
    decoded = decoded_page(content)
    page = _parse(decoded.text)
    found = _extracted(page)
    main = _main_blocks(page, found)
    layout = lay_out(main.blocks)
    return Reading(
        media_type="text/html",
        title=found.title or "",
        text=layout.text,
        locators=layout.sections,
        published=_published(page),
        author=one_line(found.author or "") or None,
        source_url=_canonical_url(page),
        warnings=decoded.warnings + removal_warnings(main.removed),
    )


def decoded_page(content: bytes) -> Decoded:
    """A page's markup, in the encoding that it declares if its bytes bear that out."""
    declared = _DECLARED_CHARSET.search(content[:_CHARSET_BYTES])
    return decode(content, declared[1].decode("ascii") if declared else None)


def whole(markup: str) -> Layout:
    """All of a page, for pages that hold nothing but text of their own, as mails and chapters do.

    Raises:
        UnreadableDocument: the markup cannot be parsed.
    """
    try:
        page = _parse(markup)
    except EmptyDocument:
        return Layout("", ())
    return lay_out(_collected(_body(page), but_not=_UNSEEN).blocks)


def _parse(markup: str) -> html.HtmlElement:
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    # An XML declaration would overrule the encoding that was found.
    content = re.sub(r"\A\s*<\?xml[^>]*\?>|\0", "", markup).encode(errors="ignore")
    try:
        page = html.document_fromstring(content, parser=parser)
    except etree.ParserError as error:
        raise EmptyDocument("The page holds no text.") from error
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise UnreadableDocument("The page nests its elements too deeply to be read whole.")
    for element in list(page.iter()):
        if _is_hidden(element) and element.getparent() is not None:
            element.drop_tree()
        elif element.tag == "pre":
            element.tag = "code"  # which trafilatura keeps apart; it makes quotations of most `pre`
    return page


def _is_hidden(element: html.HtmlElement) -> bool:
    if element.tag in ("html", "head", "body"):
        return False  # pages hide all of themselves until a script has run
    hidden = element.tag == "template" or "hidden" in element.attrib
    return hidden or bool(_HIDDEN_STYLE.search(element.get("style", "")))


def _extracted(page: html.HtmlElement) -> Found:
    """What trafilatura takes for the page's title, author and main text.

    Of a page that marks none of its elements as the one that holds its text, it takes the paragraphs and leaves out
    the headings; asked again with all of the page so marked, it keeps them.
    """
    found = _found(page)
    return _found(_framed(page)) if _left_out_headings(page, found.body) else found


def _found(page: html.HtmlElement) -> Found:
    found = bare_extraction(page, include_comments=False, with_metadata=True)
    return found if isinstance(found, Found) else Found()


def _left_out_headings(page: html.HtmlElement, body: etree._Element) -> bool:
    """Whether there are headings between paragraphs of the text that was found, and it has none."""
    if next(body.iter("head"), None) is not None:
        return False
    text = _said(body)
    found = [*page.iter("p", *_HEADINGS)]
    behind = dropwhile(lambda one: not _is_paragraph_of(text, one), found)
    between = dropwhile(lambda one: not _is_paragraph_of(text, one), reversed([*behind]))
    return any(one.tag != "p" for one in between)


def _is_paragraph_of(text: str, element: html.HtmlElement) -> bool:
    said = _said(element)
    return element.tag == "p" and len(said) >= _SENTENCE and said in text


def _said(element: etree._Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _framed(page: html.HtmlElement) -> html.HtmlElement:
    """A copy of a page whose body holds all in one article."""
    framed = copy.deepcopy(page)
    body = _body(framed)
    article = html.Element("article")
    article.text, body.text = body.text, None
    article.extend(list(body))
    body.append(article)
    return framed


def _main_blocks(page: html.HtmlElement, found: Found) -> _Collector:
    """The blocks of the main text, or of the whole page where hardly any is found."""
    main = _collected(found.body)
    if main.characters >= _MAIN_TEXT:
        return main
    return _collected(_body(page))


def _body(page: html.HtmlElement) -> html.HtmlElement:
    found = page.find("body")
    return page if found is None else found


class _Collector:
    """Gathers the text between two boundaries of blocks."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.removed = 0
        self._parts: list[str] = []
        self._level: int | None = None
        self._preformatted = 0

    @property
    def characters(self) -> int:
        return sum(len(block.text) for block in self.blocks)

    def add(self, text: str) -> None:
        """Take text of the source, whose line breaks are only white space unless it is preformatted."""
        self._parts.append(text if self._preformatted else re.sub(r"\s+", " ", text))

    def mark(self, separator: str) -> None:
        """Take a line break or a cell's end, which stays."""
        self._parts.append(separator)

    def finish(self) -> None:
        """End the present block."""
        cleaned = clean("".join(self._parts))
        self._parts.clear()
        self.removed += cleaned.removed
        if text := cleaned.text.strip("\n") if self._preformatted else _folded(cleaned.text):
            self.blocks.append(Block(text, self._level))

    def enter(self, level: int | None, *, preformatted: bool) -> None:
        """Begin a block of its own kind."""
        self.finish()
        self._level = level or self._level
        self._preformatted += preformatted

    def leave(self, level: int | None, *, preformatted: bool) -> None:
        """End what `enter` began."""
        self.finish()
        self._level = None if level else self._level
        self._preformatted -= preformatted


def _collected(root: etree._Element, *, but_not: frozenset[str] = _ASIDE) -> _Collector:
    """The text of every block in document order; iterative, since pages nest without bound."""
    _name_cells(root)
    collector = _Collector()
    events = etree.iterwalk(root, events=("start", "end"))
    for event, element in events:
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "end":
            _leave(collector, element, tag)
            if element is not root:
                collector.add(element.tail or "")
        elif tag in but_not:
            events.skip_subtree()
        else:
            _enter(collector, element, tag)
            collector.add(element.text or "")
    collector.finish()
    return collector


def _name_cells(root: etree._Element) -> None:
    """Give each row of a table with headers its line of named cells, in place of its cells."""
    for table in root.iter("table"):
        if table.find(".//table") is not None:
            continue  # the outer one is layout
        rows = list(table.iter("tr", "row"))
        first = [cell for cell in rows[0] if cell.tag in _CELLS] if rows else []
        if len(rows) > 1 and len(first) > 1 and all(map(_names_a_column, first)):
            texts = _grid(rows)
            for row in rows:
                del row[:]
                row.text = None
            for index, line in tables.lines(texts, headed=True):
                rows[index].text = line


def _grid(rows: Sequence[etree._Element]) -> list[list[str]]:
    """The rows' cells under their columns: one that spans rows stands in each, one that spans columns in the first."""
    grid: list[list[str]] = []
    lasting: dict[
        int, tuple[str, int]
    ] = {}  # by column: what goes on into the next rows, and how far
    for row in rows:
        filled: list[str] = []
        cells = iter([cell for cell in row if cell.tag in _CELLS])
        while len(filled) < _COLUMNS:
            text, rows_left = lasting.pop(len(filled), ("", 0))
            columns = 1
            if not rows_left:
                if (cell := next(cells, None)) is None:
                    break
                text = " ".join(block.text for block in _collected(cell).blocks)
                columns, rows_left = _span(cell, "colspan"), _span(cell, "rowspan")
            for column in range(columns):
                if rows_left > 1:
                    lasting[len(filled)] = ("" if column else text, rows_left - 1)
                filled.append("" if column else text)
        grid.append(filled)
    return grid


def _span(cell: etree._Element, name: str) -> int:
    stated = cell.get(name, "1").strip()
    return min(max(int(stated), 1), _COLUMNS) if re.fullmatch("[0-9]{1,5}", stated) else 1


def _names_a_column(cell: etree._Element) -> bool:
    return bool(cell.tag == "th" or cell.get("role") == "head")  # trafilatura's mark of a `th`


def _enter(collector: _Collector, element: etree._Element, tag: str) -> None:
    if _is_block(element, tag):
        collector.enter(_heading_level(element, tag), preformatted=_is_preformatted(element, tag))
    elif tag in _BREAKS:
        collector.mark("\n")


def _leave(collector: _Collector, element: etree._Element, tag: str) -> None:
    if _is_block(element, tag):
        collector.leave(_heading_level(element, tag), preformatted=_is_preformatted(element, tag))
    elif tag in _CELLS:
        collector.mark("\t")


def _is_block(element: etree._Element, tag: str) -> bool:
    return tag in _BLOCKS or _is_preformatted(element, tag)


def _is_preformatted(element: etree._Element, tag: str) -> bool:
    """Whether white space counts: in code that fills a line at least."""
    return tag == "code" and any("\n" in text for text in element.itertext())


def _heading_level(element: etree._Element, tag: str) -> int | None:
    """The level of a heading: `h2`, or trafilatura's `<head rend="h2">`."""
    heading = _HEADING.match(element.get("rend", "") if tag == "head" else tag)
    return int(heading[1]) if heading else None


def _folded(text: str) -> str:
    lines = (
        re.sub(r" *\t[ \t]*", "\t", re.sub(r" +", " ", line)).strip() for line in text.split("\n")
    )
    return "\n".join(line for line in lines if line)


def _published(page: html.HtmlElement) -> DocumentDate | None:
    """The publication date that the page's metadata states, with the name of the field."""
    for field, value in _stated_dates(page):
        if day := _day(value):
            return DocumentDate(value=day, found_by=field)
    return None


def _stated_dates(page: html.HtmlElement) -> Iterator[tuple[str, str]]:
    fields: dict[tuple[str, str, str], str] = {}
    for element in page.iter("meta", "time", "span", "div", "p"):
        for attribute, content in _DATE_ATTRIBUTES:
            if (name := element.get(attribute)) and (value := element.get(content)):
                fields.setdefault((attribute, name.strip().lower(), content), value)
    known = [(name, fields.get((a, name.lower(), content))) for a, name, content in _DATE_FIELDS]
    yield from ((name, value) for name, value in known[:2] if value)
    yield from (("JSON-LD datePublished", value) for value in _json_ld_dates(page))
    yield from ((name, value) for name, value in known[2:] if value)
    yield from (
        ("time pubdate", element.get("datetime", ""))
        for element in page.iter("time")
        if "pubdate" in element.attrib
    )


def _json_ld_dates(page: html.HtmlElement) -> Iterator[str]:
    for script in page.iter("script"):
        if script.get("type", "").strip().lower() == "application/ld+json":
            try:
                stated = json.loads(script.text or "", strict=False)
            except (ValueError, RecursionError):
                continue  # pages carry broken metadata; the next field may be sound
            yield from _values_of("datePublished", stated)


def _values_of(key: str, tree: Any) -> Iterator[str]:
    """The strings under `key` in parsed JSON, outermost first."""
    level = [tree]
    while level:
        for node in level:
            if isinstance(node, dict) and isinstance(value := node.get(key), str):
                yield value
        children = (
            node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
            for node in level
        )
        level = [child for group in children for child in group]


def _day(stated: str) -> dt.date | None:
    """The calendar day of an ISO 8601 date or time, in the page's own time zone."""
    match = _ISO_DAY.match(stated)
    try:
        day = dt.date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None
    return day if day not in _UNSET_DAYS else None


def _canonical_url(page: html.HtmlElement) -> str | None:
    links = [link.get("href", "") for link in page.iter("link") if link.get("rel") == "canonical"]
    metas = [
        meta.get("content", "") for meta in page.iter("meta") if meta.get("property") == "og:url"
    ]
    urls = (one_line(url) for url in links + metas)
    return next((url for url in urls if url.startswith(("https://", "http://"))), None)
