"""Text of documents in a model's prompt told apart from instructions, and instructions in what it writes."""

import secrets
from collections.abc import Iterable
from functools import cache

from rag.analysis import words

_RUN = 5  # words that hardly stand side by side in two texts by chance


def between_marks(parts: Iterable[str]) -> str:
    """Parts between lines that hold a mark which no document can have foreseen, with a line that tells it."""
    mark = secrets.token_hex(8)
    return "\n".join([f"The mark is {mark}.", *(f"{mark}\n{part}" for part in parts), mark])


def repeats(text: str, instructions: str, quotes: Iterable[str]) -> bool:
    """Whether a text has five words in a row of a prompt's instructions that no quote has too."""
    repeated = _runs(text) & _instructed(instructions)
    return bool(repeated) and not repeated <= {run for one in quotes for run in _runs(one)}


@cache
def _instructed(instructions: str) -> frozenset[tuple[str, ...]]:
    """The runs of a prompt's instructions: there are few of these, and they are the program's own."""
    return _runs(instructions)


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    said = words(text)
    return frozenset(tuple(said[at : at + _RUN]) for at in range(len(said) - _RUN + 1))
