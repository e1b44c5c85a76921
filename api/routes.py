"""The calls: each parses, calls one function of the library, and translates."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field, fields
from typing import Annotated, Any

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.datastructures import UploadFile as UploadedFile

from api.docs_page import docs_page
from api.problems import INTERNAL, INVALID_REQUEST, MALFORMED, MEDIA_TYPE, NOT_READY, ProblemError
from api.rendering import answer_body, document_body, job_body, search_body
from api.schemas import (
    WEB_ADDRESS_PATTERN,
    AcceptedBody,
    AnswerBody,
    AskIn,
    CollectionBody,
    CollectionsBody,
    Day,
    DocumentBody,
    DocumentsBody,
    FiltersIn,
    HealthBody,
    JobBody,
    Problem,
    SearchBody,
    SearchIn,
    TextBody,
    has_half_pair,
)
from ingest.jobs import JobWorker
from ingest.pipeline import check_collection_name, check_size
from rag.errors import (
    InvalidQuestion,
    ModelError,
    SpanOutOfRange,
    StoreError,
)
from rag.library import DEFAULT_COLLECTION, Library
from rag.protocols import Job, Upload
from rag.types import DocumentId, Filters, Span, Version

DOCUMENTS_PATH = "/v1/documents"
_WAIT_S = 600.0
_WAITING = 1_000  # uploads that may be waited for at a time, each on a thread that sleeps


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What the routes work with; made once, when the application is."""

    library: Library
    worker: JobWorker
    waiting: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_WAITING))


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _library(request: Request) -> Library:
    return _service(request).library


ServiceDep = Annotated[Service, Depends(_service)]
LibraryDep = Annotated[Library, Depends(_library)]
_PROBLEM: dict[str, Any] = {
    "description": "Problem details (RFC 9457)",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def _known_parameters_only(request: Request) -> None:
    """Refuse query parameters that the call does not have: a misspelt `wait` must not be lost."""
    known = {one.alias for one in request.scope["route"].dependant.query_params}
    _refuse_stray("query", request.query_params.multi_items(), known)


async def _known_fields_only(request: Request) -> None:
    """Refuse form fields that the call does not have, as for query parameters."""
    form = await request.form()
    if any(has_half_pair(name + _text(value)) for name, value in form.multi_items()):
        raise ProblemError(
            MALFORMED, "The form holds half a surrogate pair, which is no character: send UTF-8."
        )
    _refuse_stray("body", form.multi_items(), {"file", *(one.name for one in fields(UploadForm))})


def _refuse_stray(where: str, sent: Iterable[tuple[str, object]], known: Set[str]) -> None:
    """Refuse names that are not known, and those sent more than once: only one value would count."""
    wrong = [
        {
            "in": where,
            "field": name,
            "detail": "it is sent more than once" if name in known else "there is no such field",
        }
        for name, times in Counter(name for name, _ in sent).items()
        if name not in known or times > 1
    ]
    if wrong:
        raise ProblemError(
            INVALID_REQUEST, f"{wrong[0]['field']}: {wrong[0]['detail']}", errors=wrong
        )


def _text(value: UploadedFile | str) -> str:
    """What a form's field says; of a file, its name."""
    return value if isinstance(value, str) else value.filename or ""


router = APIRouter(
    responses={"4XX": {**_PROBLEM, "model": Problem}, 422: _PROBLEM, "5XX": _PROBLEM},
    dependencies=[Depends(_known_parameters_only)],
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadForm:
    """The optional fields that come with a file."""

    collection: Annotated[str, Form(description="Made by its first document.")] = DEFAULT_COLLECTION
    title: Annotated[str | None, Form(max_length=500)] = None
    published: Annotated[Day | None, Form(description="The day it was published.")] = None
    source_key: Annotated[
        str | None,
        Form(max_length=1_000, description="Names the source: new bytes replace its document."),
    ] = None
    source_url: Annotated[str | None, Form(max_length=2_000, pattern=WEB_ADDRESS_PATTERN)] = None


@router.post(
    DOCUMENTS_PATH,
    status_code=202,
    response_model=AcceptedBody,
    responses={
        200: {"model": DocumentBody, "description": "These bytes were known (with `wait`)"},
        201: {"model": DocumentBody, "description": "Durable and searchable (with `wait`)"},
    },
    dependencies=[Depends(_known_fields_only)],
    tags=["documents"],
)
async def add_document(
    request: Request,
    service: ServiceDep,
    response: Response,
    file: Annotated[UploadFile, File(description="One document.")],
    form: Annotated[UploadForm, Depends()],
    wait: Annotated[bool, Query(description="Answer when the document is searchable.")] = False,
) -> AcceptedBody | DocumentBody | Response:
    """Add a document. A 202 is a promise: the file is safe and will be worked off after any crash."""
    check_collection_name(form.collection)
    content = await file.read()
    check_size(len(content), service.library.settings.limits.upload_bytes)
    upload = Upload(
        name=_bare_name(file.filename),
        collection=form.collection,
        source_key=form.source_key,
        source_url=form.source_url,
        title=form.title,
        published=form.published,
    )
    job = await run_in_threadpool(service.worker.submit, upload, content)
    if wait:
        job = await to_thread.run_sync(
            service.worker.wait, job.id, _WAIT_S, limiter=service.waiting
        )
    return await run_in_threadpool(_added, service.library, job, response, _root(request))


def _added(library: Library, job: Job, response: Response, root: str) -> AcceptedBody | Response:
    if job.state == "failed":
        raise ProblemError(INTERNAL, job.reason or "The document could not be added.")
    if job.document_id is None:
        response.headers["Location"] = f"{root}/v1/jobs/{job.id}"
        return AcceptedBody(job=job_body(job))
    body = document_body(library.store.summary(job.document_id))
    return Response(
        body.model_dump_json(),
        status_code=200 if job.known else 201,
        headers={"Location": f"{root}{DOCUMENTS_PATH}/{job.document_id}"},
        media_type="application/json",
    )


@router.get(DOCUMENTS_PATH, tags=["documents"])
def list_documents(
    library: LibraryDep,
    collection: Annotated[str | None, Query(description="All collections where left out.")] = None,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> DocumentsBody:
    """List documents, a page at a time, in a stable order."""
    after = DocumentId(cursor) if cursor else None
    found = library.store.summaries(collection, after=after, limit=limit + 1)
    return DocumentsBody(
        documents=[document_body(one) for one in found[:limit]],
        next_cursor=found[limit - 1].id if len(found) > limit else None,
    )


@router.get(DOCUMENTS_PATH + "/{document_id}", tags=["documents"])
def get_document(library: LibraryDep, document_id: str) -> DocumentBody:
    """A document's metadata and ingestion report."""
    return document_body(library.store.summary(DocumentId(document_id)))


@router.delete(DOCUMENTS_PATH + "/{document_id}", status_code=204, tags=["documents"])
def delete_document(library: LibraryDep, document_id: str) -> None:
    """Delete a document: every version, and everything derived from it."""
    library.store.delete(DocumentId(document_id))


@router.get(DOCUMENTS_PATH + "/{document_id}/text", tags=["documents"])
def get_text(
    library: LibraryDep,
    document_id: str,
    start: Annotated[int, Query(description="First code point.")] = 0,
    end: Annotated[
        int | None, Query(description="One past the last; the text's end by default.")
    ] = None,
    version: Annotated[str | None, Query(description="The present one by default.")] = None,
) -> TextBody:
    """A slice of a document's text; at a citation's `start`, `end` and `version` it is the quote."""
    document = library.store.document(
        DocumentId(document_id), Version(version) if version else None
    )
    end = len(document.text) if end is None else end
    if not 0 <= start < end:
        raise SpanOutOfRange(start, end, len(document.text))
    return TextBody(text=Span(start, end).cut(document.text), start=start, end=end)


@router.get("/v1/collections", tags=["collections"])
def list_collections(library: LibraryDep) -> CollectionsBody:
    """List collections and how much they hold."""
    return CollectionsBody(
        collections=[
            CollectionBody(name=one.name, documents=one.documents, passages=one.passages)
            for one in library.store.collections()
        ]
    )


@router.get("/v1/jobs/{job_id}", tags=["documents"])
def get_job(library: LibraryDep, job_id: str) -> JobBody:
    """How far an upload is."""
    return job_body(library.store.job(job_id))


@router.post("/v1/search", tags=["questions"])
def search(library: LibraryDep, sent: SearchIn) -> SearchBody:
    """Find passages."""
    found = library.search(
        sent.query, collection=sent.collection, k=sent.k, filters=_filters(sent.filters)
    )
    return search_body(found)


@router.post("/v1/ask", tags=["questions"])
def ask(library: LibraryDep, sent: AskIn) -> AnswerBody:
    """Answer a question by statements with verbatim quotes, or abstain and say why."""
    limit = library.settings.limits.history_turns
    if len(sent.history) > limit:
        raise InvalidQuestion(f"The history has {len(sent.history)} turns; send the last {limit}.")
    reply = library.ask(
        sent.question,
        collection=sent.collection,
        filters=_filters(sent.filters),
        composer=sent.composer,
    )
    return answer_body(reply)


@router.get("/livez", tags=["health"])
async def alive() -> HealthBody:
    """Whether the process serves requests."""
    return HealthBody(status="ok")


@router.get("/readyz", tags=["health"])
def ready(service: ServiceDep) -> HealthBody:
    """Whether questions can be answered: each dependency is used once."""
    checks = {
        "store": _failure(service.library.store.collections),
        "model": _failure(lambda: service.library.embedder.embed_queries(["ready"])),
        "worker": None if service.worker.alive else "uploads are not being worked off",
    }
    failed = {name: reason for name, reason in checks.items() if reason is not None}
    if failed:
        raise ProblemError(
            NOT_READY, "; ".join(f"{name}: {why}" for name, why in failed.items()), checks=failed
        )
    return HealthBody(status="ok", checks=dict.fromkeys(checks, "ok"))


@router.get("/docs", include_in_schema=False)
def docs(request: Request) -> HTMLResponse:
    """Every call, on one page that loads nothing."""
    return HTMLResponse(
        docs_page(request.app.openapi()),
        headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"},
    )


@router.get("/", include_in_schema=False)
def home(request: Request) -> RedirectResponse:
    """Send a browser to where it finds something to read."""
    return RedirectResponse(_root(request) + "/docs")


def _root(request: Request) -> str:
    """What precedes every path where a proxy serves this below a prefix of its own."""
    root: str = request.scope.get("root_path", "")
    return root


def _bare_name(filename: str | None) -> str:
    """The last part of what may be a path on the sender's machine."""
    return re.split(r"[\\/]", filename or "")[-1] or "document"


def _filters(sent: FiltersIn) -> Filters:
    return Filters(
        document_ids=_ids(sent.document_ids),
        published_after=sent.published_after,
        published_before=sent.published_before,
        media_types=None if sent.media_types is None else frozenset(sent.media_types),
    )


def _ids(sent: list[str] | None) -> frozenset[DocumentId] | None:
    return None if sent is None else frozenset(map(DocumentId, sent))


def _failure(check: Callable[[], object]) -> str | None:
    try:
        check()
    except (StoreError, ModelError) as error:
        return str(error)
    return None
