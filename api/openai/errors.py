"""Problems as OpenAI's clients read them. `docs/problems.md` describes every kind, in either form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

_PATHS = (
    "/v1/chat/",
    "/v1/responses",
    "/v1/models",
    "/v1/completions",
    "/v1/embeddings",
    "/openwebui/",
)
_CODES = {  # those that clients know; any other kind goes by its own name
    "key-needed": "invalid_api_key",
    "unknown-model": "model_not_found",
    "unknown-answer": "previous_response_not_found",
    "rate-limited": "rate_limit_exceeded",
    "budget-spent": "insufficient_quota",
}


def speaks_openai(path: str) -> bool:
    """Whether what calls this path, without the prefix of a proxy, expects OpenAI's errors."""
    return path.startswith(_PATHS)


def openai_status(status: int) -> int:
    """The status of a problem in this dialect, which knows no 422."""
    unfit = status == HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.BAD_REQUEST if unfit else status


def openai_error(
    status: int, name: str, detail: str, request_id: str, errors: Sequence[Mapping[str, str]] = ()
) -> dict[str, Any]:
    """A problem as OpenAI's error object.

    Args:
        status: Of the response.
        name: The kind of problem.
        detail: What is wrong, in words.
        request_id: Under which the log has it.
        errors: The fields that do not fit; the first is named.
    """
    return {
        "error": {
            "message": detail,
            "type": _type(status),
            "param": (errors[0]["field"] or None) if errors else None,
            "code": _CODES.get(name, name),
            "request_id": request_id,
        }
    }


def _type(status: int) -> str:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "server_error"
    limited = status == HTTPStatus.TOO_MANY_REQUESTS
    return "rate_limit_error" if limited else "invalid_request_error"
