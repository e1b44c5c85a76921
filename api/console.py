"""What `verse` prints: for people by rich, for programs as JSON."""

from __future__ import annotations

import shlex
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pydantic import BaseModel, TypeAdapter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text

from api.rendering import document_body
from api.schemas import AnswerBody, CitationBody, DocumentBody, PassageBody, SearchBody
from ingest.pipeline import FileOutcome, Ingester, SourceFile
from rag.errors import InputError
from rag.library import Library
from rag.protocols import DocumentSummary
from rag.types import DocumentId

_PAGE = 500
_BIDI_CONTROLS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def ingested(library: Library, paths: Iterable[Path], collection: str) -> list[FileOutcome]:
    """Add what lies at these paths, with progress on a terminal.

    Raises:
        InputError: two of the files have one key; nothing was added.
    """
    ingester = Ingester(library)
    files = _files(ingester, paths)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    outcomes = []
    with Progress(
        *columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ) as progress:
        task = progress.add_task("Adding documents", total=len(files))
        for outcome in ingester.add_files(files, collection):
            outcomes.append(outcome)
            progress.update(task, description=f"Added {_printable(outcome.path)}", advance=1)
    return outcomes


def all_summaries(library: Library, collection: str | None) -> list[DocumentSummary]:
    """Every document of a collection, or of all."""
    return list(_pages(library, collection))


def show_outcomes(outcomes: Sequence[FileOutcome], *, as_json: bool) -> None:
    """What became of each file, and the counts."""
    counts = {
        name: sum(one.outcome == name for one in outcomes)
        for name in ("added", "updated", "known", "failed")
    }
    if as_json:
        _print_json({"files": [_outcome(one) for one in outcomes], **counts})
        return
    out = _console()
    for one in outcomes:
        out.print(f"{one.outcome:>8}  {_printable(one.path)}{_detail(one)}")
    out.print(", ".join(f"{count} {name}" for name, count in counts.items() if count))


def show_answer(body: AnswerBody, *, as_json: bool) -> None:
    """Statements with markers and what they rest on, or why there are none."""
    if as_json:
        _print_body(body)
        return
    out = _console()
    if body.abstention is None:
        out.print(Text(_printable(body.text, keep_lines=True), style="bold"))
        _show_citations(out, body.citations)
        return
    searched = body.abstention.searched
    out.print(Text(f"No answer: {_printable(body.abstention.reason)}", style="bold"))
    out.print(
        f"Searched {searched.documents} documents, {searched.passages} passages, "
        f"in collection {searched.collection!r}."
    )
    if body.abstention.closest:
        out.print("What came closest:")
        _show_citations(out, body.abstention.closest)


def show_passages(body: SearchBody, *, as_json: bool) -> None:
    """Passages, best first."""
    if as_json:
        _print_body(body)
        return
    out = _console()
    if not body.passages:
        out.print("Nothing found.")
    for number, one in enumerate(body.passages, 1):
        out.print(Text(f"{number}. {_place(one)} (score {one.score:.2f})", style="bold"))
        out.print(f"   {_printable(one.text)}\n")


def show_documents(summaries: Sequence[DocumentSummary], *, as_json: bool) -> None:
    """One line for each document."""
    bodies = [document_body(one) for one in summaries]
    if as_json:
        _print_json({"documents": TypeAdapter(list[DocumentBody]).dump_python(bodies, mode="json")})
        return
    out = _console()
    if not bodies:
        out.print("There are no documents yet. Add some: verse ingest PATH")
    for one in bodies:
        out.print(
            f"{one.id}  {one.collection}  {_printable(one.title)}  "
            f"({one.media_type}, {one.report.passages} passages)"
        )


def show_deleted(document_id: str, *, as_json: bool) -> None:
    """That a document is gone."""
    if as_json:
        _print_json({"deleted": document_id})
    else:
        _console().print(f"Deleted {_printable(document_id)}.")


def show_next_steps(folder: Path, question: str) -> None:
    """How to ask the same over HTTP: commands to copy, which rich would break into lines."""
    body = TypeAdapter(dict[str, str]).dump_json({"question": question}).decode()
    verse = "verse" if shutil.which("verse") else shlex.quote(sys.argv[0])
    sys.stdout.write(
        "\nNext: serve these documents, and ask over HTTP.\n\n"
        f"  {verse} serve --data {shlex.quote(str(folder))}\n"
        "  curl -s http://127.0.0.1:8000/v1/ask -H 'content-type: application/json' "
        f"-d {shlex.quote(body)}\n\n"
        f'Your own documents: {verse} ingest PATH, then {verse} ask "…"\n'
    )


def _files(ingester: Ingester, paths: Iterable[Path]) -> list[SourceFile]:
    """Each file at these paths once; under an equal key one would replace another as its new version."""
    files: dict[str, SourceFile] = {}
    for file in (file for path in paths for file in ingester.files(path)):
        other = files.setdefault(file.key, file)
        if other.path.resolve() != file.path.resolve():
            raise InputError(
                f"{str(other.path)!r} and {str(file.path)!r} would both be kept as {file.key!r}, and "
                "one would replace the other. Add the folder that holds both, or add each to a "
                "--collection of its own."
            )
    return list(files.values())


def _show_citations(out: Console, citations: Iterable[CitationBody]) -> None:
    for one in citations:
        place = _place(one)
        out.print(f"\n[{one.marker}] “{_printable(one.quote)}”")
        out.print(Text(f"    {place}", style="dim"))


def _place(one: CitationBody | PassageBody) -> str:
    page, day = one.page and str(one.page), None
    if isinstance(one, CitationBody):
        page, day = one.page_label or page, one.published and one.published.isoformat()
    parts = (
        one.document_title,
        day,
        page and f"page {page}",
        one.section,
        f"characters {one.start}–{one.end}",
    )
    return _printable(", ".join(part for part in parts if part))


def _detail(outcome: FileOutcome) -> str:
    if outcome.document is None:
        return f": {_printable(outcome.reason or '')}"
    document = outcome.document
    warnings = "".join(f"\n          {_printable(one)}" for one in document.warnings)
    return f"  ({document.passages} passages){warnings}"


def _outcome(outcome: FileOutcome) -> dict[str, str | None]:
    return {
        "path": outcome.path,
        "outcome": outcome.outcome,
        "document_id": outcome.document.id if outcome.document else None,
        "reason": outcome.reason,
    }


def _pages(library: Library, collection: str | None) -> Iterator[DocumentSummary]:
    after: DocumentId | None = None
    while page := library.store.summaries(collection, after=after, limit=_PAGE):
        yield from page
        after = page[-1].id


def _printable(text: str, *, keep_lines: bool = False) -> str:
    """Text in one line, or its own lines, without what a document could steer a terminal with."""
    lines = text.splitlines() if keep_lines else [" ".join(text.split())]
    return "\n".join("".join(c for c in line if not _steers(c)) for line in lines)


def _steers(character: str) -> bool:
    return (
        unicodedata.category(character) in {"Cc", "Cs"}
        or unicodedata.bidirectional(character) in _BIDI_CONTROLS
    )


def _console() -> Console:
    """Standard output; lines are wrapped for a terminal only, and text is never read as markup."""
    return Console(markup=False, highlight=False, emoji=False, soft_wrap=not sys.stdout.isatty())


def _print_body(body: BaseModel) -> None:
    sys.stdout.write(body.model_dump_json(indent=2) + "\n")


def _print_json(value: object) -> None:
    sys.stdout.write(TypeAdapter(object).dump_json(value, indent=2).decode() + "\n")
