"""What the operator of a data folder does: back up, restore, verify; export collections, answers; purge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli import (
    FAILED,
    CollectionOption,
    DataOption,
    JsonOption,
    VerboseOption,
    _fail,
    _is_new,
    _ListByDefault,
    _log,
    _opened,
    _settings,
    app,
)

_DATA = Path("data")
_LISTED = 20  # problems that are printed; --json has all of them

collections_app = typer.Typer(
    cls=_ListByDefault,
    help="List collections, write out everything of one, or delete one.",
    rich_markup_mode=None,
)
app.add_typer(collections_app, name="collections")
answers_app = typer.Typer(
    help="Make questions for an evaluation of answers that were given.", rich_markup_mode=None
)
app.add_typer(answers_app, name="answers")


@app.command()
def backup(
    destination: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
    data: DataOption = _DATA,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Write a backup of the data folder as it is now, also while a server has it open."""
    from rag.adapters.backup import back_up

    _log(verbose)
    made = back_up(_settings(data).data, destination)
    _show(
        {"originals": made.originals, "bytes": made.bytes, "lost": list(made.lost)},
        f"Backed up the database and {made.originals:,} original files, {made.bytes / 1e6:,.1f} MB.",
        as_json=as_json,
    )
    if made.lost:
        _fail(
            f"{len(made.lost):,} original files are lost or damaged in the data folder itself and are not in the "
            "backup. Look with: verse verify"
        )


@app.command()
def restore(
    source: Annotated[Path, typer.Argument(help="A backup.")],
    data: DataOption = _DATA,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Make a data folder of a backup, once every byte of it is checked."""
    from rag.adapters.backup import restore as restored

    _log(verbose)
    files = restored(source, _settings(data).data)
    _show({"files": files}, f"Restored {files:,} files.", as_json=as_json)


@app.command()
def verify(
    data: DataOption = _DATA,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Compare all that a data folder or a backup holds with what was written; changes nothing."""
    from rag.adapters.backup import verify as found_in

    _log(verbose)
    found = found_in(_settings(data).data)
    lines = [f"{_of(one.document_id)}{one.what}" for one in found[:_LISTED]]
    if len(found) > _LISTED:
        lines.append(f"And {len(found) - _LISTED:,} more; --json tells all.")
    problems = [
        {
            "part": one.part,
            "what": one.what,
            "document_id": one.document_id,
            "version": one.version,
        }
        for one in found
    ]
    _show(
        {"sound": not found, "problems": problems},
        "\n".join(lines) or "Everything is as it was written.",
        as_json=as_json,
    )
    if found:
        raise typer.Exit(FAILED)


@collections_app.command("list")
def list_collections(
    data: DataOption = _DATA,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """List collections and how much they hold."""
    found = []
    if not _is_new(_settings(data).data):
        with _opened(data, verbose) as library:
            found = library.store.collections()
    _show(
        {
            "collections": [
                {"name": one.name, "documents": one.documents, "passages": one.passages}
                for one in found
            ]
        },
        "\n".join(
            f"{one.name}: {one.documents:,} documents, {one.passages:,} passages" for one in found
        )
        or "There are no collections yet.",
        as_json=as_json,
    )


@collections_app.command("export")
def export_collection(
    name: str,
    destination: Annotated[Path, typer.Argument(help="A tar file that does not exist yet.")],
    data: DataOption = _DATA,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Write everything of a collection in open formats: JSON Lines and the original files, as a tar archive."""
    from rag.exporting import export

    written = 0
    with _opened(data, verbose, make=False) as library:
        pieces = export(library.store, name)
        first = next(pieces)  # an unknown collection leaves no file behind
        try:
            with destination.open("xb") as file:
                written = file.write(first)
                written += sum(map(file.write, pieces))
        except FileExistsError:
            _fail(f"{str(destination)!r} exists already; name a file that does not.")
        except BaseException:
            destination.unlink(missing_ok=True)
            raise
    _show({"bytes": written}, f"Wrote {written / 1e6:,.1f} MB.", as_json=as_json)


@collections_app.command("purge")
def purge_collection(
    name: str,
    data: DataOption = _DATA,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Delete a collection with every document in it. There is no way back but a backup."""
    with _opened(data, verbose, make=False) as library:
        library.store.purge(name)
    _show({"purged": name}, f"Purged {name}.", as_json=as_json)


@answers_app.command("export")
def export_answers(
    destination: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
    collection: CollectionOption = "default",
    data: DataOption = _DATA,
    as_json: JsonOption = False,
    verbose: VerboseOption = 0,
) -> None:
    """Write a collection's answers that have feedback as drafts of a suite, with the documents that they cite."""
    import datetime as dt

    from api.drafting import write_drafts

    with _opened(data, verbose, make=False) as library:
        library.store.count(collection)  # there is one of that name
        kept = dt.timedelta(days=library.settings.retention.answers_days)
        answers = library.store.answers.with_feedback(collection, dt.datetime.now(dt.UTC) - kept)
        if not answers:
            _fail(
                f"No answer that is kept of {collection!r} has feedback. "
                "It is given by POST /v1/answers/{id}/feedback."
            )
        try:
            made = write_drafts(library.store, answers, destination)
        except FileExistsError:
            _fail(f"{str(destination)!r} exists already; name a folder that does not.")
    left_out = (
        f" {made.left_out:,} quotes of deleted documents are left out." if made.left_out else ""
    )
    _show(
        {"questions": made.questions, "documents": made.documents, "left_out": made.left_out},
        f"Wrote {made.questions:,} drafts with {made.documents:,} documents.{left_out} "
        f"What each lacks says: verse eval check {destination}",
        as_json=as_json,
    )


def _of(document_id: str | None) -> str:
    return f"Document {document_id}: " if document_id else ""


def _show(body: dict[str, Any], words: str, *, as_json: bool) -> None:
    typer.echo(json.dumps(body, indent=2, ensure_ascii=False) if as_json else words)
