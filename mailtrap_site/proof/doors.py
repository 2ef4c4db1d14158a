"""Clients of a proof: they send over both doors, and believe what they are told."""

import contextlib
import http.client
import itertools
import json
import smtplib
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from mailtrap_site.proof.sinks import ID_HEADER


@dataclass(frozen=True, slots=True)
class Tenant:
    """Who sends: a token's secret and a verified domain."""

    secret: str
    domain: str


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to one recipient; its id stands in a header and is the recipient's local part."""

    id: str
    destination: str
    text: str = "It works."

    @property
    def recipient(self) -> str:
        return f"{self.id}@{self.destination}"


class Refused(OSError):
    """The server answered, and not with success."""


class Door(Protocol):
    """One client's connection to one door; made anew after a failure."""

    def send(self, tenant: Tenant, mail: Mail) -> bool:
        """Whether the mail was acknowledged. An answer that says no raises Refused, what breaks on the way OSError."""

    def close(self) -> None: ...


class HttpDoor:
    """`POST /api/send`."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def send(self, tenant: Tenant, mail: Mail) -> bool:
        body = {
            "from": {"email": f"proof@{tenant.domain}"},
            "to": [{"email": mail.recipient}],
            "subject": mail.id,
            "text": mail.text,
            "headers": {ID_HEADER: mail.id},
        }
        headers = {"Authorization": f"Bearer {tenant.secret}", "Content-Type": "application/json"}
        try:
            self._connection.request("POST", "/api/send", json.dumps(body).encode(), headers)
            answer = self._connection.getresponse()
            said = answer.read()
        except http.client.HTTPException as problem:
            raise ConnectionError(str(problem)) from problem
        if answer.status != 200:
            raise Refused(f"HTTP {answer.status} {said[:120].decode(errors='replace')}")
        return True

    def close(self) -> None:
        self._connection.close()


class SmtpDoor:
    """Submission over STARTTLS; one login for each connection."""

    def __init__(self, port: int, tenant: Tenant) -> None:
        try:
            self._session = smtplib.SMTP("127.0.0.1", port, timeout=30)
            self._session.starttls(context=trusting())
            self._session.login("api", tenant.secret)
        except smtplib.SMTPResponseException as problem:
            raise Refused(f"SMTP {problem.smtp_code} {problem.smtp_error!r}") from problem
        except smtplib.SMTPException as problem:
            raise ConnectionError(str(problem)) from problem
        self._tenant = tenant

    def send(self, tenant: Tenant, mail: Mail) -> bool:
        try:
            refused = self._session.sendmail(f"proof@{tenant.domain}", [mail.recipient], source_of(tenant, mail))
        except smtplib.SMTPResponseException as problem:
            raise Refused(f"SMTP {problem.smtp_code} {problem.smtp_error!r}") from problem
        except smtplib.SMTPException as problem:
            raise ConnectionError(str(problem)) from problem
        return not refused

    def close(self) -> None:
        self._session.close()


def source_of(tenant: Tenant, mail: Mail) -> bytes:
    """The mail as a client hands it over by SMTP."""
    head = (
        f"From: proof@{tenant.domain}\r\nTo: {mail.recipient}\r\nSubject: {mail.id}\r\n{ID_HEADER}: {mail.id}\r\n\r\n"
    )
    return (head + mail.text).encode() + b"\r\n"


def trusting() -> ssl.SSLContext:
    """Believes the certificate that the instance made for itself."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@dataclass
class Crowd:
    """Clients that send at once. Every mail has a new id, so that one of which nothing was heard is not sent again."""

    open_door: Callable[[int, Tenant], Door]
    tenants: list[Tenant]
    mails: Iterator[Mail]
    wanted: int
    deadline: float
    accepted: list[Mail] = field(default_factory=list)
    failures: int = 0
    _reasons: "Counter[str]" = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, clients: int, meanwhile: Callable[["Crowd"], None]) -> None:
        """Until `wanted` mails are acknowledged or the deadline has come; `meanwhile` runs beside."""
        threads = [threading.Thread(target=self._client, args=[number]) for number in range(clients)]
        for thread in threads:
            thread.start()
        try:
            meanwhile(self)
        finally:
            for thread in threads:
                thread.join()

    @property
    def reasons_in_words(self) -> str:
        """How many mails were not acknowledged, and the most frequent reason."""
        if not self.failures:
            return ""
        reason = f", such as: {self._reasons.most_common(1)[0][0]}" if self._reasons else ""
        return f"{self.failures} not acknowledged{reason}"

    def _client(self, number: int) -> None:
        tenant, door = self.tenants[number % len(self.tenants)], None
        while (mail := self._next()) is not None:
            try:
                door = door or self.open_door(number, tenant)
                is_accepted = door.send(tenant, mail)
            except OSError as problem:
                is_accepted = False
                reason = str(problem) if isinstance(problem, Refused) else type(problem).__name__
                self._reasons[reason] += 1
                if door is not None:
                    door.close()
                door = None
            with self._lock:
                self.accepted += [mail] if is_accepted else []
                self.failures += not is_accepted
            if not is_accepted:
                time.sleep(0.1)
        if door is not None:
            with contextlib.suppress(OSError):
                door.close()

    def _next(self) -> Mail | None:
        with self._lock:
            if len(self.accepted) >= self.wanted or time.monotonic() > self.deadline:
                return None
            return next(self.mails)


def mails_to(name: str, destinations: list[str]) -> Iterator[Mail]:
    """Mails without end, in turn to each destination."""
    for number, destination in zip(itertools.count(), itertools.cycle(destinations), strict=False):
        yield Mail(f"{name}-{number}", destination)
