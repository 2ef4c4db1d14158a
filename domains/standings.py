"""How a domain stands in one word, and what comes next: for lists, where a whole wizard is too much."""

from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from domains.models import SendingDomain
from mailtrap_site.web.wording import moment_words

Compliance = SendingDomain.Compliance

_STANDINGS: dict[str, str] = {
    Compliance.UNVERIFIED_DNS: "unverified",
    Compliance.MISSING_COMPANY_INFO: "sender_missing",
    Compliance.UNDER_REVIEW: "under_review",
    Compliance.AWAITING_QUESTIONNAIRE: "answers_wanted",
    Compliance.AWAITING_CARD_VERIFICATION: "card_wanted",
    Compliance.NON_COMPLIANT: "not_approved",
}
_NEXT: dict[str, str | Promise] = {
    "unverified": gettext_lazy("Publish the records"),
    "sender_missing": gettext_lazy("Tell us who sends"),
    "under_review": gettext_lazy("We look at it and write to you"),
    "answers_wanted": gettext_lazy("Answer our questions"),
    "card_wanted": gettext_lazy("Choose a paid plan"),
    "not_approved": gettext_lazy("Read why, and answer"),
    "suspended": gettext_lazy("Read why, or ask support"),
    "demo": gettext_lazy("Try it: it reaches its owner alone"),
    "demo_exhausted": gettext_lazy("Add a domain of your own"),
}


def standing(domain: SendingDomain) -> str:
    """For `{% thing_status %}`: `verified` where mail is accepted and the records stand."""
    if domain.compliance_status == Compliance.SUSPENDED:
        return "suspended"
    if domain.is_demo:
        return "demo" if domain.demo_emails_left else "demo_exhausted"
    if domain.records_gone_since is not None:
        return "records_gone"
    if domain.may_send().allowed:
        return "verified"
    return _STANDINGS.get(domain.compliance_status, "unverified")


def next_step(domain: SendingDomain, now: datetime) -> str:
    """What somebody has to do, or what happens by itself; empty where all is well and mail has been sent."""
    found = standing(domain)
    if found == "verified":
        return "" if domain.first_email_at else _("Send the first email")
    if found == "records_gone":
        until = drift_ends_at(domain)
        words = moment_words(until, now, timezone.get_current_timezone()) if until else ""
        return _("Publish the records again by %(when)s") % {"when": words}
    return str(_NEXT[found])


def drift_ends_at(domain: SendingDomain) -> datetime | None:
    """When mail will be refused because the records are gone, unless they are back by then."""
    if domain.records_gone_since is None:
        return None
    return domain.records_gone_since + settings.ENVIRONMENT.domains.drift_grace
