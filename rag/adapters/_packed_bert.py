"""A BERT encoder's forward pass over packed tokens: the texts of a batch lie one behind the other.

There is no padding to compute and no mask to apply, and queries, keys and values are one product. A text's
vector does not depend on the texts beside it, as far as the library's products do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor
from torch.nn import functional

from rag.types import Vectors

_Affine = tuple[Tensor, Tensor]  # weight and bias
# oneDNN keeps some 100 KB for every number of tokens that it ever multiplied: half a gigabyte if any number comes.
_TOKENS_STEP = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    attended: _Affine  # of queries, keys and values
    mixed: _Affine
    mixed_norm: _Affine
    widened: _Affine
    narrowed: _Affine
    narrowed_norm: _Affine


class PackedBert:
    """An encoder whose texts' vectors are the means of their tokens' last states, scaled to unit length.

    Args:
        weights: By the names that a checkpoint of BertModel gives them.
        heads: Of attention.
        epsilon: Of the layer norms.
        dtype: Of the layers; means and lengths are float32.
    """

    def __init__(
        self, weights: Mapping[str, Tensor], *, heads: int, epsilon: float, dtype: torch.dtype
    ) -> None:
        cast = {name: one.to(dtype) for name, one in weights.items() if one.is_floating_point()}
        self._heads, self._epsilon = heads, epsilon
        self._words = cast["embeddings.word_embeddings.weight"]
        self._places = (
            cast["embeddings.position_embeddings.weight"]
            + cast["embeddings.token_type_embeddings.weight"][0]
        )
        self._norm = _affine(cast, "embeddings.LayerNorm")
        numbers = {name.split(".")[2] for name in cast if name.startswith("encoder.layer.")}
        self._layers = [_layer(cast, f"encoder.layer.{one}.") for one in sorted(numbers, key=int)]

    @torch.inference_mode()
    def embed(self, texts: Sequence[Sequence[int]]) -> Vectors:
        """Vectors of texts, which are token ids with the special ones: float32, unit rows."""
        means = torch.stack([one.float().mean(0) for one in self.states(texts)])
        vectors: Vectors = functional.normalize(means, dim=1).numpy()
        return vectors

    def states(self, texts: Sequence[Sequence[int]]) -> tuple[Tensor, ...]:
        """The last states of each text's tokens, shape (tokens, dimension).

        Texts of one length side by side share their attention. Gradients flow to weights that ask for them.
        """
        lengths = [len(one) for one in texts]
        used = sum(lengths)
        idle = -used % _TOKENS_STEP
        tokens = torch.tensor([*(token for one in texts for token in one), *[0] * idle])
        places = torch.cat([torch.arange(length) for length in (*lengths, idle)])
        states = self._normed(self._words[tokens] + self._places[places], self._norm)
        for layer in self._layers:
            attended = functional.linear(states, *layer.attended)[:used]
            mixed = functional.pad(self._attention(attended, lengths), (0, 0, 0, idle))
            states = self._normed(states + functional.linear(mixed, *layer.mixed), layer.mixed_norm)
            wide = functional.gelu(functional.linear(states, *layer.widened))
            narrow = functional.linear(wide, *layer.narrowed)
            states = self._normed(states + narrow, layer.narrowed_norm)
        return states[:used].split_with_sizes(lengths)

    def _attention(self, attended: Tensor, lengths: Sequence[int]) -> Tensor:
        """What the tokens of each text take from each other, of packed queries, keys and values."""
        runs = [(length, sum(1 for _ in same)) for length, same in groupby(lengths)]
        taken = []
        for (length, texts), part in zip(
            runs, attended.split_with_sizes([length * texts for length, texts in runs]), strict=True
        ):
            q, k, v = part.view(texts, length, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
            found = functional.scaled_dot_product_attention(q, k, v)
            taken.append(found.transpose(1, 2).reshape(texts * length, -1))
        return torch.cat(taken)

    def _normed(self, states: Tensor, norm: _Affine) -> Tensor:
        return functional.layer_norm(states, states.shape[-1:], *norm, self._epsilon)


def _layer(weights: Mapping[str, Tensor], prefix: str) -> _Layer:
    parts = [_affine(weights, f"{prefix}attention.self.{one}") for one in ("query", "key", "value")]
    return _Layer(
        attended=(torch.cat([one[0] for one in parts]), torch.cat([one[1] for one in parts])),
        mixed=_affine(weights, f"{prefix}attention.output.dense"),
        mixed_norm=_affine(weights, f"{prefix}attention.output.LayerNorm"),
        widened=_affine(weights, f"{prefix}intermediate.dense"),
        narrowed=_affine(weights, f"{prefix}output.dense"),
        narrowed_norm=_affine(weights, f"{prefix}output.LayerNorm"),
    )


def _affine(weights: Mapping[str, Tensor], name: str) -> _Affine:
    return weights[f"{name}.weight"], weights[f"{name}.bias"]
