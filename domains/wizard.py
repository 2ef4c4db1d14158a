"""A domain's page as facts: which records stand, what each lacks, and which step is next. Nothing of it is stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from domains.diagnosis import Explanation, explain
from domains.doctor.answers_shown import SeenAnswer, seen_answers
from domains.doctor.findings import zone_of
from domains.models import CompanyInfo, ComplianceReview, DnsRecord, SendingDomain
from domains.names import display_name
from domains.records import AdviceCode, RecordKey, short_name
from domains.standings import drift_ends_at
from domains.steps import Facts, State, StepName, current, states
from domains.verification import expectation
from mailtrap_site.web.wording import moment_words, time_words

PURPOSES: dict[str, str | Promise] = {
    RecordKey.VERIFICATION: gettext_lazy("Ownership and return path"),
    RecordKey.DKIM1: gettext_lazy("DKIM signature, first key"),
    RecordKey.DKIM2: gettext_lazy("DKIM signature, second key"),
    RecordKey.DKIM_ED25519: gettext_lazy("DKIM signature, Ed25519 key"),
    RecordKey.DMARC: gettext_lazy("DMARC policy"),
    RecordKey.LINK: gettext_lazy("Tracked links"),
}
_HEADINGS: dict[StepName, str | Promise] = {
    StepName.ADD: gettext_lazy("Add the domain"),
    StepName.RECORDS: gettext_lazy("Publish the records"),
    StepName.SENDER: gettext_lazy("Say who sends"),
    StepName.REVIEW: gettext_lazy("We review the domain"),
    StepName.FIRST_EMAIL: gettext_lazy("Send the first email"),
}
_LATER: dict[StepName, str | Promise] = {
    StepName.REVIEW: gettext_lazy("Automatic and usually done in two minutes; sometimes a person has a question."),
    StepName.FIRST_EMAIL: gettext_lazy("With curl, SMTP or your framework; we show the lines to paste."),
}
Compliance = SendingDomain.Compliance
EAGER_POLL, PATIENT_POLL, SLOW_POLL = 3, 10, 60
"""Seconds between two questions of an open page: soon after adding, within the hour, later."""


@dataclass(frozen=True, slots=True)
class RecordRow:
    """One record as the table shows it; `name` is short or with the domain, as the reader chose."""

    record: DnsRecord
    name: str
    purpose: str
    advice: Explanation | None
    age: float = 0
    """Seconds since the answers were given."""

    @property
    def answers(self) -> list[SeenAnswer]:
        """What each server said, with the time that is left of it."""
        return seen_answers(self.record.seen, self.age)

    @property
    def is_wrong(self) -> bool:
        """Whether the advice is about a mistake, rather than about something that is not there yet or works anyhow."""
        wrong = (DnsRecord.Status.FAIL, DnsRecord.Status.SOFTFAIL)
        named = (AdviceCode.OTHER_TYPE, AdviceCode.WILDCARD)
        return self.record.status in wrong or self.record.advice in named


@dataclass(frozen=True, slots=True)
class Step:
    """One step as `{% step %}` draws it; `template` is what it holds while it is open."""

    number: int
    name: StepName
    state: State
    heading: str
    note: str

    @property
    def template(self) -> str:
        return f"domains/_step_{self.name.replace('-', '_')}.html"


@dataclass(frozen=True, slots=True)
class Wizard:
    """What the page says about one domain."""

    domain: SendingDomain
    name: str
    required: list[RecordRow]
    optional: list[RecordRow]
    facts: Facts
    review: ComplianceReview | None
    now: datetime

    @property
    def is_verified(self) -> bool:
        return self.facts.verified

    @property
    def may_send(self) -> bool:
        return self.domain.may_send().allowed

    @property
    def is_suspended(self) -> bool:
        return self.facts.suspended

    @property
    def is_rejected(self) -> bool:
        return self.facts.rejected

    @property
    def wants_answers(self) -> bool:
        return self.domain.compliance_status == Compliance.AWAITING_QUESTIONNAIRE

    @property
    def wants_card(self) -> bool:
        return self.domain.compliance_status == Compliance.AWAITING_CARD_VERIFICATION

    @property
    def drift_ends_at(self) -> datetime | None:
        """When its mail will be refused, because its records are gone."""
        return drift_ends_at(self.domain)

    @property
    def drift_words(self) -> str:
        """What ends then."""
        if self.drift_ends_at is None:
            return ""
        when = {"when": moment_words(self.drift_ends_at, self.now, timezone.get_current_timezone())}
        return _("Mail is accepted until %(when)s") % when if self.may_send else _("Verified until %(when)s") % when

    @property
    def current(self) -> StepName | None:
        """The open step."""
        return current(self.facts)

    @property
    def steps(self) -> list[Step]:
        """All five, in order."""
        return [
            Step(number, name, state, self._heading(name, state), self._note(name, state))
            for number, (name, state) in enumerate(states(self.facts).items(), 1)
        ]

    @property
    def is_settled(self) -> bool:
        """Nothing more can change by itself: open pages stop asking."""
        return self.may_send and self.facts.has_sent and self.drift_ends_at is None

    @property
    def records_stand(self) -> bool:
        return self.is_verified and self.drift_ends_at is None

    @property
    def poll_seconds(self) -> int:
        """Counted from the last step forward, which is when somebody waits before the page."""
        forward = (self.domain.created_at, self.domain.dns_verified_at, self.review and self.review.created_at)
        return _poll_seconds(self.now - max(moment for moment in forward if moment))

    @property
    def seen(self) -> str:
        """Changes whenever a fact did that the page shows, so that a poll can tell news from none."""
        domain, review = self.domain, self.review
        checked = domain.checked_at.isoformat() if domain.checked_at else "never"
        marks = (self.facts.has_company_info, self.facts.approved, self.facts.has_sent)
        reviewed = f"{review.pk}{review.state}" if review else ""
        return f"{checked} {domain.compliance_status} {reviewed} {''.join('ny'[mark] for mark in marks)}"

    @property
    def added(self) -> str:
        """Who added the domain, and when."""
        when = {"when": self._words(self.domain.created_at)}
        if self.domain.created_by is None:
            return _("Added %(when)s.") % when
        return _("Added by %(person)s, %(when)s.") % {"person": self.domain.created_by.get_short_name(), **when}

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

    def _heading(self, name: StepName, state: State) -> str:
        if name is StepName.RECORDS and state is State.CURRENT:
            return _("Publish these records")
        return str(_HEADINGS[name])

    def _note(self, name: StepName, state: State) -> str:
        """Done steps say who and when, later ones how long they take; the open one speaks for itself."""
        if state is State.CURRENT:
            return ""
        if state is State.LATER:
            if name is StepName.RECORDS:
                return self.progress
            if name is StepName.SENDER:
                return _("Once for all your domains; you may give it while DNS is pending.")
            return str(_LATER[name])
        moments = {
            StepName.RECORDS: (_("Verified %(when)s."), self.domain.dns_verified_at),
            StepName.REVIEW: (_("Approved %(when)s."), self.domain.approved_at),
            StepName.FIRST_EMAIL: (_("Accepted %(when)s."), self.domain.first_email_at),
        }
        if name is StepName.ADD:
            return self.added
        if name is StepName.SENDER:
            return _("Given for all domains of this account.") if self.facts.has_company_info else ""
        sentence, moment = moments[name]
        return sentence % {"when": self._words(moment)} if moment else ""

    def _words(self, moment: datetime) -> str:
        return time_words(moment, self.now, timezone.get_current_timezone(), "clock")


def wizard(domain: SendingDomain, now: datetime, *, full_names: bool = False) -> Wizard:
    """Everything the page needs; asks the database for records, sender information and the last review, once each."""
    zone = zone_of(domain.dns_findings)
    rows = [_row(record, full_names, zone, now) for record in domain.dns_records.select_related("domain")]
    return Wizard(
        domain=domain,
        name=display_name(domain.name),
        required=[row for row in rows if row.record.required],
        optional=[row for row in rows if not row.record.required],
        facts=Facts(
            verified=domain.dns_verified_at is not None,
            has_company_info=CompanyInfo.objects.filter(account=domain.account_id).exists(),
            approved=domain.approved_at is not None or domain.compliance_status == Compliance.COMPLIANT,
            has_sent=domain.first_email_at is not None,
            rejected=domain.compliance_status == Compliance.NON_COMPLIANT,
            suspended=domain.compliance_status == Compliance.SUSPENDED,
        ),
        review=domain.reviews.order_by("-pk").first(),
        now=now,
    )


def _row(record: DnsRecord, full_names: bool, zone: str, now: datetime) -> RecordRow:
    age = (now - record.checked_at).total_seconds() if record.checked_at else 0
    advice = explain(expectation(record), AdviceCode(record.advice), record.observed, record.seen, age)
    if not record.required and record.advice == AdviceCode.NOT_FOUND:
        advice = None
    name = record.fqdn if full_names else short_name(record.fqdn, zone or record.domain.name)
    return RecordRow(record, name, str(PURPOSES[record.key]), advice, age)


def _poll_seconds(age: timedelta) -> int:
    if age < timedelta(minutes=10):
        return EAGER_POLL
    return PATIENT_POLL if age < timedelta(hours=1) else SLOW_POLL
