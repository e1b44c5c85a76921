"""Files and folders, and the collection that follows them: once, or for as long as somebody watches."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, combinations
from pathlib import Path

from ingest.pipeline import Abandoned, FileOutcome, Ingester, check_collection_name
from ingest.walking import Listing, SourceFile, below, is_folder, is_source, key_of, listed, root_of
from rag.errors import InputError, RagError, UnknownDocument
from rag.types import DEFAULT_COLLECTION

logger = logging.getLogger(__name__)

_TRY_AGAIN_S = 30.0
_QUIET_MS = 500  # without another change, so that a file is not read while it is written
_LONGEST_MS = 5_000  # until changes are taken up that do not come to rest
_LOOK_UP_MS = 500  # between looks at whether to stop


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What lies at the paths now: each file once, and each folder's listing."""

    files: tuple[SourceFile, ...]
    folders: Mapping[Path, Listing]


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Files and folders, and the collection that they are added to.

    A document belongs to the folder in which the file of its present version was last seen, by that folder's own
    path. With `sync`, it is removed when the file is gone from there; what anybody else brought is left alone.

    Attributes:
        paths: The files and folders.
        sync: Whether documents are removed whose files are gone. The folders must not overlap then.
    """

    ingester: Ingester
    paths: tuple[Path, ...]
    collection: str = DEFAULT_COLLECTION
    sync: bool = False

    def look(self) -> Found:
        """Look what there is, and refuse what would lose a document; nothing is read or changed.

        Raises:
            InvalidName: the collection's name is not one.
            NotFound: there is nothing at one of the paths.
            InputError: two files would have one key; or, with `sync`, no path is a folder, two overlap, or one
                that brought documents is empty now.
        """
        check_collection_name(self.collection)
        found = {path: self._listed(path) for path in self.paths}
        folders = {path: listing for path, listing in found.items() if path.is_dir()}
        if self.sync:
            _refuse_overlap(folders)
            for path, listing in folders.items():
                self._refuse_empty(path, listing)
        files = _each_once(chain.from_iterable(one.files for one in found.values()))
        return Found(files=files, folders=folders)

    def run(self, found: Found) -> Iterator[FileOutcome]:
        """Add what was found, and with `sync` remove what is gone: one outcome for each file.

        A file that fails is reported, its document keeps the version that it has, and the next one follows.
        Ended at any point, the run is taken up where it was by another one: bytes that are known are not
        read again.
        """
        for listing in found.folders.values():
            yield from map(_closed, listing.closed)
        alone = {str(path) for path in self.paths if path not in found.folders}
        paths = {file.key: str(file.path) for file in found.files}
        for outcome in self.ingester.add_files(found.files, self.collection):
            yield self._told(outcome, alone=paths[outcome.path] in alone)
        if self.sync:
            for path, listing in found.folders.items():
                yield from self._remove_gone(path, listing)

    def watch(self, stop: threading.Event) -> Iterator[list[FileOutcome]]:
        """Watch the folders from now on; gives the outcomes of each group of changes, until `stop` is set.

        Raises:
            InputError: as `check_watchable`.
        """
        from watchfiles import watch

        self.check_watchable()
        roots = {path.resolve(): path for path in self.paths}
        changes = watch(
            *roots,
            watch_filter=lambda _, path: self._is_visible(Path(path), roots),
            debounce=_LONGEST_MS,
            step=_QUIET_MS,
            rust_timeout=_LOOK_UP_MS,
            yield_on_timeout=True,
            stop_event=stop,
        )
        first = next(changes, set())  # from here on nothing is missed
        groups = ({Path(path) for _, path in group} for group in chain([first], changes))
        return filter(None, (self._follow(group, roots) for group in groups if group))

    def check_watchable(self) -> None:
        """Refuse what cannot be watched.

        Raises:
            InputError: one of the paths is no folder; or as `look`.
        """
        if len(self.look().folders) < len(self.paths):
            raise InputError("Only folders can be watched: name the folder that holds the file.")

    def _follow(self, changed: set[Path], roots: Mapping[Path, Path]) -> list[FileOutcome]:
        """Take up what changed: add the files that are there, and with `sync` remove what is gone."""
        outcomes: list[FileOutcome] = []
        for home, path in roots.items():
            inside = sorted(one for one in changed if one.is_relative_to(home))
            found = [self._now_at(one, home) for one in inside]
            outcomes += map(_closed, chain.from_iterable(one.closed for one in found))
            files = dict.fromkeys(chain.from_iterable(one.files for one in found))
            twins = {file: self._twin_before(file, home, roots) for file in files}
            outcomes += (_refused(file, twin) for file, twin in twins.items() if twin)
            unlike = [file for file, twin in twins.items() if twin is None]
            added = self.ingester.add_files(unlike, self.collection)
            outcomes += (self._told(one) for one in added if one.outcome != "unchanged")
            if self.sync and any(map(_is_gone, inside)):
                outcomes += self._removed_or_refused(path)
        return outcomes

    def _now_at(self, path: Path, home: Path) -> Listing:
        if is_folder(path):
            return below(home, path, but_not=self._data)
        file = SourceFile(key_of(path.relative_to(home)), path, root_of(home))
        try:
            return Listing(files=(file,) if is_source(path, home) else ())
        except OSError:
            return Listing(files=(), closed=(file,))

    def _twin_before(self, file: SourceFile, home: Path, homes: Iterable[Path]) -> Path | None:
        """The file of another folder with this one's key that goes first.

        That is the one whose document the collection has, or else that of the folder that was named first.
        """
        below_home = file.path.relative_to(home)
        twins = [one for one in homes if one == home or _may_be_source(one / below_home, one)]
        if len(twins) == 1:
            return None
        store = self.ingester.library.store
        first = next(
            (one for one in twins if file.key in store.last_seen(self.collection, root_of(one))),
            twins[0],
        )
        return None if first == home else first / below_home

    def _removed_or_refused(self, path: Path) -> Iterator[FileOutcome]:
        try:
            listing = self._listed(path)
            self._refuse_empty(path, listing)
        except InputError as error:
            yield FileOutcome(path=".", outcome="failed", reason=str(error))
        else:
            yield from self._remove_gone(path, listing)

    def _remove_gone(self, path: Path, listing: Listing) -> Iterator[FileOutcome]:
        """Remove the folder's documents whose files are gone, but none below a folder that cannot be opened."""
        store = self.ingester.library.store
        present = {file.key for file in listing.files}
        present |= {one.key for one in listing.closed}
        closed = tuple(f"{one.key}/" for one in listing.closed)
        for key, document_id in store.last_seen(self.collection, root_of(path)).items():
            if key in present or key.startswith(closed):
                continue
            try:
                document = store.summary(document_id)
                store.delete(document_id)
            except UnknownDocument:  # somebody else was faster
                continue
            yield FileOutcome(path=key, outcome="removed", document=document)

    def _refuse_empty(self, path: Path, listing: Listing) -> None:
        lost = 0 if listing.files else len(self._last_seen(path))
        if lost:
            raise InputError(
                f"Nothing can be found in {str(path)!r}, from which the collection {self.collection!r} has "
                f"{lost:,} documents. None was removed. If the folder lies on a disk or a server, connect it "
                "again; if the documents are to go, delete them by 'verse documents delete'."
            )

    def _told(self, outcome: FileOutcome, *, alone: bool = False) -> FileOutcome:
        """The outcome with what the collection makes of it; a file that is named alone may not be skipped."""
        if alone and outcome.outcome == "skipped":
            outcome = replace(outcome, outcome="failed")
        if outcome.document is None:
            return self._with_kept_version(outcome)
        if outcome.outcome == "unchanged" or not outcome.document.near_duplicates:
            return outcome
        copies = self.ingester.library.store.near_duplicates(outcome.document.id)
        return replace(outcome, near_duplicates=tuple(copies))

    def _with_kept_version(self, outcome: FileOutcome) -> FileOutcome:
        kept = self.ingester.library.store.by_source_key(self.collection, outcome.path)
        if kept is None:
            return outcome
        reason = f"{outcome.reason} The version that was added before is kept."
        return replace(outcome, document=kept, reason=reason)

    def _last_seen(self, path: Path) -> Mapping[str, object]:
        return self.ingester.library.store.last_seen(self.collection, root_of(path))

    def _listed(self, path: Path) -> Listing:
        return listed(path, but_not=self._data)

    @property
    def _data(self) -> Path:
        return self.ingester.library.settings.data

    def _is_visible(self, path: Path, homes: Iterable[Path]) -> bool:
        """Whether a path may be a source's: not hidden below its root, and not the library's own."""
        home = next((one for one in homes if path.is_relative_to(one)), None)
        if home is None or path.is_relative_to(self._data.resolve()):
            return False
        return not any(part.startswith(".") for part in path.relative_to(home).parts)


class Follower:
    """Keeps a collection in step with folders in one background thread, and logs what it does.

    Whatever fails is logged, and the folders are gone through again after a while.
    """

    def __init__(self, folders: Folders) -> None:
        self._stop = threading.Event()
        self._folders = replace(folders, ingester=replace(folders.ingester, stop=self._stop))
        self._thread = threading.Thread(target=self._run, name="follow-folders", daemon=True)

    def start(self) -> None:
        """Begin with what the folders hold now."""
        self._thread.start()

    def stop(self) -> None:
        """End, if it was started; a file that is being embedded is given up."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except Abandoned:
                return
            except RagError as error:
                logger.warning("the folders are not followed: %s", error)
            except Exception:  # the edge of this thread: it must outlive a store that fails
                logger.exception("the folders are not followed")
            self._stop.wait(_TRY_AGAIN_S)

    def _follow(self) -> None:
        changes = self._folders.watch(self._stop)
        outcomes = chain(self._folders.run(self._folders.look()), chain.from_iterable(changes))
        for outcome in outcomes:
            if outcome.outcome == "failed":
                logger.warning("%r failed: %s", outcome.path, outcome.reason)
            elif outcome.outcome != "unchanged":
                logger.info("%r %s", outcome.path, outcome.outcome)
            if self._stop.is_set():
                return


def _closed(one: SourceFile) -> FileOutcome:
    return FileOutcome(
        path=one.key,
        outcome="failed",
        reason="It cannot be opened. What was added from it before is kept.",
    )


def _refused(file: SourceFile, twin: Path) -> FileOutcome:
    return FileOutcome(
        path=file.key,
        outcome="failed",
        reason=f"It would replace {str(twin)!r}, which has the same key. Rename one of the two.",
    )


def _is_gone(path: Path) -> bool:
    try:
        return not path.exists()
    except OSError:
        return False


def _may_be_source(path: Path, home: Path) -> bool:
    try:
        return is_source(path, home)
    except OSError:
        return True


def _refuse_overlap(folders: Iterable[Path]) -> None:
    homes = [(path, path.resolve()) for path in folders]
    if not homes:
        raise InputError("There is no folder to keep the collection in step with: name one.")
    for (one, home), (other, other_home) in combinations(homes, 2):
        if home.is_relative_to(other_home) or other_home.is_relative_to(home):
            raise InputError(
                f"{str(one)!r} and {str(other)!r} overlap, so it cannot be told which of them a document "
                "belongs to. Name only the outer one, or run the command for each."
            )


def _each_once(files: Iterable[SourceFile]) -> tuple[SourceFile, ...]:
    """Each file once; under an equal key one would replace another as its new version.

    Raises:
        InputError: two different files have one key.
    """
    by_key: dict[str, SourceFile] = {}
    for file in files:
        other = by_key.setdefault(file.key, file)
        if other.path.resolve() != file.path.resolve():
            raise InputError(
                f"{str(other.path)!r} and {str(file.path)!r} would both be kept as {file.key!r}, and "
                "one would replace the other. Add the folder that holds both, or add each to a "
                "--collection of its own."
            )
    return tuple(by_key.values())
