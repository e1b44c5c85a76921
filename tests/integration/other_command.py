"""A command as another package would register it."""

import sys

import typer

app = typer.Typer()


@app.command()
def sing(words: str) -> None:
    if not words:
        sys.exit("There is nothing to sing.")
    typer.echo(words)
    raise typer.Exit(7)
