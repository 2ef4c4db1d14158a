"""What the people of an account are told about a review, in the dashboard and by mail: one letter for each step."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts import notices
from accounts.models import Notification
from domains.compliance.rulebook import rule_book
from domains.models import SendingDomain
from domains.names import display_name

Level = Notification.Level


@dataclass(frozen=True, slots=True)
class _Step:
    """`title` and `body` have a place for the domain's name; `why` stands before the reason, where there is one."""

    title: str
    body: str
    why: str = ""
    level: Level = Level.INFO


STEPS = {
    "domain.questioned": _Step(
        gettext_noop("%(name)s: we have a few questions"),
        gettext_noop("Before %(name)s may send we would like to know more. Answer on the page of its review."),
        gettext_noop("Our question: %(reason)s"),
        Level.WARNING,
    ),
    "domain.card_asked": _Step(
        gettext_noop("%(name)s: we ask for a payment by card"),
        gettext_noop(
            "Before %(name)s may send we ask for a paid plan: who pays by card is somebody. The review goes on by "
            "itself once the payment is here."
        ),
        gettext_noop("Why: %(reason)s"),
        Level.WARNING,
    ),
    "domain.reviewed": _Step(
        gettext_noop("%(name)s is looked at by a person"),
        gettext_noop(
            "The automatic review of %(name)s left questions open, so somebody of our staff reads it, usually within "
            "%(staff_take)s. You need not do anything; we write to you when it is decided."
        ),
    ),
    "domain.approved": _Step(
        gettext_noop("%(name)s is approved"),
        gettext_noop("%(name)s passed its review: it may send whenever its DNS records stand."),
        gettext_noop("Our note: %(reason)s"),
    ),
    "domain.rejected": _Step(
        gettext_noop("%(name)s is not approved"),
        gettext_noop(
            "%(name)s may not send here. If you think that this is wrong, say why on the page of its review, and a "
            "person looks again."
        ),
        gettext_noop("The reason: %(reason)s"),
        Level.CRITICAL,
    ),
    "domain.suspended": _Step(
        gettext_noop("%(name)s is suspended"),
        gettext_noop("Mail from %(name)s is accepted and held from now on; nothing is lost."),
        gettext_noop("The reason: %(reason)s"),
        Level.CRITICAL,
    ),
    "domain.released": _Step(
        gettext_noop("%(name)s is released"),
        gettext_noop("The suspension of %(name)s has ended, and what was held leaves if nothing else stops it."),
        gettext_noop("Our note: %(reason)s"),
    ),
}


def tell(domain: SendingDomain, kind: str, reason: str = "") -> None:
    """On the caller's transaction; the letters leave after its commit."""
    step = STEPS[kind]
    values = {"name": display_name(domain.name), "reason": reason, "staff_take": _(rule_book().staff_take)}
    body = [_(step.body) % values]
    if reason:
        body.insert(0, _(step.why) % values)
    path = reverse("domains:review", args=[domain.account_id, domain.pk])
    title = (_(step.title) % values)[:200]
    notices.notify(domain.account, kind, title, "\n\n".join(body), path=path, level=step.level, domain_id=domain.pk)
