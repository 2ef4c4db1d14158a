"""Who takes mail at the mx: a table recipient pattern → handler. What no row names is refused: never an open relay."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.conf import settings

from domains.reports import intake
from domains.reports.mailboxes import MAILBOXES
from sending.bounces.ingest import take_report
from sending.bounces.unsubscriptions import is_unsubscribe_address, take_unsubscription
from sending.listener.incoming import IncomingMail
from sending.protocol import return_path
from sending.protocol.reply import Reply
from sending.protocol.smtp_path import Path

UNKNOWN = Reply(550, "5.1.1", ("No such user here",))
OWN_MAILBOXES = frozenset({"postmaster", "abuse"})


@dataclass(frozen=True, slots=True)
class Row:
    """`refuse` may still turn a recipient away; `receive` runs in a thread, and what it raises defers the mail."""

    name: str
    matches: Callable[[Path], bool]
    receive: Callable[[IncomingMail, Path], None]
    refuse: Callable[[Path], Reply | None] = lambda recipient: None


def is_return_path(recipient: Path) -> bool:
    """Whether we signed it: the domain does not matter, the signature does."""
    return return_path.decode(recipient.local_part, settings.RETURN_PATH_KEY) is not None


def is_own_mailbox(recipient: Path) -> bool:
    """Postmaster (RFC 5321 4.5.1, also without a domain) and abuse (RFC 2142) of the platform."""
    own_domain = recipient.domain.lower() in ("", settings.PLATFORM_DOMAIN)
    return own_domain and recipient.local_part.lower() in OWN_MAILBOXES


def is_domain_report_mailbox(recipient: Path) -> bool:
    """Where DMARC and TLS reports about customers' domains come in; the records that customers publish name it."""
    return recipient.domain.lower() == settings.PLATFORM_DOMAIN and recipient.local_part.lower() in MAILBOXES


def keep_domain_reports(mail: IncomingMail, recipient: Path) -> None:
    """A mail without a report is dropped."""
    intake.take(mail.content)


RETURN_PATHS = Row("return path", is_return_path, take_report)
UNSUBSCRIPTIONS = Row("unsubscribing", is_unsubscribe_address, take_unsubscription)
DOMAIN_REPORTS = Row("DMARC and TLS reports", is_domain_report_mailbox, keep_domain_reports)


def row_for(recipient: Path, table: Sequence[Row]) -> Row | None:
    """The first row that matches."""
    return next((row for row in table if row.matches(recipient)), None)
