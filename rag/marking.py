"""Text of documents in a model's prompt, told apart from instructions."""

import secrets
from collections.abc import Iterable


def between_marks(parts: Iterable[str]) -> str:
    """Parts between lines that hold a mark which no document can have foreseen, with a line that tells it."""
    mark = secrets.token_hex(8)
    return "\n".join([f"The mark is {mark}.", *(f"{mark}\n{part}" for part in parts), mark])
