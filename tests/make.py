"""Small valid values for tests that care about one field."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from rag.types import Document, DocumentId, Passage, Span, Vectors, Version


def document(text: str, *, id: str = "d1", **fields: Any) -> Document:  # noqa: A002 # as the field
    """A document of `text`, whose original bytes are its text in UTF-8."""
    return Document(
        id=DocumentId(id),
        version=Version(f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"),
        collection=fields.pop("collection", "default"),
        title=fields.pop("title", "A title"),
        media_type=fields.pop("media_type", "text/plain"),
        text=text,
        **fields,
    )


def lines(source: Document) -> tuple[Passage, ...]:
    """One passage for each line of a document."""
    passages, start = [], 0
    for line in source.text.splitlines(keepends=True):
        if line.strip():
            passages.append(Passage.of(source, Span(start, start + len(line.rstrip("\n")))))
        start += len(line)
    return tuple(passages)


def unit(rows: Sequence[Sequence[float]], dimension: int) -> Vectors:
    """Rows of unit length, filled up with zeros."""
    vectors = np.zeros((len(rows), dimension), np.float32)
    for row, values in zip(vectors, rows, strict=True):
        row[: len(values)] = values
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
