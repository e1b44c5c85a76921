"""From a file's bytes to a searchable document."""

from __future__ import annotations

import logging
import os
import re
import secrets
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from itertools import chain, count
from pathlib import Path
from sys import getsizeof
from typing import Literal

import numpy as np

from ingest.ahead import mapped_ahead
from ingest.passages import embedded_texts, split
from ingest.reading import Reading
from ingest.sandbox import Sandbox, shared
from ingest.walking import SourceFile, listed
from rag.characters import one_line
from rag.errors import (
    DocumentChanged,
    DocumentError,
    DocumentTooLarge,
    InvalidName,
    ModelError,
    RagError,
    StoreError,
    UnknownDocument,
    UnreadableDocument,
    UnsupportedFormat,
)
from rag.layout import PageLayout
from rag.library import Library
from rag.protocols import DocumentSummary, JobState, NearDuplicate, Upload, inner_key
from rag.types import (
    DEFAULT_COLLECTION,
    Document,
    DocumentDate,
    DocumentId,
    Passage,
    Vectors,
    Version,
)

logger = logging.getLogger(__name__)

_COLLECTION_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
_BATCH_PASSAGES = 64
_MOST_NESTED = 3  # files inside of files
_NOTED = 5  # attachments that a warning names
_READING_THREADS = min(4, os.cpu_count() or 1)
_AHEAD_BYTES, _LEAST_WEIGHT = 16_000_000, 500_000  # so at most 32 files are read ahead
_OUTCOME_BYTES, _PLACE_BYTES = 1_000, 500  # of an outcome, of a locator or passage without its text

Outcome = Literal["added", "updated", "unchanged", "skipped", "failed", "removed"]
Progress = Callable[[JobState, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """A document that is durable and searchable, and what adding it changed.

    `inside` are the documents that were added with it from inside of its file: a mail's attachments.
    """

    document: DocumentSummary
    outcome: Literal["added", "updated", "unchanged"]
    inside: tuple[DocumentId, ...] = ()

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
        inside: As in `Ingested`.
    """

    path: str
    outcome: Outcome
    document: DocumentSummary | None = None
    reason: str | None = None
    near_duplicates: tuple[NearDuplicate, ...] = ()
    inside: tuple[DocumentId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A document that is read and cut; `texts` are what is embedded for its passages, none where words are all.

    `inside` are the documents that came from inside of it, and theirs before them.
    """

    document: Document
    content: bytes
    upload: Upload
    replaces: Version | None
    root: str | None
    passages: tuple[Passage, ...]
    layouts: tuple[PageLayout, ...]
    texts: list[str]
    inside: tuple[_Prepared, ...]
    inner_keys: frozenset[str]  # of all that is inside, known or not

    @property
    def key(self) -> str:
        """What its outcome is told by."""
        return self.upload.source_key or ""

    @property
    def all_texts(self) -> list[str]:
        """What is embedded for the documents inside, and then for this one."""
        return [*(text for one in self.inside for text in one.texts), *self.texts]


@dataclass(frozen=True, slots=True)
class _Inside:
    """What came from inside of a file, and why something did not."""

    prepared: tuple[_Prepared, ...]
    keys: frozenset[str]
    warnings: tuple[str, ...]


_Group = list[_Prepared | FileOutcome]


class Abandoned(BaseException):  # no error: whoever stops the work says so
    """Work was given up before anything of it was stored."""


@dataclass(frozen=True, slots=True)
class Ingester:
    """Adds documents to a library; each file is read in the sandbox.

    Once `stop` is set, what is being embedded is given up: `Abandoned` is raised.
    """

    library: Library
    sandbox: Sandbox = field(default_factory=shared)
    stop: threading.Event = field(default_factory=threading.Event)

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
            DocumentChanged: others change the document of its key without end.
        """
        report = progress or _silent
        try:
            return self._add(content, upload, report)
        except DocumentChanged:
            return self._add(content, upload, report)

    def _add(
        self, content: bytes, upload: Upload, report: Progress, root: str | None = None
    ) -> Ingested:
        prepared = self._prepare(content, upload, report, root)
        if isinstance(prepared, Ingested):
            return prepared
        vectors = self._embed(upload.collection, prepared.all_texts, report)
        return self._store(prepared, vectors)

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
            held=_held,
            most=_AHEAD_BYTES,
        )
        stored = mapped_ahead(
            self._store_group,
            (self._embedded(group) for group in _groups(read)),
            threads=1,
            size=lambda _: 1,
            held=lambda _: 1,
            most=1,
        )
        for outcomes, error in stored:
            yield from outcomes
            if error:
                raise error

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
            found = self._prepare(content, upload, _silent, file.root)
        except Exception as error:  # noqa: BLE001 # the edge of one file's work
            return _failed(file.key, error)
        return _outcome(found) if isinstance(found, Ingested) else found

    def _prepare(
        self,
        content: bytes,
        upload: Upload,
        report: Progress,
        root: str | None = None,
        depth: int = 0,
    ) -> _Prepared | Ingested:
        """Read one file and cut it, unless it is known; `root` is the folder in which it was seen."""
        check_collection_name(upload.collection)
        check_size(len(content), self.library.settings.limits.upload_bytes)
        version = Version(f"sha256:{sha256(content).hexdigest()}")
        earlier = self._earlier(upload, version)
        if earlier and earlier.version == version and not earlier.damage:
            if upload.source_key is not None:
                self.library.store.mark_seen(earlier.id, root)
            return Ingested(document=earlier, outcome="unchanged")
        report("parsing", 0, 0)
        reading = self.sandbox.read(content, name=upload.name, pages=partial(report, "parsing"))
        inside = self._prepare_inside(reading, upload, upload.source_key or version, depth)
        embedder = self.library.embedder
        covered = embedder.covers(reading.language)
        warnings = (*inside.warnings, *(() if covered else (_words_alone(reading.language),)))
        reading = replace(reading, warnings=reading.warnings + warnings)
        document_id = earlier.id if earlier else DocumentId(secrets.token_hex(8))
        document = _document(document_id, version, reading, upload)
        passages = split(document, embedder)
        return _Prepared(
            document=document,
            content=content,
            upload=upload,
            replaces=earlier.version if earlier else None,
            root=root,
            passages=passages,
            layouts=reading.layouts,
            texts=embedded_texts(document, passages, embedder) if covered else [],
            inside=inside.prepared,
            inner_keys=inside.keys,
        )

    def _prepare_inside(self, reading: Reading, upload: Upload, source: str, depth: int) -> _Inside:
        """Read the files inside of a file, which become documents of their own; what is none is told."""
        prepared: list[_Prepared] = []
        keys: set[str] = set()
        unread: list[str] = []
        for attached in reading.attachments:
            key = _unused(inner_key(source, attached.name.replace("/", "_")), keys)
            inner = Upload(
                name=attached.name, collection=upload.collection, source_key=key, job=upload.job
            )
            try:
                if depth == _MOST_NESTED:
                    raise UnreadableDocument("It is nested too deeply.")
                found = self._prepare(attached.content, inner, _silent, depth=depth + 1)
            except DocumentError as error:
                unread.append(f"{attached.name}: {error}")
                continue
            keys.add(key)
            if isinstance(found, _Prepared):
                prepared += [*found.inside, replace(found, inside=())]
                keys |= found.inner_keys
            else:
                keys |= self.library.store.inside(upload.collection, key).keys()
        return _Inside(tuple(prepared), frozenset(keys), tuple(_noted(unread)))

    def _earlier(self, upload: Upload, version: Version) -> DocumentSummary | None:
        """The document that the upload replaces or repeats."""
        if upload.source_key is None:
            return self.library.store.by_version(upload.collection, version)
        return self.library.store.by_source_key(upload.collection, upload.source_key)

    def _store(self, prepared: _Prepared, vectors: Vectors) -> Ingested:
        """Store a document after those inside of it, so that its version says that they are there."""
        store = self.library.store
        at = 0
        for one in (*prepared.inside, prepared):
            own = vectors[at : at + len(one.texts)]
            added = store.add(
                one.document,
                one.passages,
                own if one.texts else np.zeros((len(one.passages), vectors.shape[1]), np.float32),
                original=one.content,
                layouts=one.layouts,
                embedded=one.texts,
                replaces=one.replaces,
                root=one.root,
                job=one.upload.job,
            )
            at += len(one.texts)
        if prepared.replaces and added.source_key is not None:
            held = store.inside(added.collection, added.source_key)
            for key in held.keys() - prepared.inner_keys:
                with suppress(UnknownDocument):  # it was inside of one that is gone by now
                    store.delete(held[key])
        return Ingested(
            document=added,
            outcome="updated" if prepared.replaces else "added",
            inside=tuple(one.document.id for one in prepared.inside),
        )

    def _embedded(self, group: _Group) -> tuple[_Group, list[Vectors]]:
        """A group, and the vectors of each prepared document in it."""
        prepared = [one for one in group if isinstance(one, _Prepared)]
        if not prepared:
            return group, []
        texts = [one.all_texts for one in prepared]
        collection = prepared[0].document.collection
        try:
            vectors = self._embed(collection, [text for held in texts for text in held], _silent)
        except Exception as error:  # noqa: BLE001 # the edge of these files' work
            if len(texts) == 1:
                return [
                    _failed(one.key, error) if isinstance(one, _Prepared) else one for one in group
                ], []
            _raise_what_concerns_all(error)
            alone = [self._embedded([one]) for one in group]
            return [one for held, _ in alone for one in held], [v for _, own in alone for v in own]
        return group, np.split(vectors, np.cumsum([len(held) for held in texts]))[:-1]

    def _store_group(
        self, embedded: tuple[_Group, list[Vectors]]
    ) -> tuple[list[FileOutcome], RagError | None]:
        """The outcomes of a group, up to an error that concerns every file."""
        group, vectors = embedded
        following = iter(vectors)
        outcomes: list[FileOutcome] = []
        try:
            outcomes.extend(  # as far as it comes
                self._store_file(one, next(following)) if isinstance(one, _Prepared) else one
                for one in group
            )
        except (StoreError, ModelError) as error:
            return outcomes, error
        return outcomes, None

    def _store_file(self, prepared: _Prepared, vectors: Vectors) -> FileOutcome:
        try:
            try:
                return _outcome(self._store(prepared, vectors))
            except DocumentChanged:
                again = self._add(prepared.content, prepared.upload, _silent, prepared.root)
                return _outcome(again)
        except Exception as error:  # noqa: BLE001 # the edge of one file's work
            return _failed(prepared.key, error)

    def _embed(self, collection: str, texts: Sequence[str], report: Progress) -> Vectors:
        """The vector of each text: those that the collection has, and the others, each embedded once."""
        found = self.library.store.vectors_of(collection, texts)
        new = list(dict.fromkeys(text for text in texts if text not in found))
        known = len(texts) - len(new)
        report("embedding", known, len(texts))
        for start in range(0, len(new), _BATCH_PASSAGES):
            if self.stop.is_set():
                raise Abandoned
            batch = new[start : start + _BATCH_PASSAGES]
            found.update(zip(batch, self.library.embedder.embed_passages(batch), strict=True))
            report("embedding", known + start + len(batch), len(texts))
        vectors = np.empty((len(texts), self.library.embedder.identity.dimension), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = found[text]
        return vectors


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
        texts = sum(len(held.all_texts) for held in group if isinstance(held, _Prepared))
        if not 0 < texts < _BATCH_PASSAGES or sum(map(_held, group)) > _AHEAD_BYTES:
            yield group
            group = []
    if group:
        yield group


def _words_alone(language: str | None) -> str:
    return (
        f"The text's language is {language!r}, which the embedding model does not cover: the document is found by "
        "its words alone, not by what they mean."
    )


def _unused(key: str, used: Collection[str]) -> str:
    """The key, or the key with a number where two files inside of one have the same name."""
    numbered = (f"{key} ({number})" for number in count(2))
    return next(one for one in chain([key], numbered) if one not in used)


def _noted(unread: Sequence[str]) -> Iterator[str]:
    """One line for the files inside of a file that yield no document."""
    if unread:
        more = f" And {len(unread) - _NOTED:,} more." if len(unread) > _NOTED else ""
        yield f"Attachments that were not read: {' '.join(unread[:_NOTED])}{more}"


def _outcome(added: Ingested) -> FileOutcome:
    key = added.document.source_key or ""
    return FileOutcome(
        path=key, outcome=added.outcome, document=added.document, inside=added.inside
    )


def _failed(key: str, error: Exception) -> FileOutcome:
    """What became of a file whose work ended with this error.

    Raises:
        StoreError, ModelError: it is that, and so concerns every file.
    """
    _raise_what_concerns_all(error)
    if isinstance(error, RagError):
        outcome: Outcome = "skipped" if isinstance(error, UnsupportedFormat) else "failed"
        return FileOutcome(path=key, outcome=outcome, reason=str(error))
    logger.error("%r failed", key, exc_info=error)
    return FileOutcome(path=key, outcome="failed", reason="Internal error; see the log.")


def _raise_what_concerns_all(error: Exception) -> None:
    if isinstance(error, StoreError | ModelError):
        raise error


def _weight(file: SourceFile) -> int:
    """What a file counts among those that are read ahead, in bytes."""
    try:
        return max(_LEAST_WEIGHT, file.path.stat().st_size)
    except OSError:  # reading it will say what is wrong
        return _LEAST_WEIGHT


def _held(one: _Prepared | FileOutcome) -> int:
    """About how many bytes of memory it takes."""
    if isinstance(one, FileOutcome):
        return _OUTCOME_BYTES
    texts = (one.document.text, *one.texts, *(passage.text for passage in one.passages))
    places = len(one.document.locators) + len(one.passages)
    return (
        len(one.content)
        + sum(map(getsizeof, texts))
        + sum(len(layout.words) for layout in one.layouts)
        + _PLACE_BYTES * places
        + sum(map(_held, one.inside))
    )


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
