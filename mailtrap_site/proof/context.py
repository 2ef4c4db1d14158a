"""What every scenario works with: the instance, its world, its broker, and the account of what became of the mails."""

import itertools
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from mailtrap_site.proof.brokers import Broker
from mailtrap_site.proof.doors import Crowd, Door, HttpDoor, Mail, SmtpDoor, Tenant
from mailtrap_site.proof.instance import Instance
from mailtrap_site.proof.sinks import Sinks, received_ids
from mailtrap_site.proof.tally import Outcome, Tally, faults, tally
from mailtrap_site.proof.waiting import NotInTime, wait_for
from mailtrap_site.testing.fake_mx import FakeMx

SETTLE_SECONDS = 90.0


class Form(StrEnum):
    """How much is proved: inside the test suite, by `make prove`, on services that others run."""

    SHORT = "short"
    FULL = "full"
    SERVICES = "services"


@dataclass
class Proof:
    """`size` says for each form how much a scenario sends."""

    form: Form
    instance: Instance
    sinks: Sinks
    tenants: list[Tenant]
    broker: Broker
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def size(self, short: int, full: int, services: int) -> int:
        return {Form.SHORT: short, Form.FULL: full, Form.SERVICES: services}[self.form]

    def name(self, what: str) -> str:
        """A label that nothing in this proof has had yet, for a domain or an id."""
        return f"{what}-{next(self._numbers)}"

    def domain(self, what: str) -> str:
        return f"{self.name(what)}.proof.test"

    @property
    def tenant(self) -> Tenant:
        return self.tenants[0]

    # Sending.

    def http(self) -> HttpDoor:
        return HttpDoor(self.instance.port("WEB_PORT"))

    def smtp(self) -> SmtpDoor:
        return SmtpDoor(self.instance.port("SMTP_PORT"), self.tenant)

    def accept(self, mail: Mail, door: Callable[[], Door] | None = None) -> Mail:
        """Sends one mail, over HTTP by default; it has to be acknowledged, if need be after a restart."""

        def is_accepted() -> bool:
            try:
                opened = (door or self.http)()
                try:
                    return opened.send(self.tenant, mail)
                finally:
                    opened.close()
            except OSError:
                return False

        wait_for(is_accepted, f"{mail.id} accepted", 30)
        return mail

    def crowd(self, mails: Iterable[Mail], wanted: int, seconds: float) -> Crowd:
        """Clients of both doors in turn."""

        def open_door(number: int, tenant: Tenant) -> Door:
            return self.http() if number % 2 else SmtpDoor(self.instance.port("SMTP_PORT"), tenant)

        return Crowd(open_door, self.tenants, iter(mails), wanted, time.monotonic() + seconds)

    # What became of it.

    def statuses(self, mails: Collection[Mail]) -> dict[str, str]:
        """The status of each mail in the log, by its id; one that is not there was lost at acceptance."""
        rows = self.instance.query(
            "SELECT recipient, status FROM sending_message WHERE recipient = ANY(%s)",
            [mail.recipient for mail in mails],
        )
        return {recipient.partition("@")[0]: status for recipient, status in rows}

    def uncertain(self, mails: Collection[Mail]) -> list[str]:
        """The ids of those that the log calls uncertain in any attempt."""
        rows = self.instance.query(
            "SELECT DISTINCT m.recipient FROM sending_message m JOIN sending_attempt a ON a.message_id = m.id"
            " WHERE a.outcome = 'uncertain' AND m.recipient = ANY(%s)",
            [mail.recipient for mail in mails],
        )
        return [recipient.partition("@")[0] for (recipient,) in rows]

    def settle(self, mails: Collection[Mail], seconds: float = SETTLE_SECONDS) -> str:
        """Waits until nothing of it is in the queue; says what still is. Retries come at once instead of in minutes."""
        recipients = [mail.recipient for mail in mails]

        def is_settled() -> bool:
            self.instance.query(_SOON, recipients)
            return not self.instance.query(_WAITING, recipients)

        try:
            wait_for(is_settled, "all mail gone", seconds)
        except NotInTime as problem:
            waiting = self.instance.query(_WAITING, recipients)
            return f"{problem}; {len(waiting)} still wait, such as {waiting[:2]}"
        return ""

    def outcome(
        self, mails: Collection[Mail], servers: Sequence[FakeMx], *, may_double: Collection[str] = (), note: str = ""
    ) -> Outcome:
        """Settles, counts and judges. `may_double`: ids whose final dot was sent before something broke."""
        late = self.settle(mails)
        judged = self.tally(mails, servers)
        found = faults(judged, may_double=may_double)
        missing = judged.accepted - self.statuses(mails).keys()
        if missing:
            found += (f"{len(missing)} acknowledged and not in the log",)
        return Outcome(judged, found + ((late,) if late else ()), note)

    def tally(self, mails: Collection[Mail], servers: Sequence[FakeMx]) -> Tally:
        """What the sinks have of these mails, and what the log calls uncertain."""
        return tally([mail.id for mail in mails], received_ids(servers), self.uncertain(mails))


_SOON = """
UPDATE sending_queueentry q SET due_at = now() FROM sending_message m
WHERE m.id = q.message_id AND m.recipient = ANY(%s) AND q.lease_owner IS NULL AND q.due_at > now()"""
_WAITING = """
SELECT m.recipient, m.status, q.attempts, q.lease_until > now(), q.uncertain_since IS NOT NULL
FROM sending_queueentry q JOIN sending_message m ON m.id = q.message_id WHERE m.recipient = ANY(%s)"""
