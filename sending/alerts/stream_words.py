"""What the people of an account read about a stream that is about to be suspended, that is, or that sends again."""

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit
from accounts.notices import notify
from domains.models import SendingDomain
from domains.names import display_name
from mailtrap_site.web.wording import figure_words, percent_words
from sending.alerts.evidence import evidence
from sending.alerts.stream_rules import STREAM_RULES
from sending.models import DomainAlert, StreamSuspension

LONGEST_TITLE = 200
Kind = StreamSuspension.Kind


def fact(row: StreamSuspension) -> str:
    """The rate and what it is of, as one sentence."""
    if row.kind == Kind.LINKS:
        return _("Within 24 hours, %(whole)s emails of the stream “%(stream)s” had links that deceive.") % {
            "whole": figure_words(row.whole),
            "stream": row.get_stream_display(),
        }
    is_spam = row.kind == Kind.SPAM
    said = {
        "share": percent_words(row.part / row.whole, 2 if is_spam else 1),
        "part": figure_words(row.part),
        "whole": figure_words(row.whole),
        "stream": row.get_stream_display(),
    }
    if is_spam:
        return (
            _("%(share)s of the stream “%(stream)s” were marked as spam within 24 hours: %(part)s of %(whole)s.") % said
        )
    return _("%(share)s of the stream “%(stream)s” bounced within 24 hours: %(part)s of %(whole)s.") % said


def tell_warning(row: StreamSuspension, domain: SendingDomain, now: datetime) -> None:
    """A notice and a letter, with what was answered most often."""
    limit = percent_words(STREAM_RULES[row.kind].suspend, 1)
    body = _(
        "If it goes on like that for an hour and passes %(limit)s, the stream is suspended: mail is held, not lost."
    )
    _notify(
        row,
        domain,
        "stream.warned",
        _("%(stream)s mail of %(name)s is about to be suspended"),
        (fact(row), body % {"limit": limit}, *_evidence(row, now), _advice(row)),
        "warning",
    )


def tell_suspension(row: StreamSuspension, domain: SendingDomain, now: datetime) -> None:
    """A notice and a letter with the evidence, and the entry of the audit log."""
    end = _("The first suspension within a month ends by itself after 24 hours; support can end each one.")
    _tell_suspension(row, domain, (*_evidence(row, now), _advice(row), end))


def tell_links(row: StreamSuspension, domain: SendingDomain, sentences: Sequence[str]) -> None:
    """The same for a suspension by its links, in the words of the rules that found them."""
    advice = _("If you did not write these emails, replace the account’s API tokens. Support ends the suspension.")
    _tell_suspension(row, domain, (*sentences, advice))


def _tell_suspension(row: StreamSuspension, domain: SendingDomain, paragraphs: Sequence[str]) -> None:
    _record(row, domain, "stream.suspended")
    held = _("What you send is accepted and held. Cancel what should not leave; the rest leaves when this ends.")
    title = _("%(stream)s mail of %(name)s is suspended")
    _notify(row, domain, "stream.suspended", title, (fact(row), held, *paragraphs), "critical")


def tell_release(row: StreamSuspension, domain: SendingDomain, *, by_staff: bool) -> None:
    """A notice and a letter."""
    if not by_staff:
        # What staff do at the queue stands in the audit log as their act.
        _record(row, domain, "stream.released")
    body = _("Held mail leaves now. The hours before the suspension count no more.")
    if row.kind == Kind.LINKS:
        body = _("Held mail leaves now.")
    _notify(row, domain, "stream.released", _("%(stream)s mail of %(name)s may leave again"), (body,), "info")


def _notify(
    row: StreamSuspension, domain: SendingDomain, kind: str, title: str, paragraphs: tuple[str, ...], level: str
) -> None:
    said = {"stream": row.get_stream_display(), "name": display_name(domain.name)}
    page = reverse("sending:statistics", args=[domain.account_id])
    path = f"{page}?domain={domain.pk}&stream={row.stream}&range=24h"
    body = "\n\n".join(filter(None, paragraphs))
    notify(domain.account, kind, (title % said)[:LONGEST_TITLE], body, path, level, domain_id=domain.pk)


def _record(row: StreamSuspension, domain: SendingDomain, action: str) -> None:
    audit.record(
        action,
        account=domain.account,
        target=domain,
        changes={"stream": {"from": "", "to": row.stream}, "reason": {"from": "", "to": fact(row)}},
    )


def _evidence(row: StreamSuspension, now: datetime) -> tuple[str, ...]:
    """Of the whole domain: what receivers answered most often, or where it was complained about."""
    asked = DomainAlert(account_id=row.account_id, domain_id=row.domain_id, kind=row.kind)
    shown = evidence(asked, now)
    return (*shown.lines, shown.means)


def _advice(row: StreamSuspension) -> str:
    if row.kind == Kind.SPAM:
        return _("Send only to people who asked for this mail, and let them stop it with one click.")
    return _("Stop the mailing that these addresses belong to, and find out where they came from.")
