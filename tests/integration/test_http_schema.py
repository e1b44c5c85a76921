"""The description of every call against what the calls do: cases made of it, valid ones and invalid ones."""

from __future__ import annotations

import os
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.testclient import TestClient

from rag.access import SCOPES
from tests.integration.service import bearer, fake_library, key_for, served, upload

# Of each call; 10,000 in all with TEST_SCHEMA_CASES=240. What a run finds must be the change's doing: one seed.
EACH = int(os.environ.get("TEST_SCHEMA_CASES", "66"))


def known_ids(client: TestClient, key: str) -> dict[str, str]:
    """What there is, by the name of the parameter that takes its id."""
    document = upload(client, key=key).json()["id"]
    asked = {"question": "Who closed the north gate?"}
    answer = client.post("/v1/ask", json=asked, headers=bearer(key)).json()["id"]
    job = upload(client, wait=False, key=key).json()["job"]["id"]
    made = {"name": "x", "scopes": ["read"]}
    spare = client.post("/v1/keys", json=made, headers=bearer(key)).json()["id"]
    return {
        "document_id": document,
        "answer_id": answer,
        "job_id": job,
        "key_id": spare,
        "name": "default",
        "model_id": "rag-links",
    }


@pytest.mark.parametrize("with_key", [True, False])
def test_every_call_keeps_to_its_description(with_key: bool) -> None:
    library = fake_library(
        requests_per_minute=1_000_000,
        wrong_keys_per_minute=1_000_000,
        questions_per_day=1_000_000,
        upload_bytes_per_day=10**12,
    )
    key = key_for(library, *SCOPES)
    sent = 0
    with served(library, keys=True) as client:
        schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
        operations = [one.ok() for one in schema.get_all_operations() if isinstance(one, Ok)]
        operations.sort(key=lambda one: (one.method == "delete", one.label))
        ids = known_ids(client, key)
        for operation in operations:
            cases = st.one_of(
                *(
                    operation.as_strategy(generation_mode=mode)
                    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
                )
            )

            @seed(1)
            @settings(
                max_examples=EACH,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(cases, st.booleans())
            def check(case: Any, known: bool) -> None:
                nonlocal sent
                if known and case.path_parameters:
                    case.path_parameters.update({name: ids[name] for name in case.path_parameters})
                call = case.as_transport_kwargs(
                    base_url="http://127.0.0.1:8000", headers=bearer(key) if with_key else None
                )
                prepared: Any = requests.Request(**call).prepare()
                response = client.request(
                    str(prepared.method),
                    str(prepared.url),
                    content=prepared.body,
                    headers=dict(prepared.headers),
                    follow_redirects=False,
                )
                sent += 1
                assert response.status_code < 500, (call, response.text)
                # a span beyond a text, say, is refused although the description cannot tell
                case.validate_response(response, excluded_checks=[positive_data_acceptance])

            check()
    assert sent >= 16 * EACH  # calls that take nothing have one case; 2,000 in all are promised
