"""Whether the addresses that the service wants are free, before anything is started."""

import errno
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """One address and the setting that names it."""

    setting: str
    purpose: str
    host: str
    port: int
    datagrams: bool = False


def obstacle(wanted: Sequence[Wanted], seconds: float = 0) -> str | None:
    """The first thing in the way as a sentence, or None. A port may still become free within `seconds`."""
    seen: dict[int, Wanted] = {}
    for entry in wanted:
        other = seen.setdefault(entry.port, entry)
        if other.setting != entry.setting:
            return f"{other.setting} and {entry.setting} are both {entry.port}. Give one of them another port in .env."
    deadline = time.monotonic() + seconds
    while True:
        found = next((sentence for entry in wanted if (sentence := _obstacle_of(entry))), None)
        if found is None or time.monotonic() >= deadline:
            return found
        time.sleep(0.1)


def _obstacle_of(entry: Wanted) -> str | None:
    family = socket.AF_INET6 if ":" in entry.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM if entry.datagrams else socket.SOCK_STREAM) as probe:
        if not entry.datagrams:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((entry.host, entry.port))
        except OSError as problem:
            return _sentence(entry, problem)
        except OverflowError:
            return f"{entry.setting} is {entry.port}; a port lies between 1 and 65535."
    return None


def _sentence(entry: Wanted, problem: OSError) -> str:
    place = f"port {entry.port} of {entry.host}"
    if problem.errno == errno.EADDRINUSE:
        return (
            f"The {entry.purpose} cannot start: {place} is in use by another program."
            f" Stop that program, or choose another port: make run {entry.setting}={entry.port + 1}"
            f" (or {entry.setting} in .env)."
        )
    if problem.errno == errno.EACCES:
        return (
            f"The {entry.purpose} cannot start: {place} needs the right to bind ports below 1024."
            f" Set {entry.setting} to a higher port, or grant CAP_NET_BIND_SERVICE."
        )
    return (
        f"The {entry.purpose} cannot start at {place}: {problem.strerror}. Change {entry.setting} or its host in .env."
    )
