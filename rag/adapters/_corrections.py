"""A small file that makes a model of another one: what is added to its matrices, as products of thin ones.

Hu et al., LoRA, ICLR 2022: a fine-tuned matrix is the given one plus `up @ down`, whose inner size is small.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

UP, DOWN = ".up", ".down"
HEAD, HEAD_BIAS = "head.weight", "head.bias"


def corrected(
    weights: Mapping[str, Tensor], corrections: Mapping[str, Tensor], *, layers: int
) -> dict[str, Tensor]:
    """The embeddings and first layers of an encoder with its corrections; the given weights stay as they are.

    Args:
        weights: float32, by the names that a checkpoint of BertModel gives them.
        corrections: For a matrix `m`, `m.up` of shape (rows, rank) and `m.down` of shape (rank, columns);
            for a vector, what takes its place, under its own name.
        layers: That are kept, from the first.
    """
    kept = {
        name: one
        for name, one in weights.items()
        if not name.startswith("encoder.layer.") or int(name.split(".")[2]) < layers
    }
    for name, one in corrections.items():
        if name.endswith(UP):
            matrix = name.removesuffix(UP)
            kept[matrix] = weights[matrix] + one.float() @ corrections[matrix + DOWN].float()
        elif not name.endswith(DOWN) and name in kept:
            kept[name] = one.float()
    return kept


def scores(firsts: Tensor, corrections: Mapping[str, Tensor]) -> Tensor:
    """One number a text, of the states of its first token, shape (texts, dimension)."""
    return torch.addmv(corrections[HEAD_BIAS].float(), firsts.float(), corrections[HEAD].float())
