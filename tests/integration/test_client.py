"""The Python client against a service on a port."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from api.client import Client, ServiceError
from api.schemas import AnswerBody, CitationBody, FiltersIn, RetrievedBody, StatementBody, TurnIn
from rag.composition import SentenceComposer
from rag.errors import ModelError
from tests.browser.served import running
from tests.integration.clients import QUESTION, QUOTE, Place, place

TIMED = {"id", "timings_ms"}


@pytest.fixture
def here() -> Iterator[Place]:
    with place(questions_per_day=3) as here:
        yield here


@pytest.fixture
def client(here: Place) -> Iterator[Client]:
    with Client(here.url, key=here.key) as client:
        yield client


def test_an_answer_can_be_checked_and_read_again(client: Client) -> None:
    answer = client.ask(QUESTION)
    assert QUOTE in [one.quote for one in answer.citations]
    assert all(client.quoted(one) == one.quote for one in answer.citations)
    kept = client.answer(answer.id)
    assert kept.answer == answer
    assert {one.state for one in kept.citations} == {"exact"}


def test_a_stream_gives_the_same_in_order(client: Client) -> None:
    found, *events, answer = client.stream(QUESTION)
    assert isinstance(found, RetrievedBody)
    assert isinstance(answer, AnswerBody)
    assert [one for one in events if isinstance(one, StatementBody)] == answer.statements
    assert [one for one in events if isinstance(one, CitationBody)] == answer.citations
    assert answer.model_dump(exclude=TIMED) == client.ask(QUESTION).model_dump(exclude=TIMED)


def test_history_and_filters_go_along(client: Client) -> None:
    turns = [TurnIn(role="user", content=QUESTION), TurnIn(role="assistant", content="The master.")]
    answer = client.ask("When did he close it?", history=turns)
    assert "north gate" in answer.standalone_question
    nobody = FiltersIn(document_ids=["none"])
    assert client.ask(QUESTION, filters=nobody).outcome == "abstained"
    assert client.search("gate", filters=nobody).passages == []


def test_documents_are_added_listed_and_deleted(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("The pilot left at dawn.", encoding="utf-8")
    added = client.add(path, collection="pilots", title="Pilots")
    assert (added.title, added.collection) == ("Pilots", "pilots")
    assert client.add(io.BytesIO(path.read_bytes()), collection="pilots").id == added.id
    assert [one.id for one in client.documents("pilots")] == [added.id]
    assert {one.collection for one in client.documents()} == {"default", "bees", "pilots"}
    assert client.search("pilot", collection="pilots", k=1).passages[0].document_id == added.id
    client.delete(added.id)
    with pytest.raises(ServiceError) as gone:
        client.delete(added.id)
    assert gone.value.problem is not None
    assert gone.value.problem.type == "/docs#unknown-document"
    assert gone.value.status == 404


def test_what_is_refused_says_when_to_come_again(client: Client) -> None:
    for _ in range(3):
        client.search("gate")
    with pytest.raises(ServiceError, match="budget") as spent:
        client.ask(QUESTION)
    assert spent.value.retry_after_s
    with pytest.raises(ServiceError, match="budget"):
        next(client.stream(QUESTION))


def test_what_fails_on_the_way_ends_the_stream(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ModelError("It is asleep.")

    monkeypatch.setattr(SentenceComposer, "compose", fail)
    with pytest.raises(ServiceError, match="It is asleep") as failed:
        list(client.stream(QUESTION))
    assert failed.value.status == 503


@pytest.mark.parametrize(
    ("status", "told"),
    [(502, "502 Bad Gateway, from"), (520, "520, from"), (200, "200 OK, from"), (302, "302 Found")],
)
def test_an_answer_of_something_else_is_told_from_the_services(status: int, told: str) -> None:
    async def gateway(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": status, "headers": []})
            await send({"type": "http.response.body", "body": b"<html>"})
            return
        for state in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{state}.complete"})

    with (
        running(gateway) as url,
        Client(url) as client,
        pytest.raises(ServiceError, match=told) as lost,
    ):
        client.ask(QUESTION)
    assert (lost.value.status, lost.value.problem) == (status, None)


def test_a_program_that_asks_a_service_loads_none_of_the_engine() -> None:
    program = "import api.client, sys; print({'ingest', 'rag.library'} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)  # noqa: S603
    assert loaded.stdout == b"set()\n"
