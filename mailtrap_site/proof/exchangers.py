"""The matrix of mail exchangers: what DNS may say and what servers may do, each with the status that must follow."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from signal import SIGCONT, SIGSTOP

from domains.nameserver import Record
from mailtrap_site.environment import BASE_DIR
from mailtrap_site.proof.context import Form, Proof
from mailtrap_site.proof.doors import Mail
from mailtrap_site.proof.sinks import Sinks
from mailtrap_site.proof.tally import Outcome, faults
from mailtrap_site.proof.waiting import NotInTime, wait_for
from mailtrap_site.testing.fake_mx import FakeMx
from mailtrap_site.testing.smtp_tables import MX_ANSWERS

CONNECT_SECONDS = 30
"""What RFC 5321 leaves to us: how long an exchanger that does not answer at all is waited for."""


@dataclass(frozen=True, slots=True)
class Case:
    """`arrange` puts records and servers in place for a domain; it gives those that have to get the mail."""

    name: str
    arrange: Callable[[Sinks, str], list[FakeMx]]
    status: str
    code: str | None = None
    """The enhanced code of the attempt, where it tells more than the status."""


def _answering(answers: dict[str, str], status: str, sinks: Sinks, domain: str) -> list[FakeMx]:
    sinks.open(domain, dict(answers))
    return []


def _second_takes(first: Callable[[Sinks, str], None], sinks: Sinks, domain: str) -> list[FakeMx]:
    first(sinks, f"mx1.{domain}")
    sinks.record(domain, Record("MX", f"10 mx1.{domain}"), Record("MX", f"20 mx2.{domain}"))
    return [sinks.host(f"mx2.{domain}")]


def _refuses(sinks: Sinks, host: str) -> None:
    sinks.record(host, Record("A", sinks.unused_address()))


def _is_busy(sinks: Sinks, host: str) -> None:
    sinks.host(host, {"CONNECT": "421 4.3.2 Busy"})


def _all_down(sinks: Sinks, domain: str) -> list[FakeMx]:
    for host in ("mx1", "mx2"):
        _refuses(sinks, f"{host}.{domain}")
    sinks.record(domain, Record("MX", f"10 mx1.{domain}"), Record("MX", f"20 mx2.{domain}"))
    return []


def _null_mx(sinks: Sinks, domain: str) -> list[FakeMx]:
    sinks.record(domain, Record("MX", "0 ."))
    return []


def _address_only(sinks: Sinks, domain: str) -> list[FakeMx]:
    return [sinks.host(domain)]


def _nothing(sinks: Sinks, domain: str) -> list[FakeMx]:
    sinks.record(domain, Record("TXT", "no mail here"))
    return []


def _no_domain(sinks: Sinks, domain: str) -> list[FakeMx]:
    return []


def _alias_as_host(sinks: Sinks, domain: str) -> list[FakeMx]:
    """RFC 5321 5.1 forbids it; the world does it, and mail is better delivered than refused."""
    sinks.record(f"alias.{domain}", Record("CNAME", f"real.{domain}"))
    sinks.record(domain, Record("MX", f"10 alias.{domain}"))
    return [sinks.host(f"real.{domain}")]


def _alias_as_domain(sinks: Sinks, domain: str) -> list[FakeMx]:
    sinks.record(domain, Record("CNAME", f"real.{domain}"))
    return [sinks.open(f"real.{domain}")]


CASES = [
    *(
        Case(f"{step} {answer}", partial(_answering, answers, status), status)
        for answers, status, _phase, _category in MX_ANSWERS
        for step, answer in answers.items()
    ),
    Case("first refuses", partial(_second_takes, _refuses), "delivered"),
    Case("first is busy", partial(_second_takes, _is_busy), "delivered"),
    Case("all are down", _all_down, "deferred", "4.4.1"),
    Case("null MX", _null_mx, "bounced", "5.1.10"),
    Case("no MX but an address", _address_only, "delivered"),
    Case("neither MX nor address", _nothing, "bounced", "5.4.4"),
    Case("no such domain", _no_domain, "bounced", "5.1.2"),
    Case("MX is an alias", _alias_as_host, "delivered"),
    Case("domain is an alias", _alias_as_domain, "delivered"),
]


def mx_matrix(proof: Proof) -> Outcome:
    """All cases at once, so that the slow ones cost their time once."""
    with _silent_host(proof.sinks) as silent:
        slow = [Case("first does not answer", partial(_second_takes, silent), "delivered")]
        cases = CASES + (slow if proof.form is Form.FULL else [])
        sent: list[tuple[Case, Mail]] = []
        servers: list[FakeMx] = []
        for case in cases:
            domain = proof.domain("matrix")
            servers += case.arrange(proof.sinks, domain)
            sent.append((case, proof.accept(Mail(proof.name("matrix"), domain))))
        wrong = [fault for case, mail in sent for fault in _wrong(proof, case, mail)]
    wrong += _to_a_private_address(proof)
    to_be_delivered = [mail for case, mail in sent if case.status == "delivered"]
    judged = proof.tally(to_be_delivered, servers)
    return Outcome(judged, faults(judged) + tuple(wrong), f"{len(cases) + 1} cases")


def _wrong(proof: Proof, case: Case, mail: Mail) -> list[str]:
    """What became of a mail after its first attempt, where it is not what had to."""

    def is_tried() -> bool:
        return bool(_first_attempt(proof, mail))

    try:
        wait_for(is_tried, case.name, CONNECT_SECONDS + 30)
    except NotInTime as problem:
        return [str(problem)]
    ((outcome, code),) = _first_attempt(proof, mail)
    right = outcome == case.status and case.code in (None, code)
    return [] if right else [f"{case.name}: {outcome} {code} instead of {case.status} {case.code or ''}".rstrip()]


def _first_attempt(proof: Proof, mail: Mail) -> list[tuple[str, str | None]]:
    return [
        (outcome, code)
        for outcome, code in proof.instance.query(
            "SELECT a.outcome, a.enhanced_code FROM sending_attempt a JOIN sending_message m ON m.id = a.message_id"
            " WHERE m.recipient = %s ORDER BY a.number LIMIT 1",
            mail.recipient,
        )
    ]


def _to_a_private_address(proof: Proof) -> list[str]:
    """The instance may deliver to loopback addresses; a drain with the settings of every day takes this one."""
    domain = proof.domain("private")
    case = Case("MX at a private address", _no_domain, "bounced", "5.4.4")
    proof.sinks.record(domain, Record("MX", f"10 mx.{domain}"))
    server = proof.sinks.host(f"mx.{domain}")
    proof.sinks.record(f"mx.{domain}", Record("A", server.host), Record("A", "10.1.2.3"), Record("A", "169.254.1.1"))
    workers = proof.instance.workers()
    with _stopped(proof, workers):
        mail = proof.accept(Mail(proof.name("private"), domain))
        environment = dict(proof.instance.settings) | {"OUTBOUND_PUBLIC_ONLY": "true"}
        drain = [sys.executable, "manage.py", "shell", "--no-imports", "--command", _DRAIN]
        subprocess.run(drain, cwd=BASE_DIR, env=environment, check=True, capture_output=True, timeout=60)
        found = _wrong(proof, case, mail)
    return found + (["the private address got a connection"] if server.seen["CONNECT"] else [])


_DRAIN = "from sending.delivery.drain import Engine; engine = Engine(); engine.drain(20); engine.close()"


@contextlib.contextmanager
def _stopped(proof: Proof, names: list[str]) -> Iterator[None]:
    proof.instance.signal(names, SIGSTOP)
    try:
        yield
    finally:
        proof.instance.signal(names, SIGCONT)


@contextlib.contextmanager
def _silent_host(sinks: Sinks) -> Iterator[Callable[[Sinks, str], None]]:
    """A host whose port swallows every attempt to connect: its backlog is full."""
    address = sinks.unused_address()
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind((address, sinks.port))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex((address, sinks.port))
        yield lambda sinks, host: sinks.record(host, Record("A", address))
