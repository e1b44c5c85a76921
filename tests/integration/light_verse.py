"""`verse` in a process of its own, with hashed vectors instead of a model."""

import sys

import rag.bootstrap
from api.cli import main
from rag.adapters.embedded import EmbeddedStore
from rag.library import Library
from rag.settings import Settings
from tests.fakes import HashingEmbedder


def open_light(settings: Settings) -> Library:
    """The real store, with an embedder that needs no model."""
    embedder = HashingEmbedder()
    return rag.bootstrap.assemble(
        settings, EmbeddedStore(settings.data, embedder.identity), embedder
    )


if __name__ == "__main__":
    rag.bootstrap.open_rag = open_light
    sys.exit(main())
