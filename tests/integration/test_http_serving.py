"""A server process: ready when it says so, and gone in good order when told to."""

import signal
import subprocess
import sys
from urllib.request import urlopen

import pytest

from api.serving import bind, is_loopback

PROGRAM = """
from api.edge import LOOPBACK_HOSTS
from api.serving import bind, serve
from tests.integration.service import fake_library
with bind("127.0.0.1", 0) as listener:
    serve(fake_library(), listener, hosts=LOOPBACK_HOSTS, announce=lambda url: print(url, flush=True))
print("closed", flush=True)
"""


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_server_is_ready_when_it_says_so_and_ends_in_good_order(end: signal.Signals) -> None:
    with subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            with urlopen(f"{url}/readyz", timeout=10) as response:  # noqa: S310
                assert response.status == 200
            process.send_signal(end)
            assert process.stdout.readline() == "closed\n"
            assert process.wait(10) == 0
        finally:
            process.kill()


def test_an_address_that_is_bound_is_taken() -> None:
    with bind("127.0.0.1", 0) as listener, pytest.raises(OSError, match="in use"):
        bind("127.0.0.1", listener.getsockname()[1])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_addresses_of_this_machine_only(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org", ""])  # noqa: S104
def test_addresses_that_others_may_reach(host: str) -> None:
    assert not is_loopback(host)
