"""Which text each stored vector is of, so that no text of a collection is embedded twice.

The table is `embedded`. A row leaves with its passage: nothing is remembered of what was deleted. Collections do not
share vectors, or the time that adding a document takes would tell one tenant what another one has.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256

import apsw
import numpy as np

from rag.adapters import _seals as seals
from rag.adapters.faiss_vectors import Ids
from rag.adapters.sqlite import rows
from rag.types import Vectors


def remember(db: apsw.Connection, collection_id: int, ids: Ids, texts: Sequence[str]) -> None:
    """Record of passages whose vectors are stored which text each one embeds.

    Raises:
        ValueError: there is not one text for each passage.
    """
    db.executemany(
        "INSERT INTO embedded (passage_id, collection_id, digest) VALUES (?, ?, ?)",
        [
            (passage_id, collection_id, _digest(text))
            for passage_id, text in zip(ids.tolist(), texts, strict=True)
        ],
    )
    if len(ids):
        which = "x.passage_id BETWEEN ? AND ?"
        seals.close(db, seals.EMBEDDED, which, (int(ids[0]), int(ids[-1])))


def vectors_of(db: apsw.Connection, collection_id: int, texts: Sequence[str]) -> dict[str, Vectors]:
    """By text, the vectors of those that a present passage of the collection embeds."""
    by_digest = {_digest(text): text for text in texts}
    found = rows(
        db,
        "SELECT e.digest, v.vector FROM embedded e JOIN vectors v USING (passage_id)"
        f" WHERE {seals.EMBEDDED.sound('e')} AND {seals.VECTORS.sound('v')}"
        " AND length(v.vector) > 0 AND e.collection_id = ? AND e.digest IN (SELECT unhex(value) FROM json_each(?))",
        (collection_id, json.dumps([digest.hex() for digest in by_digest])),
    )
    return {
        by_digest[digest]: np.frombuffer(vector, "<f4").astype(np.float32)
        for digest, vector in found
    }


def _digest(text: str) -> bytes:
    return sha256(text.encode("utf-8", "surrogatepass")).digest()
