"""The HTTP service around one opened library."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Scope

from api import administration, documents, page, problems, questions, status
from api.access import Gate
from api.answer_log import AnswerLog
from api.attending import on_abandoned
from api.dependencies import Service
from api.documents import DOCUMENTS_PATH
from api.edge import LOOPBACK_HOSTS, Edge
from api.mcp import route as mcp
from api.metrics import Metrics
from api.openai import chat, responses
from api.readiness import Readiness
from api.suggestions import Suggestions
from ingest.jobs import JobWorker
from ingest.pipeline import Ingester
from rag.abandonment import Abandoned
from rag.errors import RagError
from rag.library import Library

_BODY_BYTES = 4 << 20  # of any call but an upload
_FORM_BYTES = 1 << 20  # of an upload besides the file itself
_FORGET_EVERY_S = 3600.0


def create_app(
    library: Library,
    *,
    own: bool,
    hosts: frozenset[str] | None = LOOPBACK_HOSTS,
    keys: bool = False,
) -> FastAPI:
    """The service, whose worker runs as long as the application does.

    Args:
        library: What it answers from.
        own: Whether to close the library when the application ends.
        hosts: Names that a request's `Host` may hold; None for any.
        keys: Whether a request needs a key.
    """
    service = service_of(library, keys=keys)
    app = FastAPI(
        title="Chapterverse",
        summary="Ask your documents; every statement of the answer is backed by a verbatim quote.",
        version=version("chapterverse"),
        lifespan=_lifespan(service, own=own),
        docs_url=None,  # the framework's own page loads its scripts from elsewhere
        redoc_url=None,
        openapi_url=None,  # a route of ours gives it, behind the same gate as the others
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.service = service
    for part in (questions, chat, responses, mcp, documents, administration, status, page):
        app.include_router(part.router)
    app.exception_handler(RagError)(problems.on_rag_error)
    app.exception_handler(problems.ProblemError)(problems.on_problem)
    app.exception_handler(HTTPException)(problems.on_http_error)
    app.exception_handler(Abandoned)(on_abandoned)
    app.exception_handler(RequestValidationError)(problems.on_invalid_request)
    origins = library.settings.access.origins
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=("GET", "POST", "PATCH", "DELETE"),
            allow_headers=("*",),  # SDKs send many of their own
            expose_headers=("Content-Disposition", "Location", "Retry-After", "X-Request-Id"),
        )
    app.add_middleware(
        Edge,
        hosts=hosts,
        origins=frozenset(origins),
        body_bytes=_body_bytes(library.settings.limits.upload_bytes + _FORM_BYTES),
        observe=service.metrics.request,
    )
    return app


def service_of(library: Library, *, keys: bool) -> Service:
    """What answers from a library; its worker and log are the caller's to start and close.

    Args:
        library: As for `create_app`, like `keys`.
        keys: Whether a request needs a key.
    """
    settings, store = library.settings, library.store
    metrics = Metrics(store)
    worker = JobWorker(store, metrics.timed(Ingester(library).add))
    return Service(
        library=library,
        worker=worker,
        gate=Gate(store.keys, settings.limits, required=keys),
        answers=AnswerLog(store.answers, settings.retention.answers_days),
        suggestions=Suggestions(library),
        metrics=metrics,
        readiness=Readiness(library, worker),
    )


def _lifespan(
    service: Service, *, own: bool
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.answers.forget_old()
        forgetting = asyncio.create_task(_forget_old(service.answers))
        service.worker.start()
        try:
            yield
        finally:
            forgetting.cancel()
            with suppress(asyncio.CancelledError):
                await forgetting
            service.worker.stop()
            service.answers.close()
            if own:
                service.library.close()

    return lifespan


async def _forget_old(answers: AnswerLog) -> None:
    """Delete answers past their time again and again: a service may run for months."""
    while True:
        await asyncio.sleep(_FORGET_EVERY_S)
        await run_in_threadpool(answers.forget_old)


def _body_bytes(upload_bytes: int) -> Callable[[Scope], int]:
    def body_bytes(scope: Scope) -> int:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return upload_bytes if path == DOCUMENTS_PATH else _BODY_BYTES

    return body_bytes
