"""A domain's page as facts: which records stand, what each lacks, and which step is next. Nothing of it is stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from domains.diagnosis import Explanation, explain
from domains.models import DnsRecord, SendingDomain
from domains.names import display_name
from domains.records import AdviceCode, RecordKey
from domains.verification import expectation
from mailtrap_site.web.wording import time_words

PURPOSES: dict[str, str | Promise] = {
    RecordKey.VERIFICATION: gettext_lazy("Ownership and return path"),
    RecordKey.DKIM1: gettext_lazy("DKIM signature, first key"),
    RecordKey.DKIM2: gettext_lazy("DKIM signature, second key"),
    RecordKey.DMARC: gettext_lazy("DMARC policy"),
    RecordKey.LINK: gettext_lazy("Tracked links"),
}
EAGER_POLL, PATIENT_POLL, SLOW_POLL = 3, 10, 60
"""Seconds between two questions of an open page: soon after adding, within the hour, later."""


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One record as the table shows it; `name` is short or with the domain, as the reader chose."""

    record: DnsRecord
    name: str
    purpose: str
    advice: Explanation | None


@dataclass(frozen=True, slots=True)
class Wizard:
    """What the page says about one domain."""

    domain: SendingDomain
    name: str
    required: list[RecordRow]
    optional: list[RecordRow]
    poll_seconds: int
    now: datetime

    @property
    def is_verified(self) -> bool:
        return self.domain.dns_verified_at is not None

    @property
    def is_suspended(self) -> bool:
        return self.domain.compliance_status == SendingDomain.Compliance.SUSPENDED

    @property
    def standing(self) -> str:
        """For `{% thing_status %}`."""
        return standing(self.domain)

    @property
    def seen(self) -> str:
        """Changes whenever a check has stored something, so that a poll can tell news from none."""
        return self.domain.checked_at.isoformat() if self.domain.checked_at else "never"

    @property
    def added(self) -> str:
        """Who added the domain, and when."""
        when = {"when": self._words(self.domain.created_at)}
        if self.domain.created_by is None:
            return _("Added %(when)s.") % when
        return _("Added by %(person)s, %(when)s.") % {"person": self.domain.created_by.get_short_name(), **when}

    @property
    def verified(self) -> str:
        """Since when the domain is verified."""
        moment = self.domain.dns_verified_at
        return _("Verified %(when)s.") % {"when": self._words(moment)} if moment else ""

    def _words(self, moment: datetime) -> str:
        return time_words(moment, self.now, timezone.get_current_timezone(), "clock")

    @property
    def found(self) -> int:
        return sum(row.record.status == DnsRecord.Status.PASS for row in self.required)

    @property
    def progress(self) -> str:
        """How many records stand and what is left to do."""
        left = len(self.required) - self.found
        stand = _("%(found)s of %(all)s records are in place.") % {"found": self.found, "all": len(self.required)}
        if not left:
            return stand
        if any(row.record.status == DnsRecord.Status.NETWORK_ERROR for row in self.required):
            return f"{stand} {_('DNS did not answer about the rest, so we ask again by ourselves.')}"
        patience = _("Most changes show within minutes, a few take up to 48 hours.")
        if not self.found:
            return f"{stand} {_('Publish them at your DNS provider.')} {patience}"
        rest = ngettext(
            "Publish the other one at your DNS provider.", "Publish the other %(left)s at your DNS provider.", left
        )
        return f"{stand} {rest % {'left': left}} {patience}"


def standing(domain: SendingDomain) -> str:
    """`verified`, `unverified` or `suspended`."""
    if domain.compliance_status == SendingDomain.Compliance.SUSPENDED:
        return "suspended"
    if domain.is_demo:
        return "demo" if domain.demo_emails_left else "demo_exhausted"
    return "verified" if domain.may_send().allowed else "unverified"


def wizard(domain: SendingDomain, now: datetime, *, full_names: bool = False) -> Wizard:
    """Everything the page needs; asks the database for the records, once."""
    rows = [_row(record, full_names) for record in domain.dns_records.select_related("domain")]
    return Wizard(
        domain=domain,
        name=display_name(domain.name),
        required=[row for row in rows if row.record.required],
        optional=[row for row in rows if not row.record.required],
        poll_seconds=_poll_seconds(now - domain.created_at),
        now=now,
    )


def _row(record: DnsRecord, full_names: bool) -> RecordRow:
    advice = explain(expectation(record), AdviceCode(record.advice), record.observed)
    if not record.required and record.status == DnsRecord.Status.MISSING:
        advice = None
    return RecordRow(record, record.fqdn if full_names else record.name, str(PURPOSES[record.key]), advice)


def _poll_seconds(age: timedelta) -> int:
    if age < timedelta(minutes=10):
        return EAGER_POLL
    return PATIENT_POLL if age < timedelta(hours=1) else SLOW_POLL
