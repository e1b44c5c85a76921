"""Files that break readers: does each end as it should, in time, and does the library answer meanwhile?"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.bench import BenchError, read_lines
from ingest.pipeline import Ingester
from rag.bootstrap import open_rag
from rag.errors import DocumentError, EmptyDocument, EncryptedDocument
from rag.library import Library
from rag.protocols import Upload
from rag.settings import Settings

_BY_OCR = "text by OCR"  # right for a file without text of its own, where OCR is installed
_IDLE_QUESTIONS = 60
_QUESTION = "When does the ferry leave?"
_KNOWN = b"The ferry leaves the quay at nine. It returns by night.\n" * 200

Progress = Callable[[str, int, int], None]  # stage, done, total


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileFile:
    """A file, and how reading it should end: `text`, `password`, `notext` or `any`."""

    id: str
    expect: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileReport:
    """What was measured.

    Attributes:
        files: How many were read.
        wrong: Those that ended otherwise than expected, and how.
        slowest_s: The longest that one file took.
        idle_ms, busy_ms: 95th percentile of one question's time, before and while files were read.
    """

    files: int
    wrong: dict[str, str]
    slowest_s: float
    idle_ms: float
    busy_ms: float


def read_files(folder: Path) -> list[HostileFile]:
    """The files that `files.jsonl.gz` lists.

    Raises:
        BenchError: the set is missing or not in the normal form.
    """
    try:
        return [
            HostileFile(
                id=line["id"], expect=line["expect"], content=(folder / line["file"]).read_bytes()
            )
            for line in read_lines(folder / "files.jsonl.gz", ("id", "file", "expect"))
        ]
    except OSError as error:
        raise BenchError(f"{folder.name} is not complete: {error}") from error


def measure(files: Sequence[HostileFile], progress: Progress) -> HostileReport:
    """Add every file to a library of its own while questions are asked of it."""
    with tempfile.TemporaryDirectory() as data, open_rag(Settings(data=Path(data))) as library:
        ingester = Ingester(library)
        ingester.add(_KNOWN, Upload(name="known.txt"))
        idle = [_asked(library) for _ in range(_IDLE_QUESTIONS)]
        busy: list[float] = []
        done = threading.Event()
        asking = threading.Thread(target=_ask_until, args=(library, done, busy))
        asking.start()
        try:
            ended = []
            for number, file in enumerate(files, 1):
                ended.append(_ended(ingester, file))
                progress("files", number, len(files))
        finally:
            done.set()
            asking.join()
    return HostileReport(
        files=len(files),
        wrong={
            file.id: f"{file.expect} expected, {outcome}"
            for file, (outcome, _) in zip(files, ended, strict=True)
            if file.expect not in ("any", outcome)
            and not (outcome == _BY_OCR and file.expect in ("text", "notext"))
        },
        slowest_s=max(seconds for _, seconds in ended),
        idle_ms=_p95(idle),
        busy_ms=_p95(busy),
    )


def _ended(ingester: Ingester, file: HostileFile) -> tuple[str, float]:
    started = time.perf_counter()
    try:
        added = ingester.add(file.content, Upload(name=f"{file.id}.pdf")).document
        outcome = _BY_OCR if any("OCR" in warning for warning in added.warnings) else "text"
    except EncryptedDocument:
        outcome = "password"
    except EmptyDocument:
        outcome = "notext"
    except DocumentError as error:
        outcome = str(error)
    return outcome, time.perf_counter() - started


def _ask_until(library: Library, done: threading.Event, times: list[float]) -> None:
    times.append(_asked(library))
    while not done.is_set():
        times.append(_asked(library))


def _asked(library: Library) -> float:
    started = time.perf_counter()
    library.ask(_QUESTION)
    return 1000 * (time.perf_counter() - started)


def _p95(times: Sequence[float]) -> float:
    return float(np.percentile(times, 95))
