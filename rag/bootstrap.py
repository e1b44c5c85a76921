"""The one place that names concrete parts: to read the system, begin here; to change a part, change a line."""

from rag.composition import SentenceComposer
from rag.library import Library, Store
from rag.protocols import Embedder
from rag.retrieval import HybridRetriever
from rag.settings import Settings


def open_rag(settings: Settings) -> Library:
    """Open the data folder that the settings name.

    Raises:
        ModelError: the embedding model is missing or is not the pinned one.
        StoreError: the folder is held by another process, damaged, or of another model or format.
    """
    from rag.adapters.embedded import EmbeddedStore
    from rag.adapters.sentence_transformers import SentenceTransformerEmbedder

    embedder = SentenceTransformerEmbedder(settings.embedding.model)
    return assemble(settings, EmbeddedStore(settings.data, embedder.identity), embedder)


def assemble(settings: Settings, store: Store, embedder: Embedder) -> Library:
    """A library of a store and an embedder that fit together."""
    return Library(
        settings=settings,
        store=store,
        embedder=embedder,
        retriever=HybridRetriever(
            index=store,
            embedder=embedder,
            candidates=settings.retrieval.candidates,
            dense_weight=settings.retrieval.dense_weight,
        ),
        composer=SentenceComposer(
            index=store,
            embedder=embedder,
            statements=settings.answers.statements,
            abstain_below=settings.answers.abstain_below,
            keep_above=settings.answers.keep_above,
        ),
    )
