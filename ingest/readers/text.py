"""Plain text."""

from ingest.readers.characters import clean
from ingest.readers.decoding import decode
from ingest.reading import Reading


def read(content: bytes) -> Reading:
    """Decode and clean; lines stay as they are broken.

    Raises:
        UnreadableDocument: the encoding cannot be told.
    """
    decoded = decode(content)
    cleaned = clean(decoded.text)
    return Reading(
        media_type="text/plain",
        text=cleaned.text,
        warnings=decoded.warnings + cleaned.warnings,
    )
