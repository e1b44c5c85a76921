"""The pinned model is the one that is used, and what is wrong with a model is said."""

import logging
import sqlite3
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from rag.adapters import bundled_model, processor
from rag.adapters.bundled_model import BundledEmbedder, bundled_folder
from rag.adapters.embedded import EmbeddedStore
from rag.adapters.inspection import recorded_model
from rag.adapters.processor import BF16, FP32
from rag.adapters.sentence_transformers import SentenceTransformerEmbedder
from rag.bootstrap import open_rag
from rag.errors import FormatTooNew, IndexMismatch, ModelError, StoreDamaged, StoreError
from rag.settings import EmbeddingSettings, Settings
from tests.fakes import HashingEmbedder


def test_a_model_that_is_not_the_pinned_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(bundled_model._SHA256, "vocab.txt", "0" * 64)
    with pytest.raises(ModelError, match="vocab"):
        BundledEmbedder().embed_queries(["x"])


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled_model, "_PACKAGE", "no_such_package")
    with pytest.raises(ModelError, match="offline-model"):
        BundledEmbedder().count_tokens(["x"])


def test_a_folder_that_holds_no_model_is_refused_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError) as caught:
        SentenceTransformerEmbedder(str(tmp_path)).embed_passages(["x"])
    assert "safetensors" in str(caught.value)


def test_the_identity_of_the_bundled_model_needs_no_loading() -> None:
    embedder = BundledEmbedder()
    assert embedder.identity.dimension == 384
    assert "_loaded" not in vars(embedder)


TEXTS = [
    "",
    "Whales.",
    "Blue whales sing.",
    "Big whales sleep.",
    "word " * 300,
    "Interest rates rose by 2.5 % in March, and nobody (not even the bank) knew why.",
    "Шойгу посетил Пхеньян 25 июля.",
]


def test_the_installed_model_computes_what_sentence_transformers_does_with_it() -> None:
    named = SentenceTransformerEmbedder(str(bundled_folder()))
    ours = BundledEmbedder()
    assert (named.identity.dimension, named.window_tokens) == (384, ours.window_tokens)
    assert named.count_tokens(TEXTS) == ours.count_tokens(TEXTS)
    for embed in ("embed_passages", "embed_queries"):
        expected, found = getattr(named, embed)(TEXTS), getattr(ours, embed)(TEXTS)
        assert np.abs(expected - found).max() < 1e-6


@pytest.mark.parametrize(("compute_path", "rounding"), [(FP32, 1e-6), (BF16, 1e-2)])
def test_a_vector_does_not_depend_on_the_texts_beside_it(
    compute_path: str, rounding: float
) -> None:
    embedder = BundledEmbedder(compute_path)
    together = embedder.embed_passages([*TEXTS, *TEXTS[::-1]])
    alone = np.concatenate([embedder.embed_passages([text]) for text in TEXTS])
    assert np.abs(together - np.concatenate([alone, alone[::-1]])).max() < rounding


def test_nothing_to_embed_gives_no_vectors() -> None:
    assert BundledEmbedder().embed_passages([]).shape == (0, 384)


def test_bfloat16_gives_nearly_the_same_vectors_of_unit_length() -> None:
    texts = ["Blue whales sing.", "Interest rates rose by 2.5 % in March.", "word " * 300]
    exact = BundledEmbedder().embed_passages(texts)
    near = BundledEmbedder(BF16).embed_passages(texts)
    assert near.dtype == np.float32
    assert np.linalg.norm(near, axis=1) == pytest.approx(1, abs=1e-6)
    assert (exact * near).sum(axis=1).min() > 0.995


@pytest.mark.parametrize(
    ("flags", "chosen"),
    [({"avx512_bf16"}, BF16), ({"amx_bf16", "avx2"}, BF16), ({"avx512f"}, FP32), (set(), FP32)],
)
def test_the_processor_decides_how_a_new_folder_is_computed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, flags: set[str], chosen: str
) -> None:
    monkeypatch.setattr(processor, "processor_flags", lambda: flags)
    assert _computed(tmp_path, "auto") == chosen


def test_a_folder_keeps_its_compute_path_whatever_settings_and_processor_say(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(processor, "processor_flags", lambda: {"amx_bf16"})
    assert _computed(tmp_path, "bf16") == BF16
    assert _computed(tmp_path, "fp32") == BF16
    monkeypatch.setattr(processor, "processor_flags", set)
    with caplog.at_level(logging.WARNING):
        assert _computed(tmp_path, "auto") == BF16
    assert "bfloat16" in caplog.text


def _computed(folder: Path, setting: Literal["auto", "fp32", "bf16"]) -> str:
    embedding = EmbeddingSettings(model=None, compute_path=setting)
    with open_rag(Settings(data=folder, embedding=embedding)) as library:
        return library.embedder.identity.compute_path


def test_the_recorded_model_is_read_without_opening_the_store(tmp_path: Path) -> None:
    assert recorded_model(tmp_path / "none") is None
    store = EmbeddedStore(tmp_path, HashingEmbedder.identity)
    assert recorded_model(tmp_path) == HashingEmbedder.identity  # though the folder is held
    store.close()
    (tmp_path / "catalog.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(StoreDamaged):
        recorded_model(tmp_path)


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("PRAGMA user_version = 99", FormatTooNew),
        ("UPDATE facts SET value = json_set(value, '$.compute_path', 'torch-int8')", IndexMismatch),
    ],
)
def test_what_another_release_computed_is_refused(
    tmp_path: Path, statement: str, error: type[StoreError]
) -> None:
    EmbeddedStore(tmp_path, HashingEmbedder.identity).close()
    db = sqlite3.connect(tmp_path / "catalog.sqlite")
    db.execute("UPDATE facts SET value = json_set(value, '$.compute_path', 'torch-fp32')")
    db.execute(statement)
    if error is FormatTooNew:
        db.execute("UPDATE facts SET value = json_set(value, '$.pooling', 'new')")
    db.commit()
    db.close()
    with pytest.raises(error):
        open_rag(Settings(data=tmp_path))
