"""Answers that readers said something of, as drafts of a suite's questions (docs/evaluation.md).

::

    suite.toml        a name, and where the documents are
    questions.jsonl   a draft a line: evidence is filled in, what an answer must say is not
    docs/             the documents that were cited, in the very versions
    documents.jsonl   of each its name there, its id, version (the sha256 of its bytes) and title
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from api.file_names import file_name
from rag.errors import UnknownDocument, UnknownVersion
from rag.protocols import INSIDE, Catalog, DocumentSummary, StoredAnswer
from rag.types import DocumentId, Version

_DRAFT = "draft"  # the type of a question that is not finished
_DOCS = "docs"
_STEM = 50  # characters: at four bytes each, with an ending, what file systems take
_NOT_IN_NAMES = re.compile(r"[^\w .()+-]")
_NOT_IN_SUITE_NAMES = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafted:
    """What was written; `left_out` are quotes whose documents are deleted."""

    questions: int
    documents: int
    left_out: int


def write_drafts(store: Catalog, answers: Sequence[StoredAnswer], folder: Path) -> Drafted:
    """Write answers as a suite of drafts.

    Args:
        store: Holds the documents.
        answers: Of one collection, with their feedback.
        folder: Is made, and taken away again if something fails.

    Raises:
        FileExistsError: there is such a folder.
        DocumentDamaged: a document is not as it came.
    """
    folder.mkdir(parents=True)
    try:
        (folder / _DOCS).mkdir()
        files = _Files(store, folder / _DOCS)
        drafts = [_draft(one, files) for one in answers]
        _write_lines(folder / "questions.jsonl", drafts)
        _write_lines(folder / "documents.jsonl", files.written)
        name = _NOT_IN_SUITE_NAMES.sub("-", folder.resolve().name).strip("-")[:40] or _DRAFT
        (folder / "suite.toml").write_text(f'name = "{name}"\ndocuments = ["{_DOCS}"]\n')
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Drafted(
        questions=len(drafts), documents=len(files.written), left_out=files.asked_in_vain
    )


class _Files:
    """The documents of a suite, written once each, under names that tell them apart."""

    def __init__(self, store: Catalog, folder: Path) -> None:
        self.written: list[dict[str, Any]] = []
        self.asked_in_vain = 0
        self._store = store
        self._folder = folder
        self._names: dict[str, Version] = {}  # without regard to case, as some file systems are

    def name(self, citation: Mapping[str, Any]) -> str | None:
        """What the suite calls the document that is cited; None where it is deleted."""
        try:
            summary = self._store.summary(DocumentId(citation["document_id"]))
            return self._named(summary, Version(citation["document_version"]))
        except (UnknownDocument, UnknownVersion):
            self.asked_in_vain += 1
            return None

    def _named(self, summary: DocumentSummary, version: Version) -> str:
        source, inside, inner = (summary.source_key or "").partition(INSIDE)
        outer = self._outer(summary.collection, source) if inside else None
        if outer is not None:
            return f"{self._place(outer, outer.version)}{INSIDE}{inner}"
        return self._place(summary, version)

    def _outer(self, collection: str, source: str) -> DocumentSummary | None:
        """What a document came from the inside of: source keys name it by its own, or by its version."""
        return self._store.by_source_key(collection, source) or self._store.by_version(
            collection, Version(source)
        )

    def _place(self, summary: DocumentSummary, version: Version) -> str:
        name = _clean(file_name(summary))
        if self._names.get(name.casefold(), version) != version:
            path = PurePath(name)
            name = f"{path.stem}-{version.removeprefix('sha256:')[:12]}{path.suffix}"
        if name.casefold() not in self._names:
            (self._folder / name).write_bytes(self._store.original(summary.id, version))
            self._names[name.casefold()] = version
            self.written.append(
                {
                    "name": name,
                    "document_id": summary.id,
                    "version": version,
                    "title": summary.title,
                }
            )
        return name


def _clean(name: str) -> str:
    """A name that any file system takes, and that hides nothing."""
    path = PurePath(_NOT_IN_NAMES.sub("_", name).strip(" ."))
    return f"{path.stem[:_STEM]}{path.suffix[:_STEM]}" or "document"


def _draft(answer: StoredAnswer, files: _Files) -> dict[str, Any]:
    body = answer.body
    verdicts = {one.verdict for one in answer.feedback}
    accepted = "bad" not in verdicts
    praised = verdicts == {"good"}
    abstained = body["outcome"] == "abstained"
    quoted = list(_quoted(answer, files))  # of a refused answer too: its documents are to be asked
    return {
        "id": answer.id,
        "question": body["standalone_question"] or body["question"],
        "type": _DRAFT,
        "must": [],
        "evidence": quoted if accepted and not abstained else [],
        "abstain": abstained and praised,
        "expected": _said(body) if praised and not abstained else "",
        "note": " ".join(_note(answer)),
    }


def _quoted(answer: StoredAnswer, files: _Files) -> Iterator[dict[str, str]]:
    """The quotes that nobody refused."""
    refused = {one.marker for one in answer.feedback if one.verdict == "unsupported"}
    closest = answer.body["abstention"]["closest"] if answer.body["abstention"] else []
    for citation in (*answer.body["citations"], *closest):
        name = files.name(citation)
        if name is not None and citation["quote"] and citation["marker"] not in refused:
            yield {"doc": name, "quote": citation["quote"]}


def _said(body: Mapping[str, Any]) -> str:
    """The statements; nothing where a document that supported one is deleted, and its words with it."""
    said = [one["text"] for one in body["statements"]]
    return "\n".join(said) if all(said) else ""


def _note(answer: StoredAnswer) -> Iterator[str]:
    """What was asked and given, and what was said of that."""
    body = answer.body
    yield f"Asked on {answer.asked_at.date()}, and {body['outcome']}."
    if body["standalone_question"] != body["question"]:
        yield f"Asked as: {body['question']}"
    for one in answer.feedback:
        of = f" (quote {one.marker})" if one.marker is not None else ""
        yield f"Feedback: {one.verdict}{of}{f': {one.comment}' if one.comment else ''}."


def _write_lines(path: Path, values: Sequence[Mapping[str, Any]]) -> None:
    lines = [json.dumps(one, ensure_ascii=False) + "\n" for one in values]
    path.write_text("".join(lines), encoding="utf-8")
