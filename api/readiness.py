"""Whether the service can do its work now, and every reason why not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from ingest.jobs import JobWorker
from rag.errors import ModelError, QueueFull, StoreDamaged, StoreError, StoreFull
from rag.library import Library

LOADING = "it is being loaded"


class Readiness:
    """Uses each dependency once.

    Attributes:
        loading: Whether the embedding model is on its way into memory.
        stopping: Whether the service was told to end.
    """

    def __init__(self, library: Library, worker: JobWorker) -> None:
        self._library = library
        self._worker = worker
        self.loading = False
        self.stopping = False

    def checks(self) -> dict[str, str | None]:
        """By name, why something does not work; None where it does."""
        return {
            "service": "it was told to end" if self.stopping else None,
            "store": _failure(self._library.store.collections),
            "database": _failure(self._require_sound_database),
            "model": LOADING if self.loading else _failure(self._use_model),
            "worker": None if self._worker.alive else "uploads are not being worked off",
            "disk": _failure(lambda: self.require_disk(0)),
            "queue": _failure(self.require_queue),
        }

    def damaged_documents(self) -> str | None:
        """How many documents are damaged: everything else can be asked for all the same."""
        try:
            damaged = {one.document_id for one in self._library.store.damage() if one.document_id}
        except StoreError as error:
            return str(error)
        count = f"{len(damaged)} document{'s' if len(damaged) > 1 else ''}"
        return f"{count} damaged, found by no search; look with: verse verify" if damaged else None

    def load_model(self) -> None:
        """Bring the embedding model and the sentence ranker into memory.

        Raises:
            ModelError: it cannot be used.
        """
        try:
            self._use_model()
        finally:
            self.loading = False

    def require_disk(self, size: int) -> None:
        """Refuse what would leave less than the reserve.

        Raises:
            StoreFull: there is no room for so many bytes.
        """
        reserve = self._library.settings.limits.free_bytes
        folder = self._library.settings.data.absolute()
        free = shutil.disk_usage(_existing(folder)).free
        if free - size < reserve:
            raise StoreFull(
                f"The disk has {free:,} bytes left, of which {reserve:,} are kept free. Make room."
            )

    def require_queue(self) -> None:
        """Refuse another upload where enough are waiting.

        Raises:
            QueueFull: they are.
        """
        most = self._library.settings.limits.queued_uploads
        if self._library.store.queued() >= most:
            raise QueueFull(most)

    def _require_sound_database(self) -> None:
        if any(one.document_id is None for one in self._library.store.damage()):
            raise StoreDamaged("The database is damaged. Look with: verse verify")

    def _use_model(self) -> None:
        self._library.embedder.embed_queries(["ready"])
        if self._library.ranker is not None:
            self._library.ranker.scores("ready", ["ready"])


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else _existing(folder.parent)


def _failure(check: Callable[[], object]) -> str | None:
    try:
        check()
    except (StoreError, ModelError) as error:
        return str(error)
    return None
