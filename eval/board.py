"""`verse eval bench`: every development set of a folder by the measures that it is for, in one table."""

from __future__ import annotations

import datetime as dt
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from eval.bars import bars
from eval.bench import BenchError

if TYPE_CHECKING:
    from eval.figures import Board, Measured
    from eval.sets import Adapter, Progress

_OUT = Path("bench-run")
JSON_FILE, MARKDOWN_FILE = "bench.json", "bench.md"


def bench(
    folder: Annotated[
        Path, typer.Argument(help="Holds the sets, each in a folder of its own.", exists=True)
    ],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Where the table is written, after every set anew.")
    ] = _OUT,
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this set; repeatable.")
    ] = None,
) -> None:
    """Measure everything that there are development sets for: half an hour or more, and one table.

    Exits with 1 when a quote is not exact, and with 2 when a set cannot be read; the others are measured all the same.
    """
    from eval.sets import chosen, without

    try:
        adapters, absent = chosen(folder, only or ())
    except BenchError as error:
        typer.echo(f"verse eval: {error}", err=True)
        raise typer.Exit(2) from error
    board = replace(_new_board(out), absent=absent, without=without(folder))
    out.mkdir(parents=True, exist_ok=True)
    with bars() as show:
        for name, adapter in adapters.items():
            measured = measured_by(adapter, folder / name, partial(_of_set, show, name))
            board = replace(board, sets={**board.sets, name: measured})
            write(board, out)
    _show(board, out)
    raise typer.Exit(2 if board.failed else 0 if board.exact else 1)


def measured_by(adapter: Adapter, folder: Path, progress: Progress) -> Measured:
    """The figures of a set; where it breaks off, those until then and why."""
    from eval.figures import Figure, Measured

    began = time.perf_counter()
    figures: list[Figure] = []
    failed = None
    try:
        figures.extend(adapter(folder, progress))
    except BenchError as error:
        failed = str(error)
    seconds = time.perf_counter() - began
    return Measured(figures=tuple(figures), seconds=round(seconds, 1), failed=failed)


def write(board: Board, out: Path) -> None:
    """Write the table, for programs and for the docs."""
    from eval.figures import boards_as_json, markdown

    (out / JSON_FILE).write_bytes(boards_as_json().dump_json(board, indent=1) + b"\n")
    (out / MARKDOWN_FILE).write_text(markdown(board), encoding="utf-8")


def _new_board(out: Path) -> Board:
    """One without sets; `out` is no data folder, so that its arithmetic is that of new ones."""
    from eval.figures import Board
    from eval.revision import code_revision
    from eval.sets import MOST
    from rag.bootstrap import open_embedder
    from rag.settings import Settings

    return Board(
        day=dt.datetime.now(dt.UTC).date().isoformat(),
        code=code_revision(),
        compute_path=open_embedder(Settings(data=out)).identity.compute_path,
        most=MOST,
        sets={},
    )


def _of_set(progress: Progress, name: str, stage: str, done: int, total: int) -> None:
    progress(f"{name}: {stage}", done, total)


def _show(board: Board, out: Path) -> None:
    from eval.figures import notes, table

    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table(board))
    for one in notes(board):
        console.print(one, markup=False, highlight=False)
    written = ", ".join(str(out / name) for name in (JSON_FILE, MARKDOWN_FILE))
    console.print(f"Written: {written}", markup=False, highlight=False)
