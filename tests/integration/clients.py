"""A service on a port, as clients of other makers reach it, with a document in it and one to tell apart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qsl

import httpx2 as httpx
from openai import OpenAI

from rag.library import Library
from tests.browser.served import served as listening
from tests.integration.service import HARBOUR, bearer, fake_library, key_for, upload

QUESTION = "Who closed the north gate?"
FOREIGN = "Which molecules scatter photons?"
QUOTE = "The harbour master closed the north gate on Tuesday."
# Before what is quoted stand characters that UTF-16 counts twice, and a link that must not work.
NOISY = "𝕳𝖆𝖗𝖇𝖔𝖚𝖗 log ![seen](https://evil.example/x).\n\n".encode() + HARBOUR


@dataclass(frozen=True, slots=True)
class Place:
    """A service, and what it takes to reach it."""

    library: Library
    url: str
    key: str

    @property
    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=20, headers=bearer(self.key))

    @property
    def http_async(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(timeout=20, headers=bearer(self.key))

    def openai(self, path: str = "v1", key: str | None = None) -> OpenAI:
        return OpenAI(base_url=f"{self.url}{path}", api_key=key or self.key, max_retries=0)

    def opened(self, url: str) -> str:
        """What stands at the place that a citation's address names."""
        address, _, fragment = url.partition("#")
        assert address == self.url, url
        named = dict(parse_qsl(fragment, strict_parsing=True))
        path = f"/v1/documents/{named.pop('source')}/text"
        with self.http as client:
            response = client.get(path, params=named)
        assert response.status_code == 200, response.text
        text: str = response.json()["text"]
        return text


@contextmanager
def place(**limits: int) -> Iterator[Place]:
    library = fake_library(**limits)
    key = key_for(library, "read", "ingest")
    with listening(library, keys=True) as url:
        here = Place(library, url, key)
        with here.http as client:
            assert upload(client, NOISY, title="Harbour log").status_code == 201
            other = upload(client, b"Bees dance in the dark.\n", name="b.txt", collection="bees")
            assert other.status_code == 201
        yield here
