"""A storage process to be killed: it adds, deletes, replaces and folds, and writes down what was acknowledged.

`python -m tests.torture.worker DATA LOG SEED [STEPS]`. Each line of the log is written when the call has returned; a
line `begin …` is written before, so that what was under way is known too. No model and no reader is imported.
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from rag.adapters.embedded import EmbeddedStore
from rag.errors import StoreError
from rag.types import Document, DocumentId
from tests.fakes import HashingEmbedder
from tests.make import document, lines

EMBEDDER = HashingEmbedder()


def source(name: str, revision: int) -> Document:
    """The one text that a name and a revision stand for: a sentence of its own among common ones."""
    common = "".join(f"Line {n} of common words about harbour {n % 7}.\n" for n in range(4))
    own = f"Sentinel {name}x{revision} stands here alone.\n"
    return document(own + common, id=name, source_key=f"{name}.txt", title=name)


def add(store: EmbeddedStore, one: Document) -> None:
    """Store a document."""
    passages = lines(one)
    vectors = EMBEDDER.embed_passages([passage.text for passage in passages])
    store.add(one, passages, vectors, original=one.text.encode())


def work(folder: Path, log: Path, seed: int, steps: int | None = None) -> None:
    """Change the store until killed, or for so many steps."""
    draw = random.Random(seed)  # noqa: S311 # which change comes next
    store = EmbeddedStore(folder, EMBEDDER.identity)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def say(line: str) -> None:
        os.write(descriptor, f"{line}\n".encode())

    def tried(what: str, name: str, revision: int) -> None:
        """A change, its intention before and its acknowledgement after; one that fails is not acknowledged."""
        say(f"begin {what} {name} {revision}")
        try:
            if what == "add":
                add(store, source(name, revision))
            elif what == "delete":
                store.delete(DocumentId(name))
            else:
                store.settle()
        except StoreError as error:
            say(f"failed {what} {name} {revision} {type(error).__name__}")
            return
        say(f"done {what} {name} {revision}")

    say("open")
    here = {one.id: 0 for one in store.summaries(None, limit=100_000)}
    done = 0
    while steps is None or done < steps:
        done += 1
        choice = draw.random()
        if choice < 0.55 or len(here) < 5:
            name = f"s{seed}n{done}"
            tried("add", name, 0)
            here[DocumentId(name)] = 0
        elif choice < 0.75:
            name = draw.choice(sorted(here))
            here[DocumentId(name)] += 1 + seed * 1000
            tried("add", name, here[DocumentId(name)])
        elif choice < 0.95:
            name = draw.choice(sorted(here))
            del here[DocumentId(name)]
            tried("delete", name, 0)
        else:
            tried("fold", "-", 0)
    say("closing")
    store.close()
    say("closed")


if __name__ == "__main__":
    work(
        Path(sys.argv[1]),
        Path(sys.argv[2]),
        int(sys.argv[3]),
        int(sys.argv[4]) if len(sys.argv) > 4 else None,
    )
