"""The sentence ranker that comes with the service: a question and a sentence in, one number out.

It is the first layers of the installed embedding model with corrections, which `eval/fitting.py` made;
`docs/sentence-ranker.md` says of what, and what it is good for.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import Encoding, Tokenizer

from rag.adapters.bundled_model import EPSILON, HEADS, batches_of, bundled_folder
from rag.adapters.processor import BF16, FP32, cores
from rag.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

    from rag.adapters._packed_bert import PackedBert

logger = logging.getLogger(__name__)

LAYERS = 6  # all of the embedding model's
_MOST_TOKENS = 96  # of a question and a sentence together
_CORRECTIONS = Path(__file__).with_name("sentence_ranker.safetensors")
_SHA256 = "f8c82457c0b5566280cc7e536fbe3e8435da65682bd37d596f9e9790e02b61df"
# Of a batch. How pairs share one does not depend on the machine: in bfloat16 it may move the last digits.
_BATCH_TOKENS = 256
_DIGITS = 3


class BundledRanker:
    """The ranker on the CPU; its weights are loaded with the first question.

    Args:
        compute_path: `torch-fp32`, or `torch-bf16` for the layers in bfloat16.

    Raises:
        ModelError: the corrections are missing or not the pinned ones; on first use, the embedding model is.
    """

    def __init__(self, compute_path: str = FP32) -> None:
        self._compute_path = compute_path
        self._corrections = _checked()
        self._loading = threading.Lock()
        self._computing = ThreadPoolExecutor(cores(), thread_name_prefix="ranking")

    def covers(self, language: str | None) -> bool:
        """See `SentenceRanker.covers`: it was fitted to English alone."""
        return language in (None, "en")

    def scores(self, question: str, sentences: Sequence[str]) -> list[float]:
        """See `SentenceRanker.scores`."""
        model, corrections = self._model
        pairs = self._tokenizer.encode_batch_fast([(question, said) for said in sentences])
        batches = list(batches_of([one.ids for one in pairs], _BATCH_TOKENS))
        computed = self._computing.map(
            lambda batch: _scores(model, corrections, [pairs[place] for place in batch]), batches
        )
        found = dict(zip(chain(*batches), chain(*computed), strict=True))
        return [found[place] for place in range(len(sentences))]

    @property
    def _model(self) -> tuple[PackedBert, dict[str, Tensor]]:
        with self._loading:
            return self._loaded

    @cached_property
    def _loaded(self) -> tuple[PackedBert, dict[str, Tensor]]:
        started = time.perf_counter()
        import torch
        from safetensors.torch import load, load_file

        from rag.adapters._corrections import corrected
        from rag.adapters._packed_bert import PackedBert

        torch.set_num_threads(1)
        corrections = load(self._corrections)
        weights = load_file(bundled_folder() / "model.safetensors")
        model = PackedBert(
            corrected(weights, corrections, layers=LAYERS),
            heads=HEADS,
            epsilon=EPSILON,
            dtype=torch.bfloat16 if self._compute_path == BF16 else torch.float32,
        )
        logger.info("sentence ranker loaded in %.1f s", time.perf_counter() - started)
        return model, corrections

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return pair_tokenizer()


def pair_tokenizer() -> Tokenizer:
    """Of a question and a sentence; where both are too long together, the longer one is cut.

    Raises:
        ModelError: the embedding model is not installed, or is not the pinned one.
    """
    tokenizer = Tokenizer.from_file(str(bundled_folder() / "tokenizer.json"))
    tokenizer.enable_truncation(_MOST_TOKENS)
    tokenizer.no_padding()
    return tokenizer


def _checked() -> bytes:
    try:
        corrections = _CORRECTIONS.read_bytes()
    except OSError as error:
        raise ModelError(
            f"The sentence ranker's {_CORRECTIONS.name} cannot be read. Install Chapterverse again, or set "
            "VERSE_ANSWERS__RANKER_WEIGHT=0 to do without it."
        ) from error
    if hashlib.sha256(corrections).hexdigest() != _SHA256:
        raise ModelError(
            f"The sentence ranker's {_CORRECTIONS.name} is not the pinned file. Install Chapterverse again, or "
            "set VERSE_ANSWERS__RANKER_WEIGHT=0 to do without it."
        )
    return corrections


def _scores(
    model: PackedBert, corrections: dict[str, Tensor], pairs: Sequence[Encoding]
) -> list[float]:
    import torch

    from rag.adapters._corrections import scores

    with torch.inference_mode():
        firsts = [one[0] for one in model.states([one.ids for one in pairs])]
        found = scores(torch.stack(firsts), corrections)
    return [round(one, _DIGITS) for one in found.tolist()]
