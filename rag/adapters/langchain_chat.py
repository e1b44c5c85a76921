"""Any chat model that LangChain knows."""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import HumanMessage, SystemMessage

from rag.errors import ModelError, ModelTimeout


class LangChainChatModel:
    """A LangChain chat model as ours: two messages in, a text out, errors of ours.

    Retries are LangChain's; there are none, because an answer without the model is ready meanwhile.
    """

    def __init__(self, model: BaseChatModel, name: str) -> None:
        self._model = model
        self.name = name

    @classmethod
    def named(cls, name: str, base_url: str | None, timeout_s: float) -> LangChainChatModel:
        """The model of a `provider:name`.

        Raises:
            ModelError: the provider is unknown, its package is not installed, or its key is not set.
        """
        from langchain.chat_models import init_chat_model  # a second of imports

        options: dict[str, Any] = {"timeout": timeout_s, "max_retries": 0, "temperature": 0}
        if base_url is not None:
            options["base_url"] = base_url
        try:
            model = init_chat_model(name, **options)
        except Exception as error:  # every provider raises its own
            raise ModelError(
                f"The chat model {name!r} cannot be set up ({type(error).__name__}). Install its provider's "
                "package for LangChain, and set its key."
            ) from error
        return cls(model, name)

    def reply(self, system: str, user: str) -> str:
        """See `ChatModel.reply`."""
        try:
            answer = self._model.invoke([SystemMessage(system), HumanMessage(user)])
        except Exception as error:  # every provider raises its own
            kind = ModelTimeout if "timeout" in type(error).__name__.lower() else ModelError
            raise kind(f"The chat model {self.name!r} failed: {type(error).__name__}.") from error
        return str(answer.text)
