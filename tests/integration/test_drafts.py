"""Answers with feedback become drafts of a suite, which `verse eval check` understands."""

import datetime as dt
import json
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.cli import DONE, FAILED
from api.drafting import Drafted, write_drafts
from eval.linting import check
from eval.suite import Suite
from rag.adapters.embedded import EmbeddedStore
from rag.errors import DocumentDamaged
from rag.library import Library
from rag.protocols import Feedback, StoredAnswer
from rag.types import DocumentId, Version
from tests.fakes import HashingEmbedder
from tests.integration.service import HARBOUR, fake_library, served, upload
from tests.integration.test_cli import QUESTION, Verse, as_json, papers, root_logging, verse

__all__ = ["papers", "root_logging", "verse"]  # fixtures

LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def library() -> Library:
    return fake_library()


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    with served(library) as client:
        yield client


def asked(client: TestClient, *said: dict[str, Any], question: str = QUESTION) -> Any:
    """Ask, say this of the answer, and give it."""
    answer = client.post("/v1/ask", json={"question": question}).json()
    for one in said:
        path = f"/v1/answers/{answer['id']}/feedback"
        assert client.post(path, json=one).status_code == 204
    return answer


def drafted(library: Library, folder: Path) -> Drafted:
    answers = library.store.answers.with_feedback("default", LONG_AGO)
    return write_drafts(library.store, answers, folder)


def checked(folder: Path) -> Suite:
    """The suite, with which nothing is wrong but that all of it is drafts."""
    found = check(folder)
    assert not found.suite.questions
    assert not [one for one in found.lacking if "does not say" in one.message]
    return found.suite


def test_an_answer_that_was_good_is_a_model_answer_with_its_evidence(
    client: TestClient, library: Library, tmp_path: Path
) -> None:
    document = upload(client, source_key="papers/harbour.txt").json()
    answer = asked(client, {"verdict": "good", "comment": "Just so."})
    asked(client, question="What did ferry crews paint?")  # nobody said anything of it
    folder = tmp_path / "drafts"
    assert drafted(library, folder) == Drafted(questions=1, documents=1, left_out=0)
    (draft,) = checked(folder).drafts
    assert (draft.id, draft.question, draft.must) == (answer["id"], QUESTION, ())
    assert draft.expected == "\n".join(one["text"] for one in answer["statements"])
    assert [(one.doc, one.quote) for one in draft.evidence] == [
        ("harbour.txt", one["quote"]) for one in answer["citations"]
    ]
    assert "and answered. Feedback: good: Just so." in draft.note
    assert (folder / "docs/harbour.txt").read_bytes() == HARBOUR
    assert json.loads((folder / "documents.jsonl").read_text()) == {
        "name": "harbour.txt",
        "document_id": document["id"],
        "version": document["version"],
        "title": document["title"],
    }


def test_what_was_refused_is_no_evidence(
    client: TestClient, library: Library, tmp_path: Path
) -> None:
    upload(client, source_key="harbour.txt")
    asked(client, {"verdict": "bad", "comment": "The wrong gate."})
    answer = asked(client, {"verdict": "good"}, {"verdict": "unsupported", "marker": 1})
    drafted(library, tmp_path / "drafts")
    bad, unsupported = checked(tmp_path / "drafts").drafts
    assert (bad.evidence, bad.expected) == ((), "")
    assert "Feedback: bad: The wrong gate." in bad.note
    assert len(unsupported.evidence) == len(answer["citations"]) - 1
    assert answer["citations"][0]["quote"] not in [one.quote for one in unsupported.evidence]
    assert unsupported.expected == ""
    assert "Feedback: unsupported (quote 1)." in unsupported.note


def test_an_abstention_that_was_good_calls_for_abstaining(
    client: TestClient, library: Library, tmp_path: Path
) -> None:
    upload(client)
    for verdict in ("good", "bad"):
        asked(client, {"verdict": verdict}, question="Which molecules scatter photons?")
    assert drafted(library, tmp_path / "drafts").documents == 1  # what came closest
    good, bad = checked(tmp_path / "drafts").drafts
    assert (good.abstain, bad.abstain) == (True, False)
    assert not good.evidence
    assert good.expected == ""


def test_the_cited_version_is_written_beside_others_of_its_name(
    client: TestClient, library: Library, tmp_path: Path
) -> None:
    upload(client, source_key="one/harbour.txt")
    asked(client, {"verdict": "good"})
    upload(client, HARBOUR.replace(b"Tuesday", b"Friday"), source_key="one/harbour.txt")
    answer = asked(client, {"verdict": "good"})
    drafted(library, tmp_path / "drafts")
    first, second = checked(tmp_path / "drafts").drafts
    version = answer["citations"][0]["document_version"].removeprefix("sha256:")
    assert {one.doc for one in first.evidence} == {"harbour.txt"}
    assert {one.doc for one in second.evidence} == {f"harbour-{version[:12]}.txt"}
    assert (tmp_path / "drafts/docs/harbour.txt").read_bytes() == HARBOUR


def test_what_is_deleted_is_left_out_and_counted(
    client: TestClient, library: Library, tmp_path: Path
) -> None:
    document = upload(client).json()
    answer = asked(client, {"verdict": "good"})
    client.delete(f"/v1/documents/{document['id']}")
    upload(client, b"Something else.", name="other.txt")
    made = drafted(library, tmp_path / "drafts")
    assert (made.documents, made.left_out) == (0, len(answer["citations"]))
    (line,) = (tmp_path / "drafts/questions.jsonl").read_text().splitlines()
    assert json.loads(line)["evidence"] == []
    assert json.loads(line)["expected"] == ""


def test_what_came_from_inside_of_a_mail_is_cited_there(
    client: TestClient, library: Library, tmp_path: Path
) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"] = "Minutes", "ann@example.org"
    mail.set_content("See below.")
    mail.add_attachment(HARBOUR, maintype="text", subtype="plain", filename="harbour.txt")
    upload(client, mail.as_bytes(), name="minutes.eml", source_key="post/minutes.eml")
    asked(client, {"verdict": "good"})
    assert drafted(library, tmp_path / "drafts").documents == 1
    (draft,) = checked(tmp_path / "drafts").drafts
    assert {one.doc for one in draft.evidence} == {"minutes.eml//harbour.txt"}


@pytest.mark.parametrize(
    ("source_key", "name"),
    [
        ("a/../../..\\harbour gate.txt", "harbour gate.txt"),
        ("a/.harbour.txt", "harbour.txt"),
        ("a/har:bour?.txt", "har_bour_.txt"),
        (f"{'漢' * 90}.txt", f"{'漢' * 50}.txt"),
    ],
)
def test_documents_get_names_that_stay_in_the_folder(
    client: TestClient, library: Library, tmp_path: Path, source_key: str, name: str
) -> None:
    upload(client, source_key=source_key)
    asked(client, {"verdict": "good"})
    drafted(library, tmp_path / "drafts")
    assert [one.name for one in (tmp_path / "drafts/docs").iterdir()] == [name]
    (draft,) = checked(tmp_path / "drafts").drafts
    assert {one.doc for one in draft.evidence} == {name}


def test_nothing_is_left_of_an_export_that_failed(
    client: TestClient, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(document_id: DocumentId, version: Version) -> bytes:
        raise DocumentDamaged(document_id)

    upload(client)
    asked(client, {"verdict": "good"})
    monkeypatch.setattr(library.store, "original", damaged)
    with pytest.raises(DocumentDamaged):
        drafted(library, tmp_path / "drafts")
    assert not (tmp_path / "drafts").exists()


def test_the_command_writes_drafts_that_the_check_understands(
    verse: Verse, papers: Path, tmp_path: Path
) -> None:
    verse("ingest", papers)
    body = as_json(verse("ask", QUESTION, "--json"))
    folder = tmp_path / "My drafts"
    code, _, err = verse("answers", "export", folder)
    assert code == FAILED
    assert "No answer that is kept of 'default' has feedback." in err
    store = EmbeddedStore(tmp_path / "data", HashingEmbedder.identity)
    now = dt.datetime.now(dt.UTC)
    for name, asked_at in (("new", now), ("old", now - dt.timedelta(days=31))):
        store.answers.keep(
            StoredAnswer(id=name, collection="default", asked_at=asked_at, body=body)
        )
        store.answers.add_feedback(name, Feedback(verdict="good", at=now))
    store.close()
    code, out, _ = verse("answers", "export", folder)
    assert code == DONE
    assert "Wrote 1 drafts with 1 documents. What each lacks says: verse eval check" in out
    suite = checked(folder)
    assert suite.name == "My-drafts"
    assert [one.id for one in suite.drafts] == ["new"]  # answers are kept for 30 days
    code, _, err = verse("answers", "export", folder)
    assert code == FAILED
    assert "exists already" in err
    other = tmp_path / "other"
    assert as_json(verse("answers", "export", other, "--json")) == {
        "questions": 1,
        "documents": 1,
        "left_out": 0,
    }
    assert verse("answers", "export", tmp_path / "x", "--collection", "nowhere")[0] == FAILED
