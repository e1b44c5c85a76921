"""R15: memory, open files and threads of a server stay level under requests."""

import os
from pathlib import Path

import numpy as np
import pytest

from tests.integration.server_process import running
from tests.integration.service import upload

REQUESTS = int(os.environ.get("TORTURE_REQUESTS", "1500"))
_EVERY = 100
_MOST_BYTES_A_THOUSAND = 1_000_000


def state(pid: int) -> tuple[int, int, int]:
    """Resident bytes, open files and threads of a process."""
    of = Path(f"/proc/{pid}")
    resident = int((of / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return resident, len(list((of / "fd").iterdir())), len(list((of / "task").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="/proc is Linux's")
def test_r15_nothing_grows_with_requests(tmp_path: Path) -> None:
    with (
        running(tmp_path / "data", requests_per_minute=1_000_000) as server,
        server.client() as client,
    ):
        for number in range(20):
            upload(client, f"Note {number} about the harbour and gate {number}.".encode())
        states = []
        for number in range(REQUESTS):
            asked = {"query": f"gate {number % 50} of the harbour", "k": 5}
            assert client.post("/v1/search", json=asked).status_code == 200
            if number % 20 == 0:  # as many come as go
                added = upload(client, f"Passing note {number}.".encode()).json()["id"]
                assert client.delete(f"/v1/documents/{added}").status_code == 204
            if number % _EVERY == 0:
                states.append(state(server.process.pid))
    warm = states[len(states) // 3 :]
    resident, files, threads = zip(*warm, strict=True)
    slope = float(np.polyfit(np.arange(len(warm)) * _EVERY, resident, 1)[0]) * 1_000
    print(f"{slope / 1e6:.2f} MB a thousand requests; files {files}, threads {threads}")
    assert slope < _MOST_BYTES_A_THOUSAND
    assert max(files) - min(files) < 20
    assert max(threads) - min(threads) < 10
