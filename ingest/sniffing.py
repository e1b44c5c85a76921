"""What a file is, told from its bytes: names lie, and an upload's name is a stranger's claim."""

import re
from typing import Literal

from ingest.readers.decoding import marked_encoding, unmarked_utf16
from ingest.readers.package import opened, read_member
from ingest.text_formats import TextFormat, text_format
from rag.errors import UnsupportedFormat

Format = Literal["html", "pdf", "docx", "pptx", "spreadsheet", "epub"] | TextFormat

_HEAD_BYTES = 8192
_PDF_HEADER_BYTES = 1024  # how far into a file readers look for its header (ISO 32000-1, Annex H)
_HTML = re.compile(  # possessive, or a file of comments would take exponential time
    r"(?>\s+|<\?xml\b(?>.*?\?>)|<!--(?>.*?-->))*+<(?:!doctype\s+html|html|head|body|title|meta|article|main)\b",
    re.IGNORECASE | re.DOTALL,
)
_SIGNATURES = (  # patterns; what may begin prose needs the bytes that follow it, too
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old office document or an Outlook message"),
    (rb"\{\\rtf", "a rich text (RTF) document"),
    (b"%!PS-Adobe", "a PostScript document"),
    (b"\x1f\x8b", "a gzip archive"),
    (rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\\(\xb5/\xfd", "a zstd archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (rb"II\*\x00", "a TIFF image"),
    (rb"MM\x00\*", "a TIFF image"),
    (rb"RIFF....(?:WAVE|AVI |WEBP)", "an audio, video or WebP file"),
    (rb"ID3[\x02-\x04]", "an MP3 recording"),
    (rb"OggS\x00", "an Ogg recording"),
    (rb"fLaC\x00", "a FLAC recording"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
    (b"\x7fELF", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"SQLite format 3\x00", "an SQLite database"),
)
_PACKAGES: dict[str, Format] = {
    "word/document.xml": "docx",
    "ppt/presentation.xml": "pptx",
    "xl/workbook.xml": "spreadsheet",
    "xl/workbook.bin": "spreadsheet",
}
_MIME_TYPES: dict[bytes, Format] = {
    b"application/epub+zip": "epub",
    b"application/vnd.oasis.opendocument.spreadsheet": "spreadsheet",
}
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))


def sniff(content: bytes, name: str = "") -> Format:
    """The format of a file; `name` decides only between kinds of text that its content leaves open.

    Raises:
        UnsupportedFormat: it is none of those that can be read.
    """
    if _is_pdf(content):
        return "pdf"
    if content.startswith(b"PK\x03\x04"):
        return _packaged(content)
    for signature, what in _SIGNATURES:
        if re.match(signature, content, re.DOTALL):
            raise _unsupported(what)
    encoding = marked_encoding(content) or unmarked_utf16(content)
    head = content[:_HEAD_BYTES]
    if encoding is None and _is_binary(head):
        raise _unsupported("binary data")
    text = _peek(head, encoding)
    return "html" if _HTML.match(text) else text_format(text, name)


def _packaged(content: bytes) -> Format:
    """The format of a ZIP package, by the part that only this format has."""
    package = opened(content)
    names = set(package.namelist())
    for part, kind in _PACKAGES.items():
        if part in names:
            return kind
    kind_of = read_member(package, "mimetype").strip() if "mimetype" in names else b""
    if kind_of in _MIME_TYPES:
        return _MIME_TYPES[kind_of]
    raise UnsupportedFormat(
        "The file looks like a ZIP archive. Unpack it and add the files that are in it."
    )


def _is_pdf(content: bytes) -> bool:
    at = content.find(b"%PDF-", 0, _PDF_HEADER_BYTES)
    # Prose may mention the signature; a file with anything before it must also hold an object.
    return at == 0 or (at > 0 and re.search(rb"\d obj\b", content) is not None)


def _is_binary(head: bytes) -> bool:
    """Whether more than one byte in a hundred is a control character that no text uses."""
    control = len(head) - len(head.translate(None, _CONTROL))
    return control * 100 > len(head) or (len(head) > 11 and head[4:8] == b"ftyp")


def _peek(head: bytes, encoding: str | None) -> str:
    return head.decode(encoding or "utf-8", errors="replace").lstrip("\ufeff\x00")


def _unsupported(what: str) -> UnsupportedFormat:
    return UnsupportedFormat(
        f"The file looks like {what}. Text, Markdown, HTML, PDF, Word, PowerPoint, Excel, CSV, EPUB, mail (EML) "
        "and subtitles can be read: convert it to one of them."
    )
