"""Answers that were given, and what was said about them, as tables of the store."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from typing import Any

import apsw

from rag.adapters.sqlite import Database, column, first, rows
from rag.answer_text import answer_text
from rag.encoding import encode
from rag.errors import UnknownAnswer
from rag.protocols import Feedback, StoredAnswer
from rag.types import DocumentId


class StoredAnswers:
    """`AnswerStore` over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, answer: StoredAnswer) -> None:
        """See `AnswerStore.keep`."""
        with self._database.write() as db:
            db.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?)",
                (answer.id, answer.collection, answer.asked_at.isoformat(), encode(answer.body)),
            )
            quoted = {one["document_id"] for one in _citations(answer.body)}
            db.executemany(
                "INSERT INTO answer_documents VALUES (?, ?)",
                [(document_id, answer.id) for document_id in sorted(quoted)],
            )
            there = "SELECT value FROM json_each(?) EXCEPT SELECT id FROM documents"
            blank(db, column(db, there, (json.dumps(sorted(quoted)),)))  # deleted in the meantime

    def answer(self, answer_id: str) -> StoredAnswer:
        """See `AnswerStore.answer`."""
        with self._database.read() as db:
            return _read(db, answer_id)

    def add_feedback(self, answer_id: str, feedback: Feedback) -> None:
        """See `AnswerStore.add_feedback`."""
        with self._database.write() as db:
            if first(db, "SELECT 1 FROM answers WHERE id = ?", (answer_id,)) is None:
                raise UnknownAnswer(answer_id)
            db.execute(
                "INSERT INTO feedback (answer_id, at, verdict, marker, comment) VALUES (?, ?, ?, ?, ?)",
                (
                    answer_id,
                    feedback.at.isoformat(),
                    feedback.verdict,
                    feedback.marker,
                    feedback.comment,
                ),
            )

    def with_feedback(self, collection: str, since: dt.datetime) -> list[StoredAnswer]:
        """See `AnswerStore.with_feedback`."""
        with self._database.read() as db:
            found = column(
                db,
                "SELECT id FROM answers WHERE collection = ? AND asked_at >= ?"
                " AND id IN (SELECT answer_id FROM feedback) ORDER BY asked_at, id",
                (collection, since.isoformat()),
            )
            return [_read(db, answer_id) for answer_id in found]

    def forget_before(self, time: dt.datetime) -> None:
        """See `AnswerStore.forget_before`."""
        with self._database.write() as db:
            db.execute("DELETE FROM answers WHERE asked_at < ?", (time.isoformat(),))


def _read(db: apsw.Connection, answer_id: str) -> StoredAnswer:
    row = first(db, "SELECT id, collection, asked_at, body FROM answers WHERE id = ?", (answer_id,))
    if row is None:
        raise UnknownAnswer(answer_id)
    said = rows(
        db,
        "SELECT verdict, marker, comment, at FROM feedback WHERE answer_id = ? ORDER BY id",
        (answer_id,),
    )
    return StoredAnswer(
        id=row[0],
        collection=row[1],
        asked_at=dt.datetime.fromisoformat(row[2]),
        body=json.loads(row[3]),
        feedback=tuple(
            Feedback(
                verdict=verdict,
                marker=marker,
                comment=comment,
                at=dt.datetime.fromisoformat(at),
            )
            for verdict, marker, comment, at in said
        ),
    )


def blank(db: apsw.Connection, documents: Iterable[DocumentId]) -> None:
    """Take what documents say out of every stored answer, in the transaction that deletes them."""
    gone = frozenset(documents)
    affected = rows(
        db,
        "SELECT DISTINCT a.id, a.body FROM answers a JOIN answer_documents d ON d.answer_id = a.id"
        " WHERE d.document_id IN (SELECT value FROM json_each(?))",
        (json.dumps(sorted(gone)),),
    )
    for answer_id, body in affected:
        blanked = without(json.loads(body), gone)
        db.execute("UPDATE answers SET body = ? WHERE id = ?", (encode(blanked), answer_id))


def forget_of(db: apsw.Connection, collection: str) -> None:
    """Delete the answers of a collection, in the transaction that purges it."""
    db.execute("DELETE FROM answers WHERE collection = ?", (collection,))


def without(body: dict[str, Any], documents: frozenset[str]) -> dict[str, Any]:
    """An answer's body without the words of these documents, and without what was written from them.

    Of a citation remain its marker, ids and offsets; of a statement or value, the markers that supported it.
    What they disagree on or lack is named in the documents' words or in the question's: only the latter stay.
    """
    markers = {one["marker"] for one in body["citations"] if one["document_id"] in documents}
    if markers or any(one["document_id"] in documents for one in _citations(body)):
        for citation in _citations(body):
            if citation["document_id"] in documents:
                _clear(
                    citation, but_not=("marker", "document_id", "document_version", "start", "end")
                )
        supported = [*body["statements"], *(v for c in body["conflicts"] for v in c["values"])]
        for one in supported:
            if markers & set(one["citations"]):
                _clear(one, but_not=("citations", "independent_sources"))
        asked = f"{body['question']}\n{body['standalone_question']}".casefold()
        for conflict in body["conflicts"]:
            cited = {marker for value in conflict["values"] for marker in value["citations"]}
            if markers & cited and conflict["about"].casefold() not in asked:
                conflict["about"] = ""
        body["missing"] = [one for one in body["missing"] if one.casefold() in asked]
        body["text"] = answer_text(body)
    return body


def _clear(part: dict[str, Any], but_not: tuple[str, ...]) -> None:
    for name, held in part.items():
        if name not in but_not:
            part[name] = "" if isinstance(held, str) else None


def _citations(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from body["citations"]
    if body["abstention"]:
        yield from body["abstention"]["closest"]
