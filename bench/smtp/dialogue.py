"""One session of the generator: a submission client (RFC 6409) on a plain socket, with every reply checked."""

import base64
import errno
import os
import select
import socket
import ssl
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

from bench.smtp.mails import Mail
from bench.smtp.peer import Login

READ, WRITE = select.EPOLLIN, select.EPOLLOUT
HELLO = b"EHLO generator.test\r\n"

Steps = Generator[int, None, None]
"""Yields what to wait for, READ or WRITE."""


class Refused(Exception):
    """A reply other than the one that was due."""


@dataclass(slots=True)
class Work:
    """What all sessions share: how many mails are still to be sent, and what became of the others."""

    port: int
    context: ssl.SSLContext
    left: int
    mails_a_connection: int
    opened: int = 0
    seconds: list[float] = field(default_factory=list)
    """From MAIL to the last reply, one for each accepted mail."""


class Session:
    """Opens a connection, then sends mails for as long as there are any, on new connections when it must."""

    def __init__(self, work: Work, login: Login, mails: Sequence[Mail], turn: int) -> None:
        self.work = work
        self.login = login
        self.mails = mails
        self.turn = turn
        self.socket: socket.socket = socket.socket()
        self.connection = 0
        self._unread = b""
        self._pipelining = False

    def opening(self) -> Steps:
        """A connection that is encrypted and logged in."""
        yield from self._connect()
        yield from self._expect(b"220")
        yield from self._ask(HELLO, b"250")
        yield from self._ask(b"STARTTLS\r\n", b"220")
        self.socket = secured = self.work.context.wrap_socket(self.socket, do_handshake_on_connect=False)
        while True:
            try:
                secured.do_handshake()
                break
            except ssl.SSLWantReadError:
                yield READ
            except ssl.SSLWantWriteError:
                yield WRITE
        offered = yield from self._ask(HELLO, b"250")
        self._pipelining = b"PIPELINING" in offered
        initial = base64.b64encode(f"\0{self.login.username}\0{self.login.password}".encode())
        yield from self._ask(b"AUTH PLAIN " + initial + b"\r\n", b"235")
        self.work.opened += 1

    def sending(self) -> Steps:
        """Mails until none is left; to be called with an open connection, and ends without one."""
        work, sent = self.work, 0
        while work.left > 0:
            work.left -= 1
            if sent == work.mails_a_connection:
                yield from self._leave()
                yield from self.opening()
                sent = 0
            yield from self._mail(self.mails[self.turn % len(self.mails)])
            self.turn += 1
            sent += 1
        yield from self._leave()

    def _connect(self) -> Steps:
        self.socket = plain = socket.socket()
        self.connection += 1
        self._unread = b""
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.setblocking(False)
        plain.bind((self.login.source, 0))
        if plain.connect_ex(("127.0.0.1", self.work.port)) == errno.EINPROGRESS:
            yield WRITE
        if problem := plain.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise Refused(f"no connection: {os.strerror(problem)}")

    def _mail(self, mail: Mail) -> Steps:
        envelope, content = mail
        begun = time.monotonic()
        if self._pipelining:
            yield from self._send(envelope)
            yield from self._expect(b"250", b"250", b"354")
        else:
            for command, code in zip(envelope.splitlines(keepends=True), (b"250", b"250", b"354"), strict=True):
                yield from self._ask(command, code)
        yield from self._send(content)
        yield from self._expect(b"250")
        self.work.seconds.append(time.monotonic() - begun)

    def _leave(self) -> Steps:
        yield from self._ask(b"QUIT\r\n", b"221")
        self.socket.close()

    def _ask(self, command: bytes, code: bytes) -> Generator[int, None, bytes]:
        yield from self._send(command)
        return (yield from self._expect(code))

    def _send(self, data: bytes) -> Steps:
        view = memoryview(data)
        while view:
            try:
                view = view[self.socket.send(view) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                yield WRITE

    def _expect(self, *codes: bytes) -> Generator[int, None, bytes]:
        """Reads one reply a code, and returns the text of all lines. Raises Refused."""
        unread, text = self._unread, b""
        for code in codes:
            while True:
                line, end, rest = unread.partition(b"\n")
                if not end:
                    yield READ
                    unread += self._receive()
                    continue
                unread = rest
                text += line
                if line[:3] != code:
                    raise Refused(f"{code.decode()} was due, and came: {line.decode(errors='replace').strip()}")
                if line[3:4] != b"-":
                    break
        self._unread = unread
        return text

    def _receive(self) -> bytes:
        try:
            data = self.socket.recv(65_536)
        except (BlockingIOError, ssl.SSLWantReadError):
            return b""
        if not data:
            raise Refused("the connection was closed")
        return data
