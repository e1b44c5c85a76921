"""What tests of several clients share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from openai import OpenAI

from tests.integration.clients import Place, place


@pytest.fixture(scope="module")
def here() -> Iterator[Place]:
    """A service on a port, for the tests of one module."""
    with place() as here:
        yield here


@pytest.fixture
def client(here: Place) -> Iterator[OpenAI]:
    """OpenAI's own client of it."""
    with here.openai() as client:
        yield client
