"""`verse ingest` over folders, in a process that is interrupted, ended and killed."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.copies import article
from tests.unit.ingest import pdfs

ROOT = Path(__file__).parents[2]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start `verse` on the data folder of this test."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str | Path) -> "subprocess.Popen[str]":
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", "tests.integration.light_verse", *map(str, arguments)],
            cwd=ROOT,
            env={**os.environ, "VERSE_DATA": str(tmp_path / "data")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    for number in range(60):
        (folder / f"{number:02}.txt").write_text("\n\n".join(article(number)))
    return folder


def report(process: "subprocess.Popen[str]") -> Any:
    return json.loads(process.communicate(timeout=60)[0])


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def kept(tmp_path: Path) -> int:
    originals = tmp_path / "data" / "originals"
    return len(list(originals.glob("[0-9a-f]*"))) if originals.exists() else 0


def test_the_report_says_all_about_each_file(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    paragraphs = article(1)
    (folder / "a.pdf").write_bytes(
        pdfs.pdf([["The first page of the report is this."], ["The second."], []])
    )
    (folder / "b.md").write_text(
        "---\ndate: 2024-05-12\n---\n# First\n\n" + "\n\n".join(paragraphs)
    )
    (folder / "c.txt").write_text("Second\n\n" + "\n\n".join(paragraphs))
    (folder / "d.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    (folder / "e.pdf").write_bytes(b"%PDF-1.7\nnothing of a PDF")
    process = start("ingest", folder, "--json")
    body = report(process)
    assert process.returncode == 1
    files = {one["path"]: one for one in body["files"]}
    outcomes = {path: one["outcome"] for path, one in files.items()}
    assert outcomes == {
        "a.pdf": "added",
        "b.md": "added",
        "c.txt": "added",
        "d.zip": "skipped",
        "e.pdf": "failed",
    }
    assert (body["added"], body["skipped"], body["failed"], body["complete"]) == (3, 1, 1, True)
    pdf = files["a.pdf"]["document"]
    assert (pdf["report"]["pages"], pdf["report"]["passages"]) == (2, 1)  # with text
    assert pdf["report"]["warnings"] == []  # an empty page is no fault
    noted = files["b.md"]["document"]
    assert noted["version"].startswith("sha256:")
    assert noted["language"] == "en"
    assert noted["dates"]["published"] == {"value": "2024-05-12", "found_by": "front matter"}
    [copy] = files["c.txt"]["near_duplicates"]
    assert (copy["id"], copy["title"]) == (noted["id"], "First")
    text, errors = start("ingest", folder, "--collection", "again").communicate(timeout=60)
    assert errors == ""
    assert "    added  a.pdf  (2 pages, 1 passage)\n" in text
    assert f"{copy['similarity']:.0%} the same as 'First' (" in text
    assert "  skipped  d.zip: " in text
    assert "   failed  e.pdf: " in text
    assert text.splitlines()[-1].startswith("3 added, 1 skipped, 1 failed in ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_what_is_done_and_goes_on_when_it_is_run_again(
    start: Start, papers: Path, tmp_path: Path, number: signal.Signals
) -> None:
    process = start("ingest", papers, "--json")
    wait_until(lambda: kept(tmp_path) > 3)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    done = json.loads(out)
    assert process.returncode == 130
    assert not done["complete"]
    assert done["added"] < 60
    assert f"Interrupted: {done['added']} of 60 files are known to be done, and stay." in err
    assert "Run the same command again" in err
    assert "Traceback" not in err
    again = report(start("ingest", papers, "--json"))
    assert again["added"] + again["unchanged"] == 60
    assert again["unchanged"] >= max(3, done["added"])  # what is done is kept, reported or not


def test_a_killed_run_goes_on_when_it_is_run_again(
    start: Start, papers: Path, tmp_path: Path
) -> None:
    process = start("ingest", papers)
    wait_until(lambda: kept(tmp_path) > 10)
    process.kill()
    process.communicate()
    (papers / "00.txt").unlink()
    again = report(start("ingest", papers, "--sync", "--json"))
    assert again["unchanged"] >= 8
    assert again["added"] + again["unchanged"] == 59
    assert again["removed"] == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_watching_takes_up_changes_and_ends_cleanly(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    process = start("ingest", folder, "--watch", "--sync", "--json")
    assert process.stdout is not None
    assert process.stderr is not None
    assert json.loads(process.stdout.readline())["complete"]
    assert process.stderr.readline() == "Watching for changes. Press Ctrl-C to end.\n"
    began = time.monotonic()
    (folder / "new.txt").write_text("A new text about harbours.")
    added = json.loads(process.stdout.readline())
    assert time.monotonic() - began < 10
    assert [(one["path"], one["outcome"]) for one in added["files"]] == [("new.txt", "added")]
    assert added["files"][0]["document"]["title"] == "new"
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert err.endswith("No longer watching; everything above is saved.\n")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("papers", "papers/sub", "--sync"), "overlap"),
        (("papers/a.txt", "--sync"), "no folder"),
        (("papers/a.txt", "--watch"), "Only folders can be watched"),
    ],
)
def test_what_cannot_be_followed_is_said(
    start: Start, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    (tmp_path / "papers" / "sub").mkdir(parents=True)
    (tmp_path / "papers" / "a.txt").write_text("Words.")
    paths = [one if one.startswith("-") else tmp_path / one for one in arguments]
    process = start("ingest", *paths)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert words in err


def test_a_server_keeps_a_collection_in_step_with_a_folder(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    for name in ("one", "two"):
        (folder / f"{name}.txt").write_text(f"The text of {name}.")
    process = start("serve", "--port", "0", "--json", "--watch", folder, "--sync")
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["url"]

    def titles() -> set[str]:
        with urllib.request.urlopen(f"{url}/v1/documents") as response:  # noqa: S310
            return {one["title"] for one in json.load(response)["documents"]}

    wait_until(lambda: titles() == {"one", "two"})
    (folder / "three.txt").write_text("The text of three.")
    (folder / "one.txt").unlink()
    wait_until(lambda: titles() == {"two", "three"})
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")


def test_a_server_that_is_to_watch_a_file_is_refused(start: Start, papers: Path) -> None:
    process = start("serve", "--port", "0", "--watch", papers / "00.txt")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert "Only folders can be watched" in err
