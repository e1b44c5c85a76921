"""Connections that end when their peer stalls: a slow or silent one must not keep what others need.

uvicorn waits for ever for a request's head and body, and for a reader of a response. Its server looks at each
connection once a second instead; there is no timer of its own for each.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
import uuid
from dataclasses import dataclass
from typing import Any

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from api.edge import SECURITY_HEADERS
from api.problems import MALFORMED, MEDIA_TYPE, REQUEST_ID_HEADER

logger = logging.getLogger(__name__)

HEAD_BYTES = 32_768
# Read of a body that nobody wanted, so that its sender hears why:
_LINGER_BYTES, _LINGER_S = 1_000_000, 2.0
# Line ends that others on the way may take for something else, and that h11 would let pass.
_ODD_LINE_END = re.compile(rb"(?<!\r)\n|\r\n[ \t]")
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\nretry-after: 10\r\ncontent-length: 0\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a peer may take.

    Attributes:
        head_s: From a connection, or a request's first byte, to the end of its head.
        idle_s: Between two requests.
        stall_s: Without `bytes_per_s`, while a body is awaited or a response is read.
    """

    head_s: float = 10.0
    idle_s: float = 30.0
    stall_s: float = 10.0
    bytes_per_s: int = 1_000


class Connection(H11Protocol):
    """A connection with limits. h11 is chosen for its strictness: what it cannot read one way only, it refuses."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        most: int,
        patience: Patience,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._most = most
        self._patience = patience
        self._since = time.monotonic()  # what is awaited now is awaited
        self._received = 0  # bytes since then
        self._end_of_head = b""  # what was read of it last, for line ends that come in two parts
        self._unsent = 0
        self._sending_since = self._since
        self._served = False
        self._lingering = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn
        """Take the connection, unless there are enough."""
        if len(self.connections) < self._most:
            super().connection_made(transport)
        else:
            self.transport = transport
            transport.write(_BUSY)
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Pass on what came, and remember when a request began."""
        if self._lingering:
            self._received += len(data)
            if self._received > _LINGER_BYTES:
                self.transport.abort()
            return
        awaited_head = self._awaits_head
        if awaited_head and not self._received:
            self._since = time.monotonic()
        self._received += len(data)
        if awaited_head and (complaint := self._complaint_of_head(data)):
            self.send_400_response(complaint)
            return
        super().data_received(data)
        if awaited_head and not self._awaits_head:
            self._await_next()

    def handle_events(self) -> None:
        """Go on with what came; a request that came before its turn is not answered, and ends the connection."""
        super().handle_events()
        if self.conn.their_state is h11.DONE and self.conn.trailing_data[0]:
            self.cycle.keep_alive = False

    def eof_received(self) -> None:
        """A peer that has said all gets its response; one that was told to go has gone."""
        if self._lingering:
            self.transport.abort()

    def on_response_complete(self) -> None:
        """Wait for the next request, or part from a peer that still sends what nobody reads."""
        self._await_next()
        self._served = True
        unread = self.conn.their_state is h11.SEND_BODY
        super().on_response_complete()
        if unread and not self.transport.is_closing():
            self._unset_keepalive_if_required()
            self._lingering = True
            self.transport.write_eof()

    def check(self, now: float) -> None:
        """End the connection if its peer takes too long."""
        if self._is_over(now) or self._reads_too_slowly(now):
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read as a request, in the form of every other problem; it names no call."""
        request_id = uuid.uuid4().hex
        logger.info("refused before it was a request, %s: %s", request_id, msg)
        problem = {
            "type": MALFORMED.type,
            "title": MALFORMED.title,
            "status": MALFORMED.status,
            "detail": msg,
            "request_id": request_id,
        }
        body = json.dumps(problem).encode()
        said = {
            **SECURITY_HEADERS,
            REQUEST_ID_HEADER: request_id,
            "Content-Type": MEDIA_TYPE,
            "Content-Length": str(len(body)),
            "Connection": "close",
        }
        headers = [(name.lower().encode(), value.encode()) for name, value in said.items()]
        try:
            for event in (
                h11.Response(status_code=MALFORMED.status, headers=headers),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        except h11.LocalProtocolError:  # a response is under way
            self.transport.abort()
        else:
            self.transport.close()

    def _should_upgrade(self) -> bool:
        return False

    @property
    def _awaits_head(self) -> bool:
        return self.conn.their_state is h11.IDLE

    def _await_next(self) -> None:
        self._since, self._received, self._end_of_head = time.monotonic(), 0, b""

    def _complaint_of_head(self, data: bytes) -> str | None:
        """What is wrong with the lines of a head as far as it came; h11 would let it pass."""
        head = (self._end_of_head + data).partition(b"\r\n\r\n")[0]
        self._end_of_head = head[-3:]
        if self._received - len(data) + len(head) > HEAD_BYTES:
            return f"The head of a request has at most {HEAD_BYTES:,} bytes."
        if _ODD_LINE_END.search(head):
            return "Each line of a request's head ends in CR LF, and holds a header of its own."
        return None

    def _is_over(self, now: float) -> bool:
        waited, patience = now - self._since, self._patience
        if self._lingering:
            return waited > _LINGER_S
        if self._awaits_head:
            between_requests = self._served and not self._received
            return waited > (patience.idle_s if between_requests else patience.head_s)
        if self.conn.their_state is h11.SEND_BODY:
            if self.flow.read_paused:  # we are the slow ones
                self._since = now - min(waited, self._received / patience.bytes_per_s)
                return False
            return waited > patience.stall_s + self._received / patience.bytes_per_s
        return False

    def _reads_too_slowly(self, now: float) -> bool:
        """Whether what is to be sent neither grows nor shrinks as it should."""
        unsent = self.transport.get_write_buffer_size()
        least = self._patience.bytes_per_s * max(now - self._sending_since, 0)
        if not unsent or unsent > self._unsent or self._unsent - unsent >= least:
            self._unsent, self._sending_since = unsent, now
        return now - self._sending_since > self._patience.stall_s
