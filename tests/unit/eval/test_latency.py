"""The benchmark's own logic, over a collection of a few passages."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from eval.bench import BenchError
from eval.latency import ask, measure, write_collection
from rag.bootstrap import open_rag
from rag.settings import Settings


def a_set(folder: Path, *, documents: int, questions: int) -> Path:
    corpus = [
        {
            "id": f"d-{n}",
            "title": f"Report {n}",
            "text": f"The whale number {n} sings at night.\n\nIt sleeps {n} hours in the cold sea.",
        }
        for n in range(documents)
    ]
    asked = [
        {
            "id": str(n),
            "question": f"When does whale {n} sing?",
            "answers": ["at night"],
            "answerable": True,
        }
        for n in range(questions)
    ]
    folder.mkdir()
    for name, lines in (("corpus", corpus), ("questions", asked)):
        with gzip.open(folder / f"{name}.jsonl.gz", "wt") as file:
            file.writelines(json.dumps(line) + "\n" for line in lines)
    return folder


def test_a_collection_ends_with_its_passages_and_what_they_embed_lies_beside_it(
    tmp_path: Path,
) -> None:
    sets = [a_set(tmp_path / name, documents=15, questions=1) for name in ("a", "b")]
    seen = []
    folder = tmp_path / "collection"
    write_collection(folder, sets, 12, lambda _, done, total: seen.append((done, total)))
    texts, vectors = (
        json.loads((folder / "passages.json").read_text()),
        np.load(folder / "vectors.npy"),
    )
    with open_rag(Settings(data=folder / "data")) as library:
        assert library.store.count("default") == len(texts) == len(vectors) == 15
        assert np.array_equal(library.embedder.embed_passages(texts[:1]), vectors[:1])
    assert seen == [(10, 12), (12, 12)]


def test_every_question_is_timed(tmp_path: Path) -> None:
    sets = [a_set(tmp_path / "a", documents=12, questions=1)]
    write_collection(tmp_path, sets, 12, lambda *_: None)
    (tmp_path / "questions.json").write_text(
        json.dumps([f"When does whale {n} sing?" for n in range(22)])
    )
    found = ask(tmp_path)
    assert found.asked is not None
    assert found.crowded is not None
    assert found.a_second is not None
    for times in (found.searched, found.asked, found.crowded):
        assert 0 < times.p50_ms <= times.p95_ms
    assert found.a_second * found.crowded.p50_ms / 1000 < 16
    assert found.peak_mb > 100


def test_too_few_questions_are_refused_before_anything_is_made(tmp_path: Path) -> None:
    sets = [a_set(tmp_path / "a", documents=1, questions=9)]
    with pytest.raises(BenchError, match="9"):
        measure(sets, tmp_path / "work", 12, 20, lambda *_: None)
    assert not (tmp_path / "work").exists()
