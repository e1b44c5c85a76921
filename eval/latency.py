"""Time of a search and of an answer over one collection, alone and under load, beside other chains' search.

Each side runs in a process of its own; the others' chains (`eval/peers/search.py`) run in an environment of their own
too, and search the same passages by the same vectors of the same model.
"""

from __future__ import annotations

import json
import math
import random
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from eval.bench import BenchDocument, BenchError, fill, read_documents, read_questions
from eval.peer import PEERS, environment, output_of, peak_mb
from rag.adapters.bundled_model import bundled_folder
from rag.bootstrap import open_rag
from rag.library import Library
from rag.protocols import Embedder
from rag.remembering import RememberingEmbedder
from rag.settings import Settings
from rag.types import Vectors

_PEER = PEERS / "search.py"
_PEERS = ("LangChain", "LlamaIndex")
_K = 10  # passages of a search
_WARM = 10  # questions before the clock runs
_CLIENTS = 16
_PASSAGES_FILE, _VECTORS_FILE, _QUESTIONS_FILE = "passages.json", "vectors.npy", "questions.json"

Progress = Callable[[str, int, int], None]  # stage, done, total


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Milliseconds that half of the calls stay below, and that 95 % do."""

    p50_ms: float
    p95_ms: float

    def __str__(self) -> str:
        return f"{self.p50_ms:,.1f} / {self.p95_ms:,.1f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """What one side did.

    Attributes:
        asked: One question after the other; None for a side that only searches.
        crowded: The same by many clients at once.
        a_second: Answers a second that those clients got together.
        peak_mb: Of its process.
    """

    searched: Times
    asked: Times | None = None
    crowded: Times | None = None
    a_second: float | None = None
    peak_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Every side's figures, ours first, over so many passages."""

    passages: int
    compute_path: str
    sides: dict[str, Latency]


def measure(
    sets: Sequence[Path], work: Path, passages: int, questions: int, progress: Progress
) -> Compared:
    """Fill a collection from sets in the normal form, and ask and search it.

    Args:
        sets: Read one after the other until there are enough passages.
        work: Where the collection and the peers' environment are made; both are kept for the next time.
        passages: At the least, if the sets hold so many.
        questions: Of each measurement; none is put twice.
        progress: Told how far each step is.

    Raises:
        BenchError: a set cannot be read, or the sets hold too few questions.
        PeerFailed: a side cannot be run.
    """
    asked = _questions(sets, 3 * questions + _WARM)
    python = environment(work, "peer-search", lambda step: progress(step, 0, 1))
    collection = work / f"collection-{passages}"
    if not (collection / _VECTORS_FILE).exists():
        write_collection(collection, sets, passages, progress)
    (collection / _QUESTIONS_FILE).write_text(json.dumps(asked))
    progress("Chapterverse", 0, 1)
    sides = {"Chapterverse": _run([sys.executable, "-m", "eval.latency", collection])}
    for name in _PEERS:
        progress(name, 0, 1)
        sides[name] = _run([python, _PEER, name, collection, bundled_folder()])
    with open_rag(Settings(data=collection / "data")) as library:
        return Compared(
            passages=library.store.count("default"),
            compute_path=library.embedder.identity.compute_path,
            sides=sides,
        )


def write_collection(folder: Path, sets: Sequence[Path], passages: int, progress: Progress) -> None:
    """Fill `folder/data`, and write what its passages embed and their vectors beside it, for the peers."""
    with open_rag(Settings(data=folder / "data")) as library:
        recording = _Recording(library.embedder)
        filled = replace(library, embedder=recording)
        for batch in _batches([one for each in sets for one in read_documents(each)]):
            fill(filled, batch, lambda *_: None)
            held = min(library.store.count("default"), passages)
            progress("index", held, passages)
            if held == passages:
                break
    (folder / _PASSAGES_FILE).write_text(json.dumps(recording.texts))
    np.save(folder / _VECTORS_FILE, np.concatenate(recording.vectors))


def ask(folder: Path) -> Latency:
    """Search and ask the collection in `folder/data`; settings come from the environment."""
    questions: list[str] = json.loads((folder / _QUESTIONS_FILE).read_text())
    with open_rag(Settings(data=folder / "data")) as library:
        for question in questions[:_WARM]:
            library.ask(question)
        searched, alone, together = np.array_split(np.array(questions[_WARM:]), 3)
        found = [_timed(lambda q: library.search(q, k=_K), one) for one in searched.tolist()]
        asked = [_timed(library.ask, one) for one in alone.tolist()]
        started = time.perf_counter()
        crowded = _by_many(library, together.tolist())
        seconds = time.perf_counter() - started
    return Latency(
        searched=times_of(found),
        asked=times_of(asked),
        crowded=times_of(crowded),
        a_second=len(crowded) / seconds,
        peak_mb=peak_mb(),
    )


class _Recording(RememberingEmbedder):
    """An embedder that keeps every passage's text and vector."""

    def __init__(self, inner: Embedder) -> None:
        super().__init__(inner)
        self.texts: list[str] = []
        self.vectors: list[Vectors] = []

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        found = super().embed_passages(texts)
        self.texts += texts
        self.vectors.append(found)
        return found


def _questions(sets: Sequence[Path], count: int) -> list[str]:
    """Different questions of all sets, mixed, the same each time."""
    found = sorted({one.question for each in sets for one in read_questions(each)})
    if len(found) < count:
        raise BenchError(f"{count:,} questions are needed, and the sets hold {len(found):,}.")
    return random.Random(count).sample(found, count)  # noqa: S311 # the same ones each time


def _batches(documents: Sequence[BenchDocument], size: int = 10) -> list[Sequence[BenchDocument]]:
    return [documents[start : start + size] for start in range(0, len(documents), size)]


def _by_many(library: Library, questions: Sequence[str]) -> list[float]:
    with ThreadPoolExecutor(_CLIENTS) as clients:
        return list(clients.map(lambda one: _timed(library.ask, one), questions))


def _timed(call: Callable[[str], object], question: str) -> float:
    started = time.perf_counter()
    call(question)
    return (time.perf_counter() - started) * 1000


def times_of(taken_ms: Sequence[float]) -> Times:
    """Of so many calls; not numbers where there were none."""
    if not taken_ms:
        return Times(p50_ms=math.nan, p95_ms=math.nan)
    p50, p95 = np.percentile(taken_ms, [50, 95]).tolist()
    return Times(p50_ms=p50, p95_ms=p95)


def _run(command: Sequence[str | Path]) -> Latency:
    figures = json.loads(output_of(command).splitlines()[-1])
    times: dict[str, Any] = {
        name: Times(**value) if isinstance(value, dict) else value
        for name, value in figures.items()
    }
    return Latency(**times)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(ask(Path(sys.argv[1])))) + "\n")
