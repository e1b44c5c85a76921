"""The sample documents and their questions: data, in `examples/` of the source tree and of the installed package."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

_PLACES = tuple(beside / "examples" for beside in Path(__file__).parents[:2])
_EXAMPLES = next((place for place in _PLACES if (place / "questions.toml").exists()), _PLACES[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """A folder of documents, and the question that shows them best."""

    documents: Path
    question: str


def samples(folder: Path = _EXAMPLES) -> Samples:
    """The samples in a folder; their first question is the one to ask.

    Raises:
        FileNotFoundError: the folder holds none.
    """
    listed = tomllib.loads((folder / "questions.toml").read_text(encoding="utf-8"))
    return Samples(documents=folder / "documents", question=listed["questions"][0]["question"])
