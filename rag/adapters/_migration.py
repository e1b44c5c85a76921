"""From an older format to the present one: forward only, in one transaction, after a copy was put aside."""

from __future__ import annotations

from pathlib import Path

import apsw

from rag.adapters import _durable as durable
from rag.adapters import _seals as seals
from rag.adapters._schema import FORMAT, STEPS
from rag.adapters.sqlite import APPLICATION_ID, Database, format_of


def bring_up_to_date(db: Database) -> None:
    """Bring a database to the present format; a new one gets its tables."""
    with db.read() as reader:
        found = format_of(reader)
        if found == FORMAT:
            return
        if found is not None:
            _copy(reader, db.path, found)
    with db.write() as writer:
        for step in STEPS[found or 0 :]:
            writer.execute(step)
        for sealed in seals.EVERY:
            seals.close(writer, sealed, "true")
        writer.pragma("application_id", APPLICATION_ID)
        writer.pragma("user_version", FORMAT)


def drop_copies(database: Path) -> None:
    """Delete the copies of older formats: they hold what is deleted from the database."""
    for copy in database.parent.glob(f"{database.name}.format-*"):
        copy.unlink(missing_ok=True)


def _copy(db: apsw.Connection, database: Path, found: int) -> None:
    """Put a copy beside the database, whole or not at all."""
    final = database.with_name(f"{database.name}.format-{found}")
    aside = final.with_name(f".{final.name}")
    aside.unlink(missing_ok=True)
    db.execute("VACUUM INTO ?", (str(aside),))
    durable.sync(aside)
    aside.rename(final)
    durable.sync_folder(final.parent)
