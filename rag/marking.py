"""Text of documents in a model's prompt told apart from instructions, and instructions in what it writes."""

import secrets
from collections.abc import Iterable

from rag.analysis import words

_RUN = 5  # words that hardly stand side by side in two texts by chance


def between_marks(parts: Iterable[str]) -> str:
    """Parts between lines that hold a mark which no document can have foreseen, with a line that tells it."""
    mark = secrets.token_hex(8)
    return "\n".join([f"The mark is {mark}.", *(f"{mark}\n{part}" for part in parts), mark])


def repeats(text: str, instructions: str, quotes: Iterable[str]) -> bool:
    """Whether a text has five words in a row of a prompt's instructions that no quote has too."""
    allowed = frozenset(run for quote in quotes for run in _runs(quote))
    return not (_runs(text) & _runs(instructions)) <= allowed


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    said = words(text)
    return frozenset(tuple(said[at : at + _RUN]) for at in range(len(said) - _RUN + 1))
