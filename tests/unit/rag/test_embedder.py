"""The pinned model is the one that is used, and what is wrong with a model is said."""

from pathlib import Path

import pytest

from rag.adapters import sentence_transformers
from rag.adapters.sentence_transformers import SentenceTransformerEmbedder
from rag.errors import ModelError


def test_a_model_that_is_not_the_pinned_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sentence_transformers._BUNDLED_SHA256, "vocab.txt", "0" * 64)
    with pytest.raises(ModelError, match="vocab"):
        SentenceTransformerEmbedder().embed_queries(["x"])


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sentence_transformers, "_BUNDLED_PACKAGE", "no_such_package")
    with pytest.raises(ModelError, match="offline-model"):
        SentenceTransformerEmbedder().count_tokens(["x"])


def test_a_folder_that_holds_no_model_is_refused_without_its_path(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError) as caught:
        SentenceTransformerEmbedder(str(tmp_path)).embed_passages(["x"])
    assert "safetensors" in str(caught.value)


def test_the_identity_of_the_bundled_model_needs_no_loading() -> None:
    embedder = SentenceTransformerEmbedder()
    assert embedder.identity.dimension == 384
    assert "_model" not in vars(embedder)
