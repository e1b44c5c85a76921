"""The commands of `verse eval` that work on suites: each parses, calls one function, and prints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DONE, FAILED, UNUSABLE, REFUSED, LOST, INTERRUPTED = 0, 1, 2, 3, 4, 130


def check(
    suites: Annotated[list[Path], typer.Argument(metavar="SUITE…", help="Folders of suites.")],
) -> None:
    """Check suites: is every line in its form, every quote in its document, every pattern safe and supported?

    Exits with 1 when something is wrong, each thing on a line of its own with its file and line.
    """
    from eval.linting import checked_suite
    from eval.suite import SuiteError

    wrong = 0
    for folder in suites:
        try:
            suite = checked_suite(folder)
        except SuiteError as error:
            wrong += len(error.problems)
            typer.echo(str(error))
        else:
            typer.echo(
                f"{folder}: {suite.name}, {len(suite.questions)} questions about "
                f"{len(suite.documents)} documents: nothing is wrong"
            )
    if wrong:
        typer.echo(f"verse eval: {wrong} problems", err=True)
        raise typer.Exit(FAILED)
