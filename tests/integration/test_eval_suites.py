"""Suites against the library in this process and against servers."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import httpx2 as httpx
import pytest
from typer.testing import CliRunner

from eval.answered import Answered, Event, Position, answer_hash, same_answer
from eval.asking import TAKEN_IN_FILE, CannotTakeIn, InProcess, ServiceLost, _Asked, taken_in
from eval.asking_http import OverHttp, connected
from eval.cli import app
from eval.runs import RunError, plan_of, read_run, run
from eval.suite import Suite, read_suite
from eval.suite_commands import KEY_VARIABLE
from rag import types
from rag.bootstrap import open_rag
from rag.composition import EXTRACTIVE
from rag.evidence import Evidence
from rag.exporting import _member
from rag.library import Library
from rag.protocols import Composed
from rag.settings import Settings
from rag.types import (
    Answer,
    Conflict,
    Dated,
    Quote,
    Statement,
)
from tests.formats import Chapter, _pdf
from tests.integration.server_process import running
from tests.integration.service import fake_library, served
from tests.services import Fake, started
from tests.suites import QUESTIONS, question, write_suite


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return read_suite(write_suite(tmp_path / "suite"))


def over_http(suite: Suite, client: httpx.Client, folder: Path) -> dict[str, Answered]:
    service = OverHttp(client)
    plan = plan_of([suite], service, {}, 0)
    run([suite], service, folder, plan, workers=2, progress=lambda *_: None)
    return {key: one for (_, key, _), one in read_run(folder).answers.items()}


def test_a_server_gives_the_answers_that_its_library_gives(suite: Suite, tmp_path: Path) -> None:
    at_home = started(suite, Fake(), tmp_path / "home", repeats=0)
    with served(fake_library()) as client:
        remote = over_http(suite, client, tmp_path / "run")
        collections = client.get("/v1/collections").json()["collections"]
    assert [one["name"] for one in collections] == [suite.collection]
    assert remote
    for key, answered in remote.items():
        own = at_home.answers["harbour", key, 0]
        assert answered.outcome == own.outcome
        assert answered.statements == own.statements
        assert answered.citations == own.citations
        assert answered.closest == own.closest
        assert answered.retrieved == own.retrieved
    sources = read_run(tmp_path / "run").sources["harbour"]
    assert sources == at_home.sources["harbour"]


@dataclass(frozen=True)
class Telling:
    """A composer whose answers hold all that an answer can."""

    def compose(self, question: str, evidence: Evidence) -> Composed:
        quotes = [
            Quote.cut(evidence.documents[one.passage.document_id], one.passage.span)
            for one in evidence.passages
        ]
        first, second = quotes[0], quotes[-1]
        event = Dated(value="2019-06", rule="stated", quote=second)
        conflict = Conflict(
            about="paint",
            positions=(
                types.Position(value="white", quotes=(first,), independent_sources=1),
                types.Position(value="red", quotes=(first, second), independent_sources=2),
            ),
        )
        said = Statement(text="June 2019: white", quotes=(first, second), score=1.0, event=event)
        response = Answer(statements=(said,), conflicts=(conflict,), missing=("the painter",))
        return Composed(response=response, composer=EXTRACTIVE)


def telling_library() -> Library:
    return replace(fake_library(), composers={EXTRACTIVE: Telling()})


def test_events_conflicts_and_what_is_missing_are_recorded_in_process_and_over_http(
    suite: Suite, tmp_path: Path
) -> None:
    at_home = started(suite, Fake(telling_library()), tmp_path / "home", repeats=0)
    with served(telling_library()) as client:
        remote = over_http(suite, client, tmp_path / "run")
    own = at_home.answers["harbour", "gate", 0]
    assert own.outcome == "partial"
    assert own.missing == ("the painter",)
    (said,) = own.statements
    assert said.event == Event(date="2019-06", precision="month", rule="stated", derived_from=2)
    (conflict,) = own.conflicts
    assert conflict.about == "paint"
    assert conflict.positions == (
        Position(value="white", citations=(1,), independent_sources=1),
        Position(value="red", citations=(1, 2), independent_sources=2),
    )
    for key, answered in remote.items():
        assert same_answer(
            replace(at_home.answers["harbour", key, 0], text="", retrieved=None),
            replace(answered, text="", retrieved=None),
        )
        assert answer_hash(at_home.answers["harbour", key, 0]) == answer_hash(answered)


def test_how_sure_an_answer_is_is_recorded(suite: Suite) -> None:
    library = fake_library()
    asking = taken_in(library, suite, lambda *_: None)
    reply = replace(library.ask("Which gate?", collection=suite.collection), confidence=0.4)
    found = library.search("Which gate?", collection=suite.collection)
    asked = _Asked(library, suite, {})
    recorded = asked._recorded(suite.questions[0], reply, found, 1.0)
    assert recorded.confidence == 0.4
    assert asking.ask(suite.questions[0]).confidence is None


def test_earlier_turns_go_with_the_question(tmp_path: Path) -> None:
    turns = [{"question": "Who was it in 2019?", "answer": "Ada Lund."}]
    asked = question(id="next", type="followup", history=turns)
    sent: list[dict[str, object]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/ask":
            sent.append(json.loads(request.content))
            return httpx.Response(422, json={"detail": "Not today."})
        if request.method == "POST":
            return httpx.Response(201, json={})
        if request.url.path.endswith("/export"):
            return httpx.Response(200, content=b"".join(_member("documents.jsonl", b"")))
        return httpx.Response(404)

    suite = read_suite(write_suite(tmp_path / "suite", [asked]))
    with httpx.Client(transport=httpx.MockTransport(answer), base_url="http://test") as client:
        answers = over_http(suite, client, tmp_path / "run")
    assert sent[0]["history"] == [
        {"role": "user", "content": "Who was it in 2019?"},
        {"role": "assistant", "content": "Ada Lund."},
    ]
    assert answers["next"].error == "Not today."


def test_a_server_that_is_busy_is_asked_again(suite: Suite, tmp_path: Path) -> None:
    refused: list[str] = []
    with served(fake_library()) as client:
        send = client.request

        def busy_once(method: str, url: str, **sent: object) -> httpx.Response:
            if url not in refused:
                refused.append(url)
                return httpx.Response(429, headers={"retry-after": "0"})
            return send(method, url, **sent)  # type: ignore[arg-type] # passed on as they came

        client.request = busy_once  # type: ignore[method-assign,assignment] # the first call of each kind is refused
        answers = over_http(suite, client, tmp_path / "run")
    assert "/v1/ask" in refused
    assert all(one.error is None for one in answers.values())


def test_a_server_that_asks_to_wait_for_long_is_no_service(suite: Suite, tmp_path: Path) -> None:
    def spent(_: httpx.Request) -> httpx.Response:
        return httpx.Response(
            429, headers={"retry-after": "40000"}, json={"detail": "The budget is spent."}
        )

    with (
        httpx.Client(transport=httpx.MockTransport(spent), base_url="http://test") as client,
        pytest.raises(ServiceLost, match=r"wait 40,000 s: The budget is spent"),
    ):
        over_http(suite, client, tmp_path / "run")


def test_a_server_without_its_key_is_no_service(suite: Suite, tmp_path: Path) -> None:
    with (
        served(fake_library(), keys=True) as client,
        pytest.raises(ServiceLost, match="does not let us in"),
    ):
        over_http(suite, client, tmp_path / "run")


def test_the_release_of_a_server_is_part_of_what_a_run_is_of(suite: Suite, tmp_path: Path) -> None:
    with served(fake_library()) as client:
        before = plan_of([suite], OverHttp(client), {}, 0)
        started_with = OverHttp(client)
        run([suite], started_with, tmp_path / "run", before, workers=1, progress=lambda *_: None)
        release = before.service["server"]
        assert release == client.get("/openapi.json").json()["info"]["version"]
        client.app.version = "99"  # type: ignore[attr-defined] # that of FastAPI
        client.app.openapi_schema = None  # type: ignore[attr-defined]
        after = plan_of([suite], OverHttp(client), {}, 0)
        assert after.service["server"] == "99"
        with pytest.raises(RunError, match="a run of something else"):
            run([suite], started_with, tmp_path / "run", after, workers=1, progress=lambda *_: None)


def test_pages_of_a_server_are_checked(tmp_path: Path) -> None:
    folder = write_suite(tmp_path / "suite")
    (folder / "docs/report.pdf").write_bytes(
        _pdf((Chapter("North", ("The north gate is red.",)), Chapter("South", ("It is blue.",))))
    )
    suite = read_suite(folder)
    with served(fake_library()) as client:
        over_http(suite, client, tmp_path / "run")
    pages = read_run(tmp_path / "run").sources["harbour"]["report.pdf"].pages
    assert [one.number for one in pages] == [1, 2]


def test_every_part_of_a_large_collection_s_export_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.exporting._PART_BYTES", 1)
    folder = write_suite(tmp_path / "suite")
    (folder / "docs/tides.txt").write_text("The tide turned at noon. Nobody saw it.")
    suite = read_suite(folder)
    with served(fake_library()) as client:
        over_http(suite, client, tmp_path / "run")
    sources = read_run(tmp_path / "run").sources["harbour"]
    assert sources.keys() == {one.key for one in suite.documents}
    assert len(sources) > 1


@pytest.mark.parametrize(
    ("status", "content", "said"),
    [
        (500, b"{}", "does not give /v1/collections/"),
        (200, b"no archive at all", "broke off"),
        (200, b"", "broke off"),
        (200, bytes(1024), "is empty"),
    ],
)
def test_an_export_that_breaks_off_is_no_service(
    suite: Suite, tmp_path: Path, status: int, content: bytes, said: str
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/export"):
            return httpx.Response(status, content=content)
        return httpx.Response(201, json={})

    with (
        httpx.Client(transport=httpx.MockTransport(answer), base_url="http://test") as client,
        pytest.raises(ServiceLost, match=said),
    ):
        over_http(suite, client, tmp_path / "run")


def test_a_document_that_the_server_refuses_is_named(tmp_path: Path) -> None:
    folder = write_suite(tmp_path / "suite")
    (folder / "docs/broken.pdf").write_bytes(b"%PDF-1.7\nbroken")
    with (
        served(fake_library()) as client,
        pytest.raises(CannotTakeIn, match=r"broken\.pdf"),
    ):
        over_http(read_suite(folder), client, tmp_path / "run")


def test_a_server_that_dies_leaves_what_it_answered_and_the_next_one_goes_on(
    suite: Suite, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with running(keys=True) as server, connected(server.url, server.key) as service:
        plan = plan_of([suite], service, {}, 0)

        def kill_it(stage: str, done: int, total: int) -> None:
            if stage.endswith("questions") and done == 1:
                server.process.kill()
                server.process.wait()

        with pytest.raises(ServiceLost, match="does not answer"):
            run([suite], service, folder, plan, workers=1, progress=kill_it)
    kept = read_run(folder).answers
    assert 1 <= len(kept) < len(suite.questions)
    with served(fake_library()) as client:
        client.base_url = httpx.URL(server.url)
        client.headers["host"] = "127.0.0.1"
        again = OverHttp(client)
        run([suite], again, folder, plan, workers=1, progress=lambda *_: None)
    assert len(read_run(folder).answers) == len(suite.questions)


def test_the_command_runs_a_suite_with_the_real_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite, out = write_suite(tmp_path / "suite"), tmp_path / "run"
    command = ["run", str(suite), "--out", str(out), "--repeats", "2"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    assert "answers that are right" in done.stdout
    report = json.loads((out / "report.json").read_text())
    assert report["measures"]["citation_exactness"]["value"] == 1
    assert report["identities"]["harbour"]["embedding_model"]["sha256"]
    assert report["plan"]["code"]["sources"]
    assert (out / "report.md").exists()
    assert (out / "junit.xml").exists()
    assert (out / "report.html").exists()
    assert not (out / "data").exists()
    again = CliRunner().invoke(app, command)
    assert again.exit_code == 0
    monkeypatch.setenv("VERSE_ANSWERS__STATEMENTS", "1")
    other = CliRunner().invoke(app, command)
    assert other.exit_code == 2
    assert "a run of something else" in other.output
    anew = CliRunner().invoke(app, [*command, "--again"])
    assert anew.exit_code == 0


def test_the_command_keeps_documents_where_it_is_told_to_and_suites_apart(tmp_path: Path) -> None:
    first = write_suite(tmp_path / "first")
    second = write_suite(tmp_path / "second", said="[settings.answers]\nstatements = 1\n")
    (second / "suite.toml").write_text(
        (second / "suite.toml").read_text().replace("harbour", "other")
    )
    command = ["run", str(first), str(second), "--out", str(tmp_path / "run"), "--repeats", "0"]
    done = CliRunner().invoke(app, [*command, "--data", str(tmp_path / "data")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "data/catalog.sqlite").exists()
    answers = read_run(tmp_path / "run").answers.values()
    assert max(len(one.statements) for one in answers if one.suite == "harbour") > 1
    assert max(len(one.statements) for one in answers if one.suite == "other") == 1


def test_documents_that_another_revision_took_in_are_taken_in_anew(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    suite, data = read_suite(write_suite(tmp_path / "suite")), tmp_path / "data"

    def ids() -> set[str]:
        with InProcess(data).taking(suite, lambda *_: None) as asking:
            assert set(asking.sources) == {"minutes.txt", "notes.md"}
        with open_rag(Settings(data=data)) as library:
            return {one.id for one in library.store.summaries(suite.collection)}

    first = ids()
    assert ids() == first
    noted = json.loads((data / TAKEN_IN_FILE).read_text())
    noted[suite.collection]["code"] = "another"
    (data / TAKEN_IN_FILE).write_text(json.dumps(noted))
    assert ids().isdisjoint(first)
    assert "documents of another revision are taken in anew" in caplog.text
    (data / TAKEN_IN_FILE).unlink()  # as a release left it that did not note this
    third = ids()
    assert third.isdisjoint(first)
    assert ids() == third


def test_data_inside_of_a_run_is_refused_since_it_would_go_with_it(tmp_path: Path) -> None:
    suite, out = write_suite(tmp_path / "suite"), tmp_path / "run"
    for data in (out, out / "kept"):
        done = CliRunner().invoke(
            app, ["run", str(suite), "--out", str(out), "--data", str(data), "--again"]
        )
        assert done.exit_code == 2
        assert "would go with the run" in done.output
    assert not out.exists()


def test_the_command_asks_a_server_with_the_key_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite, out = write_suite(tmp_path / "suite"), tmp_path / "run"
    with running(keys=True) as server:
        command = ["run", str(suite), "--out", str(out), "--url", server.url]
        monkeypatch.delenv(KEY_VARIABLE, raising=False)
        locked_out = CliRunner().invoke(app, command)
        monkeypatch.setenv(KEY_VARIABLE, server.key)
        done = CliRunner().invoke(app, command)
    assert locked_out.exit_code == 4
    assert "does not let us in" in locked_out.output
    assert done.exit_code == 0, done.output
    assert server.key not in "".join(path.read_text() for path in out.iterdir())


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--url", "http://127.0.0.1:9", "--data", "x"], 2, "--data is for runs in this process"),
        (["--url", "http://127.0.0.1:9"], 4, "run the same command again to go on"),
    ],
)
def test_the_command_says_why_it_ends(
    tmp_path: Path, options: list[str], code: int, said: str
) -> None:
    suite = write_suite(tmp_path / "suite", QUESTIONS[:1])
    done = CliRunner().invoke(app, ["run", str(suite), "--out", str(tmp_path / "run"), *options])
    assert done.exit_code == code
    assert said in done.output


def test_an_interrupted_run_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> Answered:
        raise KeyboardInterrupt

    suite = write_suite(tmp_path / "suite", QUESTIONS[:1])
    command = ["run", str(suite), "--out", str(tmp_path / "run"), "--repeats", "0"]
    with monkeypatch.context() as patched:
        patched.setattr(_Asked, "ask", interrupted)
        done = CliRunner().invoke(app, command)
    assert done.exit_code == 130
    assert "run the same command again to go on" in done.output
    assert (tmp_path / "run/data").exists()
    assert CliRunner().invoke(app, command).exit_code == 0


def test_a_broken_suite_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    suite = write_suite(tmp_path / "suite", [question(must=[["(a+)+$"]])])
    done = CliRunner().invoke(app, ["run", str(suite), "--out", str(tmp_path / "run")])
    assert done.exit_code == 2
    assert f"{suite}/questions.jsonl:1: pattern" in done.output
    assert not (tmp_path / "run").exists()
