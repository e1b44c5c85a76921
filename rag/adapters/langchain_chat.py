"""Any chat model that LangChain knows."""

from __future__ import annotations

import asyncio
import json
import logging
import queue
import re
import threading
import time
from collections.abc import Coroutine, Generator, Iterator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Literal

from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage
from langchain_core.runnables import Runnable

from rag.abandonment import is_abandoned
from rag.errors import ModelError, ModelKeyRefused, ModelTimeout, ModelUnavailable
from rag.types import Usage

logger = logging.getLogger(__name__)

Schema = Mapping[str, object]
Structured = Literal["auto", "tool", "schema", "text"]
_LOOK_S = 0.1  # between looks at whether anybody still waits
_BUSY = frozenset(
    {408, 409, 425, 429}
)  # statuses that may be others a moment later, as those from 500 on
_KEY_REFUSED = frozenset({401, 403})
_REQUEST_REFUSED = frozenset({400, 404, 422})
# What is asked for besides a reply, and how servers name it that refuse it: what a reply takes, its form, and the
# temperature, which models that think first often have no choice of.
_REFUSABLE = {
    "usage": re.compile(r"stream_options|include_usage"),
    "form": re.compile(r"\btools?\b|tool_choice|response_format|json_schema"),
    "temperature": re.compile(r"\btemperature\b"),
}


class LangChainChatModel:
    """A LangChain chat model as ours: two messages in, a text out in parts, errors of ours.

    It is read on an event loop, so that a reply which nobody waits for is ended at once, its connection with it.
    Retries are `rag.chat_guarding`'s.
    """

    def __init__(
        self,
        model: BaseChatModel,
        name: str,
        schema: Schema | None = None,
        how: Structured = "auto",
    ) -> None:
        self._model, self._schema = model, schema
        self._how = _way(model, how)
        self._asking = frozenset(
            what
            for what, is_asked in {
                "usage": getattr(model, "stream_usage", False),
                "form": schema is not None and self._how != "text",
                "temperature": getattr(model, "temperature", None) is not None,
            }.items()
            if is_asked
        )
        self.name = name
        self._loop = _Loop()

    @classmethod
    def named(
        cls,
        name: str,
        base_url: str | None,
        timeout_s: float,
        *,
        schema: Schema | None = None,
        how: Structured = "auto",
    ) -> LangChainChatModel:
        """The model of a `provider:name`, held to a JSON schema if one is given, which has a `title`.

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
        if hasattr(model, "stream_usage"):
            model.stream_usage = True  # off by default at a `base_url`
        return cls(model, name, schema, how)

    def reply(
        self, system: str, user: str, *, within_s: float
    ) -> Generator[str | Usage, None, None]:
        """See `ChatModel.reply`."""
        ends = time.monotonic() + within_s
        used = Usage(0, 0)
        parts: queue.SimpleQueue[AIMessage | _End] = queue.SimpleQueue()
        reading = self._loop.begin(self._read(system, user, parts))
        try:
            while not isinstance(part := self._next(parts, ends), _End):
                yield from _words(part)
                if took := part.usage_metadata:  # by LangChain's convention, since the last it told
                    used = Usage(
                        used.input_tokens + took["input_tokens"],
                        used.output_tokens + took["output_tokens"],
                    )
                    yield used
        finally:
            reading.cancel()
        if part.error is not None:
            raise _failure(self.name, part.error) from part.error

    def _next(self, parts: queue.SimpleQueue[AIMessage | _End], ends: float) -> AIMessage | _End:
        if not is_abandoned():
            with suppress(queue.Empty):  # what is there was in time, however slow its reader is
                return parts.get_nowait()
        while (left := ends - time.monotonic()) > 0 and not is_abandoned():
            try:
                return parts.get(timeout=min(_LOOK_S, left))
            except queue.Empty:
                continue
        raise ModelTimeout(f"The chat model {self.name!r} was not waited for any longer.")

    async def _read(
        self, system: str, user: str, parts: queue.SimpleQueue[AIMessage | _End]
    ) -> None:
        try:
            await self._pass_on(system, user, parts)
        except Exception as error:  # noqa: BLE001 # every provider raises its own, and the reader is told
            parts.put(_End(error))
        else:
            parts.put(_End(None))

    async def _pass_on(
        self, system: str, user: str, parts: queue.SimpleQueue[AIMessage | _End]
    ) -> None:
        """Read a reply. Of what is refused, ask without that, and from then on if it helps.

        Each reply goes by what it asked itself: others that are under way may have been refused meanwhile.
        """
        messages = [SystemMessage(system), HumanMessage(user)]
        asking = self._asking
        while True:
            begun = False
            try:
                async for part in self._asked(asking).astream(messages):
                    begun, self._asking = True, asking
                    parts.put(part)
            except Exception as error:
                refused = next((one for one in _refused(error) if one in asking), None)
                if begun or refused is None:
                    raise
                logger.info("the chat model %r is asked without %s", self.name, refused)
                asking -= {refused}
            else:
                return

    def _asked(self, asking: frozenset[str]) -> Runnable[LanguageModelInput, AIMessage]:
        """The model, asking for just this besides a reply."""
        left_out: dict[str, object] = {}
        if "usage" not in asking and getattr(self._model, "stream_usage", False):
            left_out["stream_usage"] = False
        if "temperature" not in asking and getattr(self._model, "temperature", None) is not None:
            left_out["temperature"] = None
        # a copy may open connections of its own
        model = self._model.model_copy(update=left_out) if left_out else self._model
        if self._schema is None or "form" not in asking:
            return model
        return _held(model, self._schema, self._how)


def _way(model: BaseChatModel, how: Structured) -> Structured:
    """How the model is held to a form: as it is meant to be, or as it is known to be able to."""
    if how != "auto":
        return how
    return "tool" if (model.profile or {}).get("tool_calling") else "text"


def _held(
    model: BaseChatModel, schema: Schema, how: Structured
) -> Runnable[LanguageModelInput, AIMessage]:
    if how == "tool":
        return model.bind_tools([dict(schema)], tool_choice=str(schema["title"]))
    form = {"name": schema["title"], "strict": True, "schema": schema}
    return model.bind(response_format={"type": "json_schema", "json_schema": form})


def _refused(error: BaseException) -> Iterator[str]:
    """What of a request a server names that refused it."""
    if _status(error) in _REQUEST_REFUSED:
        said = "\n".join(map(str, _causes(error)))
        yield from (what for what, named in _REFUSABLE.items() if named.search(said))


class _End:
    """Behind the last part of a reply: how it ended."""

    def __init__(self, error: Exception | None) -> None:
        self.error = error


class _Loop:
    """An event loop on a thread of its own, begun when there is something to do."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._beginning = threading.Lock()

    def begin(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        with self._beginning:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=self._loop.run_forever, name="chat model", daemon=True
                ).start()
        return asyncio.run_coroutine_threadsafe(work, self._loop)


def _words(part: AIMessage) -> Iterator[str]:
    """What a part says, in words or to a tool."""
    if text := str(part.text):
        yield text
    if isinstance(part, AIMessageChunk):
        yield from (call["args"] for call in part.tool_call_chunks if call["args"])
    else:
        yield from (json.dumps(call["args"]) for call in part.tool_calls)


def _failure(name: str, error: BaseException) -> ModelError:
    """What an error of a provider is to us, by what it was caused by and the status that it carries.

    Its own words are left out, since some providers repeat the key in them.
    """
    causes = list(_causes(error))
    said = f"The chat model {name!r} failed: {type(error).__name__}."
    if any(isinstance(one, TimeoutError) or _is_timeout(one) for one in causes):
        return ModelTimeout(said)
    status = _status(error)
    if status in _KEY_REFUSED:
        return ModelKeyRefused(
            f"The provider of the chat model {name!r} refused the key (status {status}). "
            "Check the key in the provider's variable, and what it may be used for."
        )
    if status in _BUSY or status >= 500:
        return ModelUnavailable(said)
    unreached = any(isinstance(one, ConnectionError | OSError) for one in causes)
    return ModelUnavailable(said) if unreached else ModelError(said)


def _status(error: BaseException) -> int:
    """The HTTP status that an error was caused by; 0 where none is known."""
    statuses = (getattr(one, "status_code", None) for one in _causes(error))
    return next((one for one in statuses if isinstance(one, int)), 0)


def _is_timeout(error: BaseException) -> bool:
    """Whether it is a time-out of the HTTP client that the provider's package happens to use."""
    names = {one.__name__ for one in type(error).__mro__ if one.__module__.startswith("http")}
    return "TimeoutException" in names


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
