"""Hostile files, each read in the real sandbox: in time, with a clear outcome, and the next one is read as ever.

P1 to P7 are the attacks' names in the project's test plan.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from ingest.confinement import Limits
from ingest.reading import Reading
from ingest.sandbox import Sandbox
from rag.errors import DocumentError, DocumentTooExpensive, EncryptedDocument, UnreadableDocument
from tests.integration import hostile_files as files
from tests.sound import check

LIMITS = Limits(cpu_s=3, wall_s=6.0)  # a fraction of what the service allows
LATE_S = 9.0  # with what ending a process takes on a busy machine


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    opened = Sandbox(LIMITS)
    yield opened
    opened.close()


def outcome_of(sandbox: Sandbox, content: bytes, name: str) -> Reading | DocumentError:
    """What became of a file, after checking that it took no longer than it may and is sound."""
    started = time.monotonic()
    outcome: Reading | DocumentError
    try:
        outcome = sandbox.read(content, name=name)
    except DocumentError as refused:
        outcome = refused
    assert time.monotonic() - started < LATE_S
    if isinstance(outcome, DocumentError):
        assert len(str(outcome)) > 20
        assert "/" not in str(outcome)
    else:
        check(outcome)
    return outcome


def all_of(
    sandbox: Sandbox, hostile: dict[str, bytes], name: str
) -> dict[str, Reading | DocumentError]:
    with ThreadPoolExecutor(2) as pool:
        outcomes = pool.map(lambda content: outcome_of(sandbox, content, name), hostile.values())
        return dict(zip(hostile, outcomes, strict=True))


@pytest.fixture(autouse=True)
def _reads_on(sandbox: Sandbox) -> Iterator[None]:
    yield
    assert sandbox.read(b"The ferry leaves at nine.", name="x.txt").text


def test_p1_malformed_pdfs_are_read_or_refused(sandbox: Sandbox) -> None:
    outcomes = all_of(sandbox, files.malformed_pdfs(), "x.pdf")
    assert len(outcomes) >= 50
    assert any(isinstance(one, Reading) for one in outcomes.values())
    assert not [name for name, one in outcomes.items() if isinstance(one, DocumentTooExpensive)]


def test_p1_mutated_pdfs_are_read_or_refused(sandbox: Sandbox) -> None:
    seed = int(os.environ.get("FUZZ_SEED", "20261122"))
    hostile = {f"{seed}-{n}": one for n, one in enumerate(files.mutated_pdfs(150, seed))}
    outcomes = all_of(sandbox, hostile, "x.pdf")
    assert sum(isinstance(one, Reading) for one in outcomes.values()) > 20


def test_p2_costly_pdfs_end_within_the_limits(sandbox: Sandbox) -> None:
    outcomes = all_of(sandbox, files.costly_pdfs(), "x.pdf")
    assert len(outcomes) == 10
    assert any(isinstance(one, DocumentTooExpensive) for one in outcomes.values())
    assert all(len(one.text) < 1_000_000 for one in outcomes.values() if isinstance(one, Reading))


def test_p3_archives_that_harm_are_refused(sandbox: Sandbox) -> None:
    outcomes = all_of(sandbox, files.hostile_archives(), "x.docx")
    assert len(outcomes) == 40
    assert not [name for name, one in outcomes.items() if isinstance(one, Reading)]
    locked = {name for name, one in outcomes.items() if isinstance(one, EncryptedDocument)}
    assert locked == {name for name in outcomes if name.startswith("a password")}


def test_p4_and_p5_nothing_is_fetched(sandbox: Sandbox, tmp_path: Path) -> None:
    canary = tmp_path / "canary.txt"
    canary.write_text(files.CANARY)
    with Canary() as asked:
        hostile = files.fetching_files(str(canary), f"http://127.0.0.1:{asked.port}")
        outcomes = all_of(sandbox, hostile, "x")
    assert len(outcomes) >= 38
    assert asked.visits == 0
    for name, one in outcomes.items():
        if isinstance(one, Reading):
            assert files.CANARY not in one.text
            assert len(one.text) < 1_000_000, name
    assert all(
        isinstance(one, UnreadableDocument)
        for name, one in outcomes.items()
        if name.startswith(("a file as entity (w", "a billion laughs (w", "a parameter entity (b"))
    )


def test_p6_texts_of_any_shape_are_read_in_time(sandbox: Sandbox) -> None:
    outcomes = all_of(sandbox, files.hostile_texts(), "x")
    assert len(outcomes) >= 60
    for name, one in outcomes.items():
        if name.startswith("U+"):
            assert isinstance(one, Reading)
            assert one.text == "The ferry leaves at nine."
            assert "invisible" in " ".join(one.warnings), name


def test_p7_transcripts_of_any_shape_are_read_in_time(sandbox: Sandbox) -> None:
    outcomes = all_of(sandbox, files.hostile_transcripts(), "x.vtt")
    assert len(outcomes) >= 40
    assert not [name for name, one in outcomes.items() if isinstance(one, DocumentTooExpensive)]


class Canary:
    """A web server that counts who comes."""

    def __init__(self) -> None:
        self.visits = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._count)

    def __enter__(self) -> "Canary":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def _count(self) -> None:
        with suppress(OSError):  # when it is closed
            while True:
                self._listening.accept()[0].close()
                self.visits += 1
