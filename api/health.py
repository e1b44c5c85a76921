"""Whether the service on this machine is ready, told by an exit code: a container's health check, without a shell.

`python -m api.health [PORT]` ends with 0 if `/readyz` says so within five seconds, and with 1 otherwise.
"""

from __future__ import annotations

import http.client
import sys
from collections.abc import Sequence

_PORT = 8000
_TIMEOUT_S = 5.0


def main(argv: Sequence[str]) -> int:
    """The exit code for the service at a port of this machine."""
    port = int(argv[0]) if argv else _PORT
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/readyz")
        return 0 if connection.getresponse().status == http.client.OK else 1
    except (OSError, http.client.HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
