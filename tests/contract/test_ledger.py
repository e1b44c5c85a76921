"""What every implementation of `KeyStore`, `AnswerStore` and `AuditLog` shows, and of a document's amendments."""

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from rag.access import acting, new_key
from rag.errors import UnknownAnswer, UnknownDocument, UnknownJob, UnknownKey, UnknownVersion
from rag.protocols import Feedback, StoredAnswer, Upload
from rag.types import DocumentId, Filters, Version
from tests.contract.test_passage_index import Store, stored
from tests.make import document

__all__ = ["stored"]  # a fixture

DAY = dt.date(2024, 5, 6)
NOW = dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC)
Put = Callable[..., Store]


def citation(document_id: str, quote: str, marker: int = 1) -> dict[str, Any]:
    return {
        "marker": marker,
        "document_id": document_id,
        "document_version": "sha256:0",
        "document_title": "A title",
        "quote": quote,
        "start": 0,
        "end": len(quote),
        "page": 1,
    }


def answer(*citations: dict[str, Any], id: str = "a1", **fields: Any) -> StoredAnswer:  # noqa: A002
    statements = [
        {"text": one["quote"], "citations": [one["marker"]], "event": None} for one in citations
    ]
    body = {
        "question": "Who?",
        "standalone_question": "Who?",
        "text": "\n".join(f"{one['quote']} [{one['marker']}]" for one in citations),
        "statements": statements,
        "citations": list(citations),
        "conflicts": [],
        "missing": [],
        "abstention": None,
        **fields,
    }
    return StoredAnswer(id=id, collection="default", asked_at=NOW, body=body)


def test_a_key_is_kept_until_it_is_revoked_and_listed_ever_after(stored: Put) -> None:
    store = stored()
    key = new_key("Ann", frozenset({"read"}), frozenset({"papers"}), NOW).key
    other = new_key("Ben", frozenset({"admin"}), None).key
    store.keys.add(key)
    store.keys.add(other)
    store = stored()
    assert store.keys.key(key.id) == key
    assert store.keys.all() == [key, other]
    assert store.keys.key("nobody") is None
    store.keys.revoke(other.id)
    store.keys.revoke(other.id)
    with pytest.raises(UnknownKey):
        store.keys.revoke("nobody")
    found = stored().keys.key(other.id)
    assert found is not None
    assert found.revoked_at is not None
    assert not found.is_valid(NOW)


def test_a_budget_is_kept_over_restarts_and_never_passed(stored: Put) -> None:
    keys = stored().keys
    assert keys.spend("k", DAY, "questions", 2, 5)
    assert not keys.spend("k", DAY, "questions", 4, 5)
    assert not keys.spend("k", DAY, "questions", 6, 5)
    keys = stored().keys
    assert keys.spend("k", DAY, "questions", 3, 5)
    assert not keys.spend("k", DAY, "questions", 1, 5)
    assert keys.spend("k", DAY, "upload_bytes", 5, 5)
    assert keys.spend("other", DAY, "questions", 5, 5)
    assert keys.spend("k", DAY + dt.timedelta(days=1), "questions", 5, 5)


def test_a_budget_is_not_passed_by_many_at_a_time(stored: Put) -> None:
    keys = stored().keys
    with ThreadPoolExecutor(8) as pool:
        spent = list(pool.map(lambda _: keys.spend("k", DAY, "questions", 1, 20), range(40)))
    assert sum(spent) == 20


def test_deeds_are_noted_with_who_did_them(stored: Put) -> None:
    store = stored(document("Bees dance.", id="d1"), document("Ants march.", id="d2"))
    token = acting.set("key k1")
    store.delete(DocumentId("d1"))
    acting.reset(token)
    store.amend(DocumentId("d2"), {"title": "Ants"})
    store = stored()
    latest, before, *_ = store.audit.entries()
    assert (before.actor, before.action, before.subject) == ("key k1", "document.delete", "d1")
    assert (latest.actor, latest.action, latest.subject) == (
        "this machine",
        "document.amend",
        "d2",
    )
    assert before.collection == "default"
    assert store.audit.entries(limit=1) == [latest]
    assert store.audit.entries(before=latest.id, limit=1) == [before]


def test_what_a_user_says_of_a_document_goes_over_its_file_and_stays(stored: Put) -> None:
    store = stored(document("Bees dance.", source_key="bees"))
    store.document(DocumentId("d1"))
    old = store.select("default", Filters()).snapshot
    store.amend(DocumentId("d1"), {"title": "Bees", "published": DAY})
    store.amend(DocumentId("d1"), {"recorded": DAY})
    store = stored()
    assert store.select("default", Filters()).snapshot != old
    summary, text = store.summary(DocumentId("d1")), store.document(DocumentId("d1"))
    for one in (summary, text):
        assert one.published is not None
        assert (one.title, one.published.value, one.published.found_by) == ("Bees", DAY, "user")
        assert one.recorded is not None
        assert one.original is None
    assert store.select("default", Filters(published_after=DAY)).searched.documents == 1
    later = DAY + dt.timedelta(days=1)
    assert store.select("default", Filters(published_after=later)).searched.documents == 0
    store = stored(document("Bees fly.", source_key="bees", title="From the file"))
    assert store.summary(DocumentId("d1")).title == "Bees"
    store.amend(DocumentId("d1"), {"title": None, "published": None})
    store = stored()
    summary = store.summary(DocumentId("d1"))
    assert (summary.title, summary.published) == ("From the file", None)
    with pytest.raises(UnknownDocument):
        store.amend(DocumentId("d9"), {"title": "x"})


def test_the_original_bytes_of_every_version_are_given(stored: Put) -> None:
    first = document("Bees dance.", source_key="bees")
    store = stored(first, document("Bees fly.", source_key="bees"))
    assert store.original(first.id) == b"Bees fly."
    assert store.original(first.id, first.version) == b"Bees dance."
    with pytest.raises(UnknownVersion):
        store.original(first.id, Version("sha256:0"))
    with pytest.raises(UnknownDocument):
        store.original(DocumentId("d9"))


def test_a_collection_takes_room(stored: Put) -> None:
    store = stored(document("Bees dance."))
    small = store.disk_bytes("default")
    assert small > 0
    assert stored(document("Ants march. " * 1_000, id="d2")).disk_bytes("default") > small + 10_000


def test_an_answer_is_kept_with_what_is_said_of_it(stored: Put) -> None:
    given = answer(citation("d1", "Bees dance."))
    store = stored(document("Bees dance."))
    store.answers.keep(given)
    said = Feedback(verdict="unsupported", marker=1, comment="No.", at=NOW)
    store.answers.add_feedback("a1", said)
    store = stored()
    found = store.answers.answer("a1")
    assert found.body == answer(citation("d1", "Bees dance.")).body
    assert (found.asked_at, found.feedback) == (NOW, (said,))
    with pytest.raises(UnknownAnswer):
        store.answers.answer("a2")
    with pytest.raises(UnknownAnswer):
        store.answers.add_feedback("a2", said)
    stored().answers.forget_before(NOW)
    assert stored().answers.answer("a1").id == "a1"
    stored().answers.forget_before(NOW + dt.timedelta(seconds=1))
    with pytest.raises(UnknownAnswer):
        stored().answers.answer("a1")


def test_answers_that_somebody_said_something_of_are_told_oldest_first(stored: Put) -> None:
    answers = stored(document("Bees dance.")).answers
    hours = {"a1": 2, "a2": 1, "a3": 3, "a4": 0}
    for name, hour in hours.items():
        given = answer(citation("d1", "Bees dance."), id=name)
        answers.keep(replace(given, asked_at=NOW + dt.timedelta(hours=hour)))
    answers.keep(replace(answer(id="other"), collection="papers"))
    for name in ("a1", "a1", "a2", "a4", "other"):
        answers.add_feedback(name, Feedback(verdict="good", at=NOW))
    found = stored().answers.with_feedback("default", NOW + dt.timedelta(hours=1))
    assert [(one.id, len(one.feedback)) for one in found] == [("a2", 1), ("a1", 2)]
    assert not stored().answers.with_feedback("nowhere", NOW)


def test_deleting_a_document_takes_its_words_out_of_every_answer(stored: Put) -> None:
    store = stored(document("Bees dance.", id="d1"), document("Ants march.", id="d2"))
    values = [{"value": "Bees", "citations": [1], "independent_sources": 1}]
    store.answers.keep(
        answer(
            citation("d1", "Bees dance."),
            citation("d2", "Ants march.", 2),
            conflicts=[{"about": "what Bees do", "values": values}],
            missing=["why Bees do", "who"],
        )
    )
    closest = {"reason": "Nothing fits.", "closest": [citation("d1", "Bees dance.")]}
    store.answers.keep(answer(id="a2", abstention=closest))
    store.delete(DocumentId("d1"))
    answers = stored().answers
    body = answers.answer("a1").body
    assert "Bees" not in str(body)
    assert (
        body["text"] == "[1]\nAnts march. [2]\nSources disagree:\n-  [1]\nNot in the documents: who"
    )
    assert [one["quote"] for one in body["citations"]] == ["", "Ants march."]
    assert body["citations"][0]["document_id"] == "d1"
    assert body["conflicts"][0]["values"][0]["citations"] == [1]
    assert "Bees" not in str(answers.answer("a2").body)


def test_an_answer_whose_document_is_gone_already_is_kept_without_its_words(stored: Put) -> None:
    store = stored(document("Ants march.", id="d2"))
    store.answers.keep(answer(citation("d1", "Bees dance.")))
    assert "Bees" not in str(stored().answers.answer("a1").body)


def test_uploads_that_wait_are_counted_and_belong_to_a_collection(stored: Put) -> None:
    store = stored()
    assert store.queued() == 0
    job = store.enqueue(Upload(name="a", collection="papers"), b"a")
    store = stored()
    assert store.queued() == 1
    assert store.job_collection(job.id) == "papers"
    store.claim()
    assert store.queued() == 0
    with pytest.raises(UnknownJob):
        store.job_collection("j9")
