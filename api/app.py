"""The HTTP service around one opened library."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import Scope

from api import problems
from api.edge import LOOPBACK_HOSTS, Edge
from api.routes import DOCUMENTS_PATH, Service, router
from ingest.jobs import JobWorker
from ingest.pipeline import Ingester
from rag.errors import RagError
from rag.library import Library

_BODY_BYTES = 4 << 20  # of any call but an upload
_FORM_BYTES = 1 << 20  # of an upload besides the file itself


def create_app(
    library: Library, *, own: bool, hosts: frozenset[str] | None = LOOPBACK_HOSTS
) -> FastAPI:
    """The service, whose worker runs as long as the application does.

    Args:
        library: What it answers from.
        own: Whether to close the library when the application ends.
        hosts: Names that a request's `Host` may hold; None for any.
    """
    service = Service(library=library, worker=JobWorker(library.store, Ingester(library).add))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.worker.start()
        try:
            yield
        finally:
            service.worker.stop()
            if own:
                library.close()

    app = FastAPI(
        title="Chapterverse",
        summary="Ask your documents; every statement of the answer is backed by a verbatim quote.",
        version=version("chapterverse"),
        lifespan=lifespan,
        docs_url=None,  # the framework's own page loads its scripts from elsewhere
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.service = service
    app.include_router(router)
    app.exception_handler(RagError)(problems.on_rag_error)
    app.exception_handler(problems.ProblemError)(problems.on_problem)
    app.exception_handler(HTTPException)(problems.on_http_error)
    app.exception_handler(RequestValidationError)(problems.on_invalid_request)
    upload_bytes = library.settings.limits.upload_bytes + _FORM_BYTES

    def body_bytes(scope: Scope) -> int:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return upload_bytes if path == DOCUMENTS_PATH else _BODY_BYTES

    app.add_middleware(Edge, hosts=hosts, body_bytes=body_bytes)
    return app
