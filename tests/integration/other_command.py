"""A command as another package would register it."""

import typer

app = typer.Typer()


@app.command()
def sing(words: str) -> None:
    typer.echo(words)
    raise typer.Exit(7)
