"""What routes are made of: the service they work with, what their caller sees, and what they refuse alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from typing import Annotated, Any

from anyio import CapacityLimiter
from fastapi import APIRouter, Depends, Request
from starlette.datastructures import UploadFile

from api.access import Gate, GuardedRoute
from api.answer_log import AnswerLog
from api.metrics import Metrics
from api.problems import INVALID_REQUEST, MALFORMED, MEDIA_TYPE, ProblemError
from api.readiness import Readiness
from api.schemas import Problem, has_half_pair
from api.suggestions import Suggestions
from api.view import View
from ingest.jobs import JobWorker
from rag.access import Grant
from rag.library import Library

_WAITING = 1_000  # uploads that may be waited for at a time, each on a thread that sleeps
_ANSWERING = 200  # questions that may be answered at a time, each on a thread that mostly waits for a chat model


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What the routes work with; made once, when the application is."""

    library: Library
    worker: JobWorker
    gate: Gate
    answers: AnswerLog
    suggestions: Suggestions
    metrics: Metrics
    readiness: Readiness
    waiting: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_WAITING))
    answering: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_ANSWERING))


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _grant(request: Request) -> Grant:
    grant: Grant = request.state.grant
    return grant


def _view(request: Request) -> View:
    return View(_service(request).library, _grant(request))


ServiceDep = Annotated[Service, Depends(_service)]
GrantDep = Annotated[Grant, Depends(_grant)]
ViewDep = Annotated[View, Depends(_view)]

Responses = dict[int | str, dict[str, Any]]
_PROBLEM: dict[str, Any] = {
    "description": "Problem details (RFC 9457)",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


_PROBLEMS: Responses = {"4XX": {**_PROBLEM, "model": Problem}, 422: _PROBLEM, "5XX": _PROBLEM}


def new_router(errors: Responses = _PROBLEMS) -> APIRouter:
    """A router whose routes say what they need, and refuse query parameters that they do not have.

    Args:
        errors: How its routes describe what goes wrong.
    """
    return APIRouter(
        route_class=GuardedRoute,
        responses=errors,
        dependencies=[Depends(_known_parameters_only)],
    )


def _known_parameters_only(request: Request) -> None:
    """Refuse query parameters that the call does not have: a misspelt `wait` must not be lost."""
    known = {one.alias for one in request.scope["route"].dependant.query_params}
    _refuse_stray("query", request.query_params.multi_items(), known)


def check_form(form: Iterable[tuple[str, object]], known: Set[str]) -> None:
    """Refuse form fields that the call does not have, as for query parameters."""
    sent = list(form)
    if any(has_half_pair(name + _text(value)) for name, value in sent):
        raise ProblemError(
            MALFORMED, "The form holds half a surrogate pair, which is no character: send UTF-8."
        )
    _refuse_stray("body", sent, known)


def root_of(request: Request) -> str:
    """What precedes every path where a proxy serves this below a prefix of its own."""
    root: str = request.scope.get("root_path", "")
    return root


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


def _text(value: object) -> str:
    """What a form's field says; of a file, its name."""
    return (value.filename or "") if isinstance(value, UploadFile) else str(value)
