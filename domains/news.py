"""What the people of an account are told about a domain: in the dashboard, by letter, and in the audit log."""

from collections.abc import Callable
from datetime import datetime

import structlog
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, notices
from accounts.models import AuditEntry, Notification
from domains.drift import Turn
from domains.models import CompanyInfo, SendingDomain
from domains.names import display_name
from mailtrap_site.web.wording import exact_words

log = structlog.get_logger(__name__)

LONGEST_TITLE = 200
"""Of a notification; a name alone may be longer."""

Level = Notification.Level
Compliance = SendingDomain.Compliance
Words = tuple[str, str, str]
"""Level, title, body."""


def tell(domain: SendingDomain, turn: Turn, before: str, ends_at: datetime | None = None) -> None:
    """On the caller's transaction; the letters leave after it. `before` is the compliance status that it had, `ends_at`
    when its mail will be refused."""
    if turn is Turn.NONE:
        return
    changes = {"compliance_status": {"from": before, "to": domain.compliance_status}}
    audit.record(
        turn, account=domain.account, target=domain, changes=changes if before != domain.compliance_status else {}
    )
    log.info(turn.replace(".", "_"), domain_id=domain.pk, account_id=domain.account_id)
    until = exact_words(ends_at, timezone.get_current_timezone()) if ends_at else ""
    _notify(domain, turn, _WORDS[turn](domain, {"name": display_name(domain.name), "until": until}))
    if turn is Turn.VERIFIED:
        _tell_others(domain)


def was_told_since(domain: SendingDomain, turn: Turn, since: datetime | None) -> bool:
    """Whether `turn` was told after that moment; never where there is none."""
    told = AuditEntry.objects.filter(account=domain.account_id, action=turn, target_id=str(domain.pk))
    return since is not None and told.filter(target_type=domain._meta.model_name, at__gte=since).exists()


def _tell_others(domain: SendingDomain) -> None:
    """A name may be added by several accounts; only the one whose records stand verifies."""
    waits = Q(dns_verified_at=None) | Q(records_gone_since__isnull=False)
    others = SendingDomain.objects.filter(waits, name=domain.name, deleted_at=None).exclude(account=domain.account_id)
    for other in others.select_related("account").order_by("pk"):
        name = {"name": display_name(other.name)}
        title = _("Another account has verified %(name)s") % name
        body = _(
            "Yours stays unverified until its DNS records point to you. If you do not need it any more, delete it; if "
            "the domain is yours and you know nothing of this, ask support."
        )
        if other.records_gone_since is not None:
            body = _(
                "Your records of %(name)s are gone and those of the other account stand. Publish yours again if the "
                "domain is yours, delete it if you do not need it any more, or ask support."
            )
        _notify(other, "domain.verified_elsewhere", (Level.WARNING, title, body % name))


def _notify(domain: SendingDomain, kind: str, words: Words) -> None:
    level, title, body = words
    path = reverse("domains:detail", args=[domain.account_id, domain.pk])
    notices.notify(domain.account, kind, title[:LONGEST_TITLE], body, path=path, level=level, domain_id=domain.pk)


def _verified(domain: SendingDomain, name: dict[str, str]) -> Words:
    title = _("%(name)s is verified") % name
    if domain.may_send().allowed:
        return Level.INFO, title, _("All records were found, so %(name)s may send now.") % name
    if domain.compliance_status == Compliance.SUSPENDED:
        body = _("All records were found. It stays suspended, so its mail is held; its page says what to do.")
    elif not CompanyInfo.objects.filter(account=domain.account_id).exists():
        body = _(
            "All records were found. Next: tell us who sends. Once that is there we review %(name)s and write again."
        )
    else:
        body = _("All records were found. We review %(name)s now and write again when it may send.")
    return Level.INFO, title, body % name


def _gone(domain: SendingDomain, name: dict[str, str]) -> Words:
    title = _("DNS records of %(name)s are gone") % name
    body = (
        _(
            "A record of %(name)s is missing or has changed. Its mail is accepted until %(until)s and refused after "
            "that, unless the records are back by then. Its page shows which record it is."
        )
        if domain.may_send().allowed
        else _(
            "A record of %(name)s is missing or has changed. It counts as verified until %(until)s, and no more after "
            "that, unless the records are back by then. Its page shows which record it is."
        )
    )
    return Level.WARNING, title, body % name


def _still_gone(domain: SendingDomain, name: dict[str, str]) -> Words:
    title = _("%(name)s stops sending within a day") % name
    body = _("Its DNS records are still gone. From %(until)s its mail is refused. Its page shows what to publish.")
    return Level.CRITICAL, title, body % name


def _back(domain: SendingDomain, name: dict[str, str]) -> Words:
    title = _("The DNS records of %(name)s are back") % name
    return Level.INFO, title, _("All of them stand again, and %(name)s goes on sending as before.") % name


def _stopped(domain: SendingDomain, name: dict[str, str]) -> Words:
    title = _("%(name)s may no longer send") % name
    body = _("A record of %(name)s is missing or has changed. Its mail is refused until the record is back.")
    return Level.CRITICAL, title, body % name


_WORDS: dict[Turn, Callable[[SendingDomain, dict[str, str]], Words]] = {
    Turn.VERIFIED: _verified,
    Turn.GONE: _gone,
    Turn.STILL_GONE: _still_gone,
    Turn.BACK: _back,
    Turn.STOPPED: _stopped,
}
