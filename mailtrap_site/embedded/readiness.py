"""Questions that tell whether a program serves: each answers at once, and False as long as it does not."""

import socket
from collections.abc import Callable

Question = Callable[[int], bool]
_PATIENCE = 0.3


def answers_http(host: str, port: int, path: str, host_header: str) -> Question:
    """Any answer below 500; an open port is not enough, since the server listens before the application is loaded."""
    request = f"GET {path} HTTP/1.1\r\nHost: {host_header}\r\nConnection: close\r\n\r\n".encode()

    def ask(_pid: int) -> bool:
        status = _exchange(host, port, request).split(b" ")
        return len(status) > 1 and status[1].isdigit() and int(status[1]) < 500

    return ask


def greets(host: str, port: int) -> Question:
    """An SMTP server's `220` (RFC 5321, 3.1)."""
    return lambda _pid: _exchange(host, port, b"").startswith(b"220")


def answers_dns(host: str, port: int, name: str) -> Question:
    """Any answer to a query for the SOA record of `name` over UDP (RFC 1035, 4.1)."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    query = b"\x4d\x54" + b"\0\0\0\1\0\0\0\0\0\0" + labels + b"\0" + b"\0\6\0\1"

    def ask(_pid: int) -> bool:
        with socket.socket(_family(host), socket.SOCK_DGRAM) as probe:
            probe.settimeout(_PATIENCE)
            try:
                probe.connect((reachable(host), port))
                probe.send(query)
                return probe.recv(512)[:2] == query[:2]
            except OSError:
                return False

    return ask


def reachable(host: str) -> str:
    """The address at which a server bound to `host` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _exchange(host: str, port: int, request: bytes) -> bytes:
    try:
        with socket.create_connection((reachable(host), port), timeout=_PATIENCE) as connection:
            connection.sendall(request)
            return connection.recv(256)
    except OSError:
        return b""
