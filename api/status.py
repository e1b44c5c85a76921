"""The calls that tell how the service is and what it offers; open to everybody."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse

from api.access import needs
from api.dependencies import ServiceDep, new_router
from api.docs_page import POLICY, docs_page
from api.problems import NOT_READY, STARTING, ProblemError
from api.readiness import LOADING
from api.schemas import HealthBody

router = new_router()


@router.get("/livez", tags=["health"])
@needs(None)
async def alive() -> HealthBody:
    """Whether the process serves requests."""
    return HealthBody(status="ok")


@router.get("/readyz", tags=["health"])
@needs(None)
def ready(service: ServiceDep) -> HealthBody:
    """Whether questions can be answered and documents added: each dependency is used once."""
    checks = service.readiness.checks()
    failed = {name: reason for name, reason in checks.items() if reason is not None}
    if failed:
        raise ProblemError(
            STARTING if failed == {"model": LOADING} else NOT_READY,
            "; ".join(f"{name}: {why}" for name, why in failed.items()),
            checks=failed,
        )
    damage = service.readiness.damaged_documents()
    return HealthBody(
        status="ok", checks=dict.fromkeys(checks, "ok") | ({"documents": damage} if damage else {})
    )


@router.get("/openapi.json", include_in_schema=False)
@needs(None)
def describe(request: Request) -> JSONResponse:
    """Every call, for machines."""
    description: dict[str, Any] = request.app.openapi()
    return JSONResponse(description)


@router.get("/docs", include_in_schema=False)
@needs(None)
def docs(request: Request) -> HTMLResponse:
    """Every call, on one page that loads nothing."""
    return HTMLResponse(
        docs_page(request.app.openapi()), headers={"Content-Security-Policy": POLICY}
    )
