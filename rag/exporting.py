"""Everything of a collection in open formats: a tar archive of JSON Lines and original files."""

from __future__ import annotations

import dataclasses
import io
import json
import tarfile
from collections.abc import Generator, Iterator
from contextlib import suppress
from typing import Any

from rag.encoding import encode, locator_rows
from rag.errors import UnknownDocument
from rag.library import every_summary
from rag.protocols import Catalog, DocumentSummary
from rag.types import Document, DocumentDate, DocumentId, Version

_PART_BYTES = 8_000_000


def export(store: Catalog, collection: str) -> Generator[bytes, None, None]:
    """A tar archive, a piece at a time: `documents-1.jsonl` and so on, then the original of every version.

    A line is one version of one document, its text and all that is stated of it; a document's versions follow each
    other, the present one last. `docs/operations.md` describes the fields. Vectors are not among them: what they
    were made of is. A document that is deleted meanwhile is left out, or leaves without its originals.

    Raises:
        UnknownCollection: there is none of that name.
        DocumentDamaged: one of its documents is not as it was written; it would be missing without a word.
    """
    versions: list[tuple[DocumentId, Version]] = []
    for number, part in enumerate(_parts(store, collection), 1):
        yield from _member(f"{collection}/documents-{number}.jsonl", bytes(part.lines))
        versions += part.versions
    written: set[str] = set()
    for document_id, version in versions:
        name = version.removeprefix("sha256:")
        if name not in written:
            with suppress(UnknownDocument):
                original = store.original(document_id, version)
                written.add(name)
                yield from _member(f"{collection}/originals/{name}", original)
    yield bytes(2 * tarfile.BLOCKSIZE)


@dataclasses.dataclass(slots=True)
class _Part:
    """Some documents' lines, and the versions that they tell of."""

    lines: bytearray = dataclasses.field(default_factory=bytearray)
    versions: list[tuple[DocumentId, Version]] = dataclasses.field(default_factory=list)


def _parts(store: Catalog, collection: str) -> Iterator[_Part]:
    """The lines of all documents, as many at a time as memory is spared for; one part at the least."""
    part = _Part()
    for one in every_summary(store, collection):
        if len(part.lines) >= _PART_BYTES:
            yield part
            part = _Part()
        with suppress(UnknownDocument):
            held = store.versions(one.id)
            lines = [_line(store, one, version, present=version == held[-1]) for version in held]
            part.lines += b"".join(lines)
            part.versions += [(one.id, version) for version in held]
    yield part


def _line(store: Catalog, summary: DocumentSummary, version: Version, *, present: bool) -> bytes:
    document = store.document(summary.id, version)
    stated = _fields(document)
    for name in ("published", "recorded", "original"):
        stated[name] = _fields(stated[name]) if stated[name] else None
    stated["locators"] = locator_rows(document.locators)
    stated["present"] = present
    stated["added_at"] = summary.added_at.isoformat()
    stated["original_file"] = f"originals/{version.removeprefix('sha256:')}"
    return json.dumps(json.loads(encode(stated)), ensure_ascii=False).encode() + b"\n"


def _fields(value: Document | DocumentDate) -> dict[str, Any]:
    return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}


def _member(name: str, content: bytes) -> Iterator[bytes]:
    header = tarfile.TarInfo(name)
    header.size = len(content)
    yield header.tobuf(tarfile.PAX_FORMAT)
    view = io.BytesIO(content)
    while piece := view.read(1 << 20):
        yield piece
    yield bytes(-len(content) % tarfile.BLOCKSIZE)
