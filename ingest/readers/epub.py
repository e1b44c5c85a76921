"""E-books (EPUB 2 and 3): chapters in the order of the spine, each read as the page that it is."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

from lxml import etree

from ingest import dates
from ingest.readers import package
from ingest.readers.html import decoded_page, whole
from ingest.readers.package import read_member
from ingest.reading import Reading
from rag.errors import EncryptedDocument, UnreadableDocument
from rag.types import DocumentDate, SectionLocator

MEDIA_TYPE = "application/epub+zip"
_CONTAINER = "META-INF/container.xml"
_PAGES = {"application/xhtml+xml", "text/html", "application/x-dtbook+xml"}
_BETWEEN = "\n\n"
_OPF = "{http://www.idpf.org/2007/opf}"


def read(content: bytes) -> Reading:
    """Read every chapter.

    Raises:
        EncryptedDocument: the book is protected.
        UnreadableDocument: it is damaged.
    """
    book = package.opened(content)
    if "META-INF/encryption.xml" in book.namelist() and "META-INF/rights.xml" in book.namelist():
        raise EncryptedDocument("The book is copy-protected. Add a copy without protection.")
    root = package.parsed(read_member(book, _CONTAINER))
    rootfile = root.find(".//{*}rootfile")
    place = rootfile.get("full-path") if rootfile is not None else None
    if not place:
        raise UnreadableDocument("The book does not say what it consists of. Save it anew.")
    described = package.parsed(read_member(book, place))
    text = ""
    sections: list[SectionLocator] = []
    warnings: list[str] = []
    missing = 0
    for name in _chapters(described, posixpath.dirname(place)):
        try:
            decoded = decoded_page(read_member(book, name))
            chapter = whole(decoded.text)
        except UnreadableDocument:
            missing += 1
            continue
        warnings += decoded.warnings
        sections += [_moved(one, len(text)) for one in chapter.sections]
        text += chapter.text + _BETWEEN if chapter.text else ""
    if missing:
        warnings.append(f"{missing:,} chapters are missing or damaged and were left out.")
    return Reading(
        media_type=MEDIA_TYPE,
        text=text,
        title=_said(described, "title") or "",
        author=_said(described, "creator"),
        published=_published(described),
        locators=tuple(sections),
        partial=missing > 0,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _chapters(described: etree._Element, home: str) -> Iterator[str]:
    """The names of the chapters' files, in the order of the spine."""
    pages = {
        item.get("id"): item.get("href", "")
        for item in described.iterfind(".//{*}manifest/{*}item")
        if item.get("media-type") in _PAGES
    }
    for entry in described.iterfind(".//{*}spine/{*}itemref"):
        if entry.get("idref") in pages:
            yield posixpath.normpath(posixpath.join(home, unquote(pages[entry.get("idref")])))


def _moved(section: SectionLocator, by: int) -> SectionLocator:
    return replace(section, span=section.span.moved(by))


def _published(described: etree._Element) -> DocumentDate | None:
    """The day that the description gives; EPUB 2 marks days of other events by an attribute."""
    for date in described.iterfind(f".//{package.DUBLIN_CORE}date"):
        if date.get(f"{_OPF}event", "publication") == "publication":
            day = dates.leading_day(date.text or "")
            return DocumentDate(value=day, found_by="dc:date") if day else None
    return None


def _said(described: etree._Element, name: str) -> str | None:
    found = described.find(f".//{package.DUBLIN_CORE}{name}")
    return None if found is None or not found.text else found.text.strip()
