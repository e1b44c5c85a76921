"""What must hold of a data folder whatever befell its process, given the log of what was acknowledged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from rag.adapters.embedded import EmbeddedStore
from rag.analysis import terms
from rag.types import DocumentId, Filters
from tests.torture.worker import EMBEDDER, source

GONE = -1


@dataclass
class Expected:
    """By document: the revision that must be there (`GONE` for none), and what else may be there instead.

    What was begun and not acknowledged may have happened, whole, or not.
    """

    acknowledged: dict[str, int] = field(default_factory=dict)
    possible: dict[str, set[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, log: Path) -> Expected:
        """What a log says."""
        expected = cls()
        for line in log.read_text().splitlines():
            expected.read(line.split())
        return expected

    def read(self, words: list[str]) -> None:
        """Take one line of a log."""
        if words[0] not in ("begin", "done") or words[1] == "fold":
            return
        _, what, name, revision = words
        state = int(revision) if what == "add" else GONE
        if words[0] == "begin":
            self.possible.setdefault(name, {self.acknowledged.get(name, GONE)}).add(state)
        else:
            self.acknowledged[name] = state
            self.possible[name] = {state}


def check(store: EmbeddedStore, expected: Expected, *, sample: int | None = None) -> None:
    """Assert everything that the log promises, and settle what it left open for the next look.

    Every acknowledged document is listed with its text and its bytes, and its sentinel is found at rank 1; nothing
    that was deleted is there; what was not acknowledged is there whole or not at all; the database, the vectors and
    the lexical index hold the same passages.
    """
    listed = {str(one.id): one for one in store.summaries(None, limit=1_000_000)}
    for name in {*expected.possible, *listed}:
        possible = expected.possible.get(name, set())
        found = _revision(store, name, possible) if name in listed else GONE
        assert found in possible, f"{name} is at {found}, and may be at {possible}"
        expected.acknowledged[name] = found
        expected.possible[name] = {found}
    here = sorted(name for name, state in expected.acknowledged.items() if state != GONE)
    for name in here if sample is None else here[-sample:]:
        _found(store, name, expected.acknowledged[name])
    gone = sorted(name for name, state in expected.acknowledged.items() if state == GONE)
    for name in gone[-5:] if store.collections() else ():
        _not_found(store, name)
    _same_counts(store, len(here))


def _revision(store: EmbeddedStore, name: str, possible: Iterable[int]) -> int | None:
    """Which of the possible revisions is there, whole."""
    text = store.document(DocumentId(name)).text
    for revision in possible:
        if revision != GONE and source(name, revision).text == text:
            original = store.original(DocumentId(name))
            version = store.summary(DocumentId(name)).version
            assert original == text.encode()
            assert version == f"sha256:{hashlib.sha256(original).hexdigest()}"
            assert store.summary(DocumentId(name)).passages == 5
            return revision
    return None


def _found(store: EmbeddedStore, name: str, revision: int) -> None:
    sentinel = f"{name}x{revision}"
    everything = store.select("default", Filters())
    [hit, *_] = store.lexical_search(everything, terms(f"Sentinel {sentinel}"), 5)
    passage = store.passages([hit.passage_id])[hit.passage_id]
    assert passage.document_id == name, f"{sentinel} is not found at rank 1"
    assert f"{sentinel} stands" in passage.text
    assert passage.text == passage.span.cut(store.document(passage.document_id).text)
    only = store.select("default", Filters(document_ids=frozenset({DocumentId(name)})))
    [dense, *_] = store.dense_search(only, EMBEDDER.embed_queries([passage.text])[0], 5)
    assert dense.passage_id == hit.passage_id
    assert dense.score > 0.999


def _not_found(store: EmbeddedStore, name: str) -> None:
    hits = store.lexical_search(store.select("default", Filters()), terms(f"{name}x0"), 5)
    assert all(
        one.document_id != name for one in store.passages([h.passage_id for h in hits]).values()
    )


def _same_counts(store: EmbeddedStore, documents: int) -> None:
    if not documents:
        return
    [summary] = store.collections()
    assert summary.documents == documents
    selection = store.select("default", Filters())
    vector = EMBEDDER.embed_queries(["common words about harbour"])[0]
    dense = store.dense_search(selection, vector, 1_000_000)
    lexical = store.lexical_search(selection, ["harbour"], 1_000_000)
    assert len(dense) == len({one.passage_id for one in dense}) == summary.passages == 5 * documents
    assert len(lexical) == 4 * documents
