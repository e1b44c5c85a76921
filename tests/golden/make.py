"""Write a golden data folder with the release at hand, and what it answers: `python -m tests.golden.make DIR`.

Each format has a folder here that was written by the last release of that format, and is never written again.
"""

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

from rag.adapters.embedded import EmbeddedStore
from rag.analysis import terms
from rag.protocols import Upload
from rag.types import Document, DocumentDate, Filters, PageLocator, SectionLocator, Span
from tests.fakes import HashingEmbedder
from tests.make import document, lines

EMBEDDER = HashingEmbedder()
QUERIES = ("who painted the lighthouse", "ferry to the island", "the price of the north gate")
_HARBOUR = (
    "The harbour master closed the north gate on Tuesday.\n"
    "Ferry crews painted the lighthouse white.\n"
    "A storm broke two windows of the customs house.\n"
)
_TEXTS = {
    "harbour": _HARBOUR,
    "island": "The island has a ferry.\nIt sails twice a day — at 9½ and at noon.\n😀 Welcome.\n",
    "prices": "The north gate cost ten crowns.\nThe price was paid in May.\n",
    "long": "".join(f"Line {n} tells of ship {n % 13} and pier {n % 5}.\n" for n in range(60)),
}
_NEW_PRICES = "The north gate cost twelve crowns.\nThe price was paid in June.\n"


def documents() -> list[Document]:
    """What is added, in order; the last is a new version of one that came before."""
    made = []
    for key, text in _TEXTS.items():
        half = text.index("\n") + 1
        made.append(
            document(
                text,
                id=key,
                title=f"About the {key}",
                source_key=f"notes/{key}.txt",
                author="A. Keeper",
                language="en",
                published=DocumentDate(value=dt.date(2024, 2, 29), found_by="user"),
                locators=(
                    PageLocator(span=Span(0, half), number=1, label="i"),
                    PageLocator(span=Span(half, len(text)), number=2, label="ii"),
                    SectionLocator(span=Span(half, len(text)), path=("Notes", key)),
                ),
                warnings=("Something to know.",),
            )
        )
    made.append(document("Elsewhere the lighthouse is red.\n", id="other", collection="elsewhere"))
    made.append(
        document(_NEW_PRICES, id="prices", title="New prices", source_key="notes/prices.txt")
    )
    return made


def answers(store: EmbeddedStore) -> dict[str, Any]:
    """What both searches of each collection find, with scores."""
    found: dict[str, Any] = {}
    for collection in ("default", "elsewhere"):
        selection = store.select(collection, Filters())
        for query in QUERIES:
            dense = store.dense_search(selection, EMBEDDER.embed_queries([query])[0], 5)
            lexical = store.lexical_search(selection, terms(query), 5)
            passages = store.passages([hit.passage_id for hit in (*dense, *lexical)])
            for name, hits in (("dense", dense), ("lexical", lexical)):
                found[f"{collection}: {query}: {name}"] = [
                    [passages[hit.passage_id].text, round(hit.score, 6)] for hit in hits
                ]
    return found


def make(folder: Path) -> None:
    """Write the folder; `answers.json` beside the data says what it answered."""
    store = EmbeddedStore(folder, EMBEDDER.identity)
    for one in documents():
        passages = lines(one)
        vectors = EMBEDDER.embed_passages([passage.text for passage in passages])
        store.add(one, passages, vectors, original=one.text.encode())
    store.enqueue(Upload(name="waiting.txt", title="Waiting"), b"It waits to be read.\n")
    expected = answers(store)
    store.close()
    for left in ("lock", "reserve"):
        (folder / left).unlink(missing_ok=True)
    text = json.dumps(expected, ensure_ascii=False, indent=1) + "\n"
    (folder / "answers.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    make(Path(sys.argv[1]))
