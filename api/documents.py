"""The calls about documents, collections and uploads: each parses, calls one function, and translates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import islice
from typing import Annotated
from urllib.parse import quote

from anyio import to_thread
from fastapi import Depends, File, Form, Query, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from api.access import needs
from api.dependencies import Service, ServiceDep, ViewDep, check_form, new_router, root_of
from api.file_names import bare_name, file_name
from api.problems import INTERNAL, ProblemError
from api.rendering import document_body, job_body, landmark_bodies, place_body
from api.schemas import (
    WEB_ADDRESS_PATTERN,
    AcceptedBody,
    CollectionBody,
    CollectionsBody,
    Day,
    DocumentBody,
    DocumentPatch,
    DocumentsBody,
    JobBody,
    PlacesBody,
    SuggestionsBody,
    TextBody,
    WholeDocumentBody,
)
from ingest.pipeline import check_collection_name, check_size
from rag.access import Grant
from rag.errors import SpanOutOfRange
from rag.protocols import Job, Upload
from rag.types import DEFAULT_COLLECTION, DocumentId, Span

DOCUMENTS_PATH = "/v1/documents"
ORIGINAL_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
_WAIT_S = 600.0
_SPACE = re.compile(r"\s+")

router = new_router()


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


async def _known_fields_only(request: Request) -> None:
    form = await request.form()
    check_form(form.multi_items(), {"file", *(one.name for one in fields(UploadForm))})


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
@needs("ingest")
async def add_document(
    request: Request,
    service: ServiceDep,
    view: ViewDep,
    response: Response,
    file: Annotated[UploadFile, File(description="One document.")],
    form: Annotated[UploadForm, Depends()],
    wait: Annotated[bool, Query(description="Answer when the document is searchable.")] = False,
) -> AcceptedBody | DocumentBody | Response:
    """Add a document. A 202 is a promise: the file is safe and will be worked off after any crash."""
    check_collection_name(form.collection)
    view.require(form.collection)
    content = await file.read()
    check_size(len(content), service.library.settings.limits.upload_bytes)
    upload = Upload(
        name=bare_name(file.filename),
        collection=form.collection,
        source_key=form.source_key,
        source_url=form.source_url,
        title=form.title,
        published=form.published,
    )
    job = await run_in_threadpool(_submit, service, view.grant, upload, content)
    if wait:
        job = await to_thread.run_sync(
            service.worker.wait, job.id, _WAIT_S, limiter=service.waiting
        )
    return await run_in_threadpool(_added, service, job, response, root_of(request))


def _submit(service: Service, grant: Grant, upload: Upload, content: bytes) -> Job:
    service.readiness.require_disk(len(content))
    service.readiness.require_queue()
    service.gate.spend(grant, "upload_bytes", len(content))
    return service.worker.submit(upload, content)


def _added(service: Service, job: Job, response: Response, root: str) -> AcceptedBody | Response:
    if job.state == "failed":
        raise ProblemError(INTERNAL, job.reason or "The document could not be added.")
    if job.document_id is None:
        response.headers["Location"] = f"{root}/v1/jobs/{job.id}"
        return AcceptedBody(job=job_body(job))
    body = document_body(service.library.store.summary(job.document_id))
    return Response(
        body.model_dump_json(),
        status_code=200 if job.known else 201,
        headers={"Location": f"{root}{DOCUMENTS_PATH}/{job.document_id}"},
        media_type="application/json",
    )


@router.get(DOCUMENTS_PATH, tags=["documents"])
@needs("read")
def list_documents(
    view: ViewDep,
    collection: Annotated[str | None, Query(description="All collections where left out.")] = None,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> DocumentsBody:
    """List documents, a page at a time, in a stable order."""
    after = DocumentId(cursor) if cursor else None
    found = view.summaries(collection, after=after, limit=limit + 1)
    return DocumentsBody(
        documents=[document_body(one) for one in found[:limit]],
        next_cursor=found[limit - 1].id if len(found) > limit else None,
    )


@router.get(DOCUMENTS_PATH + "/{document_id}", tags=["documents"])
@needs("read")
def get_document(view: ViewDep, document_id: str) -> WholeDocumentBody:
    """A document's metadata, ingestion report and versions."""
    body = document_body(view.summary(document_id))
    return WholeDocumentBody(**dict(body), versions=list(view.versions(document_id)))


@router.patch(DOCUMENTS_PATH + "/{document_id}", tags=["documents"])
@needs("ingest")
def change_document(view: ViewDep, document_id: str, sent: DocumentPatch) -> DocumentBody:
    """Say a document's title and dates better than its file does."""
    return document_body(view.amend(document_id, sent.model_dump(exclude_unset=True)))


@router.delete(DOCUMENTS_PATH + "/{document_id}", status_code=204, tags=["documents"])
@needs("ingest")
def delete_document(view: ViewDep, document_id: str) -> None:
    """Delete a document: every version, and everything derived from it, stored answers included."""
    view.delete(document_id)


@router.get(
    DOCUMENTS_PATH + "/{document_id}/text", response_model_exclude_none=True, tags=["documents"]
)
@needs("read")
def get_text(
    view: ViewDep,
    document_id: str,
    start: Annotated[int, Query(description="First code point.")] = 0,
    end: Annotated[
        int | None, Query(description="One past the last; the text's end by default.")
    ] = None,
    version: Annotated[str | None, Query(description="The present one by default.")] = None,
    landmarks: Annotated[
        bool, Query(description="Tell the pages, sections, times, parts and rows that begin in it.")
    ] = False,
) -> TextBody:
    """A slice of a document's text; at a citation's `start`, `end` and `version` it is the quote."""
    document = view.document(document_id, version)
    end = len(document.text) if end is None else end
    if not 0 <= start < end:
        raise SpanOutOfRange(start, end, len(document.text))
    span = Span(start, end)
    return TextBody(
        text=span.cut(document.text),
        start=start,
        end=end,
        landmarks=landmark_bodies(document, span) if landmarks else None,
    )


@router.get(
    DOCUMENTS_PATH + "/{document_id}/original",
    tags=["documents"],
    response_class=Response,
    responses={200: {"content": {"*/*": {}}, "description": "The file"}},
)
@needs("read")
def get_original(
    view: ViewDep,
    document_id: str,
    version: Annotated[str | None, Query(description="The present one by default.")] = None,
) -> Response:
    """The file as it was sent, to be saved: a browser neither shows nor runs it."""
    summary = view.summary(document_id)
    return Response(
        view.original(document_id, version),
        media_type=summary.media_type,
        headers={
            "Content-Disposition": _disposition(file_name(summary)),
            "Content-Security-Policy": ORIGINAL_POLICY,
        },
    )


@router.get(DOCUMENTS_PATH + "/{document_id}/search", tags=["documents"])
@needs("read")
def find_in_document(
    view: ViewDep,
    document_id: str,
    q: Annotated[
        str, Query(min_length=1, max_length=200, description="Words as they stand in the text.")
    ],
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> PlacesBody:
    """Where these very words stand in a document, whatever their case and the space between them."""
    document = view.document(document_id, None)
    found = list(islice(_places(q, document.text), limit + 1))
    return PlacesBody(
        places=[place_body(document, span) for span in found[:limit]], more=len(found) > limit
    )


@router.get("/v1/collections", tags=["collections"])
@needs("read")
def list_collections(view: ViewDep) -> CollectionsBody:
    """List collections, how much they hold, and what they take of the disk."""
    return CollectionsBody(
        collections=[
            CollectionBody(
                name=one.name,
                documents=one.documents,
                passages=one.passages,
                disk_bytes=view.disk_bytes(one.name),
            )
            for one in view.collections()
        ]
    )


@router.delete("/v1/collections/{name}", status_code=204, tags=["collections"])
@needs("ingest")
def delete_collection(view: ViewDep, name: str) -> None:
    """Delete a collection: its documents, what waits to be added to it, and the words of answers from it."""
    view.purge(name)


@router.get(
    "/v1/collections/{name}/export",
    tags=["collections"],
    response_class=StreamingResponse,
    responses={200: {"content": {"application/x-tar": {}}, "description": "The archive"}},
)
@needs("read")
def export_collection(view: ViewDep, name: str) -> StreamingResponse:
    """Everything of a collection in open formats: a tar archive of JSON Lines and the original files.

    An archive that ends early, since a file turned out to be damaged, lacks its closing blocks.
    """
    return StreamingResponse(
        view.export(name),
        media_type="application/x-tar",
        headers={"Content-Disposition": _disposition(f"{name}.tar")},
    )


@router.get("/v1/collections/{name}/suggestions", tags=["collections"])
@needs("read")
def get_suggestions(service: ServiceDep, view: ViewDep, name: str) -> SuggestionsBody:
    """Questions that this collection can answer: each was asked, and answered, before it is offered."""
    view.require_existing(name)
    return SuggestionsBody(questions=service.suggestions.of(name))


@router.get("/v1/jobs/{job_id}", tags=["documents"])
@needs("read")
def get_job(view: ViewDep, job_id: str) -> JobBody:
    """How far an upload is: pages while it is read, passages while it is embedded."""
    return job_body(view.job(job_id))


def _places(words: str, text: str) -> Iterator[Span]:
    parts = [re.escape(one) for one in _SPACE.split(words.strip()) if one]
    if parts:
        for found in re.finditer(r"\s+".join(parts), text, re.IGNORECASE):
            yield Span(found.start(), found.end())


def _disposition(name: str) -> str:
    """An attachment of this name, by RFC 6266: for old clients, without what a header cannot hold."""
    plain = re.sub(r'[^ -~]|["\\%/]', "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"
