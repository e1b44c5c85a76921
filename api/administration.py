"""The calls of those who run the service: keys, the audit trail, counters."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from api.access import needs
from api.dependencies import GrantDep, ServiceDep, new_router
from api.rendering import key_body
from api.schemas import AuditBody, AuditEntryBody, KeyIn, KeysBody, NewKeyBody
from ingest.pipeline import check_collection_name
from rag.access import new_key
from rag.errors import UnknownCollection, UnknownKey

router = new_router()


@router.post("/v1/keys", status_code=201, tags=["administration"])
@needs("admin")
def create_key(service: ServiceDep, grant: GrantDep, sent: KeyIn) -> NewKeyBody:
    """Make a key. What opens is shown this once: only its digest is kept."""
    collections = None if sent.collections is None else frozenset(sent.collections)
    for one in sorted(collections or ()):
        check_collection_name(one)
        if not grant.sees(one):
            raise UnknownCollection(one, sorted(grant.collections or ()))
    made = new_key(
        sent.name,
        frozenset(sent.scopes),
        grant.collections if collections is None else collections,
        sent.expires_at,
    )
    service.library.store.keys.add(made.key)
    return NewKeyBody(**key_body(made.key).model_dump(), key=made.text)


@router.get("/v1/keys", tags=["administration"])
@needs("admin")
def list_keys(service: ServiceDep, grant: GrantDep) -> KeysBody:
    """The keys that reach no further than the caller's own, revoked and expired ones too."""
    found = service.library.store.keys.all()
    return KeysBody(keys=[key_body(one) for one in found if grant.covers(one.collections)])


@router.delete("/v1/keys/{key_id}", status_code=204, tags=["administration"])
@needs("admin")
def revoke_key(service: ServiceDep, grant: GrantDep, key_id: str) -> None:
    """Make a key open nothing, from the next request on."""
    key = service.library.store.keys.key(key_id)
    if key is None or not grant.covers(key.collections):
        raise UnknownKey(key_id)
    service.library.store.keys.revoke(key_id)


@router.get("/v1/audit", tags=["administration"])
@needs("admin")
def get_audit(
    service: ServiceDep,
    grant: GrantDep,
    cursor: Annotated[int | None, Query(description="`next_cursor` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> AuditBody:
    """Who deleted and changed what; the deeds in other collections than the caller's are left out."""
    found = service.library.store.audit.entries(before=cursor, limit=limit + 1)
    shown = found[:limit]
    return AuditBody(
        entries=[
            AuditEntryBody(
                id=one.id,
                at=one.at,
                actor=one.actor,
                action=one.action,
                subject=one.subject,
                collection=one.collection,
            )
            for one in shown
            if grant.covers(None if one.collection is None else frozenset([one.collection]))
        ],
        next_cursor=shown[-1].id if len(found) > limit else None,
    )


@router.get(
    "/metrics",
    tags=["health"],
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "Prometheus' text format"}},
)
@needs("admin")
def get_metrics(service: ServiceDep) -> Response:
    """Counters and times: requests, stages of answers and uploads, sizes."""
    return Response(service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
