"""What `verse` prints: for people by rich, for programs as JSON."""

from __future__ import annotations

import contextlib
import datetime as dt
import shlex
import shutil
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from pydantic import BaseModel, TypeAdapter
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from api.rendering import document_body, key_body, section_below_title
from api.schemas import (
    AnswerBody,
    CitationBody,
    DocumentBody,
    KeyBody,
    PassageBody,
    SearchBody,
)
from ingest.folders import Folders
from ingest.pipeline import FileOutcome, Outcome
from rag.access import Key, NewKey
from rag.answer_text import CLOSEST, searched_line
from rag.protocols import DocumentSummary

if TYPE_CHECKING:
    from api.doctor import Finding

_OUTCOMES = get_args(Outcome)
_BIDI_CONTROLS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


@dataclass
class Run:
    """What an ingestion has done so far.

    Attributes:
        keys: Of the files that there are.
        ended: Whether nothing is left to do.
        error: What ended it early, if it was no interrupt.
    """

    keys: frozenset[str]
    outcomes: list[FileOutcome] = field(default_factory=list)
    seconds: float = 0.0
    ended: bool = False
    error: Exception | None = None

    @property
    def done(self) -> int:
        """How many of the files have an outcome."""
        return sum(one.path in self.keys for one in self.outcomes)

    @property
    def failed(self) -> bool:
        """Whether a file was not added that should have been."""
        return any(one.outcome == "failed" for one in self.outcomes)


def ingested(folders: Folders) -> Run:
    """Add what lies at these paths, with progress on a terminal; an interrupt or an error ends it early.

    Raises:
        InputError: as `Folders.look`; nothing was added.
    """
    found = folders.look()
    run, began = Run(keys=frozenset(one.key for one in found.files)), time.monotonic()
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with (
        _ending(run),
        Progress(
            *columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
        ) as progress,
    ):
        task = progress.add_task("Adding documents", total=len(run.keys))
        for outcome in folders.run(found):
            run.outcomes.append(outcome)
            done = int(outcome.path in run.keys)
            progress.update(task, advance=done, description=f"Done: {_printable(outcome.path)}")
        run.ended = True
    run.seconds = time.monotonic() - began
    return run


@contextlib.contextmanager
def _ending(run: Run) -> Iterator[None]:
    """Keep what ends a run early, so that what is done can be told first."""
    try:
        with contextlib.suppress(KeyboardInterrupt):
            yield
    except Exception as error:  # noqa: BLE001 # it is raised again when the run was told
        run.error = error


def show_run(run: Run, *, as_json: bool, indent: int | None = 2) -> None:
    """What became of each file, and the counts."""
    if as_json:
        body = {**_outcomes(run.outcomes), "seconds": round(run.seconds, 1), "complete": run.ended}
        _print_json(body, indent)
        return
    _show_outcomes(run.outcomes)
    _console().print(f"{_counts(run.outcomes)} in {run.seconds:.1f} s")


def show_changes(outcomes: Sequence[FileOutcome], *, as_json: bool) -> None:
    """What became of files that changed while they were watched, as one line of JSON or as a report."""
    if as_json:
        _print_json(_outcomes(outcomes), None)
    else:
        _show_outcomes(outcomes)
    sys.stdout.flush()


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
    out.print(Text(f"No answer: {_printable(body.abstention.reason)}", style="bold"))
    out.print(searched_line(body.abstention.searched.model_dump()))
    if body.abstention.closest:
        out.print(CLOSEST)
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


def show_keys(keys: Sequence[Key], *, as_json: bool) -> None:
    """One line for each key."""
    bodies = [key_body(one) for one in keys]
    if as_json:
        _print_json({"keys": TypeAdapter(list[KeyBody]).dump_python(bodies, mode="json")})
        return
    out = _console()
    if not bodies:
        out.print("There are no keys. Make one: verse keys create NAME --scope read")
    now = dt.datetime.now(dt.UTC)
    for key, one in zip(keys, bodies, strict=True):
        reach = "all collections" if one.collections is None else ", ".join(one.collections)
        state = "revoked" if one.revoked_at else "valid" if key.is_valid(now) else "expired"
        out.print(f"{one.id}  {state}  {' '.join(one.scopes)}  {reach}  {_printable(one.name)}")


def show_new_key(made: NewKey, *, as_json: bool) -> None:
    """A key that was just made, with what opens."""
    if as_json:
        _print_json({**key_body(made.key).model_dump(mode="json"), "key": made.text})
        return
    out = _console()
    out.print(made.text)
    out.print("Keep it now: it is not stored and cannot be shown again.")


def show_revoked(key_id: str, *, as_json: bool) -> None:
    """That a key opens nothing any more."""
    if as_json:
        _print_json({"revoked": key_id})
    else:
        _console().print(f"Revoked {_printable(key_id)}.")


def show_findings(findings: Sequence[Finding], *, as_json: bool) -> None:
    """What `verse doctor` looked at, one line each, and what to do about it."""
    if as_json:
        well = all(one.level != "wrong" for one in findings)
        _print_json({"well": well, "findings": list(findings)})
        return
    out = _console()
    for one in findings:
        out.print(f"{one.level:>5}  {one.name}: {_printable(one.found)}")
        if one.advice:
            out.print(f"{'':7}{_printable(one.advice)}")


def show_next_steps(folder: Path, question: str) -> None:
    """How to ask the same on the page and over HTTP: commands to copy, which rich would break into lines."""
    body = TypeAdapter(dict[str, str]).dump_json({"question": question}).decode()
    verse = "verse" if shutil.which("verse") else shlex.quote(sys.argv[0])
    sys.stdout.write(
        "\nNext: serve these documents, and open http://127.0.0.1:8000 in a browser: ask there, and open each "
        "source at its words.\n\n"
        f"  {verse} serve --data {shlex.quote(str(folder))}\n\n"
        "The same over HTTP:\n\n"
        "  curl -s http://127.0.0.1:8000/v1/ask -H 'content-type: application/json' "
        f"-d {shlex.quote(body)}\n\n"
        f'Your own documents: {verse} ingest PATH, then {verse} ask "…"\n'
    )


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
        section_below_title(one),
        f"characters {one.start}–{one.end}",
    )
    return _printable(", ".join(part for part in parts if part))


def _show_outcomes(outcomes: Iterable[FileOutcome]) -> None:
    out = _console()
    for one in outcomes:
        out.print(f"{one.outcome:>9}  {_printable(one.path)}{_detail(one)}")


def _detail(outcome: FileOutcome) -> str:
    if outcome.reason is not None:
        return f": {_printable(outcome.reason)}"
    document = outcome.document
    if document is None or outcome.outcome in {"unchanged", "removed"}:
        return ""
    sizes = [_counted(document.pages, "page")] if document.pages else []
    sizes.append(_counted(document.passages, "passage"))
    sizes += [f"with {_counted(len(outcome.inside), 'attachment')}"] if outcome.inside else []
    copies = (
        f"{one.similarity:.0%} the same as {one.title!r} ({one.document_id})"
        for one in outcome.near_duplicates
    )
    notes = "".join(f"\n{'':11}{_printable(one)}" for one in (*document.warnings, *copies))
    return f"  ({', '.join(sizes)}){notes}"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _counts(outcomes: Iterable[FileOutcome]) -> str:
    counts = Counter(one.outcome for one in outcomes)
    return ", ".join(f"{counts[name]:,} {name}" for name in _OUTCOMES if counts[name]) or "Nothing"


def _outcomes(outcomes: Sequence[FileOutcome]) -> dict[str, object]:
    counts = Counter(one.outcome for one in outcomes)
    files = [_outcome(one) for one in outcomes]
    return {"files": files, **{name: counts[name] for name in _OUTCOMES}}


def _outcome(outcome: FileOutcome) -> dict[str, object]:
    document = outcome.document
    return {
        "path": outcome.path,
        "outcome": outcome.outcome,
        "reason": outcome.reason,
        "document": document_body(document).model_dump(mode="json") if document else None,
        "near_duplicates": [
            {"id": one.document_id, "title": one.title, "similarity": round(one.similarity, 2)}
            for one in outcome.near_duplicates
        ],
        "attachments": list(outcome.inside),
    }


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


def _print_json(value: object, indent: int | None = 2) -> None:
    sys.stdout.write(TypeAdapter(object).dump_json(value, indent=indent).decode() + "\n")
