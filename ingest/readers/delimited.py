"""CSV and its kin: every row is a line with its headers, at its number."""

import csv
import io

from ingest.readers import tables
from ingest.readers.decoding import decode
from ingest.reading import Reading
from ingest.text_formats import likely_delimiter
from rag.characters import clean
from rag.errors import UnreadableDocument

_CELL_CHARS = 1_000_000


def read(content: bytes) -> Reading:
    """Read rows of text; row numbers count records, of which one may run over several lines.

    Raises:
        UnreadableDocument: a cell is too large, or the encoding cannot be told.
    """
    decoded = decode(content)
    cleaned = clean(decoded.text)
    csv.field_size_limit(_CELL_CHARS)
    lines = io.StringIO(cleaned.text, newline="")
    try:
        rows = list(csv.reader(lines, delimiter=likely_delimiter(cleaned.text) or ","))
    except csv.Error as error:
        raise UnreadableDocument(f"The rows cannot be told apart: {error}.") from error
    sheet = tables.Sheet("", 1, rows)
    return tables.reading("text/csv", [sheet], decoded.warnings + cleaned.warnings)
