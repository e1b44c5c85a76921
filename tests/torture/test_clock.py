"""R16: the system's clock jumps a year on and back under a server that takes documents in."""

from pathlib import Path

import pytest

from tests.integration.server_process import running
from tests.integration.service import upload

_LIBRARY = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)
_JUMPS = ("+1y", "-1y", "+0", "-1d", "+1d")


@pytest.mark.skipif(
    _LIBRARY is None,
    reason="libfaketime is not installed: apt-get install faketime, or .ci/tools.sh as root",
)
def test_r16_a_clock_that_jumps_loses_nothing_and_changes_no_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = tmp_path / "clock"
    clock.write_text("+0")
    monkeypatch.setenv("LD_PRELOAD", str(_LIBRARY))
    monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(clock))
    monkeypatch.setenv("FAKETIME_NO_CACHE", "1")
    monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
    with running(tmp_path / "data") as server, server.client() as client:
        monkeypatch.delenv("LD_PRELOAD")
        taken = []
        for turn in range(20):
            clock.write_text(_JUMPS[turn % len(_JUMPS)])
            added = upload(client, f"Here sentinel{turn} stands alone.".encode())
            assert added.status_code == 201
            taken.append(added.json()["id"])
            asked = client.post("/v1/ask", json={"question": f"Where does sentinel{turn} stand?"})
            assert asked.json()["outcome"] == "answered"
        listed = client.get("/v1/documents", params={"limit": 100}).json()["documents"]
        assert len({one["added_at"][:4] for one in listed}) == 3, "the clock did not jump"
        assert sorted(one["id"] for one in listed) == sorted(taken)
        found = [
            client.post("/v1/search", json={"query": f"sentinel{turn}", "k": 1}).json()
            for turn in range(20)
        ]
        assert [one["passages"][0]["document_id"] for one in found] == taken
        assert server.end() == 0
