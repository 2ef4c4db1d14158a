"""A mail exchanger that does as it is told: refuses, delays, greylists, hangs up at any step; with TLS or without.

Written on plain asyncio streams, apart from the product's own server, so that neither hides the other's mistakes.
"""

import asyncio
import inspect
import ssl
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

CLOSE = "close"
"""An answer that is none: the connection is closed."""
HANG = "hang"
"""An answer that never comes."""
TRICKLE = "trickle"
"""An answer that goes on for ever, line by line."""
BROKEN_TLS = "broken tls"
"""An answer to STARTTLS: 220, then no handshake."""
SILENT = "silent"
"""An answer that is not given, after which the dialogue goes on."""

Answer = str | Callable[["FakeMx", str], str | Awaitable[str]]
"""A reply such as `550 5.1.1 No such user`, one of the above, or a function of the server and the command line, which
may take its time."""

_USUAL = {
    "CONNECT": "220 mx.fake.test ESMTP",
    "STARTTLS": "220 2.0.0 Go ahead",
    "AUTH": "235 2.7.0 Welcome",
    "MAIL": "250 2.1.0 OK",
    "RCPT": "250 2.1.5 OK",
    "DATA": "354 Go on",
    "DOT": "250 2.0.0 Queued as FAKE",
    "RSET": "250 2.0.0 OK",
    "QUIT": "221 2.0.0 Bye",
}


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One mail as it came over the wire, dot-stuffing undone."""

    mail_from: str
    recipients: tuple[str, ...]
    content: bytes
    tls: bool


@dataclass
class FakeMx:
    """`answers` replaces usual replies by step: CONNECT, EHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, BODY, DOT, RSET, QUIT.

    BODY is asked when the first piece of content has come. `tls` is the server's context; with one, STARTTLS is
    offered, or spoken from the start if `implicit_tls`.
    """

    answers: Mapping[str, Answer] = field(default_factory=dict)
    extensions: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 10485760", "ENHANCEDSTATUSCODES")
    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False
    mails: list[ReceivedMail] = field(default_factory=list)
    """Those that were accepted."""
    complete: list[ReceivedMail] = field(default_factory=list)
    """Those whose final dot came, whatever was answered: from then on a server may have delivered (RFC 1047)."""
    commands: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    """How often each step was reached."""
    host: str = "127.0.0.1"
    port: int = 0

    async def answer(self, step: str, line: str = "") -> str:
        self.seen[step] += 1
        chosen = self.answers.get(step, _USUAL.get(step, ""))
        said = chosen if isinstance(chosen, str) else chosen(self, line)
        return await said if inspect.isawaitable(said) else said


async def listen(server: FakeMx) -> asyncio.Server:
    """Starts `server` on the running event loop; a free port, where it has none, is told there."""
    context = server.tls if server.implicit_tls else None
    listening = await asyncio.start_server(
        lambda reader, writer: _Dialogue(server, reader, writer).run(), server.host, server.port, ssl=context
    )
    server.port = listening.sockets[0].getsockname()[1]
    return listening


@contextmanager
def receiving(server: FakeMx) -> Iterator[FakeMx]:
    """Runs `server` in a thread on `server.port` of the loopback; a free one, told there, where it is 0."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="fake-mx", daemon=True)
    thread.start()
    listening = asyncio.run_coroutine_threadsafe(listen(server), loop).result(5)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(stop(listening), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def stop(*listening: asyncio.Server) -> None:
    """Closes these servers and cuts everything else on the running event loop."""
    for server in listening:
        server.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class _HangUp(Exception):
    pass


class _Dialogue:
    def __init__(self, server: FakeMx, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server, self.reader, self.writer = server, reader, writer
        self.is_tls = server.implicit_tls
        self.mail_from: str | None = None
        self.recipients: list[str] = []

    async def run(self) -> None:
        with suppress(_HangUp, OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self.say("CONNECT")
            while True:
                line = (await self.reader.readuntil(b"\r\n")).decode("utf-8", "replace").rstrip("\r\n")
                self.server.commands.append(line)
                await self.obey(line)
        self.writer.close()

    async def obey(self, line: str) -> None:
        verb = line.split(" ")[0].upper()
        match verb:
            case "EHLO":
                await self.hello(line)
            case "STARTTLS":
                await self.start_tls()
            case "MAIL":
                if (await self.say("MAIL", line)).startswith("2"):
                    self.mail_from, self.recipients = _path(line), []
            case "RCPT" if self.mail_from is None:
                await self.send("503 5.5.1 MAIL first")
            case "RCPT":
                if (await self.say("RCPT", line)).startswith("2"):
                    self.recipients.append(_path(line))
            case "DATA":
                if not self.recipients:
                    await self.send("554 5.5.1 No valid recipients")
                elif (await self.say("DATA", line)).startswith("3"):
                    await self.content()
            case "QUIT":
                await self.say("QUIT", line)
                raise _HangUp
            case "AUTH":
                await self.say(verb, line)
            case "RSET":
                self.mail_from, self.recipients = None, []
                await self.say(verb, line)
            case _:
                await self.send("500 5.5.1 What?")

    async def hello(self, line: str) -> None:
        if "EHLO" in self.server.answers:
            await self.say("EHLO", line)
            return
        offered = [*self.server.extensions]
        if self.server.tls is not None and not self.is_tls:
            offered.append("STARTTLS")
        lines = ["mx.fake.test", *offered]
        await self.send("\r\n".join(f"250{'-' if text is not lines[-1] else ' '}{text}" for text in lines))

    async def start_tls(self) -> None:
        answer = await self.server.answer("STARTTLS")
        if answer == BROKEN_TLS:
            await self.send("220 2.0.0 Go ahead")
            await self.reader.read(100)
            await self.send("this is no TLS")
            raise _HangUp
        await self.send(answer)
        if answer.startswith("220") and self.server.tls is not None:
            await self.writer.start_tls(self.server.tls)
            self.is_tls = True

    async def content(self) -> None:
        data = bytearray(b"\r\n")
        if self.server.answers.get("BODY"):
            data += await self.reader.readexactly(10)
            await self.say("BODY")
        while not data.endswith(b"\r\n.\r\n"):
            data += await self.piece()
        content = bytes(data[:-3]).replace(b"\r\n.", b"\r\n")[2:]
        mail = ReceivedMail(self.mail_from or "", tuple(self.recipients), content, self.is_tls)
        self.server.complete.append(mail)
        answer = await self.server.answer("DOT")
        if answer.startswith("2"):
            self.server.mails.append(mail)
        self.mail_from, self.recipients = None, []
        await self.send(answer)

    async def piece(self) -> bytes:
        """What comes next of a content, up to a line that ends in a dot or as much as the reader holds."""
        try:
            return await self.reader.readuntil(b".\r\n")
        except asyncio.LimitOverrunError as overrun:
            return await self.reader.readexactly(overrun.consumed)

    async def say(self, step: str, line: str = "") -> str:
        answer = await self.server.answer(step, line)
        if answer != SILENT:
            await self.send(answer)
        return answer

    async def send(self, answer: str) -> None:
        if answer == CLOSE:
            raise _HangUp
        if answer == HANG:
            await asyncio.Event().wait()
        while answer == TRICKLE:
            self.writer.write(b"250-and so on\r\n")
            await self.writer.drain()
            await asyncio.sleep(0.05)
        self.writer.write(answer.encode() + b"\r\n")
        await self.writer.drain()
        if answer.startswith("421"):
            raise _HangUp


def _path(line: str) -> str:
    return line.partition("<")[2].partition(">")[0]
