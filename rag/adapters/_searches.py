"""Both searches over the present passages of a collection."""

from __future__ import annotations

import json
from collections.abc import Sequence

import apsw
import numpy as np

from rag.adapters import _embedding_cache as embedding_cache
from rag.adapters import _lexical as lexical
from rag.adapters import _records as records
from rag.adapters._amendments import PUBLISHED
from rag.adapters._collections import change_of, known
from rag.adapters._damage import Quarantine
from rag.adapters._seals import PASSAGES
from rag.adapters._vectors import VectorIndex
from rag.adapters.sqlite import Database, column, first, json_list, rows, value
from rag.protocols import Hit, Selection
from rag.types import DocumentId, Filters, Passage, PassageId, Searched, Vectors

_AMONG = "AND document_id IN (SELECT value FROM json_each(?))"


class Searches:
    """The searching half of `PassageIndex`."""

    def __init__(self, db: Database, vectors: VectorIndex, quarantine: Quarantine) -> None:
        self._db = db
        self._vectors = vectors
        self._quarantine = quarantine

    def select(self, collection: str, filters: Filters) -> Selection:
        """See `PassageIndex.select`."""
        with self._db.read() as db:
            collection_id = known(db, collection)
            documents = (
                frozenset(DocumentId(one) for one in _matching(db, collection_id, filters))
                if filters
                else None
            )
            passages = "SELECT count(*) FROM passages WHERE collection_id = ?"
            among = "" if documents is None else _AMONG
            total = "SELECT count(*) FROM documents WHERE collection_id = ?"
            return Selection(
                collection=collection,
                documents=documents,
                snapshot=f"{collection_id}.{change_of(db, collection_id)}",
                searched=Searched(
                    collection=collection,
                    documents=(
                        value(db, total, (collection_id,)) if documents is None else len(documents)
                    ),
                    passages=value(
                        db, f"{passages} {among}", (collection_id, *json_list(documents))
                    ),
                    filtered=bool(filters),
                ),
            )

    def dense_search(self, selection: Selection, vector: Vectors, k: int) -> list[Hit]:
        """See `PassageIndex.dense_search`. Exact; cosines are rounded to six decimals."""
        with self._db.read() as db:
            collection_id = known(db, selection.collection)
            among = None
            if selection.documents is not None:
                query = f"SELECT id FROM passages WHERE collection_id = ? {_AMONG} ORDER BY id"
                found = column(db, query, (collection_id, *json_list(selection.documents)))
                among = np.array(found, np.int64)
        return self._vectors.searchable(collection_id).search(vector, k, among)

    def lexical_search(self, selection: Selection, terms: Sequence[str], k: int) -> list[Hit]:
        """See `PassageIndex.lexical_search`. BM25 as FTS5 computes it: k1 = 1.2, b = 0.75."""
        with self._db.read() as db:
            collection_id = known(db, selection.collection)
            if not terms:
                return []
            chosen = (
                ""
                if selection.documents is None
                else f"AND rowid IN (SELECT id FROM passages WHERE true {_AMONG})"
            )
            found = lexical.search(
                db, collection_id, terms, k, among=chosen, values=json_list(selection.documents)
            )
        return [
            Hit(PassageId(row), score, embedded=bool(embedded)) for row, score, embedded in found
        ]

    def document_frequencies(self, collection: str, terms: Sequence[str]) -> dict[str, int]:
        """See `PassageIndex.document_frequencies`."""
        with self._db.read() as db:
            collection_id = known(db, collection)
            return {
                term: lexical.frequency(db, collection_id, term) for term in dict.fromkeys(terms)
            }

    def vocabulary(self, collection: str) -> list[str]:
        """See `PassageIndex.vocabulary`."""
        with self._db.read() as db:
            return lexical.vocabulary(db, known(db, collection))

    def count(self, collection: str) -> int:
        """See `PassageIndex.count`."""
        with self._db.read() as db:
            query = "SELECT count(*) FROM passages WHERE collection_id = ?"
            return int(value(db, query, (known(db, collection),)))

    def vectors_of(self, collection: str, texts: Sequence[str]) -> dict[str, Vectors]:
        """See `PassageIndex.vectors_of`."""
        with self._db.read() as db:
            row = first(db, "SELECT id FROM collections WHERE name = ?", (collection,))
            return {} if row is None else embedding_cache.vectors_of(db, row[0], texts)

    def passages(self, ids: Sequence[PassageId]) -> dict[PassageId, Passage]:
        """See `PassageIndex.passages`."""
        with self._db.read() as db:
            found = rows(
                db,
                'SELECT id, document_id, version, start, "end", text, section FROM passages x'
                f" WHERE id IN (SELECT value FROM json_each(?)) AND {PASSAGES.sound('x')}",
                (json.dumps(list(ids)),),
            )
        if len(found) < len(set(ids)):  # they were deleted meanwhile, or are damaged
            self._quarantine.suspect_passages(set(ids) - {row[0] for row in found})
        return {PassageId(row[0]): records.passage(row[1:]) for row in found}


def _matching(db: apsw.Connection, collection_id: int, filters: Filters) -> list[str]:
    return column(
        db,
        "SELECT d.id FROM documents d JOIN versions v ON v.id = d.version_id"
        " WHERE d.collection_id = ?1"
        " AND (?2 IS NULL OR d.id IN (SELECT value FROM json_each(?2)))"
        " AND (?3 IS NULL OR v.media_type IN (SELECT value FROM json_each(?3)))"
        f" AND (?4 IS NULL OR {PUBLISHED} >= ?4) AND (?5 IS NULL OR {PUBLISHED} <= ?5)",
        (
            collection_id,
            *(json_list(filters.document_ids) or (None,)),
            *(json_list(filters.media_types) or (None,)),
            filters.published_after.isoformat() if filters.published_after else None,
            filters.published_before.isoformat() if filters.published_before else None,
        ),
    )
