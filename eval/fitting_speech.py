"""Fits the borders of sentences in speech: `make speech`, with the folder of the development sets in BENCH.

Texts with full stops are read as a recogniser would give them, without; where the stops were is what the model
learns. `docs/speech.md` names the texts and their licences.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from eval.bench import BenchError, read_documents, read_lines
from rag.speech import BUCKETS, WEIGHTS, Borders, as_said, features_of, packed

logger = logging.getLogger(__name__)

_WORDS = 2_000  # the most frequent ones, which the model tells apart
_STRENGTH = 0.3  # inverse of the regularisation
_APART_EVERY = 4  # meeting and call that is kept for judging
_MOST_ARTICLES = 2_500
_LEAST_WEIGHT = 0.02  # smaller ones are left out: the file packs better
_CLITICS = ("'s", "n't", "'re", "'m", "'ve", "'ll", "'d")
_SOUND = re.compile(r"\{[^}]*\}")
_STOP = re.compile(r"[.?!]+")
_ENDS = re.compile(r"[.?!][\"'”’)\]]*$")
_SHORTENED = re.compile(r"^\W*(?:[A-Za-z]|Mr|Mrs|Ms|Dr|St|Jr|Sr|vs|No|etc|\w*\.\w+)\.$")


@dataclass(frozen=True, slots=True)
class Speech:
    """Words as a recogniser gives them, and whether a sentence ends behind each."""

    words: tuple[str, ...]
    ends: tuple[bool, ...]


def main() -> None:
    """Fit, say how well, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bench", type=Path, help="the folder of the development sets")
    given = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        meetings, calls = _meetings(given.bench), _calls(given.bench)
        articles = _articles(given.bench)
    except BenchError as error:
        parser.error(f"{error}\nThe sets that are learnt from are named in docs/speech.md.")
    taught = [*_taught(meetings), *_taught(calls), *articles]
    model = fitted(taught)
    WEIGHTS.write_bytes(packed(model))
    logger.info("sha256 %s", hashlib.sha256(WEIGHTS.read_bytes()).hexdigest())
    for name, apart in (("meetings", meetings), ("calls", calls)):
        logger.info("%s kept apart: %s", name, judged(model, apart[::_APART_EVERY]))


def fitted(taught: Sequence[Speech]) -> Borders:
    """A logistic regression over the features of each gap."""
    counts = Counter(word for one in taught for word in one.words)
    words = {word: number for number, (word, _) in enumerate(counts.most_common(_WORDS))}
    features = np.concatenate([features_of(one.words, words).T for one in taught])
    starts = np.arange(0, features.size + 1, features.shape[1])
    held = csr_matrix(
        (np.ones(features.size, dtype=np.float32), features.ravel(), starts),
        shape=(len(features), BUCKETS),
    )
    ends = np.concatenate([np.array(one.ends[:-1]) for one in taught])
    logger.info("%d words, %d sentences", len(ends), ends.sum())
    learnt = LogisticRegression(C=_STRENGTH, max_iter=200).fit(held, ends)
    weights = learnt.coef_[0].astype(np.float32)
    weights[np.abs(weights) < _LEAST_WEIGHT] = 0
    return Borders(words=words, weights=weights, bias=float(learnt.intercept_[0]))


def judged(model: Borders, apart: Sequence[Speech]) -> str:
    """Precision, recall and F1 of the borders that the model finds likely, by its log-odds."""
    odds = np.concatenate([model.log_odds(one.words) for one in apart])
    ends = np.concatenate([np.array(one.ends[:-1]) for one in apart])
    told = []
    for least in (-0.8, -0.4, 0.0):
        found = odds >= least
        right = (found & ends).sum()
        precision, recall = right / found.sum(), right / ends.sum()
        f1 = 2 * precision * recall / (precision + recall)
        told.append(f"at {least}: precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}")
    return "; ".join(told)


def _taught(texts: Sequence[Speech]) -> Iterator[Speech]:
    return (one for number, one in enumerate(texts) if number % _APART_EVERY)


def _meetings(bench: Path) -> list[Speech]:
    """QMSum's transcripts: turns of words with spaces around stops; a turn ends a sentence."""
    return [_of_turns(one.text.split("\n")) for one in read_documents(bench / "qmsum")]


def _of_turns(turns: Sequence[str]) -> Speech:
    words: list[str] = []
    ends: list[bool] = []
    for turn in turns:
        said = _SOUND.sub("", turn.split(": ", 1)[-1]).split()
        for one in said:
            if _STOP.fullmatch(one):
                ends[-1:] = [True] * bool(ends)
            elif one in _CLITICS and words:
                words[-1] += one
            elif any(letter.isalnum() for letter in one):
                words.append(as_said(one))
                ends.append(False)
        ends[-1:] = [True] * bool(ends)
    return Speech(tuple(words), tuple(ends))


def _calls(bench: Path) -> list[Speech]:
    return [_of_prose(one.text) for one in read_documents(bench / "msft-calls")]


def _articles(bench: Path) -> list[Speech]:
    rows = read_lines(bench / "train" / "qed.jsonl.gz", ("context",))
    return [_of_prose(one["context"]) for one, _ in zip(rows, range(_MOST_ARTICLES), strict=False)]


def _of_prose(text: str) -> Speech:
    words: list[str] = []
    ends: list[bool] = []
    for one in text.split():
        if any(letter.isalnum() for letter in one):
            words.append(as_said(one))
            ends.append(bool(_ENDS.search(one)) and not _SHORTENED.search(one))
        elif _STOP.fullmatch(one):
            ends[-1:] = [True] * bool(ends)
    return Speech(tuple(words), tuple(ends))


if __name__ == "__main__":
    main()
