"""The HTTP service over the tests' doubles."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpx2 as httpx
from starlette.testclient import TestClient

from api.app import create_app
from rag.access import Scope, new_key
from rag.bootstrap import assemble
from rag.library import Library
from rag.settings import LimitSettings, Settings
from tests.fakes import HashingEmbedder, InMemoryStore

BASE = "http://127.0.0.1:8000"
HARBOUR = (
    b"The harbour master closed the north gate on Tuesday.\n\n"
    b"Ferry crews painted the lighthouse white.\n\n"
    b"A storm broke two windows of the customs house.\n"
)


def fake_library(**limits: int) -> Library:
    settings = Settings(limits=LimitSettings(**limits))
    return assemble(settings, InMemoryStore(), HashingEmbedder())


@contextmanager
def served(library: Library, *, keys: bool = False) -> Iterator[TestClient]:
    with TestClient(create_app(library, own=False, keys=keys), base_url=BASE) as client:
        yield client


def key_for(library: Library, *scopes: Scope, collections: Sequence[str] | None = None) -> str:
    """Make a key; gives its text."""
    seen = None if collections is None else frozenset(collections)
    made = new_key("test", frozenset(scopes), seen)
    library.store.keys.add(made.key)
    return made.text


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def upload(
    client: httpx.Client,
    content: bytes = HARBOUR,
    *,
    name: str = "harbour.txt",
    wait: bool = True,
    key: str | None = None,
    **fields: str,
) -> Any:
    """POST one document; gives the response."""
    return client.post(
        "/v1/documents",
        params={"wait": str(wait).lower()},
        files={"file": (name, content)},
        data=fields,
        headers=bearer(key) if key else None,
    )
