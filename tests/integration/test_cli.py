"""The shell over the real store, with hashed vectors instead of a model."""

import json
import logging
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api.cli import ABSTAINED, DONE, FAILED, INTERRUPTED, MISUSED, UNUSABLE, main
from api.console import show_next_steps
from rag.adapters.embedded import EmbeddedStore
from rag.bootstrap import assemble
from rag.errors import ModelError, ModelTimeout, RagError, StoreDamaged, StoreError, StoreFull
from rag.library import Library
from rag.protocols import DocumentSummary
from rag.settings import Settings
from rag.types import Document, DocumentId
from tests.fakes import HashingEmbedder
from tests.integration.service import HARBOUR

ROOT = Path(__file__).parents[2]
QUESTION = "Who closed the north gate?"
Verse = Callable[..., tuple[int, str, str]]


@pytest.fixture
def root_logging() -> Iterator[None]:
    """Undo what an entry point does to the root logger."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.fixture
def verse(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    root_logging: None,
) -> Verse:
    """Run one command on the folder of this test; gives exit code, stdout and stderr."""

    def open_light(settings: Settings) -> Library:
        embedder = HashingEmbedder()
        return assemble(settings, EmbeddedStore(settings.data, embedder.identity), embedder)

    monkeypatch.setattr("rag.bootstrap.open_rag", open_light)
    monkeypatch.setenv("VERSE_DATA", str(tmp_path / "data"))

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        code = main([str(one) for one in arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "harbour.txt").write_bytes(HARBOUR)
    return folder


def as_json(result: tuple[int, str, str]) -> Any:
    return json.loads(result[1])


def test_ingest_then_ask_prints_statements_with_markers_and_their_places(
    verse: Verse, papers: Path
) -> None:
    code, out, _ = verse("ingest", papers)
    assert code == DONE
    assert "added  harbour.txt" in out
    code, out, err = verse("ask", QUESTION)
    assert (code, err) == (DONE, "")
    quote = "The harbour master closed the north gate on Tuesday."
    assert out.startswith(f"{quote} [1]\n")
    assert f"[1] “{quote}”\n    harbour, characters 0–52" in out


def test_a_heading_that_is_the_title_is_named_once(verse: Verse, tmp_path: Path) -> None:
    note = tmp_path / "n.md"
    note.write_text("# The harbour\n\nNobody sails.\n\n## Gates\n\nThe north gate is closed.\n")
    assert verse("ingest", note)[0] == DONE
    _, out, _ = verse("ask", "Which gate is closed? north gate closed")
    assert "The harbour, Gates, characters" in out
    _, out, _ = verse("search", "Nobody sails")
    assert "The harbour, characters" in out


def test_json_is_the_answer_object(verse: Verse, papers: Path) -> None:
    verse("ingest", papers)
    body = as_json(verse("ask", QUESTION, "--json"))
    assert body["outcome"] == "answered"
    [one] = body["citations"]
    assert HARBOUR.decode()[one["start"] : one["end"]] == one["quote"]


def test_an_abstention_says_what_was_searched_and_has_its_own_exit_code(
    verse: Verse, papers: Path
) -> None:
    verse("ingest", papers)
    code, out, _ = verse("ask", "Which molecules scatter photons?")
    assert code == ABSTAINED
    assert out.startswith("No answer: ")
    assert "Searched 1 document, " in out


def test_ingest_reports_each_file_and_fails_if_one_did(verse: Verse, papers: Path) -> None:
    (papers / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing of a PDF")
    code, out, _ = verse("ingest", papers)
    assert code == FAILED
    assert "  failed  broken.pdf: " in out
    assert re.search(r"^1 added, 1 failed in \d+\.\d s$", out, re.MULTILINE)
    again = as_json(verse("ingest", papers, "--json"))
    assert (again["unchanged"], again["failed"], again["complete"]) == (1, 1, True)
    assert {one["path"]: one["outcome"] for one in again["files"]} == {
        "broken.pdf": "failed",
        "harbour.txt": "unchanged",
    }


def test_a_changed_file_becomes_a_new_version(verse: Verse, papers: Path) -> None:
    verse("ingest", papers)
    (papers / "harbour.txt").write_text("The harbour master opened the north gate.")
    assert as_json(verse("ingest", papers, "--json"))["updated"] == 1
    assert len(as_json(verse("documents", "--json"))["documents"]) == 1


def test_two_files_of_one_key_are_refused_before_anything_is_added(
    verse: Verse, papers: Path, tmp_path: Path
) -> None:
    other = tmp_path / "more"
    other.mkdir()
    (other / "harbour.txt").write_text("The south gate is open.")
    code, out, err = verse("ingest", papers, other)
    assert (code, out) == (FAILED, "")
    assert str(papers / "harbour.txt") in err
    assert str(other / "harbour.txt") in err
    assert "--collection" in err
    assert as_json(verse("documents", "--json"))["documents"] == []


def test_a_file_that_is_named_twice_is_added_once(verse: Verse, papers: Path) -> None:
    added = as_json(verse("ingest", papers, papers / "harbour.txt", "--json"))
    assert (added["added"], added["unchanged"]) == (1, 0)


def test_search_prints_passages(verse: Verse, papers: Path) -> None:
    verse("ingest", papers)
    code, out, _ = verse("search", "lighthouse", "-k", "1")
    assert code == DONE
    assert out.startswith("1. harbour, characters 0–")
    assert as_json(verse("search", "lighthouse", "--json"))["passages"][0]["ranks"]["fused"] == 1


def test_documents_are_listed_and_deleted(verse: Verse, papers: Path) -> None:
    assert "verse ingest PATH" in verse("documents")[1]
    verse("ingest", papers, "--collection", "sea")
    code, out, _ = verse("documents")
    assert code == DONE
    document_id = out.split()[0]
    assert "sea  harbour" in out
    assert verse("documents", "delete", document_id)[0] == DONE
    assert as_json(verse("documents", "list", "--json")) == {"documents": []}
    code, _, err = verse("documents", "delete", document_id)
    assert (code, err) == (FAILED, f"There is no document '{document_id}'.\n")


def test_the_data_option_beats_the_environment(verse: Verse, papers: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    verse("ingest", papers, "--data", other)
    assert as_json(verse("documents", "--json"))["documents"] == []
    assert len(as_json(verse("documents", "--json", "--data", other))["documents"]) == 1


def test_options_reach_the_library(verse: Verse, papers: Path) -> None:
    verse("ingest", papers, "--collection", "sea")
    assert verse("ask", QUESTION)[0] == FAILED
    assert verse("ask", QUESTION, "--collection", "sea")[0] == DONE
    assert "Known" in verse("search", "gate")[2]
    passages = as_json(verse("search", "gate", "--collection", "sea", "--json"))["passages"]
    assert len(passages) == 1
    code, _, err = verse("ask", QUESTION, "--collection", "sea", "--composer", "poet")
    assert (code, "'poet'" in err) == (FAILED, True)
    (papers / "tower.txt").write_text("The tower above the gate is older.")
    verse("ingest", papers / "tower.txt", "--collection", "land")
    listed = as_json(verse("documents", "--collection", "land", "--json"))["documents"]
    assert [one["title"] for one in listed] == ["tower"]
    verse("ingest", papers / "tower.txt", "--collection", "sea")
    for k in (1, 2):
        found = as_json(verse("search", "gate", "-k", str(k), "--collection", "sea", "--json"))
        assert len(found["passages"]) == k


def test_all_pages_of_documents_are_listed(
    verse: Verse, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (papers / "tower.txt").write_text("The tower is older.")
    verse("ingest", papers)
    monkeypatch.setattr("rag.library._PAGE", 1)
    listed = as_json(verse("documents", "--json"))["documents"]
    assert sorted(one["title"] for one in listed) == ["harbour", "tower"]


@pytest.mark.parametrize(
    ("arguments", "hosts"),
    [
        ((), {"127.0.0.1", "localhost", "::1"}),
        (("--host", "127.0.0.2"), {"127.0.0.1", "127.0.0.2", "localhost", "::1"}),
        (("--host", "0.0.0.0"), None),  # noqa: S104
    ],
)
def test_serving_says_where_and_what_to_do_next(
    verse: Verse,
    papers: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    hosts: set[str] | None,
) -> None:
    answered: list[frozenset[str] | None] = []

    def serve(
        _library: Library,
        _listener: socket.socket,
        *,
        hosts: frozenset[str] | None,
        announce: Callable[[str], None],
        keys: bool,
        root_path: str,
    ) -> None:
        answered.append(hosts)
        assert keys == (hosts is None)
        assert root_path == ""
        announce("http://here")

    monkeypatch.setattr("api.serving.serve", serve)
    verse("keys", "create", "Ann", "--scope", "admin")
    code, out, _ = verse("serve", "--port", "0", *arguments)
    assert (code, answered) == (DONE, [hosts])
    assert out.startswith("Chapterverse is ready at http://here\n")
    shown = "" if hosts else "-H 'Authorization: Bearer KEY' "
    assert f"curl {shown}-F file=@document.pdf 'http://here/v1/documents?wait=true'" in out
    assert as_json(verse("serve", "--port", "0", "--json", *arguments)) == {"url": "http://here"}
    verse("ingest", papers)
    assert verse("serve", "--port", "0", *arguments)[1] == "Chapterverse is ready at http://here\n"


class BareSandbox:
    """As on a system that lacks a protection."""

    missing = ("a file system of its own (Landlock)", "a filter of system calls (seccomp)")

    def start(self) -> None:
        """Nothing is started."""


REMOTE = ("serve", "--port", "0", "--host", "0.0.0.0")  # noqa: S104


def test_other_machines_are_refused_where_reading_is_not_confined(
    verse: Verse, monkeypatch: pytest.MonkeyPatch
) -> None:
    served: list[Library] = []
    verse("keys", "create", "Ann", "--scope", "admin")
    monkeypatch.setattr("ingest.sandbox.shared", BareSandbox)
    monkeypatch.setattr("api.serving.serve", lambda library, *_, **__: served.append(library))
    code, out, err = verse(*REMOTE)
    assert (code, out, served) == (MISUSED, "", [])
    assert all(one in err for one in BareSandbox.missing)
    assert "VERSE_SANDBOX__ACCEPT_MISSING=true" in err
    assert verse("serve", "--port", "0")[0] == DONE
    assert len(served) == 1
    monkeypatch.setenv("VERSE_SANDBOX__ACCEPT_MISSING", "true")
    assert verse(*REMOTE)[0] == DONE
    assert len(served) == 2


def test_a_store_whose_documents_were_deleted_is_an_empty_one(verse: Verse, papers: Path) -> None:
    verse("ingest", papers)
    for one in as_json(verse("documents", "--json"))["documents"]:
        verse("documents", "delete", one["id"])
    code, out, err = verse("search", "gate")
    assert (code, out) == (FAILED, "")
    assert "no documents" in err


def test_a_document_cannot_steer_the_terminal(verse: Verse, papers: Path) -> None:
    (papers / "harbour.txt").write_text("The gate\x1b[31m is \u202ered[/bold] and [bold]shut.")
    verse("ingest", papers)
    out = verse("search", "gate")[1]
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "[bold]shut" in out


@pytest.mark.parametrize("command", [("ask", "Who?"), ("search", "who")])
def test_an_empty_store_says_what_to_do_next(verse: Verse, command: tuple[str, str]) -> None:
    code, out, err = verse(*command)
    assert (code, out) == (FAILED, "")
    assert "verse ingest PATH" in err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("ask", " "), FAILED, "The question is empty."),
        (("ask", "Who?", "--collection", "nope"), FAILED, "Known collections: 'default'."),
        (("ingest", "/no/such/folder"), FAILED, "There is no file or folder"),
        (("ask",), MISUSED, "Missing argument"),
        (("ask", "Who?", "--nope"), MISUSED, "No such option"),
        (("frobnicate",), MISUSED, "No such command"),
        (("search", "x", "-k", "0"), MISUSED, "-k"),
        (("serve", "--host", "0.0.0.0", "--port", "0"), MISUSED, "verse keys create"),  # noqa: S104
        (("serve", "--require-keys", "--port", "0"), MISUSED, "verse keys create"),
        (("serve", "--log-format", "xml"), MISUSED, "text or json"),
        (("serve", "--root-path", "verse/"), MISUSED, "--root-path begins with a slash"),
        (("keys", "create", "Ann", "--scope", "write"), MISUSED, "read, ingest, admin"),
        (("keys", "revoke", "k9"), FAILED, "There is no key 'k9'"),
    ],
)
def test_what_goes_wrong_is_one_clear_line(
    verse: Verse, papers: Path, arguments: tuple[str, ...], code: int, words: str
) -> None:
    verse("ingest", papers)
    ended, out, err = verse(*arguments)
    assert (ended, out) == (code, "")
    assert words in err
    assert "Traceback" not in err


def test_a_folder_without_files_is_a_failure(verse: Verse, tmp_path: Path) -> None:
    (tmp_path / "hollow").mkdir()
    code, _, err = verse("ingest", tmp_path / "hollow")
    assert code == FAILED
    assert "no file to add" in err


def test_a_wrong_setting_is_named(verse: Verse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERSE_RETRIEVAL__EVIDENCE", "none")
    code, _, err = verse("documents")
    assert code == MISUSED
    assert err.startswith("The setting VERSE_RETRIEVAL__EVIDENCE is wrong: ")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("rows", "A setting that is a list has to be JSON: "),
        ('["none"]', "The setting VERSE_ANSWERS__WITHOUT is wrong: "),
    ],
)
def test_a_wrong_setting_that_is_a_list_is_named(
    verse: Verse, monkeypatch: pytest.MonkeyPatch, value: str, said: str
) -> None:
    monkeypatch.setenv("VERSE_ANSWERS__WITHOUT", value)
    code, _, err = verse("documents")
    assert code == MISUSED
    assert err.startswith(said)


def test_a_folder_in_use_is_for_the_operator(verse: Verse, tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "data", HashingEmbedder.identity)
    try:
        code, _, err = verse("documents")
    finally:
        store.close()
    assert code == UNUSABLE
    assert err.startswith("The data folder is in use by ")


@pytest.mark.parametrize("command", [("ingest", "."), ("documents",), ("ask", "Who?"), ("demo",)])
def test_a_file_is_no_data_folder(verse: Verse, tmp_path: Path, command: tuple[str, ...]) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Not a folder.")
    code, out, err = verse(*command, "--data", file)
    assert (code, out) == (UNUSABLE, "")
    assert "data folder" in err
    assert file.read_text() == "Not a folder."


@pytest.mark.parametrize("error", [StoreError, StoreDamaged, StoreFull, ModelTimeout])
def test_what_the_operator_must_mend_has_its_own_exit_code(
    verse: Verse, papers: Path, monkeypatch: pytest.MonkeyPatch, error: type[RagError]
) -> None:
    def fail(_settings: Settings) -> Library:
        raise error("Mend it.")

    monkeypatch.setattr("rag.bootstrap.open_rag", fail)
    assert verse("ingest", papers) == (UNUSABLE, "", "Mend it.\n")


@pytest.mark.parametrize(
    "command", [("ask", "Who?"), ("search", "x"), ("documents",), ("documents", "delete", "d1")]
)
@pytest.mark.parametrize("there", [False, True])
def test_a_command_that_reads_makes_no_data_folder(
    verse: Verse, tmp_path: Path, command: tuple[str, ...], there: bool
) -> None:
    folder = tmp_path / "typo"
    if there:
        folder.mkdir()
    code, out, err = verse(*command, "--data", folder)
    assert code == (DONE if command == ("documents",) else FAILED)
    assert "no documents" in out + err
    assert "verse ingest PATH" in out + err
    assert folder.exists() == there
    assert not there or not list(folder.iterdir())


def test_a_missing_model_is_for_the_operator(
    verse: Verse, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_settings: Settings) -> Library:
        raise ModelError("No embedding model is installed.")

    monkeypatch.setattr("rag.bootstrap.open_rag", fail)
    assert verse("ingest", papers) == (UNUSABLE, "", "No embedding model is installed.\n")


def test_a_crash_is_one_line_and_a_traceback_only_on_demand(
    verse: Verse, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(_settings: Settings) -> Library:
        raise ZeroDivisionError

    monkeypatch.setattr("rag.bootstrap.open_rag", crash)
    code, _, err = verse("ingest", papers)
    assert code == FAILED
    assert err == "Internal error (ZeroDivisionError); run again with -vv for details.\n"
    assert "Traceback" in verse("ingest", papers, "-vv")[2]


def test_a_taken_port_is_said_before_anything_is_opened(verse: Verse) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, err = verse("serve", "--port", str(port))
    assert code == FAILED
    assert err.startswith(f"Cannot listen on 127.0.0.1 port {port}: ")


def test_help_names_every_command_and_the_exit_codes(verse: Verse) -> None:
    code, out, _ = verse("--help")
    assert code == DONE
    commands = ("ingest", "ask", "search", "serve", "documents", "demo")
    assert all(f"\n  {command} " in out for command in commands)
    assert "Exit codes: 0 done" in out
    documented = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert all(f"verse {command}" in documented for command in commands)


def test_help_imports_nothing_heavy() -> None:
    program = "import sys; from api.cli import main; main(['--help']); print(); print(' '.join(sys.modules))"
    ran = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    imported = set(ran.stdout.splitlines()[-1].split())
    heavy = {"torch", "sentence_transformers", "transformers", "faiss", "fastapi", "langchain"}
    assert "api.cli" in imported
    assert not imported & heavy


def test_commands_of_other_packages_are_found(
    verse: Verse, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib.metadata import EntryPoint, EntryPoints

    entry = EntryPoint("sing", "tests.integration.other_command:app", "chapterverse.commands")
    monkeypatch.setattr("api.cli.entry_points", lambda group: EntryPoints([entry]))
    assert "sing" in verse("--help")[1]
    assert verse("sing", "la") == (7, "la\n", "")
    assert verse("sing", "") == (FAILED, "", "There is nothing to sing.\n")


def test_the_demo_answers_from_a_folder_of_its_own(verse: Verse, tmp_path: Path) -> None:
    code, out, _ = verse("demo")
    assert code == DONE
    assert "[1] “" in out
    assert f" serve --data {tmp_path / 'data' / 'demo'}" in out
    assert as_json(verse("documents", "--json"))["documents"] == []
    assert "11 unchanged" in verse("demo")[1]
    assert as_json(verse("demo", "--json"))["citations"]


@pytest.mark.parametrize("installed", [None, "/usr/bin/verse"])
def test_the_next_steps_can_be_copied_from_a_narrow_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, installed: str | None
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("shutil.which", {"verse": installed}.get)
    monkeypatch.setattr("sys.argv", ["my env/bin/verse", "demo"])
    question = "What is the harbour master's title, and who gave it to her in the first place?"
    show_next_steps(Path("my data/demo"), question)
    serve, curl = (
        shlex.split(line) for line in capsys.readouterr().out.splitlines() if line.startswith("  ")
    )
    verse = "verse" if installed else "my env/bin/verse"
    assert serve == [verse, "serve", "--data", "my data/demo"]
    assert curl[:3] == ["curl", "-s", "http://127.0.0.1:8000/v1/ask"]
    assert json.loads(curl[-1]) == {"question": question}


def test_the_demo_without_samples_says_where_they_are(
    verse: Verse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("api.samples.samples.__kwdefaults__", None)
    monkeypatch.setattr("api.samples.samples.__defaults__", (tmp_path,))
    code, _, err = verse("demo")
    assert code == FAILED
    assert "source tree" in err


def test_a_disk_that_fills_up_in_the_middle_does_not_hide_what_is_saved(
    verse: Verse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.txt").write_text(f"The words of {name}.")
    stored = EmbeddedStore.add

    def add(self: EmbeddedStore, document: Document, *parts: Any, **more: Any) -> DocumentSummary:
        if document.source_key == "c.txt":
            raise StoreFull("The disk has no room for this; nothing was written.")
        return stored(self, document, *parts, **more)

    monkeypatch.setattr(EmbeddedStore, "add", add)
    code, out, err = verse("ingest", folder)
    assert code == UNUSABLE
    assert out.splitlines()[:2] == [
        "    added  a.txt  (1 passage)",
        "    added  b.txt  (1 passage)",
    ]
    assert err == "The disk has no room for this; nothing was written.\n"
    code, out, err = verse("ingest", folder, "--json")
    body = json.loads(out)
    assert (code, body["unchanged"], body["complete"]) == (UNUSABLE, 2, False)


def test_an_interrupted_run_counts_files_and_not_what_was_removed(
    verse: Verse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    for name in "abcd":
        (folder / f"{name}.txt").write_text(f"The words of {name}.")
    assert verse("ingest", folder)[0] == DONE
    for name in "bcd":
        (folder / f"{name}.txt").unlink()
    deleted = EmbeddedStore.delete

    def delete(self: EmbeddedStore, document_id: DocumentId) -> None:
        if self.summary(document_id).source_key == "d.txt":
            raise KeyboardInterrupt
        deleted(self, document_id)

    monkeypatch.setattr(EmbeddedStore, "delete", delete)
    code, out, err = verse("ingest", folder, "--sync")
    assert code == INTERRUPTED
    assert "  removed  c.txt" in out
    assert err.startswith("Interrupted: 1 of 1 files")
