"""An embedder that computes no text twice while it remembers it."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from rag.protocols import Embedder, ModelIdentity
from rag.types import Vectors

_MOST = 8192  # vectors; 12 MB of the default model's


class RememberingEmbedder:
    """An embedder with the vectors that it computed last, for whoever asks about the same texts again.

    A question is embedded to find passages and again to weigh their sentences, and questions about one subject
    meet the same sentences. Texts themselves are not kept, only their digests.
    """

    def __init__(self, inner: Embedder, most: int = _MOST) -> None:
        self._inner = inner
        self._queries, self._passages = _Vectors(most), _Vectors(most)

    @property
    def identity(self) -> ModelIdentity:
        """See `Embedder.identity`."""
        return self._inner.identity

    @property
    def window_tokens(self) -> int:
        """See `Embedder.window_tokens`."""
        return self._inner.window_tokens

    def covers(self, language: str | None) -> bool:
        """See `Embedder.covers`."""
        return self._inner.covers(language)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """See `Embedder.count_tokens`."""
        return self._inner.count_tokens(texts)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed_queries`."""
        return self._remembered(self._queries, self._inner.embed_queries, texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed_passages`."""
        return self._remembered(self._passages, self._inner.embed_passages, texts)

    def _remembered(
        self, vectors: _Vectors, embed: Callable[[Sequence[str]], Vectors], texts: Sequence[str]
    ) -> Vectors:
        keys = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]
        found = vectors.get(keys)
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        computed = dict(zip(new, embed(list(new.values())), strict=True)) if new else {}
        vectors.put(computed)
        if not texts:
            return embed([])
        return np.stack([found[key] if key in found else computed[key] for key in keys])


@dataclass(slots=True)
class _Vectors:
    """Vectors by their text's digest, the ones used longest ago first; never more than `most`."""

    most: int
    held: OrderedDict[bytes, Vectors] = field(default_factory=OrderedDict)
    changing: threading.Lock = field(default_factory=threading.Lock)

    def get(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        with self.changing:
            found = {key: self.held[key] for key in keys if key in self.held}
            for key in found:
                self.held.move_to_end(key)
        return found

    def put(self, computed: dict[bytes, Vectors]) -> None:
        with self.changing:
            for key, vector in computed.items():
                self.held[key] = vector.copy()  # a row would hold the whole batch
            while len(self.held) > self.most:
                self.held.popitem(last=False)
