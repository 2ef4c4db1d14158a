"""The client that loads a server: one process, one thread, as little work a mail as Python allows.

`python -m bench.smtp.generator` is a generator as `bench.generating` describes it; it opens its sessions beforehand.
"""

import select
import ssl
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from bench.generating import read_plan, tell, wait_for_go
from bench.smtp.dialogue import Refused, Session, Steps, Work
from bench.smtp.mails import mails, texts
from bench.smtp.peer import Login

SILENCE = 60
"""Seconds without any event after which the server is taken for stuck."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One round. `mails_a_connection` 1: a new connection for each mail."""

    port: int
    messages: int
    size: int
    destinations: int
    mails_a_connection: int
    logins: Sequence[Login]


@dataclass(frozen=True, slots=True)
class Sent:
    """Of one round: all mails were accepted. Times on the machine's monotonic clock; `cpu` in seconds."""

    started: float
    ended: float
    connections: int
    cpu: float
    p50: float
    p99: float


def main() -> None:
    read = read_plan()
    plan = Plan(**read | {"logins": [Login(**one) for one in read["logins"]]})
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    work = Work(plan.port, context, plan.messages, plan.mails_a_connection)
    sessions = _sessions(plan, work)
    try:
        _run({session: session.opening() for session in sessions})
        wait_for_go()
        cpu, started = time.process_time(), time.monotonic()
        _run({session: session.sending() for session in sessions})
        ended = time.monotonic()
    except (Refused, OSError) as problem:
        tell({"refused": str(problem)})
        return
    seconds = sorted(work.seconds)
    p50, p99 = (seconds[int(share * (len(seconds) - 1))] for share in (0.5, 0.99))
    tell(asdict(Sent(started, ended, work.opened, time.process_time() - cpu, p50, p99)))


def _sessions(plan: Plan, work: Work) -> list[Session]:
    bodies = texts(plan.size)
    by_domain = {
        domain: mails(domain, bodies, plan.size, plan.destinations)
        for domain in {login.domain for login in plan.logins}
    }
    return [Session(work, login, by_domain[login.domain], number) for number, login in enumerate(plan.logins)]


def _run(dialogues: dict[Session, Steps]) -> None:
    """Advances each dialogue whenever its socket is ready, until all have ended."""
    waiting: dict[int, tuple[Session, int, int]] = {}
    with select.epoll() as poll:

        def wait(session: Session, wanted: int | None) -> None:
            if wanted is not None:
                number = session.socket.fileno()
                poll.register(number, wanted)
                waiting[number] = (session, session.connection, wanted)

        for session, dialogue in dialogues.items():
            wait(session, next(dialogue, None))
        while waiting:
            ready = poll.poll(SILENCE)
            if not ready:
                raise Refused(f"nothing happened for {SILENCE} s")
            for number, _event in ready:
                session, connection, mask = waiting[number]
                wanted = next(dialogues[session], None)
                same = session.connection == connection
                if same and wanted == mask:
                    continue
                del waiting[number]
                # A socket that was closed has left by itself, and its number may be another's by now.
                if same and session.socket.fileno() == number:
                    poll.unregister(number)
                wait(session, wanted)


if __name__ == "__main__":
    main()
