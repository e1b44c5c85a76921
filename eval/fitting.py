"""Fits the sentence ranker: `make ranker`, with the folder of the development sets in BENCH.

The installed embedding model's layers learn to give a question and a sentence one number: above 0 where the sentence
answers. What they learnt is kept as low-rank corrections. `docs/sentence-ranker.md` names the texts and their licences.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from eval.bench import BenchError
from eval.fitting_examples import Example, choosing, examples
from rag.adapters._corrections import DOWN, HEAD, HEAD_BIAS, UP, corrected, scores
from rag.adapters._packed_bert import PackedBert
from rag.adapters.bundled_model import EPSILON, HEADS, bundled_folder
from rag.adapters.sentence_ranker import LAYERS, pair_tokenizer

logger = logging.getLogger(__name__)

_SEED = 7
_RANK = 16  # of the corrections: with 64 or 128 the suites' sentences are ordered no better
_EXAMPLES = 16  # a step
_RATE, _WARMED_UP = 8e-5, 0.06  # the highest, and the share of the steps that lead to it
_DECAY = 0.01  # of the weights at each step, times the rate (Loshchilov and Hutter, ICLR 2019)
_MOST_NORM = 1.0  # of a step's gradients


def main() -> None:
    """Fit, say how well, and write the corrections."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path, help="the folder of the development sets")
    parser.add_argument("out", type=Path, help="the file of corrections to write")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    fitting = Fitting(load_file(bundled_folder() / "model.safetensors"))
    try:
        fitting.learn(examples(given.bench))
    except BenchError as error:
        parser.error(
            f"{error}\nThe sets that are learnt from are named in docs/sentence-ranker.md."
        )
    save_file({name: one.half() for name, one in fitting.corrections().items()}, given.out)
    logger.info("sha256 %s", hashlib.sha256(given.out.read_bytes()).hexdigest())
    logger.info(
        "articles kept apart, before the rank was cut: %s", fitting.judged(choosing(given.bench))
    )


class Fitting:
    """The model while it learns: the same seed and number of threads give the same one.

    Args:
        weights: Of the embedding model, float32; its word vectors stay as they are.
    """

    def __init__(self, weights: dict[str, Tensor]) -> None:
        torch.set_num_threads(1)
        self._given = weights
        self._tokenizer = pair_tokenizer()
        self._kept = corrected(weights, {}, layers=LAYERS)
        self._learnt = {
            name: one.clone().requires_grad_()
            for name, one in self._kept.items()
            if name.startswith("encoder.layer.")
        } | dict(_head(weights["embeddings.LayerNorm.weight"].shape[0]))

    @torch.no_grad()
    def corrections(self) -> dict[str, Tensor]:
        """What was learnt, of each matrix the nearest of a low rank (Eckart and Young, Psychometrika 1936)."""
        found: dict[str, Tensor] = {}
        for name, one in self._learnt.items():
            if one.dim() < 2:
                found[name] = one.clone()
                continue
            left, sizes, right = torch.linalg.svd(one - self._given[name], full_matrices=False)
            root = sizes[:_RANK].sqrt()
            found[name + UP] = (left[:, :_RANK] * root).contiguous()
            found[name + DOWN] = (root[:, None] * right[:_RANK]).contiguous()
        return found

    def learn(self, taught: Sequence[Example]) -> None:
        """One pass over the examples, in an order of chance."""
        order = list(taught)
        random.Random(_SEED).shuffle(order)  # noqa: S311 # no secret
        steps = -(-len(order) // _EXAMPLES)
        logger.info("%d examples, %d steps", len(order), steps)
        learning = torch.optim.AdamW(self._learnt.values(), lr=_RATE, weight_decay=_DECAY)
        warm = max(1, round(_WARMED_UP * steps))
        rates = torch.optim.lr_scheduler.LambdaLR(
            learning, lambda n: min((n + 1) / warm, (steps - n) / max(1, steps - warm))
        )
        lost, started = 0.0, time.perf_counter()
        for step in range(steps):
            loss = self._loss(order[step * _EXAMPLES : (step + 1) * _EXAMPLES])
            learning.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call] # torch types it so
            torch.nn.utils.clip_grad_norm_(self._learnt.values(), _MOST_NORM)
            learning.step()
            rates.step()
            lost += loss.item()
            if step % 25 == 24:
                seconds = time.perf_counter() - started
                logger.info("step %d, loss %.3f, %.0f s", step + 1, lost / 25, seconds)
                lost = 0.0

    @torch.inference_mode()
    def judged(self, asked: Sequence[Example]) -> dict[str, float]:
        """How often the right sentence comes first, and a question with an answer before one without."""
        first: list[bool] = []
        answered: list[Tensor] = []
        unanswered: list[Tensor] = []
        for one in asked:
            found = self._scores([one])[0]
            (unanswered if one.right is None else answered).append(found.max())
            if one.right is not None:
                first.append(int(found.argmax()) == one.right)
        above = torch.stack(answered)[:, None] > torch.stack(unanswered)
        return {
            "right first": sum(first) / len(first),
            "told from unanswerable": above.float().mean().item(),
        }

    def _loss(self, batch: Sequence[Example]) -> Tensor:
        """Of choosing the sentence that answers, or, worth 0, that none does."""
        lost = []
        for one, found in zip(batch, self._scores(batch), strict=True):
            choices = functional.pad(found, (1, 0))
            answer = torch.tensor(0 if one.right is None else 1 + one.right)
            lost.append(functional.cross_entropy(choices, answer))
        return torch.stack(lost).mean()

    def _scores(self, batch: Sequence[Example]) -> list[Tensor]:
        """Of each example's sentences."""
        pairs = [(one.question, said) for one in batch for said in one.sentences]
        tokens = [one.ids for one in self._tokenizer.encode_batch_fast(pairs)]
        order = sorted(range(len(tokens)), key=lambda place: len(tokens[place]))
        weights = self._kept | self._learnt
        model = PackedBert(weights, heads=HEADS, epsilon=EPSILON, dtype=torch.float32)
        firsts = torch.stack([one[0] for one in model.states([tokens[place] for place in order])])
        back = torch.argsort(torch.tensor(order))
        found = scores(firsts[back], self._learnt)
        return list(torch.split(found, [len(one.sentences) for one in batch]))


def _head(dimension: int) -> Iterator[tuple[str, Tensor]]:
    """The output before anything is learnt."""
    chance = torch.Generator().manual_seed(_SEED)
    yield HEAD, (0.02 * torch.randn(dimension, generator=chance)).requires_grad_()
    yield HEAD_BIAS, torch.zeros(1, requires_grad=True)


if __name__ == "__main__":
    main()
