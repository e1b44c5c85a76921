"""What an embedder remembers changes how often it computes, and nothing else."""

from collections.abc import Sequence

import numpy as np
import pytest

from rag.remembering import RememberingEmbedder
from rag.types import Vectors
from tests.fakes import HashingEmbedder


class Counting(HashingEmbedder):
    """Hashed vectors, and the texts that were computed, in order."""

    def __init__(self) -> None:
        self.computed: list[str] = []

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        self.computed += texts
        return super().embed_queries(texts)


TEXTS = ["a whale", "a frog", "a whale", "\ud800 a lone surrogate"]


@pytest.mark.parametrize("embed", ["embed_queries", "embed_passages"])
def test_vectors_are_those_of_the_embedder_and_computed_once(embed: str) -> None:
    inner = Counting()
    remembering = RememberingEmbedder(inner)
    for texts in (TEXTS, TEXTS[::-1], [*TEXTS, "another"], []):
        expected = getattr(HashingEmbedder(), embed)(texts)
        assert np.array_equal(getattr(remembering, embed)(texts), expected)
    assert inner.computed == ["a whale", "a frog", TEXTS[3], "another"]


def test_a_query_is_not_taken_for_a_passage() -> None:
    inner = Counting()
    remembering = RememberingEmbedder(inner)
    remembering.embed_queries(["a whale"])
    remembering.embed_passages(["a whale"])
    assert inner.computed == ["a whale", "a whale"]


def test_only_so_many_are_kept_and_the_ones_used_longest_ago_go_first() -> None:
    inner = Counting()
    remembering = RememberingEmbedder(inner, most=2)
    for text in ("one", "two", "one", "three", "one", "two"):
        remembering.embed_passages([text])
    assert inner.computed == ["one", "two", "three", "two"]


def test_changing_a_vector_changes_nothing_that_is_remembered() -> None:
    remembering = RememberingEmbedder(HashingEmbedder())
    remembering.embed_passages(["a whale"])[:] = 0
    assert remembering.embed_passages(["a whale"]).any()
