"""Loads `POST /api/send` over connections that are kept: prepared requests, and of each answer what must be read.

`python -m bench.http_generator` is a generator as `bench.generating` describes it.
"""

import json
import select
import socket
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from bench.generating import read_plan, tell, wait_for_go
from bench.smtp.mails import texts

SILENCE = 30


@dataclass(frozen=True, slots=True)
class Plan:
    """`tenants`: (token, domain) of each; `size`: octets of the text of a mail."""

    port: int
    connections: int
    seconds: float
    size: int
    tenants: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answered:
    """Of one round: all mails were accepted. Times in seconds, `cpu` that of the generator."""

    answers: int
    elapsed: float
    cpu: float
    p50: float
    p99: float


class Refused(Exception):
    """An answer other than 200."""


@dataclass(slots=True)
class _Connection:
    socket: socket.socket
    turn: int
    asked_at: float = 0.0
    unread: bytes = b""
    seconds: list[float] = field(default_factory=list)

    def ask(self, requests: Sequence[bytes]) -> None:
        """The socket is blocking and its buffer takes a whole request, so this does not wait."""
        self.asked_at = time.monotonic()
        self.socket.sendall(requests[self.turn % len(requests)])
        self.turn += 1

    def hear(self) -> bool:
        """Whether the answer is complete. Raises Refused."""
        data = self.socket.recv(65_536)
        self.unread += data
        head, end, body = self.unread.partition(b"\r\n\r\n")
        if not data or (end and not head.startswith(b"HTTP/1.1 200 ")):
            raise Refused(self.unread[:300].decode(errors="replace") or "the connection was closed")
        if not end or not _is_whole(head.lower(), body):
            return False
        if b'"success":true' not in body and b'"success": true' not in body:
            raise Refused(body.decode(errors="replace"))
        self.unread = b""
        self.seconds.append(time.monotonic() - self.asked_at)
        return True


def main() -> None:
    plan = Plan(**read_plan())
    requests = _requests(plan)
    connections = [_connection(plan.port, number) for number in range(plan.connections)]
    wait_for_go()
    cpu, started = time.process_time(), time.monotonic()
    try:
        _run(connections, requests, started + plan.seconds)
    except (Refused, OSError) as problem:
        tell({"refused": str(problem)})
        return
    elapsed = time.monotonic() - started
    seconds = sorted(second for connection in connections for second in connection.seconds)
    p50, p99 = (seconds[int(share * (len(seconds) - 1))] for share in (0.5, 0.99))
    tell(asdict(Answered(len(seconds), elapsed, time.process_time() - cpu, p50, p99)))


def _run(connections: Sequence[_Connection], requests: Sequence[bytes], until: float) -> None:
    with select.epoll() as poll:
        waiting = {connection.socket.fileno(): connection for connection in connections}
        for number, connection in waiting.items():
            poll.register(number, select.EPOLLIN)
            connection.ask(requests)
        while waiting:
            ready = poll.poll(SILENCE)
            if not ready:
                raise Refused(f"nothing happened for {SILENCE} s")
            for number, _event in ready:
                connection = waiting[number]
                if not connection.hear():
                    continue
                if time.monotonic() < until:
                    connection.ask(requests)
                else:
                    del waiting[number]
                    poll.unregister(number)


def _is_whole(head: bytes, body: bytes) -> bool:
    """By Content-Length, or by the last chunk (RFC 9112, 6.3 and 7.1)."""
    length = head.partition(b"content-length:")[2].partition(b"\r")[0]
    return len(body) >= int(length) if length else body.endswith(b"0\r\n\r\n")


def _connection(port: int, number: int) -> _Connection:
    opened = socket.create_connection(("127.0.0.1", port))
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _Connection(opened, turn=number)


def _requests(plan: Plan) -> list[bytes]:
    bodies = texts(plan.size)
    return [
        _request(secret, domain, bodies[number % len(bodies)][: plan.size])
        for number, (secret, domain) in enumerate(plan.tenants)
    ]


def _request(secret: str, domain: str, text: str) -> bytes:
    mail = {
        "from": {"email": f"hello@{domain}"},
        "to": [{"email": "reader@far.test"}],
        "subject": "Hello",
        "text": text,
        "category": "Benchmark",
    }
    body = json.dumps(mail).encode()
    head = (
        "POST /api/send HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {secret}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


if __name__ == "__main__":
    main()
