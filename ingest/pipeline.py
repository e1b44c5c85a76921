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

from ingest.ahead import mapped_ahead
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
from rag.types import Document, DocumentDate, DocumentId, Passage, Vectors, Version

_COLLECTION_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
_BATCH_PASSAGES = 64
_READING_THREADS = min(4, os.cpu_count() or 1)
_AHEAD_BYTES, _LEAST_WEIGHT = 16_000_000, 500_000  # so at most 32 files are read ahead

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A document that is read and cut; `texts` are what is embedded for its passages."""

    document: Document
    content: bytes
    passages: tuple[Passage, ...]
    layouts: tuple[PageLayout, ...]
    texts: list[str]
    outcome: Literal["added", "updated"]


_Group = list[_Prepared | FileOutcome]


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
        report = progress or _silent
        prepared = self._prepare(content, upload, report)
        if isinstance(prepared, Ingested):
            return prepared
        return self._store(prepared, self._embed(prepared.texts, report))

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
        """Add files of different keys in their order; one that fails is reported, and the next one follows.

        Files are read ahead, passages of several are embedded together, and what is embedded is stored
        beside that; an outcome comes when its document is durable and searchable.

        Raises:
            InvalidName: the collection's name is not one.
        """
        check_collection_name(collection)
        return self._added(files, collection)

    def _added(self, files: Iterable[SourceFile], collection: str) -> Iterator[FileOutcome]:
        read = mapped_ahead(
            lambda file: self._prepare_file(file, collection),
            files,
            threads=_READING_THREADS,
            size=_weight,
            most=_AHEAD_BYTES,
        )
        stored = mapped_ahead(
            self._store_group,
            ((group, self._embed_group(group)) for group in _groups(read)),
            threads=1,
            size=lambda _: 1,
            most=1,
        )
        for outcomes in stored:
            yield from outcomes

    def files(self, root: Path) -> list[SourceFile]:
        """The file at `root`, or all files below it, sorted by key, as `ingest.walking.listed` finds them.

        Left out is the library's own data folder too.

        Raises:
            NotFound: there is nothing at `root`.
        """
        return list(listed(root, but_not=self.library.settings.data).files)

    def _prepare_file(self, file: SourceFile, collection: str) -> _Prepared | FileOutcome:
        """Read one file and cut it, unless it is known, or report why it yields no document."""
        try:
            content = _content(file.path, self.library.settings.limits.upload_bytes)
            name = os.fsencode(file.path.name).decode(errors="replace")
            upload = Upload(name=name, collection=collection, source_key=file.key)
            found = self._prepare(content, upload, _silent)
        except UnsupportedFormat as error:
            return FileOutcome(path=file.key, outcome="skipped", reason=str(error))
        except DocumentError as error:
            return FileOutcome(path=file.key, outcome="failed", reason=str(error))
        return _outcome(found) if isinstance(found, Ingested) else found

    def _prepare(self, content: bytes, upload: Upload, report: Progress) -> _Prepared | Ingested:
        """Read one file and cut it, unless it is known."""
        check_collection_name(upload.collection)
        check_size(len(content), self.library.settings.limits.upload_bytes)
        version = Version(f"sha256:{sha256(content).hexdigest()}")
        earlier = self._earlier(upload, version)
        if earlier and earlier.version == version:
            return Ingested(document=earlier, outcome="unchanged")
        report("parsing", 0, 0)
        reading = self.sandbox.read(content, name=upload.name)
        document_id = earlier.id if earlier else DocumentId(secrets.token_hex(8))
        document = _document(document_id, version, reading, upload)
        passages = split(document, self.library.embedder)
        return _Prepared(
            document=document,
            content=content,
            passages=passages,
            layouts=reading.layouts,
            texts=embedded_texts(document, passages, self.library.embedder),
            outcome="updated" if earlier else "added",
        )

    def _earlier(self, upload: Upload, version: Version) -> DocumentSummary | None:
        """The document that the upload replaces or repeats."""
        if upload.source_key is None:
            return self.library.store.by_version(upload.collection, version)
        return self.library.store.by_source_key(upload.collection, upload.source_key)

    def _store(self, prepared: _Prepared, vectors: Vectors) -> Ingested:
        document = prepared.document
        self.library.store.add(
            document,
            prepared.passages,
            vectors,
            original=prepared.content,
            layouts=prepared.layouts,
        )
        return Ingested(document=self.library.store.summary(document.id), outcome=prepared.outcome)

    def _embed_group(self, group: _Group) -> list[Vectors]:
        """The vectors of each prepared document of a group."""
        texts = [one.texts for one in group if isinstance(one, _Prepared)]
        vectors = self._embed([text for held in texts for text in held], _silent)
        return np.split(vectors, np.cumsum([len(held) for held in texts])[:-1])

    def _store_group(self, embedded: tuple[_Group, list[Vectors]]) -> list[FileOutcome]:
        group, vectors = embedded
        following = iter(vectors)
        return [
            _outcome(self._store(one, next(following))) if isinstance(one, _Prepared) else one
            for one in group
        ]

    def _embed(self, texts: Sequence[str], report: Progress) -> Vectors:
        report("embedding", 0, len(texts))
        batches = []
        for start in range(0, max(len(texts), 1), _BATCH_PASSAGES):
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


def _groups(read: Iterable[_Prepared | FileOutcome]) -> Iterator[_Group]:
    """Files in their order, together as many passages as are embedded at once; what needs none does not wait."""
    group: _Group = []
    for one in read:
        group.append(one)
        texts = sum(len(held.texts) for held in group if isinstance(held, _Prepared))
        if not 0 < texts < _BATCH_PASSAGES:
            yield group
            group = []
    if group:
        yield group


def _outcome(added: Ingested) -> FileOutcome:
    key = added.document.source_key or ""
    return FileOutcome(path=key, outcome=added.outcome, document=added.document)


def _weight(file: SourceFile) -> int:
    """What a file counts among those that are read ahead, in bytes."""
    try:
        return max(_LEAST_WEIGHT, file.path.stat().st_size)
    except OSError:  # reading it will say what is wrong
        return _LEAST_WEIGHT


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
