"""A customer's web server that keeps what it was told, and answers as a test wants: 200, an error, slowly, too much."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class Told:
    """One request."""

    path: str
    headers: Message
    body: bytes

    @property
    def events(self) -> list[dict[str, Any]]:
        if self.headers["Content-Type"] == "application/jsonl":
            return [msgspec.json.decode(line) for line in self.body.splitlines()]
        events: list[dict[str, Any]] = msgspec.json.decode(self.body)["events"]
        return events


@dataclass
class Sink:
    """`statuses` are given one after another, the last one for ever; `answer` may do something else first."""

    statuses: list[int] = field(default_factory=lambda: [200])
    headers: dict[str, str] = field(default_factory=dict)
    answer_body: bytes = b"thanks"
    drips: bool = False
    before: Callable[[], None] | None = None
    told: list[Told] = field(default_factory=list)
    port: int = 0
    most_at_once: int = 0
    lock: Any = field(default_factory=threading.Lock)
    now_inside: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/mail?shop=1"

    @property
    def events(self) -> list[dict[str, Any]]:
        """Of all requests that were answered with 200 or otherwise, in order."""
        return [event for told in self.told for event in told.events]

    def next_status(self) -> int:
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@contextmanager
def listening(sinks: Sequence[Sink]) -> Iterator[None]:
    """Each on a port of its own on the loopback."""
    servers = [ThreadingHTTPServer(("127.0.0.1", 0), _handler(sink)) for sink in sinks]
    for sink, server in zip(sinks, servers, strict=True):
        server.daemon_threads = True
        sink.port = server.server_port
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _handler(sink: Sink) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with sink.lock:
                sink.now_inside += 1
                sink.most_at_once = max(sink.most_at_once, sink.now_inside)
                sink.told.append(Told(self.path, self.headers, body))
                status = sink.next_status()
            if sink.before:
                sink.before()
            with sink.lock:
                sink.now_inside -= 1
            self._answer(status)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            for name, value in sink.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(sink.answer_body)))
            self.end_headers()
            try:
                if sink.drips:
                    for octet in sink.answer_body:
                        self.wfile.write(bytes([octet]))
                        self.wfile.flush()
                        time.sleep(0.05)
                self.wfile.write(sink.answer_body)
            except OSError:
                # We have hung up: it had more to say than we listen to.
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    return Handler
