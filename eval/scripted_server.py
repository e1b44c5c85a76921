"""A server that speaks OpenAI's chat completions, whose scripted model writes right statements at a fixed speed.

It runs in a process of its own: `python -m eval.scripted_server STATEMENTS TOKENS_PER_S` prints its address.
`GET /v1/writings` tells what it wrote and when, by the machine's monotonic clock, which all processes share.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from eval.scripting import Claim, reply, right_claims

FIRST_TOKEN_S = 0.3
_TOKEN_CHARS = 4  # of English, by the usual rule of thumb


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A statement, and when its last token was sent."""

    text: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """One reply.

    Attributes:
        model: By which name it was asked for.
        system: What it was told, as `prompt`.
        began_at: When it was asked.
    """

    model: str
    system: str
    prompt: str
    began_at: float
    statements: list[Written] = field(default_factory=list)


def tokens(claims: Sequence[Claim]) -> Iterator[tuple[str, list[str]]]:
    """A reply in tokens, each with the statements that end in it."""
    text, at, ends = reply(*claims), 0, []
    for one in claims:
        at = text.index(inner := reply(one)[len('{"statements": [') : -len("]}")], at) + len(inner)
        ends.append((at, one.text))
    for start in range(0, len(text), _TOKEN_CHARS):
        inside = range(start + 1, start + _TOKEN_CHARS + 1)
        yield text[start : start + _TOKEN_CHARS], [said for end, said in ends if end in inside]


class _Handler(BaseHTTPRequestHandler):
    statements: ClassVar[int]
    tokens_per_s: ClassVar[float]
    writings: ClassVar[list[Writing]] = []
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._begin("application/json")
        self.wfile.write(json.dumps([asdict(one) for one in self.writings]).encode())

    def do_POST(self) -> None:
        began_at = time.monotonic()
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        system, prompt = (one["content"] for one in asked["messages"])
        writing = Writing(model=asked["model"], system=system, prompt=prompt, began_at=began_at)
        self.writings.append(writing)
        self._begin("text/event-stream")
        due = began_at + FIRST_TOKEN_S
        for token, ended in tokens(right_claims(prompt, self.statements)):
            time.sleep(max(0.0, due - time.monotonic()))
            due += 1 / self.tokens_per_s
            self.wfile.write(_event({"role": "assistant", "content": token}))
            writing.statements.extend(Written(text=one, at=time.monotonic()) for one in ended)
        self.wfile.write(_event({}, finish_reason="stop") + b"data: [DONE]\n\n")

    def log_message(self, *_: object) -> None:
        """Keep quiet."""

    def _begin(self, media_type: str) -> None:
        self.send_response(200)
        self.send_header("content-type", media_type)
        self.end_headers()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # as many may ask at once


def _event(delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
    chunk = {
        "id": "1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "scripted",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    }
    return f"data: {json.dumps(chunk)}\n\n".encode()


def main(statements: int, tokens_per_s: float) -> None:
    """Serve until the process is ended."""
    _Handler.statements, _Handler.tokens_per_s = statements, tokens_per_s
    with _Server(("127.0.0.1", 0), _Handler) as server:
        sys.stdout.write(f"http://127.0.0.1:{server.server_port}/v1\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
