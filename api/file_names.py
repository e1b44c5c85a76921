"""What a document's file is called."""

from __future__ import annotations

import re
from mimetypes import guess_extension

from rag.protocols import DocumentSummary


def file_name(summary: DocumentSummary) -> str:
    """What to save a document's file as: its own name where it is known, else its title."""
    own = bare_name(summary.source_key)
    if summary.source_key and "." in own:
        return own
    return summary.title + (guess_extension(summary.media_type) or "")


def bare_name(filename: str | None) -> str:
    """The last part of what may be a path on the sender's machine."""
    return re.split(r"[\\/]", filename or "")[-1] or "document"
