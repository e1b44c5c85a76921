"""A server that speaks OpenAI's chat completions, and fails in ways that are told to it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar


@dataclass
class Behaviour:
    """What the server does with the next requests; the last of `statuses` goes on for ever.

    Attributes:
        parts: Of the message, each with the seconds before it; bytes are sent as they are, outside of any event.
        whole: Whether the stream ends as it should.
        refused: A field of a request that makes it a 422, which names it.
        answers_after_s: Seconds between a request and its status.
    """

    parts: Iterable[tuple[float, str | bytes]] = ()
    statuses: tuple[int, ...] = (200,)
    whole: bool = True
    refused: str | None = None
    answers_after_s: float = 0.0
    asked: list[dict[str, Any]] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)  # the client went


class _Handler(BaseHTTPRequestHandler):
    behaviour: ClassVar[Behaviour]

    def do_POST(self) -> None:
        does = self.behaviour
        sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
        does.asked.append(sent)
        status = does.statuses[min(len(does.asked), len(does.statuses)) - 1]
        said = "no"
        if does.refused in sent:
            status, said = 422, f"{does.refused}: Extra inputs are not permitted"
        time.sleep(does.answers_after_s)
        self.send_response(status)
        self.send_header(
            "content-type", "text/event-stream" if status == 200 else "application/json"
        )
        self.end_headers()
        if status != 200:
            error = {"message": said, "type": "x", "code": "y"}
            self.wfile.write(json.dumps({"error": error}).encode())
            return
        try:
            for wait_s, part in does.parts:
                time.sleep(wait_s)
                self.wfile.write(
                    part
                    if isinstance(part, bytes)
                    else event({"role": "assistant", "content": part})
                )
                self.wfile.flush()
            if does.whole:
                usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
                self.wfile.write(event({}, finish_reason="stop"))
                self.wfile.write(event(None, usage=usage) + b"data: [DONE]\n\n")
        except OSError:
            does.gone.set()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def event(delta: object, *, finish_reason: str | None = None, usage: object = None) -> bytes:
    choices = (
        [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish_reason}]
    )
    chunk = {
        "id": "1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": choices,
        "usage": usage,
    }
    return f"data: {json.dumps(chunk)}\n\n".encode()


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[str]:
    """The address of a server that behaves like this."""
    handler = type("Handler", (_Handler,), {"behaviour": behaviour})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    # by itself it looks but twice a second whether it is to end
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
