"""Warns the people of an account that an API token ends: 30 days before, 3 days before, and when it has ended.

Each warning is claimed by its condition in the transaction that writes the notice, so it is given once whatever runs
twice; a letter is lost only if the process ends between the two.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import ApiToken
from accounts.notices import notify
from accounts.token_life import WARNINGS, warning_due

MOST = 500
"""Tokens of one run."""
STALE = timedelta(days=30)
"""What ended longer ago than this is no news."""


def tell_due(now: datetime) -> int:
    """Gives every warning that is due; how many."""
    ends = Q(expires_at__lte=now + timedelta(days=max(WARNINGS)), expires_at__gt=now - STALE)
    open_ones = ApiToken.objects.filter(ends).filter(Q(told_days=None) | Q(told_days__gt=0)).select_related("account")
    told = 0
    for token in open_ones.order_by("expires_at")[:MOST]:
        assert token.expires_at is not None
        days = warning_due(token.expires_at, token.told_days, now)
        if days is not None:
            told += _tell(token, days)
    return told


def _tell(token: ApiToken, days: int) -> bool:
    with transaction.atomic():
        before = Q(told_days=None) | Q(told_days__gt=days)
        if not ApiToken.objects.filter(before, pk=token.pk, expires_at=token.expires_at).update(told_days=days):
            return False
        notify(
            token.account,
            "api_token.ended" if days == 0 else "api_token.ends",
            _title(token, days)[:200],
            _body(token, days),
            reverse("accounts:tokens", args=[token.account_id]),
            level="critical" if days == 0 else "warning",
        )
    return True


def _title(token: ApiToken, days: int) -> str:
    if days == 0:
        return _("The API token “%(name)s” has ended") % {"name": token.name}
    words = ngettext(
        "The API token “%(name)s” ends within %(days)s day",
        "The API token “%(name)s” ends within %(days)s days",
        days,
    )
    return words % {"name": token.name, "days": days}


def _body(token: ApiToken, days: int) -> str:
    assert token.expires_at is not None
    words = {"moment": date_format(localtime(token.expires_at), "j F Y, H:i e")}
    if days == 0:
        return _("It ended on %(moment)s. Programs that use it are refused. Make a new one for them.") % words
    return (
        _("It ends on %(moment)s; from then on programs that use it are refused.") % words
        + "\n\n"
        + _("Reset it before: the new one gets a life as long, and the old one works for 12 more hours.")
    )
