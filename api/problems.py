"""Errors as RFC 9457 problem details: one table, looked up along an error's class and its bases.

On the paths that OpenAI's clients call, the same problems go out as its error objects (`api/openai/errors.py`).
`docs/problems.md` describes every type.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request

from api.openai.errors import openai_error, openai_status, speaks_openai
from api.schemas import Problem
from rag import errors

logger = logging.getLogger(__name__)

REQUEST_ID_HEADER = "X-Request-Id"
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its status, and the name that its `type` ends in."""

    status: int
    name: str
    title: str

    @property
    def type(self) -> str:
        """A reference, relative to the service's root, to where the kind is described."""
        return f"/docs#{self.name}"


NOT_FOUND = Kind(404, "not-found", "There is nothing of this name")
PROBLEMS: dict[type[errors.RagError], Kind] = {
    errors.InputError: Kind(422, "invalid-input", "What was sent cannot be used"),
    errors.InvalidName: Kind(422, "invalid-name", "The name breaks the rules for names"),
    errors.InvalidQuestion: Kind(422, "invalid-question", "The question cannot be searched"),
    errors.SpanOutOfRange: Kind(422, "span-out-of-range", "The offsets lie outside the text"),
    errors.DocumentError: Kind(422, "document-unusable", "The file yields no document"),
    errors.UnsupportedFormat: Kind(415, "unsupported-format", "The file's format cannot be read"),
    errors.EncryptedDocument: Kind(422, "encrypted-document", "The file needs a password"),
    errors.EmptyDocument: Kind(422, "empty-document", "The file holds no text"),
    errors.UnreadableDocument: Kind(422, "unreadable-document", "The file is broken"),
    errors.DocumentTooExpensive: Kind(
        422, "document-too-expensive", "The file takes too much time or memory to read"
    ),
    errors.DocumentTooLarge: Kind(413, "document-too-large", "The document is over a limit"),
    errors.NotFound: NOT_FOUND,
    errors.UnknownCollection: Kind(404, "unknown-collection", "There is no such collection"),
    errors.UnknownDocument: Kind(404, "unknown-document", "There is no such document"),
    errors.UnknownVersion: Kind(404, "unknown-version", "The document never had this version"),
    errors.UnknownJob: Kind(404, "unknown-job", "There is no such job"),
    errors.UnknownAnswer: Kind(404, "unknown-answer", "There is no such stored answer"),
    errors.UnknownKey: Kind(404, "unknown-key", "There is no such key"),
    errors.DocumentChanged: Kind(409, "document-changed", "The document was changed meanwhile"),
    errors.ModelError: Kind(503, "model-unavailable", "A model cannot be used"),
    errors.StoreError: Kind(503, "store-unavailable", "The data folder cannot be used"),
    errors.StoreFull: Kind(507, "store-full", "The disk is full"),
    errors.QueueFull: Kind(503, "queue-full", "Too many uploads are waiting"),
}

MALFORMED = Kind(400, "malformed-request", "The request cannot be read")
KEY_NEEDED = Kind(401, "key-needed", "The request has no valid key")
FORBIDDEN = Kind(403, "scope-lacking", "The key does not allow this call")
HOST_NOT_ALLOWED = Kind(403, "host-not-allowed", "The request names another host")
ORIGIN_NOT_ALLOWED = Kind(403, "origin-not-allowed", "Another site's page sent the request")
UNKNOWN_MODEL = Kind(404, "unknown-model", "There is no such model")
METHOD_NOT_ALLOWED = Kind(405, "method-not-allowed", "The path does not offer this method")
REQUEST_TOO_LARGE = Kind(413, "request-too-large", "The request is over the size limit")
INVALID_REQUEST = Kind(422, "invalid-request", "The request does not fit the call")
RATE_LIMITED = Kind(429, "rate-limited", "Too many requests")
BUDGET_SPENT = Kind(429, "budget-spent", "The key's budget of the day is spent")
INTERNAL = Kind(500, "internal-error", "The service failed")
STARTING = Kind(503, "starting", "The service is starting")
NOT_READY = Kind(503, "not-ready", "The service cannot answer now")
_BY_STATUS = {
    404: (NOT_FOUND, "There is nothing at this path; /docs lists the calls."),
    405: (METHOD_NOT_ALLOWED, "This path does not offer this method; /docs lists the calls."),
}
KINDS = (
    *dict.fromkeys(PROBLEMS.values()),
    MALFORMED,
    KEY_NEEDED,
    FORBIDDEN,
    HOST_NOT_ALLOWED,
    ORIGIN_NOT_ALLOWED,
    UNKNOWN_MODEL,
    METHOD_NOT_ALLOWED,
    REQUEST_TOO_LARGE,
    INVALID_REQUEST,
    RATE_LIMITED,
    BUDGET_SPENT,
    INTERNAL,
    STARTING,
    NOT_READY,
)


class ProblemError(HTTPException):
    """A problem of the wire rather than of the library."""

    def __init__(
        self, kind: Kind, detail: str, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(kind.status, detail, headers)
        self.kind, self.members = kind, members


def kind_of(error: errors.RagError) -> Kind:
    """The kind of the nearest base that the table covers."""
    return next(PROBLEMS[base] for base in type(error).__mro__ if base in PROBLEMS)


def problem_response(
    request: Request,
    kind: Kind,
    detail: str,
    *,
    headers: Mapping[str, str] | None = None,
    **members: Any,
) -> JSONResponse:
    """A problem; `members` are extensions of its kind."""
    request_id = request.state.request_id
    if speaks_openai(request.scope["path"].removeprefix(request.scope.get("root_path", ""))):
        status = openai_status(kind.status)
        told = openai_error(status, kind.name, detail, request_id, members.get("errors", ()))
        return JSONResponse(told, status, headers)
    body = Problem(
        type=kind.type,
        title=kind.title,
        status=kind.status,
        detail=detail,
        instance=request.url.path,
        request_id=request_id,
        **members,
    )
    return JSONResponse(body.model_dump(), kind.status, headers, MEDIA_TYPE)


def on_rag_error(request: Request, error: errors.RagError) -> JSONResponse:
    """An error of the library; its message is made for the caller."""
    kind = kind_of(error)
    _log_failure(request, kind, str(error))
    members: dict[str, Any] = {}
    if isinstance(error, errors.UnknownCollection):
        members["known"] = error.known
    headers = {"Retry-After": "30"} if isinstance(error, errors.QueueFull) else None
    return problem_response(request, kind, str(error), headers=headers, **members)


def on_problem(request: Request, error: ProblemError) -> JSONResponse:
    """An error of the wire."""
    _log_failure(request, error.kind, error.detail)
    return problem_response(
        request, error.kind, error.detail, headers=error.headers, **error.members
    )


def problem_of(request: Request, error: Exception) -> JSONResponse:
    """Any error, where no handler is left to see it."""
    if isinstance(error, errors.RagError):
        return on_rag_error(request, error)
    if isinstance(error, ProblemError):
        return on_problem(request, error)
    logger.error("request %s failed", request.state.request_id, exc_info=error)
    return problem_response(
        request, INTERNAL, "An error in the service; its log has it under the request id."
    )


def on_http_error(request: Request, error: HTTPException) -> JSONResponse:
    """What the framework raises: no such path or method, a body that it cannot parse."""
    kind, detail = _BY_STATUS.get(error.status_code, (MALFORMED, str(error.detail)))
    return problem_response(request, kind, detail, headers=error.headers)


def on_invalid_request(request: Request, error: RequestValidationError) -> JSONResponse:
    """A request that does not fit its schema, with all that is wrong; values are not repeated."""
    complaints = error.errors()
    if complaints[0]["type"] == "json_invalid":
        at = complaints[0]["loc"][-1]
        return problem_response(
            request, MALFORMED, f"The body is not JSON, from character {at} on."
        )
    if complaints[0]["loc"] == ("body",) and "json" not in request.headers.get("content-type", ""):
        detail = "send content-type: application/json, and a body that is it"
        complaints = [{"loc": ("header", "content-type"), "msg": detail}]
    wrong = [_complaint(one) for one in complaints]
    first = wrong[0]
    return problem_response(
        request,
        INVALID_REQUEST,
        f"{first['field'] or first['in']}: {first['detail']}",
        errors=wrong,
    )


def _log_failure(request: Request, kind: Kind, detail: str) -> None:
    """Log what is not the caller's doing; that the service is on its way up is nothing to log."""
    if kind.status >= HTTPStatus.INTERNAL_SERVER_ERROR and kind is not STARTING:
        level = logging.WARNING if kind is NOT_READY else logging.ERROR
        logger.log(level, "request %s failed: %s", request.state.request_id, detail)


def _complaint(error: Mapping[str, Any]) -> dict[str, str]:
    where: Sequence[object] = error["loc"]
    named = (str(part) for part in where[1:])
    return {
        "in": str(where[0]),
        "field": ".".join(part for part in named if "[" not in part),  # no branch of a union
        "detail": str(error["msg"]).removeprefix("Value error, "),
    }
