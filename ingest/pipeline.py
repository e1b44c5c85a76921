"""From a file's bytes to a searchable document."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np

from ingest.passages import embedded_texts, split
from ingest.readers.characters import one_line
from ingest.reading import Reading
from ingest.sandbox import Sandbox, shared
from ingest.walking import SourceFile, listed
from rag.errors import (
    DocumentError,
    DocumentTooLarge,
    InvalidName,
    UnreadableDocument,
    UnsupportedFormat,
)
from rag.layout import PageLayout
from rag.library import DEFAULT_COLLECTION, Library
from rag.protocols import DocumentSummary, JobState, NearDuplicate, Upload
from rag.types import Document, DocumentDate, DocumentId, Vectors, Version

_COLLECTION_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
_BATCH_PASSAGES = 64

Outcome = Literal["added", "updated", "unchanged", "skipped", "failed", "removed"]
Progress = Callable[[JobState, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """A document that is durable and searchable, and what adding it changed."""

    document: DocumentSummary
    outcome: Literal["added", "updated", "unchanged"]

    @property
    def known(self) -> bool:
        """Whether the collection held these bytes already, so that nothing changed."""
        return self.outcome == "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOutcome:
    """What became of one file of a folder.

    Attributes:
        path: The file's key, which is the document's source key.
        outcome: `skipped` is a file of a format that is not read; `removed`, a document whose file is gone.
        reason: Why the file was skipped or failed.
        near_duplicates: Where the file was added: the documents that say nearly the same, most alike first.
    """

    path: str
    outcome: Outcome
    document: DocumentSummary | None = None
    reason: str | None = None
    near_duplicates: tuple[NearDuplicate, ...] = ()


@dataclass(frozen=True, slots=True)
class Ingester:
    """Adds documents to a library; each file is read in the sandbox."""

    library: Library
    sandbox: Sandbox = field(default_factory=shared)

    def add(self, content: bytes, upload: Upload, progress: Progress | None = None) -> Ingested:
        """Read, cut, embed and store one file.

        Bytes that are known change nothing. With a source key, only the document of that key can know
        them, and other bytes become its new version; without one, any document of the collection can.

        Args:
            content: The original bytes.
            upload: What is known about them; its title, date and URL win over what the file says.
            progress: Called with the state, and the passages embedded and to be embedded.

        Raises:
            InvalidName: the collection's name is not one.
            DocumentTooLarge: the file is over the limit.
            DocumentError: the file yields no document.
        """
        check_collection_name(upload.collection)
        check_size(len(content), self.library.settings.limits.upload_bytes)
        report = progress or _silent
        version = Version(f"sha256:{sha256(content).hexdigest()}")
        earlier = self._earlier(upload, version)
        if earlier and earlier.version == version:
            return Ingested(document=earlier, outcome="unchanged")
        report("parsing", 0, 0)
        reading = self.sandbox.read(content, name=upload.name)
        document_id = earlier.id if earlier else DocumentId(secrets.token_hex(8))
        document = _document(document_id, version, reading, upload)
        self._store(document, reading.layouts, content, report)
        return Ingested(
            document=self.library.store.summary(document_id),
            outcome="updated" if earlier else "added",
        )

    def add_folder(self, root: Path, collection: str = DEFAULT_COLLECTION) -> Iterator[FileOutcome]:
        """Add every file of `files(root)`; one that fails is reported, and the next one follows.

        Raises:
            InvalidName: the collection's name is not one.
            NotFound: there is nothing at `root`.
        """
        return self.add_files(self.files(root), collection)

    def add_files(
        self, files: Iterable[SourceFile], collection: str = DEFAULT_COLLECTION
    ) -> Iterator[FileOutcome]:
        """Add files in their order; one that fails is reported, and the next one follows.

        Raises:
            InvalidName: the collection's name is not one.
        """
        check_collection_name(collection)
        return (self.add_file(file, collection) for file in files)

    def files(self, root: Path) -> list[SourceFile]:
        """The file at `root`, or all files below it, sorted by key, as `ingest.walking.listed` finds them.

        Left out is the library's own data folder too.

        Raises:
            NotFound: there is nothing at `root`.
        """
        return list(listed(root, but_not=self.library.settings.data).files)

    def add_file(self, file: SourceFile, collection: str) -> FileOutcome:
        """Add one file, or report why it yields no document.

        Raises:
            InvalidName: the collection's name is not one.
        """
        try:
            content = _content(file.path, self.library.settings.limits.upload_bytes)
            name = os.fsencode(file.path.name).decode(errors="replace")
            upload = Upload(name=name, collection=collection, source_key=file.key)
            added = self.add(content, upload)
        except UnsupportedFormat as error:
            return FileOutcome(path=file.key, outcome="skipped", reason=str(error))
        except DocumentError as error:
            return FileOutcome(path=file.key, outcome="failed", reason=str(error))
        return FileOutcome(path=file.key, outcome=added.outcome, document=added.document)

    def _earlier(self, upload: Upload, version: Version) -> DocumentSummary | None:
        """The document that the upload replaces or repeats."""
        if upload.source_key is None:
            return self.library.store.by_version(upload.collection, version)
        return self.library.store.by_source_key(upload.collection, upload.source_key)

    def _store(
        self,
        document: Document,
        layouts: Sequence[PageLayout],
        content: bytes,
        report: Progress,
    ) -> None:
        embedder = self.library.embedder
        passages = split(document, embedder)
        vectors = self._embed(embedded_texts(document, passages, embedder), report)
        self.library.store.add(document, passages, vectors, original=content, layouts=layouts)

    def _embed(self, texts: Sequence[str], report: Progress) -> Vectors:
        report("embedding", 0, len(texts))
        batches = []
        for start in range(0, len(texts), _BATCH_PASSAGES):
            batch = texts[start : start + _BATCH_PASSAGES]
            batches.append(self.library.embedder.embed_passages(batch))
            report("embedding", start + len(batch), len(texts))
        return np.concatenate(batches)


def check_collection_name(name: str) -> None:
    """Refuse what cannot name a collection.

    Raises:
        InvalidName: it is empty, too long, or holds characters other than those allowed.
    """
    if not _COLLECTION_NAME.fullmatch(name):
        raise InvalidName(
            f"{name!r} cannot name a collection: use 1 to 64 of A–Z, a–z, 0–9, '.', '_' and '-', "
            "and no '.' at the start."
        )


def check_size(size: int, limit: int) -> None:
    """Refuse a file over the limit, both in bytes.

    Raises:
        DocumentTooLarge: it is.
    """
    if size > limit:
        raise DocumentTooLarge("The file's size in bytes", size, limit)


def _silent(state: JobState, done: int, total: int) -> None:
    """Report progress to nobody."""


def _document(
    document_id: DocumentId, version: Version, reading: Reading, upload: Upload
) -> Document:
    stated = DocumentDate(value=upload.published, found_by="user") if upload.published else None
    return Document(
        id=document_id,
        version=version,
        collection=upload.collection,
        title=one_line(upload.title or "") or reading.title,
        media_type=reading.media_type,
        text=reading.text,
        source_key=upload.source_key,
        source_url=upload.source_url or reading.source_url,
        author=reading.author,
        published=stated or reading.published,
        recorded=reading.recorded,
        original=reading.original,
        language=reading.language,
        partial=reading.partial,
        locators=reading.locators,
        warnings=reading.warnings,
    )


def _content(path: Path, limit: int) -> bytes:
    try:
        check_size(path.stat().st_size, limit)
        return path.read_bytes()
    except OSError as error:
        raise UnreadableDocument(f"The file cannot be opened: {error.strerror}.") from error
