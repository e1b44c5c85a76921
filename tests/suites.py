"""A small suite to break, and the development suites where they are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).parents[2] / "shared/suites"
DEVELOPMENT = ("events-launches", "events-releases", "type-case")

MINUTES = """Minutes of the harbour council, 4 May 2021

The harbour master closed the north gate on Tuesday.
Ferry crews painted the lighthouse white in June 2019.
Ada Lund was harbour master in 2019.

In 2021 the harbour master was Bo Vik.
"""
NOTES = """# Notes on storms

A storm broke two windows of the customs house.

| year | storms |
|---|---|
| 2019 | seven |
| 2020 | eleven |
"""
DOCUMENTS = {"minutes.txt": MINUTES, "notes.md": NOTES}


def question(**fields: Any) -> dict[str, Any]:
    """A question of the small suite, with these fields in the place of its own."""
    own = {
        "id": "gate",
        "question": "When did the harbour master close the north gate?",
        "type": "when",
        "must": [["Tuesday"]],
        "evidence": [{"doc": "minutes.txt", "quote": "closed the north gate on Tuesday"}],
        "expected": "On Tuesday.",
    }
    return own | fields


QUESTIONS = (
    question(),
    question(
        id="windows",
        question="How many windows of the customs house did a storm break?",
        type="how_many",
        must=[["two", "\\b2\\b"]],
        evidence=[{"doc": "notes.md", "quote": "A storm broke two windows"}],
        expected="Two.",
    ),
    question(
        id="masters",
        question="Who was harbour master in 2019 and in 2021?",
        type="per_event",
        must=[["Lund"], ["Vik"]],
        pairs=[["2019", "Lund"], ["2021", "Vik"]],
        must_not=["2021[^.\\n]{0,20}Lund"],
        evidence=[
            {"doc": "minutes.txt", "quote": "Ada Lund was harbour master in 2019"},
            {"doc": "minutes.txt", "quote": "In 2021 the harbour master was Bo Vik."},
        ],
        expected="2019: Ada Lund.\n2021: Bo Vik.",
    ),
    question(
        id="airport",
        question="Which airline flies to Osaka?",
        type="unanswerable",
        must=[],
        evidence=[],
        abstain=True,
        expected="",
    ),
)


def write_suite(
    folder: Path,
    questions: Sequence[Mapping[str, Any] | bytes] = QUESTIONS,
    *,
    documents: Mapping[str, str] = DOCUMENTS,
    said: str = "",
) -> Path:
    """Write a suite; a question that is bytes becomes a line as it is, and `said` ends `suite.toml`."""
    (folder / "docs").mkdir(parents=True)
    for name, text in documents.items():
        (folder / "docs" / name).write_text(text)
    (folder / "suite.toml").write_text(f'name = "harbour"\ndocuments = ["docs"]\n{said}')
    lines = [
        one if isinstance(one, bytes) else json.dumps(one, ensure_ascii=False).encode()
        for one in questions
    ]
    (folder / "questions.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    return folder


def development_suite(name: str) -> Path:
    """The folder of a development suite; the test is skipped, and says so, where it is not there."""
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"there is no development suite at {folder}")
    return folder
