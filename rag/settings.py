"""Every setting, with its bounds: read once, at an entry point, from `VERSE_…` variables."""

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from rag.mechanisms import Mechanism


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EmbeddingSettings(_Group):
    """The model that turns text into vectors."""

    model: str | None = Field(
        None,
        min_length=1,
        description="A local folder or a hub name of a sentence-transformers model; "
        "unset, the model that is installed with the service.",
    )
    compute_path: Literal["auto", "fp32", "bf16"] = Field(
        "auto",
        description="Arithmetic of the model in a new data folder, which keeps it: bf16 is about three times as "
        "fast where the processor has it, which auto finds out.",
    )


class RetrievalSettings(_Group):
    """How passages are found."""

    candidates: int = Field(
        50,
        gt=0,
        le=1000,
        description="Passages fetched from each half of the search before fusion.",
    )
    dense_weight: float = Field(
        0.7,
        ge=0,
        le=1,
        description="Weight of the dense half in the fused score; the rest is lexical.",
    )
    evidence: int = Field(20, gt=0, le=200, description="Passages that a composer reads.")


class AnswerSettings(_Group):
    """How answers are composed."""

    statements: int = Field(5, gt=0, le=20, description="Statements of an answer, at the most.")
    abstain_below: float = Field(
        0.6,
        ge=0,
        description="Fit of the best sentence below which there is no answer: its cosine with the question "
        "plus 0.6 times the share of the question's telling words that it holds. In a collection of fewer than 20 "
        "passages as much as 0.15 less is enough, and 0.25 less where the sentence ranker takes the sentence for "
        "more likely to answer than not; the latter shrinks with more passages and ends at 2,000. A row for an event "
        "needs 0.8 of it.",
    )
    keep_above: float = Field(
        0.65,
        ge=0,
        le=1,
        description="Share of the best sentence's rank that the sentence of a further statement must reach.",
    )
    ranker_weight: float = Field(
        0.15,
        ge=0,
        le=10,
        description="Weight of the sentence ranker's log-odds beside a sentence's fit, in its rank; 0 does without it.",
    )
    without: tuple[Mechanism, ...] = Field(
        (),
        description="What the engine does without, as a JSON list, to see what it is worth: "
        + ", ".join(Mechanism)
        + ".",
    )


class ChatSettings(_Group):
    """The language model that may write answers; without one, answers are sentences of the documents."""

    model: str | None = Field(
        None,
        min_length=1,
        description="`provider:name` as LangChain's init_chat_model takes it; the provider's package and its "
        "own variable for the key are the operator's.",
    )
    base_url: str | None = Field(
        None, description="Where the model is served, if not by its provider."
    )
    timeout_s: float = Field(
        60,
        gt=0,
        description="Seconds in which there is an answer, without the model if it takes longer.",
    )
    structured: Literal["auto", "tool", "schema", "text"] = Field(
        "auto",
        description="How the model is held to the form of an answer: by a `tool`, where `auto` knows that it has them, "
        "by the JSON `schema` of OpenAI's protocol, which servers of small models often have, or by `text` alone.",
    )
    rewrites: bool = Field(
        False,
        description="Whether the model, where it is to write the answer, first makes the question stand alone, "
        "splits it and proposes queries: one more call a question.",
    )
    input_price: float | None = Field(
        None, ge=0, description="Price of a million tokens that the model reads, in any currency."
    )
    output_price: float | None = Field(
        None, ge=0, description="Price of a million tokens that it writes."
    )


class LimitSettings(_Group):
    """What is refused before any work is done."""

    upload_bytes: int = Field(50_000_000, gt=0, description="Size of one uploaded document.")
    question_chars: int = Field(4_000, gt=0, description="Characters of a question or query.")
    history_turns: int = Field(50, gt=0, description="Earlier turns sent with a question.")
    search_results: int = Field(100, gt=0, description="Passages that one search may ask for.")
    queued_uploads: int = Field(1_000, gt=0, description="Uploads that may wait to be worked off.")
    free_bytes: int = Field(
        100_000_000, ge=0, description="Free disk below which nothing more is taken in."
    )
    requests_per_minute: int = Field(600, gt=0, description="Requests of one key in a minute.")
    wrong_keys_per_minute: int = Field(
        30, gt=0, description="Wrong keys from one address in a minute."
    )
    questions_per_day: int = Field(
        20_000, gt=0, description="Questions and searches of one key in a day (UTC)."
    )
    model_tokens_per_day: int = Field(
        5_000_000,
        gt=0,
        description="Tokens of the chat model that one key may use in a day (UTC), those set aside for questions "
        "under way included; the reply that passes it is the last.",
    )
    upload_bytes_per_day: int = Field(
        5_000_000_000, gt=0, description="Bytes that one key may upload in a day (UTC)."
    )
    connections: int = Field(1_000, gt=0, description="Connections that are open at a time.")


class AccessSettings(_Group):
    """Who the service is open to."""

    hosts: tuple[str, ...] = Field(
        (),
        description="Names under which a proxy offers the service, as a JSON list; with one, keys are needed.",
    )
    origins: tuple[str, ...] = Field(
        (), description="Sites whose pages may call the service, as a JSON list of origins."
    )
    proxies: tuple[str, ...] = Field(
        (),
        description="Addresses of proxies whose X-Forwarded headers are believed, as a JSON list.",
    )


class RetentionSettings(_Group):
    """How long what was asked is kept."""

    answers_days: int = Field(
        30, ge=0, le=36_500, description="Days that questions and answers are kept; 0 keeps none."
    )


class SandboxSettings(_Group):
    """The process that files are read in."""

    accept_missing: bool = Field(
        False,
        description="Serve other machines although this system lacks protections against hostile files; "
        "`verse doctor` lists them.",
    )


class Settings(BaseSettings):
    """All settings. `VERSE_RETRIEVAL__EVIDENCE=30` sets `retrieval.evidence`."""

    model_config = SettingsConfigDict(
        env_prefix="VERSE_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    data: Path = Field(Path("data"), description="The folder that holds everything that is stored.")
    embedding: EmbeddingSettings = EmbeddingSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    answers: AnswerSettings = AnswerSettings()
    chat: ChatSettings = ChatSettings()
    limits: LimitSettings = LimitSettings()
    access: AccessSettings = AccessSettings()
    retention: RetentionSettings = RetentionSettings()
    sandbox: SandboxSettings = SandboxSettings()

    @model_validator(mode="before")
    @classmethod
    def _refuse_unknown(cls, given: dict[str, Any]) -> dict[str, Any]:
        """A misspelt variable must not be passed over; pydantic only looks for the names it knows."""
        prefix = cls.model_config["env_prefix"]
        for name in sorted(os.environ):
            if name.upper().startswith(prefix):
                field = name[len(prefix) :].split("__")[0].lower()
                if field not in cls.model_fields:
                    raise ValueError(f"there is no setting {name}")
        return given
