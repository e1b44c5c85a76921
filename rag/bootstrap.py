"""The one place that names concrete parts: to read the system, begin here; to change a part, change a line."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from rag.composition import EXTRACTIVE, SentenceComposer
from rag.errors import IndexMismatch
from rag.event_composition import EventComposer
from rag.library import Library, Store
from rag.mechanisms import EVERY
from rag.protocols import AnswerComposer, ChatModel, Embedder, KeyStore, Rewriter, SentenceRanker
from rag.queueing import QueuedComposer
from rag.reading import SentenceReader
from rag.remembering import RememberingEmbedder
from rag.retrieval import HybridRetriever
from rag.settings import ChatSettings, Settings
from rag.spelling import Speller

if TYPE_CHECKING:
    from rag.chat_metering import Prices

# Of the fit that an answer needs: a sentence of a row is dated, and needs less to be of what is asked about.
_ROW_SHARE = 0.8
_MODELS_SHARE = (
    0.9  # of the time until an answer is due; in the rest it can be given without the model
)
# Of that time, at the beginning of the model's, where it rewrites questions.
_REWRITING_SHARE = 0.15

logger = logging.getLogger(__name__)


def open_rag(settings: Settings) -> Library:
    """Open the data folder that the settings name.

    Raises:
        ModelError: the embedding model or the sentence ranker is missing or is not the pinned one.
        StoreError: the folder is held by another process, damaged, or of another model or format.
    """
    from rag.adapters.embedded import EmbeddedStore

    embedder = open_embedder(settings)
    chat, ranker = _chat_model(settings.chat), open_ranker(settings, embedder.identity.compute_path)
    rewriter = open_rewriter(settings.chat) if settings.chat.rewrites else None
    store = EmbeddedStore(settings.data, embedder.identity)
    return assemble(settings, store, embedder, chat, ranker=ranker, rewriter=rewriter)


def open_rewriter(settings: ChatSettings) -> Rewriter | None:
    """The chat model that rewrites questions, if a model is named, whether or not it is set to.

    Raises:
        ModelError: its provider is unknown or not installed, or its key is not set.
    """
    if settings.model is None:
        return None
    from rag.chat_guarding import GuardedChatModel
    from rag.chat_rewriting import SCHEMA, ChatRewriter

    return ChatRewriter(
        model=GuardedChatModel(_held_model(settings.model, settings, SCHEMA)),
        within_s=_REWRITING_SHARE * settings.timeout_s,
        prices=_prices(settings),
    )


def open_keys(settings: Settings) -> AbstractContextManager[KeyStore]:
    """The keys of the data folder that the settings name, without the embedding model.

    Raises:
        StoreError: as for `open_rag`, once the context is entered.
    """
    from rag.adapters._access import opened_keys

    return opened_keys(settings.data)


def open_embedder(settings: Settings) -> Embedder:
    """The embedding model that the settings name; its weights are loaded on first use."""
    from rag.adapters.bundled_model import BundledEmbedder
    from rag.adapters.sentence_transformers import SentenceTransformerEmbedder

    model, compute_path = settings.embedding.model, _compute_path(settings)
    return (
        SentenceTransformerEmbedder(model, compute_path) if model else BundledEmbedder(compute_path)
    )


def open_ranker(settings: Settings, compute_path: str) -> SentenceRanker | None:
    """The sentence ranker, unless it is to have no weight or the model that it corrects is not installed.

    `compute_path` is the embedding model's.

    Raises:
        ModelError: it is missing, or is not the pinned one.
    """
    from rag.adapters.bundled_model import is_installed
    from rag.adapters.sentence_ranker import BundledRanker

    if settings.answers.ranker_weight == 0:
        return None
    if settings.embedding.model and not is_installed():
        logger.warning(
            "sentences are ordered without the sentence ranker, which needs the extra `offline-model`; "
            "VERSE_ANSWERS__RANKER_WEIGHT=0 says that this is meant"
        )
        return None
    return BundledRanker(compute_path)


def assemble(
    settings: Settings,
    store: Store,
    embedder: Embedder,
    chat: ChatModel | None = None,
    *,
    ranker: SentenceRanker | None = None,
    rewriter: Rewriter | None = None,
) -> Library:
    """A library of a store and an embedder that fit together, and of a chat model and the others if there are any."""
    from rag.adapters.processor import cores

    asking = RememberingEmbedder(embedder)
    reader = SentenceReader(
        index=store,
        embedder=asking,
        ranker=ranker,
        ranker_weight=settings.answers.ranker_weight,
    )
    sentences = SentenceComposer(
        reader=reader,
        events=EventComposer(reader=reader, least=_ROW_SHARE * settings.answers.abstain_below),
        statements=settings.answers.statements,
        abstain_below=settings.answers.abstain_below,
        keep_above=settings.answers.keep_above,
        mechanisms=EVERY.difference(settings.answers.without),
    )
    extractive = QueuedComposer(sentences, at_once=cores())
    composers: dict[str, AnswerComposer] = {EXTRACTIVE: extractive}
    if chat is not None:
        composers |= _chat_composers(chat, extractive, settings.chat)
    return Library(
        settings=settings,
        store=store,
        embedder=embedder,
        ranker=ranker,
        speller=Speller(index=store),
        retriever=HybridRetriever(
            index=store,
            embedder=asking,
            candidates=settings.retrieval.candidates,
            dense_weight=settings.retrieval.dense_weight,
        ),
        composers=composers,
        preferred=[*composers][-1],
        rewriter=rewriter,
    )


def _compute_path(settings: Settings) -> str:
    """How the data folder's vectors were computed; at its first use, what the settings say."""
    from rag.adapters.inspection import recorded_model
    from rag.adapters.processor import BF16, FP32, fastest_compute_path

    recorded = recorded_model(settings.data)
    if recorded is None:
        chosen = {"fp32": FP32, "bf16": BF16}
        return chosen.get(settings.embedding.compute_path) or fastest_compute_path()
    if recorded.compute_path not in (FP32, BF16):
        raise IndexMismatch(str(recorded), f"one that computes as {FP32} or {BF16}")
    if recorded.compute_path == BF16 != fastest_compute_path():
        logger.warning(
            "the data folder's vectors were computed in bfloat16, which this processor has to emulate: slowly"
        )
    return recorded.compute_path


def _chat_composers(
    chat: ChatModel, otherwise: AnswerComposer, settings: ChatSettings
) -> dict[str, AnswerComposer]:
    from rag.chat_composition import CHAT, ChatComposer
    from rag.chat_guarding import GuardedChatModel

    share = _MODELS_SHARE - (_REWRITING_SHARE if settings.rewrites else 0)
    composer = ChatComposer(
        model=GuardedChatModel(chat),
        otherwise=otherwise,
        within_s=share * settings.timeout_s,
        prices=_prices(settings),
    )
    return {CHAT: composer}


def _prices(settings: ChatSettings) -> Prices | None:
    from rag.chat_metering import Prices

    if settings.input_price is None or settings.output_price is None:
        return None
    return Prices(input=settings.input_price, output=settings.output_price)


def _chat_model(settings: ChatSettings) -> ChatModel | None:
    if settings.model is None:
        return None
    from rag.chat_prompt import SCHEMA

    return _held_model(settings.model, settings, SCHEMA)


def _held_model(name: str, settings: ChatSettings, schema: Mapping[str, object]) -> ChatModel:
    """A model that replies by a schema."""
    from rag.adapters.langchain_chat import LangChainChatModel

    return LangChainChatModel.named(
        name,
        settings.base_url,
        settings.timeout_s,
        schema=schema,
        how=settings.structured,
    )
