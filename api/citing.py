"""What a citation is called, and where it can be opened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from urllib.parse import urlencode

from fastapi import Request

from api.rendering import section_below_title
from api.schemas import CitationBody

Link = Callable[[CitationBody], str]


def links_below(base: str) -> Link:
    """Gives the address at which the page below `base` opens what a citation quotes."""

    def link(cited: CitationBody) -> str:
        return document_url(base, cited.document_id, cited.document_version, cited.start, cited.end)

    return link


def document_url(base: str, document_id: str, version: str, start: int, end: int) -> str:
    """The address that opens a stretch of a document's text on the page; offsets in code points.

    What it names stands behind the `#`: it is read by the page (`api/web/src/state/links.ts`), which asks for a key
    where one is needed, and gets into no log.
    """
    place = {"source": document_id, "version": version, "start": start, "end": end}
    return f"{base}/#{urlencode(place)}"


def base_of(request: Request) -> str:
    """How whoever sent a request reaches the service, without a slash at the end."""
    return str(request.base_url).rstrip("/")


def source_id(cited: CitationBody) -> str:
    """A name of the quoted place, which no other place has; it is no address."""
    return place_id(cited.document_id, cited.document_version, cited.start, cited.end)


def place_id(document_id: str, version: str, start: int, end: int) -> str:
    """A name of a stretch of a document's text."""
    return f"{document_id}@{version}#{start}-{end}"


def source_name(cited: CitationBody) -> str:
    """The document, and where in it, for people."""
    return ", ".join((cited.document_title, *place_words(cited)))


def place_words(cited: CitationBody) -> list[str]:
    """Where in its document a quote stands: page, time, mail part or row; else its section, if it has one."""
    found = []
    if cited.page is not None:
        found.append(f"p. {cited.page_label or cited.page}")
    if cited.time_s is not None:
        found.append(str(dt.timedelta(seconds=int(cited.time_s))))
    if cited.part is not None:
        found.append(cited.part)
    if cited.row is not None:
        found.append(f"{cited.sheet} {cited.row}" if cited.sheet else f"row {cited.row}")
    if not found and (section := section_below_title(cited)):
        found.append(section)
    return found
