"""Plain text, and transcripts with time stamps between the words."""

import re
from collections.abc import Iterator
from itertools import pairwise

from ingest.readers.decoding import decode
from ingest.reading import Reading
from rag.characters import clean
from rag.types import Span, TimeLocator

_FEWEST_STAMPS = 3
_LATEST_FIRST_S = 1800  # stamps that begin later are a clock's, as in a log of messages

_LONG = r"(?:\d{1,3}:\d\d:\d\d)(?:[.,]\d{1,3})?"
_SHORT = r"(?:(?:\d{1,3}:)?\d{1,2}:\d\d)(?:[.,]\d{1,3})?"
_STAMP = re.compile(  # times of day have no seconds, so a short stamp needs brackets or a name
    rf"^[ \t]*(?P<line>{_LONG})(?![\w:.-])"
    rf"|[\[(](?P<bracketed>{_SHORT})[\])]"
    rf"|^(?P<named>[A-Z][^\n:]{{0,60}}?[ \t]+(?P<after>{_SHORT}))[ \t]*$",
    re.MULTILINE,
)


def read(content: bytes) -> Reading:
    """Decode and clean; lines stay as they are broken, and time stamps stay in the text.

    Raises:
        UnreadableDocument: the encoding cannot be told.
    """
    decoded = decode(content)
    cleaned = clean(decoded.text)
    return Reading(
        media_type="text/plain",
        text=cleaned.text,
        locators=tuple(_times(cleaned.text)),
        warnings=decoded.warnings + cleaned.warnings,
    )


def _times(text: str) -> Iterator[TimeLocator]:
    """From each stamp to the next, if they are a recording's: several, early and never going back.

    Nothing tells how long the last one's words take.
    """
    stamps = [
        (found.start(), _seconds(found["line"] or found["bracketed"] or found["after"]))
        for found in _STAMP.finditer(text)
    ]
    seconds = [at_s for _, at_s in stamps]
    if len(stamps) < _FEWEST_STAMPS or seconds[0] > _LATEST_FIRST_S or seconds != sorted(seconds):
        return
    for (start, start_s), (end, end_s) in pairwise([*stamps, (len(text), seconds[-1])]):
        yield TimeLocator(span=Span(start, end), start_s=start_s, end_s=end_s)


def _seconds(stamp: str) -> float:
    seconds = 0.0
    for part in stamp.replace(",", ".").split(":"):
        seconds = seconds * 60 + float(part)
    return seconds
