"""The overview: is mail flowing, what needs a person, how much is used, what to do next."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.models import Account
from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest, account_view
from domains.models import SendingDomain
from mailtrap_site.web.charts import StackedChart
from mailtrap_site.web.wording import duration_words, figure_words
from sending.log.paging import has_any
from sending.log.problems import recent_problems
from sending.log.today import MOST_ROWS, Today, today
from sending.pages.snippets import sending_domain, usable_token
from sending.pages.statistics_asked import read
from sending.pages.statistics_chart import chart
from sending.stats.questions import By, by
from sending.stats.rates import Counts

ACT_ON_BOUNCES = 0.05
"""The share of bounces from which receivers begin to distrust a sender."""


@account_view(Ability.VIEW, by_domain=True)
@require_safe
def overview(request: AccountRequest) -> HttpResponse:
    """The page; an account that has sent nothing sees the way to its first email instead of figures.

    Its figures are the whole account's, so whoever looks after some domains begins at these instead."""
    if request.domain_ids is not None:
        return redirect("domains:list", request.account.pk)
    account, now = request.account, timezone.now()
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    has_sent = has_any(account.pk)
    figures = today(account.pk, midnight, now) if has_sent else None
    steps = _steps(request, has_sent=has_sent)
    context = {
        "opening": _opening(account, figures),
        "sentence": _sentence(account, figures),
        "now": now,
        "zone": timezone.get_current_timezone_name(),
        "figures": figures,
        "week": _week(account.pk, now) if has_sent else None,
        "problems": recent_problems(account.pk, now) if has_sent else [],
        "steps": [] if all(one.is_done for one in steps) else steps,
        "steps_done": sum(one.is_done for one in steps),
        "demo": _demo(request),
        "may_send": can(request.membership, Ability.SEND),
        "may_view_usage": can(request.membership, Ability.VIEW_USAGE) and not account.is_platform,
    }
    return render(request, "sending/overview.html", context)


@dataclass(frozen=True, slots=True)
class Week:
    """The last seven days: all together, and a chart by day."""

    total: Counts
    chart: StackedChart


def _week(account_id: int, now: datetime) -> Week | None:
    """None while nothing was counted."""
    asked = read({"by": By.TIME.value}, now, None)
    found = by(asked.question(account_id), By.TIME)
    return Week(sum(found.values(), Counts()), chart(account_id, asked, found, now)) if found else None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do on the way to the first email, computed from facts. Without `action` it is for others to do."""

    word: str
    why: str
    url: str
    action: str
    is_done: bool
    is_next: bool = False


def _steps(request: AccountRequest, *, has_sent: bool) -> list[Step]:
    account_id = request.account.pk
    domain, token = sending_domain(request), usable_token(request)
    own = SendingDomain.objects.filter(account=request.account, deleted_at=None, is_demo=False)
    begun = own.order_by("-id").first()
    may_domains, may_tokens = (can(request.membership, one) for one in (Ability.MANAGE_DOMAINS, Ability.MANAGE_TOKENS))
    domain_page = ("domains:detail", account_id, begun.pk) if begun else ("domains:add", account_id)
    steps = (
        (
            _("Verify a sending domain"),
            _("Receivers trust mail whose domain says in DNS that we may send it. We show the records to publish."),
            reverse(domain_page[0], args=domain_page[1:]),
            (_("Go on with the domain") if begun else _("Add a domain")) if may_domains else "",
            domain is not None and not domain.is_demo,
        ),
        (
            _("Make an API token"),
            _("It opens the API and is the password of SMTP."),
            reverse("accounts:tokens", args=[account_id]),
            _("Make a token") if may_tokens else "",
            token is not None,
        ),
        (
            _("Send the first email"),
            _("With curl, SMTP or your framework; the lines work as pasted."),
            reverse("sending:integration", args=[account_id]),
            _("Show the lines"),
            has_sent,
        ),
    )
    first_open = next((index for index, step in enumerate(steps) if not step[-1]), None)
    return [Step(*step, is_next=index == first_open) for index, step in enumerate(steps)]


def _demo(request: AccountRequest) -> SendingDomain | None:
    """The demo domain, while it is all that may send."""
    domain = sending_domain(request)
    return domain if domain is not None and domain.is_demo else None


def _opening(account: Account, figures: Today | None) -> str:
    """The few words that answer "is it all right?"."""
    if account.is_banned:
        return _("This account is banned.")
    if account.is_suspended:
        return _("Sending is suspended.")
    if figures is None:
        return _("Nothing sent yet.")
    if figures.bounced_ratio is not None and figures.bounced_ratio >= ACT_ON_BOUNCES and figures.bounced >= 5:
        return _("Many emails bounce.")
    if not figures.accepted:
        return _("It is quiet today.")
    return _("Mail is flowing.") if figures.delivered or not figures.finished else _("Nothing was delivered today.")


def _sentence(account: Account, figures: Today | None) -> str:
    if account.is_banned:
        return account.suspension_reason or _("Mail is refused.")
    if account.is_suspended:
        return account.suspension_reason or _("Mail is accepted and held until support releases the account.")
    if figures is None:
        return _("Three steps lead to the first email.")
    if not figures.accepted:
        return _("No email was accepted since midnight.") + _waiting(figures)
    return _flow(figures)


def _flow(figures: Today) -> str:
    words = {
        "accepted": _("More than %(count)s") % {"count": figure_words(MOST_ROWS)}
        if figures.is_capped
        else figure_words(figures.accepted),
        "delivered": figure_words(figures.delivered),
        "median": duration_words(figures.median_seconds),
    }
    sentence = ngettext("%(accepted)s email accepted today", "%(accepted)s emails accepted today", figures.accepted)
    accepted = sentence % words
    if figures.median_seconds is None:
        return f"{accepted}, " + _("%(delivered)s delivered.") % words + _waiting(figures)
    return f"{accepted}, " + _("%(delivered)s delivered in a median of %(median)s.") % words + _waiting(figures)


def _waiting(figures: Today) -> str:
    count = figures.deferred_now
    if not count:
        return ""
    words = {"count": figure_words(count)}
    return " " + ngettext("1 is waiting for another try.", "%(count)s are waiting for another try.", count) % words
