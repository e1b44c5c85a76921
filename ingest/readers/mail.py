"""Mail (EML): its headers as lines, then its text; what it quotes or forwards are parts with own dates."""

from __future__ import annotations

import codecs
import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr, parsedate_to_datetime
from itertools import count, pairwise

from ingest import dates
from ingest.readers.decoding import decode, marked_encoding, unmarked_utf16
from ingest.reading import Attachment, Reading
from rag.characters import clean, one_line
from rag.errors import DocumentError, EmptyDocument, UnreadableDocument
from rag.types import DocumentDate, PartLocator, Span

_HEADERS = ("From", "To", "Cc", "Subject", "Date")
_MOST_NESTING = 20
_SEPARATOR = "\n\n"
_WESTERN = ("ascii", "iso8859-1", "cp1252")  # named by programs that in truth write UTF-8

_QUOTE_MARKS = re.compile(r"[ \t]{0,3}(?:>[ \t]?)+")
_WROTE = re.compile(r"\W*on\b.{4,200}\bwrote:?\W*$", re.IGNORECASE | re.DOTALL)
_WROTE_BEGINS = re.compile(r"\W*on\b.*(?:\d|@)", re.IGNORECASE)
_FORWARDED = re.compile(
    r"\W*-{2,}\s*forwarded\s+(?:message|by)\b.*|\W*begin\s+forwarded\s+message\b.*", re.IGNORECASE
)
_ORIGINAL = re.compile(r"\W*-{2,}\s*original\s+(?:message|appointment)\b.*", re.IGNORECASE)
_FIELD = re.compile(r"\W*(from|sent|date|to|cc|subject)\W*:\W*\S", re.IGNORECASE)
_SENT = re.compile(
    r"^\W*(?:sent|date)\W*:.*$|\A\W*on\b[\s\S]{4,200}?\bwrote\b", re.IGNORECASE | re.MULTILINE
)
_FIELD_LINES = 10  # how far below a part's first line its date may stand
_FIELD_CHARS = 300


@dataclass(eq=False, slots=True)
class _Part:
    """A mail's own text, or one quoted or forwarded; `sent` where its own headers are known."""

    name: str
    sent: dt.date | None = None
    quoted: bool = True


@dataclass(slots=True)
class _Segment:
    """Lines of one part that stand together."""

    part: _Part
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()


@dataclass(slots=True)
class _Collected:
    """What walking through a mail finds."""

    segments: list[_Segment] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    has_text: bool = False
    numbers: dict[str, Iterator[int]] = field(
        default_factory=lambda: {"quoted": count(1), "forwarded": count(1)}
    )

    def part(self, kind: str) -> _Part:
        return _Part(f"{kind} {next(self.numbers[kind])}")


def read(content: bytes) -> Reading:
    """Read a mail's headers and text. Marks of quoting are left out: parts say what is quoted.

    Raises:
        EmptyDocument: it has neither.
        UnreadableDocument: its structure cannot be parsed.
    """
    try:
        message = message_from_bytes(_bytes(content), _class=EmailMessage, policy=default)
        found = _Collected()
        body = _Part("body", _sent(message), quoted=False)
        _collect(message, body, found, depth=0)
        author = parseaddr(_header(message, "From"))
        subject = _header(message, "Subject")
    except (DocumentError, MemoryError):
        raise
    except Exception as error:  # the standard parser meets odd mails with any exception
        raise UnreadableDocument(
            "The mail's structure cannot be parsed. Save it again in a mail program, then add that file."
        ) from error
    segments = [segment for segment in found.segments if segment.text]
    if not segments:
        raise EmptyDocument("The mail holds neither headers that can be read nor text.")
    text, locators = _join(segments)
    sender = author[0] or author[1]
    return Reading(
        media_type="message/rfc822",
        title=subject or (f"Mail from {sender}" if sender else ""),
        text=text,
        locators=locators,
        author=sender or None,
        published=_date_header(body.sent),
        attachments=tuple(found.attachments),
        warnings=(*dict.fromkeys(found.warnings), *_notes(found)),
    )


def _bytes(content: bytes) -> bytes:
    """The mail as the standard parser reads it: a byte order mark or blank line would end its headers."""
    if encoding := marked_encoding(content) or unmarked_utf16(content):
        content = content.decode(encoding, errors="replace").removeprefix("\ufeff").encode()
    return content.lstrip()


def _notes(found: _Collected) -> Iterator[str]:
    if not found.has_text:
        yield "The mail has no text: only its headers can be found."


def _collect(message: EmailMessage, part: _Part, found: _Collected, *, depth: int) -> None:
    """Add a mail's headers, text and enclosed mails to what was found."""
    headers = [f"{name}: {value}" for name in _HEADERS if (value := _header(message, name))]
    found.segments.append(_Segment(part, ["\n\n".join(headers)]))
    for enclosed in _walk(message, found, depth):
        if isinstance(enclosed, str):
            found.has_text = found.has_text or bool(enclosed.strip())
            found.segments += _segments(enclosed, part, found)
        else:
            forwarded = found.part("forwarded")
            forwarded.sent = _sent(enclosed)
            _collect(enclosed, forwarded, found, depth=depth + 1)


def _walk(message: EmailMessage, found: _Collected, depth: int) -> Iterator[str | EmailMessage]:
    """The texts and mails inside of a mail's structure, in order; attachments are noted by name."""
    kind = message.get_content_type()
    if depth > _MOST_NESTING:
        raise UnreadableDocument("The mail nests other mails or its parts too deeply to be read.")
    if kind == "multipart/alternative":
        yield from _best(message, found, depth)
    elif message.is_multipart():
        for child in _children(message):
            yield from [child] if kind == "message/rfc822" else _walk(child, found, depth + 1)
    elif kind in ("text/plain", "text/html") and (
        message.get_content_disposition() != "attachment"
    ):
        yield _text(message, found)
    elif name := one_line(message.get_filename() or ""):
        _keep(message, name, found)
    elif not kind.startswith("multipart/"):
        _keep(message, kind.replace("/", "."), found)


def _keep(message: EmailMessage, name: str, found: _Collected) -> None:
    content = message.get_payload(decode=True)
    if isinstance(content, bytes) and content:
        found.attachments.append(Attachment(name, content))


def _best(message: EmailMessage, found: _Collected, depth: int) -> list[str | EmailMessage]:
    """The plainest of the alternatives that holds words; all of them say the same."""
    alternatives = [list(_walk(child, found, depth + 1)) for child in _children(message)]
    return next(
        (one for one in alternatives if any(isinstance(x, EmailMessage) or x.strip() for x in one)),
        [],
    )


def _children(message: EmailMessage) -> list[EmailMessage]:
    payload = message.get_payload()
    children = payload if isinstance(payload, list) else []
    return [child for child in children if isinstance(child, EmailMessage)]


def _text(message: EmailMessage, found: _Collected) -> str:
    payload = message.get_payload(decode=True)
    if not isinstance(payload, bytes) or not payload.strip():
        return ""
    try:
        decoded = decode(payload, _charset(message, payload))
        text, warnings = decoded.text, decoded.warnings
    except UnreadableDocument:
        text = payload.decode("utf-8", errors="replace")
        warnings = ("The encoding of some text cannot be told: what is not UTF-8 shows as \ufffd.",)
    cleaned = clean(text)
    found.warnings += (*warnings, *cleaned.warnings)
    if message.get_content_type() == "text/plain":
        return cleaned.text
    from ingest.readers.html import whole  # its parsers take a second to load

    return whole(cleaned.text).text


def _charset(message: EmailMessage, payload: bytes) -> str | None:
    """The declared encoding, unless it is a western one and the bytes are UTF-8."""
    declared = message.get_content_charset()
    try:
        western = declared is not None and codecs.lookup(declared).name in _WESTERN
        payload.decode("utf-8")
    except (LookupError, ValueError):
        return declared
    return "utf-8" if western else declared


def _header(message: EmailMessage, name: str) -> str:
    """A header's value on one line, "" where there is none."""
    raw = next(
        (str(value) for key, value in message.raw_items() if key.lower() == name.lower()), ""
    )
    if _has_bytes(raw):  # not encoded, as it must be
        return one_line(decode(raw.encode("utf-8", "surrogateescape")).text)
    if name == "Date":  # the standard parser words it anew
        return one_line(raw)
    try:
        return one_line(str(message.get(name, "")))
    except (ValueError, LookupError, AttributeError, TypeError):
        return one_line(raw)  # the standard parser trips over some


def _has_bytes(raw: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in raw)


def _sent(message: EmailMessage) -> dt.date | None:
    """The day of the Date header, in the sender's own time zone."""
    stated = _header(message, "Date")
    try:
        return parsedate_to_datetime(stated).date()
    except (ValueError, TypeError, IndexError, OverflowError):
        return dates.leading_day(stated)


def _date_header(sent: dt.date | None) -> DocumentDate | None:
    return DocumentDate(value=sent, found_by="Date header") if sent else None


def _segments(text: str, own: _Part, found: _Collected) -> list[_Segment]:
    """Cut a mail's text where another mail is quoted or forwarded inside of it.

    A line belongs to the part that stands at its depth of quoting, so that an answer between quoted lines
    is the sender's own again.
    """
    lines = _unmarked(text)
    standing: dict[int, _Part] = {0: own}
    segments = [_Segment(own)]
    for index, (depth, line) in enumerate(lines):
        if line.strip() and (opened := _opened(lines, index)):
            kind, depth = opened
            standing = {d: part for d, part in standing.items() if d < depth}
            standing[depth] = found.part(kind)
        elif not line.strip():
            segments[-1].lines.append("")
            continue
        elif depth not in standing:
            standing[depth] = found.part("quoted")
        if segments[-1].part is not standing[depth]:
            segments.append(_Segment(standing[depth]))
        segments[-1].lines.append(line)
        if line.rstrip().endswith("wrote:"):
            segments[-1].lines.append("")  # it is no sentence with what it announces
    return segments


def _unmarked(text: str) -> list[tuple[int, str]]:
    """Each line's depth of quoting, and the line without the marks of it."""
    unmarked: list[tuple[int, str]] = []
    for line in text.split("\n"):
        marks = _QUOTE_MARKS.match(line)
        depth, words = (marks[0].count(">"), line[marks.end() :]) if marks else (0, line)
        if unmarked and _is_broken_announcement(unmarked[-1][1], words):
            depth, above = unmarked.pop()
            words = f"{above}\n{words}"
        unmarked.append((depth, words))
    return unmarked


def _is_broken_announcement(line: str, following: str) -> bool:
    """Whether "On … wrote:" goes on in the following line."""
    return (
        max(len(line), len(following)) <= _FIELD_CHARS
        and _WROTE_BEGINS.match(line) is not None
        and not _WROTE.fullmatch(line)
        and _WROTE.fullmatch(f"{line}\n{following}") is not None
    )


def _opened(lines: Sequence[tuple[int, str]], index: int) -> tuple[str, int] | None:
    """The kind and depth of the part that begins with this line, if one does."""
    depth, line = lines[index]
    if len(line) > _FIELD_CHARS:
        return None
    if _FORWARDED.fullmatch(line):
        return "forwarded", depth
    if _ORIGINAL.fullmatch(line):
        return "quoted", depth
    following = [one for one in lines[index + 1 : index + 5] if one[1].strip()]
    if _begins_fields(lines, index):
        return "quoted", depth
    announces = following and _WROTE_BEGINS.match(line) and _WROTE.fullmatch(line)
    return ("quoted", max(depth, following[0][0])) if announces else None


def _begins_fields(lines: Sequence[tuple[int, str]], index: int) -> bool:
    """Whether a block of header lines begins here that no line above announces."""
    names = [
        _FIELD.match(line) for _, line in lines[index : index + 4] if len(line) <= _FIELD_CHARS
    ]
    stated = [name[1].lower() for name in names if name]
    if stated[:1] != ["from"] or not names[0] or len(stated) < 3:
        return False
    above = [line[:_FIELD_CHARS] for _, line in lines[max(0, index - 3) : index] if line.strip()]
    return not (above and (_FORWARDED.fullmatch(above[-1]) or _ORIGINAL.fullmatch(above[-1])))


def _join(segments: Sequence[_Segment]) -> tuple[str, tuple[PartLocator, ...]]:
    """One text of all segments; the blank line after one belongs to it."""
    merged: list[_Segment] = []
    for segment in segments:
        if merged and merged[-1].part is segment.part:
            merged[-1] = _Segment(segment.part, [merged[-1].text, "", segment.text])
        else:
            merged.append(segment)
    starts = [0]
    for segment in merged:
        starts.append(starts[-1] + len(segment.text) + len(_SEPARATOR))
    text = _SEPARATOR.join(segment.text for segment in merged)
    spans = [Span(start, min(end, len(text))) for start, end in pairwise(starts)]
    own = merged[0].part.sent
    known: dict[_Part, DocumentDate | None] = {}
    for segment, span in zip(merged, spans, strict=True):
        if segment.part not in known:
            known[segment.part] = _date_header(segment.part.sent) or (
                _stated(text, span, own) if segment.part.quoted else None
            )
    return text, tuple(
        PartLocator(span=span, name=segment.part.name, date=known[segment.part])
        for segment, span in zip(merged, spans, strict=True)
    )


def _stated(text: str, span: Span, mail_sent: dt.date | None) -> DocumentDate | None:
    """When a quoted mail was sent, by the lines above it. A day without a year is the last before the mail."""
    head = "\n".join(span.cut(text).split("\n")[:_FIELD_LINES])
    if (line := _SENT.search(head)) is None:
        return None
    where = Span(span.start + line.start(), span.start + line.end())
    if found := dates.first_within(text, where, found_by="quoted header"):
        return found
    return dates.last_before(text, where, mail_sent) if mail_sent else None
