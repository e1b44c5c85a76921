"""The whole chain over HTTP: real reader, real store, real model."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from rag.bootstrap import open_rag
from rag.settings import Settings
from tests.integration.service import served, upload

PAGE = """<!doctype html><html lang="en"><head><title>The bridge at Amberley</title></head><body>
<article><h1>The bridge at Amberley</h1>
<p>The old bridge at Amberley was closed in March after a crack was found in its third arch.
Engineers say that the repair will cost two million pounds.</p>
<h2>What comes next</h2>
<p>A ferry carries walkers across the river until the bridge is open again. Cyclists must use the road
over Stone Hill, which is eleven kilometres longer. The council expects the work to end in October.</p>
</article></body></html>
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("data")
    with open_rag(Settings(data=folder)) as library, served(library) as client:
        yield client


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How much will the repair of the bridge cost?", "two million pounds"),
        ("Why was the bridge closed?", "crack"),
        ("When is the work expected to end?", "October"),
    ],
)
def test_every_citation_is_the_text_at_its_place(
    client: TestClient, question: str, words: str
) -> None:
    added = upload(client, PAGE.encode(), name="bridge.html")
    assert added.status_code in {200, 201}
    body = client.post("/v1/ask", json={"question": question}).json()
    assert body["outcome"] == "answered"
    assert words in body["statements"][0]["text"]
    for one in body["citations"]:
        text = client.get(
            f"/v1/documents/{one['document_id']}/text",
            params={"start": one["start"], "end": one["end"], "version": one["document_version"]},
        )
        assert text.json()["text"] == one["quote"]


def test_a_question_about_something_else_is_not_answered(client: TestClient) -> None:
    upload(client, PAGE.encode(), name="bridge.html")
    body = client.post("/v1/ask", json={"question": "Who won the chess tournament in Baku?"}).json()
    assert (body["outcome"], body["citations"]) == ("abstained", [])
    assert body["abstention"]["searched"]["documents"] == 1
