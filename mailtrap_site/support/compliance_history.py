"""What is known of an account, for whoever decides about one of its domains."""

from datetime import datetime, timedelta

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.utils.translation import gettext as _

from accounts.models import Membership, Role
from billing.models import Invoice, UsageDay
from billing.terms import terms_of
from domains.models import ComplianceReview, SendingDomain
from mailtrap_site.web.wording import duration_words, figure_words

MOST_DOMAINS = 50
LATELY = timedelta(days=30)


def account_facts(domain: SendingDomain, now: datetime) -> list[tuple[str, str]]:
    """Label and value: who owns the account, since when, on which plan, what it has paid and sent."""
    account = domain.account
    owners = Membership.objects.filter(account=account, role=Role.OWNER).order_by("pk")
    days = UsageDay.objects.filter(account=account)
    lately = days.filter(day__gte=(now - LATELY).date())
    paid = Invoice.objects.filter(account=account.payer_id, status=Invoice.Status.PAID, paid_cents__gt=0).count()
    return [
        (_("Owners"), ", ".join(owners.values_list("user__email", flat=True)) or "–"),
        (_("Age of the account"), duration_words((now - account.created_at).total_seconds())),
        (_("State of the account"), _state(domain)),
        (_("Plan"), terms_of(account, now).plan.name),
        (_("Paid invoices"), figure_words(paid)),
        (_("Emails accepted, 30 days"), _emails(lately)),
        (_("Emails accepted, in all"), _emails(days)),
        (_("Of this domain, in all"), _emails(days.filter(domain=domain.name))),
    ]


def other_domains(domain: SendingDomain) -> QuerySet[SendingDomain]:
    """The account's other domains, deleted ones too, with the state and reason of the last review of each."""
    last = ComplianceReview.objects.filter(domain=OuterRef("pk")).order_by("-pk")
    others = SendingDomain.objects.filter(account=domain.account_id).exclude(pk=domain.pk)
    return others.annotate(
        last_state=Subquery(last.values("state")[:1]), last_reason=Subquery(last.values("reason")[:1])
    ).order_by("-pk")[:MOST_DOMAINS]


def _state(domain: SendingDomain) -> str:
    account = domain.account
    if account.is_suspended or account.is_banned:
        return f"{account.get_state_display()}: {account.suspension_reason}"
    return str(account.get_state_display())


def _emails(days: QuerySet[UsageDay]) -> str:
    return figure_words(days.aggregate(all=Sum("used"))["all"] or 0)
