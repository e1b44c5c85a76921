"""The sample documents and their questions: data of the source tree, in `examples/`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

_EXAMPLES = Path(__file__).parent.parent / "examples"


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
