"""What an answer's body says, line by line; bodies are as they go over the wire and into the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

CLOSEST = "What came closest:"


def searched_line(searched: Mapping[str, Any]) -> str:
    """How much an abstention searched in vain."""
    many = ", ".join(
        f"{searched[what]} {what if searched[what] != 1 else what.removesuffix('s')}"
        for what in ("documents", "passages")
    )
    return f"Searched {many}, in collection {searched['collection']!r}."


def answer_lines(body: Mapping[str, Any]) -> Iterator[tuple[str, Sequence[int]]]:
    """Each line, and the markers that follow it.

    They are the statements, then what sources disagree on, then what is missing; of an abstention, the reason.
    """
    if body["abstention"] is not None:
        yield body["abstention"]["reason"], ()
    for statement in body["statements"]:
        yield statement["text"], statement["citations"]
    for conflict in body["conflicts"]:
        yield f"Sources disagree{' on ' if conflict['about'] else ''}{conflict['about']}:", ()
        for one in conflict["values"]:
            yield f"- {one['value']}", one["citations"]
    for missing in body["missing"]:
        yield f"Not in the documents: {missing}", ()


def answer_text(body: Mapping[str, Any]) -> str:
    """The lines as one text, with markers such as `[1][2]`."""
    return "\n".join(
        f"{words} {''.join(f'[{marker}]' for marker in markers)}".strip()
        for words, markers in answer_lines(body)
    )
