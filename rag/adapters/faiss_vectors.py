"""Exact cosine search by FAISS over immutable index files, with what came since held in memory.

A generation is a folder that is written aside, made durable and renamed into place, and never changed
again. Its manifest carries the length and digest of the index file, because FAISS itself loads a file
with a flipped bit without a word. A generation is a cache: whoever opens one that does not fit gets
`StoreDamaged` and builds another from the stored vectors.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from rag.adapters import _durable as durable
from rag.errors import StoreDamaged
from rag.protocols import Hit, ModelIdentity
from rag.types import PassageId, Vectors

Ids = NDArray[np.int64]
_INDEX_FILE = "vectors.faiss"
_MANIFEST_FILE = "manifest.json"
_INDEX_TYPE = "IDMap2,Flat"
_MANIFEST_FORMAT = 1
# Cosines that differ by less are equal: which one FAISS rounds up depends on where a vector lies.
_DECIMALS = 6
_TIES = 8  # more are fetched than are asked for, to see whether there are any at the end
_search_parameters: Any = faiss.SearchParameters  # its stub lacks the keywords that it takes


@dataclass(frozen=True)
class Searchable:
    """Vectors as one search sees them: a base, what was added since, and what was deleted since.

    Attributes:
        base: A FAISS index of ids and unit vectors that nobody changes any more.
        base_ids: Its ids, in order.
        added: Ids and vectors that came later, in order; their ids are greater than all of the base.
        deleted: Ids of the base or of `added` that no search may return.
    """

    base: Any
    base_ids: Ids
    added: tuple[tuple[Ids, Vectors], ...] = ()
    deleted: frozenset[int] = frozenset()

    @property
    def pending(self) -> int:
        """How many changes the next generation would fold in."""
        return sum(len(ids) for ids, _ in self.added) + len(self.deleted)

    def changed(self, ids: Ids, vectors: Vectors, deleted: Iterable[int]) -> Searchable:
        """The same with vectors added and others deleted."""
        return Searchable(
            base=self.base,
            base_ids=self.base_ids,
            added=(*self.added, (ids, vectors)) if len(ids) else self.added,
            deleted=self.deleted.union(deleted),
        )

    def search(self, vector: Vectors, k: int, among: Ids | None) -> list[Hit]:
        """The k ids of highest inner product, best first, ties by id; only ids of `among` where given."""
        # Of this thread. One query is not divided among threads, but FAISS gathers them all to translate its ids,
        # and on a busy machine waits milliseconds for them.
        faiss.omp_set_num_threads(1)
        wanted = self._parameters(among)
        found: list[tuple[float, int]] = []
        for index in (self.base, *self._recent):
            found += _best(index, vector, k, wanted)
        return [Hit(PassageId(row), -cost) for cost, row in sorted(found)[:k]]

    def _parameters(self, among: Ids | None) -> Any:
        gone = np.fromiter(self.deleted, np.int64, len(self.deleted))
        if among is not None:
            selector: Any = faiss.IDSelectorBatch(np.setdiff1d(among, gone, assume_unique=True))
        elif self.deleted:
            selector = faiss.IDSelectorNot(faiss.IDSelectorBatch(gone))
        else:
            return None
        return _search_parameters(sel=selector)

    @cached_property
    def _recent(self) -> tuple[Any, ...]:
        """No index, or the one of all that was added: made once, at the first search after a change."""
        if not self.added:
            return ()
        ids = np.concatenate([ids for ids, _ in self.added])
        return (_index(ids, np.concatenate([vectors for _, vectors in self.added])),)


def build(ids: Ids, vectors: Vectors) -> Searchable:
    """Vectors of these ids, which ascend; no change is pending."""
    return Searchable(base=_index(ids, vectors), base_ids=ids)


def write_generation(
    folder: Path, number: int, vectors: Searchable, *, identity: ModelIdentity, change: int
) -> str:
    """Write `vectors.base` as generation `number`, durable on return; returns its manifest's sha256.

    `folder` is where the generations of one collection lie; `change` is the collection's state that this
    one holds, for whoever reads the manifest.
    """
    final, aside = folder / str(number), folder / f".{number}"
    for leftover in (final, aside):
        shutil.rmtree(leftover, ignore_errors=True)  # of a crash: no committed row names it
    aside.mkdir(parents=True)
    content = faiss.serialize_index(vectors.base).tobytes()
    manifest = {
        "format": _MANIFEST_FORMAT,
        "index_type": _INDEX_TYPE,
        "model": identity.name,
        "model_sha256": identity.sha256,
        "compute_path": identity.compute_path,
        "dimension": identity.dimension,
        "count": len(vectors.base_ids),
        "change": change,
        "files": {_INDEX_FILE: {"bytes": len(content), "sha256": _sha256(content)}},
    }
    encoded = json.dumps(manifest, indent=1).encode()
    durable.write(aside / _INDEX_FILE, content)
    durable.write(aside / _MANIFEST_FILE, encoded)
    durable.sync_folder(aside)
    aside.rename(final)
    durable.sync_folder(folder)
    return _sha256(encoded)


def read_generation(
    folder: Path, number: int, manifest_sha256: str, identity: ModelIdentity
) -> Searchable:
    """Open a generation after checking every byte of it.

    Raises:
        StoreDamaged: a file is missing, or is not what was written.
    """
    content, manifest = checked_files(folder, number, manifest_sha256)
    faiss.set_deserialization_vector_byte_limit(len(content))
    index: Any = faiss.deserialize_index(np.frombuffer(content, np.uint8))
    if (index.ntotal, index.d) != (manifest["count"], identity.dimension):
        raise StoreDamaged("The vector index does not fit its manifest.")
    return Searchable(base=index, base_ids=faiss.vector_to_array(index.id_map))


def checked_files(folder: Path, number: int, manifest_sha256: str) -> tuple[bytes, dict[str, Any]]:
    """The index file and the manifest of a generation, as they were written.

    Raises:
        StoreDamaged: a file is missing, or is not what was written.
    """
    try:
        encoded = (folder / str(number) / _MANIFEST_FILE).read_bytes()
        content = (folder / str(number) / _INDEX_FILE).read_bytes()
    except OSError as error:
        raise StoreDamaged("A file of the vector index is missing.") from error
    if _sha256(encoded) != manifest_sha256:
        raise StoreDamaged("The vector index's manifest is not the one that was written.")
    manifest: dict[str, Any] = json.loads(encoded)
    stated = manifest["files"][_INDEX_FILE]
    if (len(content), _sha256(content)) != (stated["bytes"], stated["sha256"]):
        raise StoreDamaged("The vector index is not the file that was written.")
    return content, manifest


def remove_other_generations(folder: Path, kept: Container[int | None]) -> None:
    """Delete every generation but these, and what a crash left of one."""
    for entry in folder.iterdir():
        if entry.name.lstrip(".").isdecimal() and not (
            entry.name.isdecimal() and int(entry.name) in kept
        ):
            shutil.rmtree(entry)


def _best(index: Any, vector: Vectors, k: int, wanted: Any) -> list[tuple[float, int]]:
    """Costs and ids of the k best, and of all that are as good as the last of them: FAISS takes any of those."""
    fetched = k + _TIES
    while True:
        scores, rows = index.search(
            vector.reshape(1, -1), min(fetched, max(index.ntotal, 1)), params=wanted
        )
        found = [
            (-round(score, _DECIMALS), row)
            for score, row in zip(scores[0].tolist(), rows[0].tolist(), strict=True)
            if row >= 0  # FAISS pads with -1 when it holds fewer
        ]
        if len(found) < fetched or found[k - 1][0] != found[-1][0]:
            return found
        fetched *= 2


def _index(ids: Ids, vectors: Vectors) -> Any:
    index = faiss.IndexIDMap2(faiss.IndexFlatIP(vectors.shape[1]))
    index.add_with_ids(np.ascontiguousarray(vectors, np.float32), ids)
    return index


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
