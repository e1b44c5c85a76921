"""Doubles for what ingestion speaks to."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from rag.protocols import ModelIdentity
from rag.types import Document, SectionLocator, Span, Vectors
from tests import make


class WordEmbedder:
    """Counts words and punctuation marks as tokens; a long word counts once per four characters."""

    def __init__(self, window_tokens: int = 60) -> None:
        self.window_tokens = window_tokens
        self.embedded: list[str] = []

    @property
    def identity(self) -> ModelIdentity:
        return ModelIdentity(name="words", sha256="0" * 64, dimension=2, compute_path="fp32")

    def covers(self, language: str | None) -> bool:
        return language in (None, "en")

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [
            sum(-(-len(word) // 4) for word in re.findall(r"\w+|[^\w\s]", text)) for text in texts
        ]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        self.embedded += texts
        return np.tile(np.array([1, 0], np.float32), (len(texts), 1))

    embed_queries = embed_passages


def document(
    text: str, *, title: str = "Title", sections: Mapping[int, str] | None = None
) -> Document:
    """A document whose sections begin at the given offsets, each to the next one's start."""
    names = dict(sorted((sections or {}).items()))
    edges = pairwise([*names, len(text)])
    return make.document(
        text,
        title=title,
        locators=tuple(
            SectionLocator(span=Span(start, end), path=(names[start],)) for start, end in edges
        ),
    )
