"""Embeddings by any model of sentence-transformers that an operator names."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tokenizers import Tokenizer

from rag.adapters.processor import BF16, FP32, cores
from rag.errors import ModelError
from rag.protocols import ModelIdentity
from rag.types import Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

logger = logging.getLogger(__name__)

_BATCH = 16  # of one length, nearly; larger ones leave the processor's cache


class SentenceTransformerEmbedder:
    """A sentence-transformers model on the CPU.

    The weights are loaded when the first text is seen, so that a command which only reads the store does
    not wait for them. Each core computes a batch of its own, so that concurrent requests share the cores:
    threads that share one batch wait for each other at every layer, and stand still where another process
    holds a core.

    Args:
        model: A local folder or a hub name of a model with safetensors weights.
        compute_path: `torch-fp32`, or `torch-bf16` for the model's layers in bfloat16; pooling and lengths
            are float32 in both.

    Raises:
        ModelError: on first use, if the model cannot be loaded.
    """

    def __init__(self, model: str, compute_path: str = FP32) -> None:
        self._name = model
        self._compute_path = compute_path
        self._loading = threading.Lock()
        self._cores = cores()
        self._computing = ThreadPoolExecutor(self._cores, thread_name_prefix="embedding")

    @cached_property
    def identity(self) -> ModelIdentity:
        """The model, which is loaded for this, and how it is computed."""
        return ModelIdentity(
            name=self._name,
            sha256=_weights_sha256(self._model),
            dimension=int(self._model.get_embedding_dimension() or 0),
            compute_path=self._compute_path,
        )

    @cached_property
    def window_tokens(self) -> int:
        """Tokens of one text that the model reads, its own special tokens excluded."""
        return int(self._model.max_seq_length or 512) - self._tokenizer.num_special_tokens_to_add(
            False
        )

    def covers(self, language: str | None) -> bool:  # noqa: ARG002
        """See `Embedder.covers`: a model that an operator chose is taken to fit the operator's documents."""
        return True

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, special tokens excluded, without any limit."""
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(one) for one in encoded]

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """Vectors of queries, float32, shape (len(texts), dimension), unit rows."""
        return self._embed(self._model.encode_query, texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """Vectors of passages, float32, shape (len(texts), dimension), unit rows."""
        return self._embed(self._model.encode_document, texts)

    def _embed(self, encode: Callable[..., Any], texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.empty((0, self.identity.dimension), np.float32)
        order = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
        size = min(_BATCH, -(-len(texts) // self._cores))
        batches = [order[start : start + size] for start in range(0, len(order), size)]
        computed = self._computing.map(
            lambda batch: encode(
                [texts[index] for index in batch],
                batch_size=size,
                normalize_embeddings=True,
                show_progress_bar=False,
            ),
            batches,
        )
        vectors = np.empty((len(texts), self.identity.dimension), np.float32)
        for batch, found in zip(batches, computed, strict=True):
            vectors[batch] = found
        return vectors

    @property
    def _model(self) -> SentenceTransformer:
        with (
            self._loading
        ):  # a cached property alone would be computed by each thread that comes first
            return self._loaded

    @cached_property
    def _loaded(self) -> SentenceTransformer:
        started = time.perf_counter()
        import torch  # 5 s of imports, with the next one
        from sentence_transformers import SentenceTransformer
        from transformers.utils.logging import disable_progress_bar

        disable_progress_bar()  # type: ignore[no-untyped-call] # loading takes no time, and would mix with ours
        try:
            model = SentenceTransformer(
                self._name,
                device="cpu",
                local_files_only=Path(self._name).exists(),
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True, "dtype": torch.float32},
            )
        except (OSError, ValueError, RuntimeError, KeyError) as error:
            raise ModelError(
                f"The embedding model {self._name!r} cannot be loaded "
                f"({type(error).__name__}; the log has more). It must be a folder, or a hub name that can be "
                "reached, of a sentence-transformers model with safetensors weights."
            ) from error
        torch.set_num_threads(1)
        model.preprocess = _one_at_a_time(model.preprocess)  # type: ignore[method-assign]
        if self._compute_path == BF16:
            model[0].to(torch.bfloat16).register_forward_hook(_in_float32)
        logger.info(
            "embedding model loaded in %.1f s (%s)",
            time.perf_counter() - started,
            self._compute_path,
        )
        return model

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        """A tokenizer of our own: the model's truncates and pads, which counting must not."""
        tokenizer = Tokenizer.from_str(self._model.tokenizer.backend_tokenizer.to_str())
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer


def _one_at_a_time(preprocess: Callable[..., Any]) -> Callable[..., Any]:
    """A tokenizer keeps how it pads in itself, so that two threads cannot use it at once."""
    turn = threading.Lock()

    def in_turn(*values: Any, **options: Any) -> Any:
        with turn:
            return preprocess(*values, **options)

    return in_turn


def _in_float32(_: object, __: object, found: dict[str, Any]) -> dict[str, Any]:
    """What the layers found, for the steps that follow: a mean or a length in bfloat16 is off by 0.4 %."""
    return {
        name: value.float() if name.endswith("embeddings") else value
        for name, value in found.items()
    }


def _weights_sha256(model: SentenceTransformer) -> str:
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
