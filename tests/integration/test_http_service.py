"""How the service tells of itself, how it ends, and that keys and documents stay out of what it writes."""

from __future__ import annotations

import json
import logging
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from api.access import Gate
from api.problems import ProblemError
from rag.errors import ModelError, StoreError
from rag.types import Vectors
from tests.fakes import HashingEmbedder, InMemoryStore
from tests.integration.server_process import running
from tests.integration.service import bearer, fake_library, key_for, served, upload

SENTINEL = "Quetzalsentinel"


def fails(error: Exception) -> Any:
    def fail(*_: object) -> Vectors:
        raise error

    return fail


@pytest.mark.parametrize(
    ("state", "name", "reason"),
    [
        ("well", None, ""),
        ("loading", "model", "being loaded"),
        ("no model", "model", "The model is missing."),
        ("bad store", "store", "damaged"),
        ("disk full", "disk", "bytes left"),
        ("queue full", "queue", "waiting already"),
        ("dead worker", "worker", "not being worked off"),
        ("stopping", "service", "told to end"),
    ],
)
def test_readiness_tells_the_reason_and_life_goes_on(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    state: str,
    name: str | None,
    reason: str,
) -> None:
    with served(fake_library(queued_uploads=1)) as client:
        service = client.app.state.service  # type: ignore[attr-defined] # any ASGI app
        if state == "loading":
            service.readiness.loading = True
        elif state == "no model":
            error = ModelError("The model is missing.")
            monkeypatch.setattr(HashingEmbedder, "embed_queries", fails(error))
        elif state == "bad store":
            monkeypatch.setattr(InMemoryStore, "collections", fails(StoreError("It is damaged.")))
        elif state == "disk full":
            monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 1}))
        elif state == "queue full":
            monkeypatch.setattr(InMemoryStore, "queued", lambda _: 1)
        elif state == "dead worker":
            service.worker.stop()
        elif state == "stopping":
            service.readiness.stopping = True
        ready, alive = client.get("/readyz"), client.get("/livez")
        assert alive.status_code == 200
        if name is None:
            assert ready.status_code == 200
        else:
            assert ready.status_code == 503
            assert list(ready.json()["checks"]) == [name]
            assert reason in ready.json()["checks"][name]
        told = [one for one in caplog.records if one.levelno >= logging.WARNING]
        assert any(reason in one.getMessage() for one in told) == (state not in ("well", "loading"))


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("turn", range(3))
def test_a_signal_ends_the_service_in_order_and_loses_nothing(
    tmp_path: Path, sign: signal.Signals, turn: int
) -> None:
    with running(tmp_path, embed_s=0.5) as server, server.client() as client:
        jobs = [
            upload(client, f"Note {n} of turn {turn}.".encode(), wait=False).json()["job"]["id"]
            for n in range(5)
        ]
        began = time.monotonic()
        server.process.send_signal(sign)
        if sign == signal.SIGTERM:
            time.sleep(0.3)
            assert "service" in client.get("/readyz").json()["checks"]
        assert server.process.wait(20) == 0
        assert time.monotonic() - began < 10
    with running(tmp_path) as server, server.client() as client:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            states = [client.get(f"/v1/jobs/{one}").json()["state"] for one in jobs]
            if states == ["committed"] * 5:
                break
            time.sleep(0.2)
        assert states == ["committed"] * 5
        assert len(client.get("/v1/documents").json()["documents"]) == 5


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    with running(tmp_path, embed_s=5) as server, server.client() as client:
        assert upload(client, b"Slow.", wait=False).status_code == 202
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        assert server.end() == 0
        assert time.monotonic() - began < 8


def test_metrics_count_stages_and_name_nobody() -> None:
    with served(fake_library()) as client:
        upload(client, title=SENTINEL, collection=SENTINEL)
        asked = {"question": f"Who closed {SENTINEL}?", "collection": SENTINEL}
        client.post("/v1/ask", json=asked)
        client.request("BREW", f"/{SENTINEL}")
        text = client.get("/metrics").text
    assert SENTINEL not in text
    for line in (
        'verse_http_requests_total{method="POST",route="/v1/ask",status="200"} 1.0',
        'verse_http_requests_total{method="other",route="other",status="404"} 1.0',
        'verse_question_stage_seconds_count{stage="retrieve"} 1.0',
        'verse_question_stage_seconds_count{stage="verify"} 1.0',
        'verse_ingest_stage_seconds_count{stage="parsing"} 1.0',
        'verse_uploads_total{outcome="added"} 1.0',
        "verse_documents 1.0",
    ):
        assert line in text


def test_keys_and_words_stay_out_of_logs_and_files(tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    with running(data, keys=True, log=log) as server, server.client() as client:
        headers = bearer(server.key)
        made = client.post(
            "/v1/keys", json={"name": "x", "scopes": ["read"]}, headers=headers
        ).json()
        upload(client, f"{SENTINEL} closed the gate.".encode(), key=server.key, title=SENTINEL)
        asked = {"question": f"Who is {SENTINEL}?"}
        assert client.post("/v1/ask", json=asked, headers=headers).status_code == 200
        for path in (f"/v1/documents/{SENTINEL}", f"/{SENTINEL}%0d%0a%1b[31m", "/v1/jobs/x"):
            client.get(path, headers=headers)
        client.get("/v1/documents", headers=bearer(made["key"] + SENTINEL))
        secrets = [server.key, made["key"]]
        arguments = Path(f"/proc/{server.process.pid}/cmdline")
        shown = arguments.read_bytes() if arguments.exists() else b""
        assert server.end() == 0
    lines = log.read_text().splitlines()
    told = [json.loads(one) for one in lines if one.startswith("{")]
    assert all(one.startswith("{") for one in lines)
    calls = [one for one in told if one.get("route") == "/v1/ask"]
    assert len(calls) == 1
    assert calls[0]["request_id"]
    assert calls[0]["actor"] == f"key {server.key.split('_')[1]}"
    held = b"".join(one.read_bytes() for one in data.rglob("*") if one.is_file())
    for secret in secrets:
        assert secret not in log.read_text()
        assert secret.encode() not in held + shown
        assert secret.split("_", 2)[2].encode() not in held + shown
    unrouted = [one for one in told if SENTINEL in str(one) and one.get("route") is not None]
    assert unrouted == []
    assert "\x1b" not in log.read_text()


def test_a_near_key_takes_as_long_as_a_far_one() -> None:
    library = fake_library(wrong_keys_per_minute=1_000_000)
    gate = Gate(library.store.keys, library.settings.limits, required=True)
    good = key_for(library, "read")
    near = good[:-1] + ("A" if good[-1] != "A" else "B")
    far = f"verse_{'0' * 16}_{'x' * 43}"

    def took(text: str) -> int:
        headers = [(b"authorization", f"Bearer {text}".encode())]
        request = Request({"type": "http", "headers": headers, "client": ("127.0.0.1", 1)})
        began = time.perf_counter_ns()
        with pytest.raises(ProblemError):
            gate.admit(request, "read")
        return time.perf_counter_ns() - began

    times = []
    for turn in range(10_000):  # whichever comes second finds its way warm
        first, second = (near, far) if turn % 2 else (far, near)
        one, other = took(first), took(second)
        times.append((one, other) if turn % 2 else (other, one))
    # the share of pairs in which the near one took longer, ties as half: 0.5 where nothing tells them apart
    longer = sum((a > b) + 0.5 * (a == b) for a, b in times) / len(times)
    assert 0.4 < longer < 0.6
