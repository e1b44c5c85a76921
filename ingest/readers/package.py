"""ZIP packages, which office documents and e-books are: looked at closely before anything is inflated."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable
from typing import Any

from lxml import etree

from rag.errors import EncryptedDocument, UnreadableDocument

DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
_ENTRIES = 10_000
_INFLATED_BYTES = 512 << 20
_MEMBER_BYTES = 256 << 20
_RATIO = 200  # text rarely shrinks to less than a hundredth
_SMALL_BYTES = 1 << 20  # which may shrink as it likes
_LOCAL_HEADER_BYTES = 30
_MARKUP = re.compile(r"\.(?:xml|rels|xhtml|html|htm|opf|ncx|vml|svg)\Z", re.IGNORECASE)
_PROLOG_BYTES = 4096
_DECLARATION = re.compile(rb"<!ENTITY", re.IGNORECASE)
_DAMAGED = (  # what zipfile raises; the last for a compression that it lacks
    *(zipfile.BadZipFile, OSError, EOFError, KeyError, ValueError),
    NotImplementedError,
)
_SUSPECT = "The file is built like an archive that is made to do harm ({}). Save it anew and add that file."


def opened(content: bytes) -> zipfile.ZipFile:
    """A package that is safe to inflate, judged from its directory alone.

    Python before 3.11.8 inflates entries that overlap (CVE-2024-0450), so they are looked for here.

    Raises:
        EncryptedDocument: an entry needs a password.
        UnreadableDocument: it is no package, or one that is made to do harm.
    """
    try:
        package = zipfile.ZipFile(io.BytesIO(content))
    except _DAMAGED as error:
        raise UnreadableDocument(
            "The file is damaged and cannot be opened. Save it anew."
        ) from error
    entries = package.infolist()
    if any(entry.flag_bits & 1 for entry in entries):
        raise EncryptedDocument("The file needs a password. Save it without one and add it again.")
    if fault := _fault(entries, len(content)):
        raise UnreadableDocument(_SUSPECT.format(fault))
    _refuse_declarations(package)
    return package


def title_and_author(document: Any) -> tuple[str, str | None]:
    """What the properties state of a document that python-docx or python-pptx opened.

    Nothing where the part that should hold them is declared to be another: both libraries find no attribute then.
    """
    try:
        properties = document.core_properties
        stated = properties.title or "", properties.author or None
    except AttributeError:
        return "", None
    return stated


def read_member(package: zipfile.ZipFile, name: str) -> bytes:
    """An entry's bytes.

    Raises:
        UnreadableDocument: there is none, or it is damaged.
    """
    try:
        return package.read(name)
    except _DAMAGED as error:
        raise UnreadableDocument(
            "A part of the file is missing or damaged. Save it anew."
        ) from error


def parsed(markup: bytes) -> etree._Element:
    """A part that describes the rest, parsed without fetching or expanding anything.

    Raises:
        UnreadableDocument: it is no XML.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(markup, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableDocument("The file's description is damaged. Save it anew.") from error


def _fault(entries: list[zipfile.ZipInfo], package_bytes: int) -> str | None:
    if len(entries) > _ENTRIES:
        return "too many parts"
    if len({entry.filename for entry in entries}) < len(entries):
        return "parts of one name"
    if any(_escapes(entry) for entry in entries):
        return "parts that lie outside of it"
    if any(entry.file_size > _MEMBER_BYTES for entry in entries):
        return "a part that is too large"
    if sum(entry.file_size for entry in entries) > _INFLATED_BYTES:
        return "too large when unpacked"
    if any(
        entry.file_size > _SMALL_BYTES and entry.file_size > _RATIO * max(entry.compress_size, 1)
        for entry in entries
    ):
        return "a part that grows too much"
    if _overlap(entries, package_bytes):
        return "parts that overlap"
    return None


def _escapes(entry: zipfile.ZipInfo) -> bool:
    parts = re.split(r"[\\/]", entry.filename)
    link = entry.external_attr >> 16 & 0o170000 == 0o120000
    return link or ".." in parts or entry.filename.startswith(("/", "\\")) or "\0" in entry.filename


def _overlap(entries: Iterable[zipfile.ZipInfo], package_bytes: int) -> bool:
    """Whether two entries share bytes, counting of each what its directory entry says of it at the least."""
    end = 0
    for entry in sorted(entries, key=lambda one: one.header_offset):
        if entry.header_offset < end:
            return True
        end = entry.header_offset + _LOCAL_HEADER_BYTES + entry.compress_size
    return end > package_bytes


def _refuse_declarations(package: zipfile.ZipFile) -> None:
    """Refuse markup that declares entities: they can fetch files, and grow without end."""
    for entry in package.infolist():
        if _MARKUP.search(entry.filename):
            try:
                with package.open(entry) as member:
                    prolog = member.read(_PROLOG_BYTES)
            except _DAMAGED as error:
                raise UnreadableDocument("A part of the file is damaged. Save it anew.") from error
            if _DECLARATION.search(prolog):
                raise UnreadableDocument(_SUSPECT.format("markup with declarations of its own"))
