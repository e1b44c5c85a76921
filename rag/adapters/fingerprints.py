"""How alike two texts are, told from one or two kilobytes of each.

A text's runs of five words are what is compared: MinHash (Broder 1997; datasketch's implementation), with bands
to find candidates (Indyk and Motwani 1998). Its numbers are compared apart, each by the words around it: the
same form filled in for another month shares nearly all of its words, and is another document.
"""

from __future__ import annotations

import unicodedata
import zlib
from dataclasses import dataclass

import numpy as np
import regex
from numpy.typing import NDArray

Hashes = NDArray[np.uint32]

_RUN_WORDS = 5
_MINIMUMS = 128
_BAND_ROWS = (
    4  # 32 bands of 4: texts that are half alike share one with 87 %, two thirds with 99.8 %
)
_NUMBERS = 128  # kept of a text
_BLOCK = 1_024  # runs that are permuted at a time: as many as fit the processor's cache
_TOKEN = regex.compile(r"\d[\d.,:/-]*\d|[\p{L}\p{N}][\p{L}\p{N}\p{M}]*")
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_ANY_NUMBER = np.uint64(1)

# Chosen on tests/unit/rag/test_fingerprints.py, where copies and other texts lie far to either side.
ALIKE = 0.5
CONTAINED = 0.8
AGREEING = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What is kept of a text for comparing it.

    Attributes:
        minimums: The least hash of its runs under each of 128 permutations.
        runs: How many different runs of words it has.
        numbers: Its numbers by their surroundings: rows of (hash of the words around, hash of the number), the
            128 least by the first, which ascends.
    """

    minimums: Hashes
    runs: int
    numbers: Hashes

    def bands(self) -> list[int]:
        """One number for each group of four minimums: a text that shares none is not like this one."""
        return [
            zlib.crc32(rows.tobytes()) << 8 | place
            for place, rows in enumerate(self.minimums.reshape(-1, _BAND_ROWS))
        ]

    def similarity(self, other: Fingerprint) -> float:
        """The estimated share of their runs of words that both have (Jaccard), in [0, 1]."""
        return float(np.mean(self.minimums == other.minimums))

    def contained(self, other: Fingerprint) -> float:
        """The estimated share of the shorter text's runs that stand in the longer one, in [0, 1]."""
        shared = self.similarity(other)
        both = shared / (1 + shared) * (self.runs + other.runs)
        return min(1.0, both / min(self.runs, other.runs))

    def agreeing(self, other: Fingerprint) -> float:
        """Of the numbers between the same words in both, the share that are the same number; 1 without any."""
        _, mine, theirs = np.intersect1d(
            self.numbers[:, 0], other.numbers[:, 0], assume_unique=True, return_indices=True
        )
        if not len(mine):
            return 1.0
        return float(np.mean(self.numbers[mine, 1] == other.numbers[theirs, 1]))

    def is_copy_of(self, other: Fingerprint) -> bool:
        """Whether one text is nearly all of the other, its numbers included."""
        return (
            self.similarity(other) >= ALIKE
            and self.contained(other) >= CONTAINED
            and self.agreeing(other) >= AGREEING
        )


def fingerprint(text: str) -> Fingerprint | None:
    """The fingerprint of a text; None for one of fewer than five words, which tells too little."""
    tokens = _TOKEN.findall(unicodedata.normalize("NFC", text.casefold()))
    if len(tokens) < _RUN_WORDS:
        return None
    hashes = {token: zlib.crc32(token.encode(errors="surrogatepass")) for token in set(tokens)}
    each = np.array([hashes[token] for token in tokens], np.uint64)
    runs = np.unique(
        _mixed([each[at : len(each) - _RUN_WORDS + 1 + at] for at in range(_RUN_WORDS)])
    )
    is_number = np.array([len(token) > 1 and token[0].isdigit() for token in tokens])
    return Fingerprint(minimums=_minimums(runs), runs=len(runs), numbers=_numbers(each, is_number))


def _numbers(each: NDArray[np.uint64], is_number: NDArray[np.bool_]) -> Hashes:
    """Numbers of two digits and more, each by two words on either side, in which any number is like another.

    Single digits are left out: they count sections and pages.
    """
    masked = np.pad(np.where(is_number, _ANY_NUMBER, each), 2)
    at = np.flatnonzero(is_number)
    around = _mixed([masked[at + place] for place in (0, 1, 3, 4)])
    kept, first = np.unique(around, return_index=True)
    numbers = np.column_stack([kept, each[at[first]].astype(np.uint32)])
    return np.asarray(numbers[:_NUMBERS], np.uint32)


def _mixed(columns: list[NDArray[np.uint64]]) -> Hashes:
    """One hash of each row; the order of the columns counts."""
    mixed = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        mixed = (mixed ^ column) * _MULTIPLIER
        mixed ^= mixed >> np.uint64(29)
    return (mixed >> np.uint64(32)).astype(np.uint32)


def _minimums(runs: Hashes) -> Hashes:
    from datasketch import MinHash  # half a second of imports, scipy among them

    sketch = MinHash(num_perm=_MINIMUMS, seed=1, hashfunc=int, scheme="affine32")
    for start in range(0, len(runs), _BLOCK):
        sketch.update_batch(runs[start : start + _BLOCK])
    return np.asarray(sketch.hashvalues, np.uint32)
