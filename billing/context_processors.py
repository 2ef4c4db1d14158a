"""Gives account pages the meter at the foot of their side, and the one notice above their content."""

from dataclasses import dataclass
from typing import Any, cast

from django.contrib.messages import ERROR, get_messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest
from billing.account_notice import OF_THE_METER, Kind, Notice, choose, words_of
from billing.metering import usage as usage_of
from billing.models import Subscription
from billing.quota import Usage

SAID_BY_PAGE = {
    "sending:overview": OF_THE_METER | {Kind.SUSPENDED},
    "accounts:closing": {Kind.CLOSING},
    "billing:usage": OF_THE_METER,
    "billing:change": OF_THE_METER,
    "billing:plan": OF_THE_METER | {Kind.PAYMENT_FAILED},
}
"""What a page tells anyway, so that it needs no notice, by the URL's name."""


@dataclass(frozen=True, slots=True)
class AccountNotice:
    """What `components/account_notice.html` draws; without a `url` there is no button."""

    words: Notice
    url: str
    action: str


def usage(request: HttpRequest) -> dict[str, Any]:
    """`usage` and `account_notice` on pages of a metered account, each asked from the database when a template first
    looks at it. `account_notice` is false where there is nothing to say."""
    account = getattr(request, "account", None)
    if account is None or account.is_platform:
        return {}
    meter = SimpleLazyObject(lambda: usage_of(account))
    notice = SimpleLazyObject(lambda: _notice(cast(AccountRequest, request), cast(Usage, meter)))
    if request.membership.is_limited:  # type: ignore[attr-defined]
        return {"account_notice": notice}
    return {"usage": meter, "account_notice": notice}


def _notice(request: AccountRequest, meter: Usage) -> AccountNotice | None:
    if any(message.level >= ERROR for message in get_messages(request)):
        # Drawn as a notice too, and a page has one.
        return None
    account = request.account
    organization = account.organization
    grace_until = Subscription.objects.filter(account=account).values_list("grace_until", flat=True).first()
    kind = choose(
        is_banned=account.is_banned,
        is_closing=account.is_closing,
        is_suspended=account.is_suspended,
        grace_until=grace_until,
        usage=meter,
        now=timezone.now(),
        shared=usage_of(organization) if organization else None,
    )
    match = request.resolver_match
    if kind is None or (match and kind in SAID_BY_PAGE.get(match.view_name, ())):
        return None
    reason, closes_at = account.suspension_reason, account.closes_at
    words = words_of(
        kind,
        reason=reason,
        grace_until=grace_until,
        usage=meter,
        closes_at=closes_at,
        organization=organization.name if organization else "",
    )
    url, action = _button(kind, request)
    return AccountNotice(words, "" if url == request.path else url, action)


def _button(kind: Kind, request: AccountRequest) -> tuple[str, str]:
    """Where the reader mends it; a suspension is mended by support alone."""
    account_id = request.account.pk
    if kind is Kind.CLOSING and can(request.membership, Ability.MANAGE_OWNERS):
        return reverse("accounts:closing", args=[account_id]), _("Keep it open")
    if kind in (Kind.CLOSING, Kind.SUSPENDED) or not can(request.membership, Ability.VIEW_USAGE):
        return "", ""
    if kind is Kind.PAYMENT_FAILED:
        return reverse("billing:invoices", args=[account_id]), _("See the invoices")
    if can(request.membership, Ability.MANAGE_BILLING) and request.account.organization is None:
        return reverse("billing:plan", args=[account_id]), _("Compare plans")
    return reverse("billing:usage", args=[account_id]), _("See the usage")
