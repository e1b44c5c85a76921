"""A real nginx in front of a service, as operators put one there."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_CONFIGURATION = """
daemon off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port};
    location {prefix}/ {{
      proxy_pass {address};
      proxy_set_header Host $http_host;
      proxy_http_version 1.1;
      proxy_buffering on;
      proxy_read_timeout {patience_s}s;
    }}
  }}
}}
"""


@contextmanager
def behind_nginx(
    folder: Path, address: str, *, prefix: str = "", patience_s: int = 60
) -> Iterator[str]:
    """Offer the service at `address` through nginx, which buffers; gives the address to use.

    Args:
        folder: What nginx writes goes there.
        address: Of the service; ends in a slash.
        prefix: Below which nginx offers it, and which it takes away.
        patience_s: How long the service may be silent before nginx cuts its answer off.
    """
    if NGINX is None:
        pytest.skip("there is no nginx on this machine: the page is NOT tested behind one")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = _CONFIGURATION.format(
        folder=folder, port=port, prefix=prefix, address=address, patience_s=patience_s
    )
    user = "user root;\n" if os.getuid() == 0 else ""  # whose files another could not write
    (folder / "nginx.conf").write_text(user + words)
    command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf")]
    process = subprocess.Popen(command)  # noqa: S603 # of this machine's own
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}{prefix}/"
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("nginx does not listen")
