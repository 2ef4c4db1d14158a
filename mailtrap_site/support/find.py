"""The search across tenants: one line, read as whatever it can be. Each question is bounded and has an index."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models.functions import Lower, Upper
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import Account, ApiToken, User
from domains.models import SendingDomain
from domains.names import display_name
from mailtrap_site.support.find_form import FindForm
from mailtrap_site.web.statuses import MESSAGES, look
from sending.models import Message
from sending.models.identifiers import id_floor
from sending.protocol.address import AddressError, to_ascii_domain

MOST = 20
"""Of each kind."""
MOST_ACCOUNTS = 20_000
"""The newest ones, whose mail is searched for a recipient."""
LOOKS_BACK = timedelta(days=14)
"""How far recipients are searched for: across tenants each week is a table of its own."""


@dataclass(frozen=True, slots=True)
class Hit:
    """`what` was found, in which account, and where it is seen."""

    kind: str
    what: str
    account: str
    url: str
    account_url: str


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """What the words name, in any account; what this member of staff may not look at is not searched."""
    if not request.user.has_perm("accounts.view_account"):
        raise PermissionDenied
    form = FindForm(request.GET if "q" in request.GET else None)
    hits: list[Hit] | None = None
    if form.is_valid():
        words = form.cleaned_data["q"].strip()
        hits = [hit for permission, search in _SEARCHES if request.user.has_perm(permission) for hit in search(words)]
    context: dict[str, Any] = {"title": _("Search all tenants"), "form": form, "hits": hits, "days": LOOKS_BACK.days}
    return render(request, "admin/start/find.html", admin.site.each_context(request) | context)


def _by_message_id(words: str) -> Iterator[Hit]:
    try:
        named = uuid.UUID(words.strip("<>").partition("@")[0])
    except ValueError:
        return
    yield from _messages(Message.objects.filter(pk=named))


def _by_recipient(words: str) -> Iterator[Hit]:
    if "@" not in words:
        return
    low = id_floor(timezone.now() - LOOKS_BACK)
    # The index begins with the account, so all of them are named: as many short looks as there are accounts.
    accounts = list(Account.objects.order_by("-pk").values_list("pk", flat=True)[:MOST_ACCOUNTS])
    rows = Message.objects.annotate(lower=Lower("recipient"))
    rows = rows.filter(account__in=accounts, pk__gte=low, lower=words.lower())
    yield from _messages(rows.order_by("-pk"))


def _by_member(words: str) -> Iterator[Hit]:
    if "@" not in words:
        return
    for user in User.objects.filter(email=words.lower())[:1]:
        for account in Account.objects.filter(memberships__user=user).order_by("pk")[:MOST]:
            yield _hit(_("Member"), user.email, account, _tenant(account.pk))


def _by_domain(words: str) -> Iterator[Hit]:
    try:
        name = to_ascii_domain(words.rpartition("@")[2].rstrip("."))
    except AddressError:
        return
    for domain in SendingDomain.objects.select_related("account").filter(name=name).order_by("-pk")[:MOST]:
        what = display_name(domain.name) if domain.deleted_at is None else _("%s, deleted") % display_name(domain.name)
        url = reverse("admin:domains_sendingdomain_change", args=[domain.pk])
        yield _hit(_("Sending domain"), what, domain.account, url)


def _by_token(words: str) -> Iterator[Hit]:
    digits = words.lower()
    if len(digits) == 32 and all(letter in "0123456789abcdef" for letter in digits):
        # A whole token is compared by its hash and kept nowhere.
        rows = ApiToken.objects.filter(digest=sha256(digits.encode()).hexdigest())
    elif len(digits) == 4:
        rows = ApiToken.objects.filter(first_digits=digits) | ApiToken.objects.filter(last_digits=digits)
    else:
        return
    for token in rows.select_related("account").order_by("-pk")[:MOST]:
        shown = f"{token.name} ({token.first_digits}…{token.last_digits})"
        yield _hit(_("API token"), shown, token.account, _tenant(token.account_id))


def _by_account(words: str) -> Iterator[Hit]:
    if words.isascii() and words.isdigit() and len(words) < 19:
        rows = Account.objects.filter(pk=int(words))
    else:
        rows = Account.objects.annotate(upper=Upper("name")).filter(upper__startswith=words.upper())
    for account in rows.order_by("pk")[:MOST]:
        yield _hit(_("Account"), account.name, account, _tenant(account.pk))


def _messages(rows: Any) -> Iterator[Hit]:
    found = list(rows[:MOST])
    accounts = Account.objects.in_bulk({message.account_id for message in found})
    for message in found:
        what = f"{message.recipient}, {look(MESSAGES, message.status).word}, {message.sent_at:%Y-%m-%d %H:%M}"
        url = reverse("admin:sending_message_change", args=[message.pk])
        account = accounts.get(message.account_id) or Account(pk=message.account_id, name=_("deleted"))
        yield _hit(_("Message"), what, account, url)


def _hit(kind: str, what: str, account: Account, url: str) -> Hit:
    return Hit(kind, what, f"{account.name} ({account.pk})", url, _tenant(account.pk))


def _tenant(account_id: int) -> str:
    return reverse("admin:tenant", args=[account_id])


_SEARCHES: tuple[tuple[str, Callable[[str], Iterator[Hit]]], ...] = (
    ("sending.view_message", _by_message_id),
    ("accounts.view_account", _by_account),
    ("accounts.view_user", _by_member),
    ("domains.view_sendingdomain", _by_domain),
    ("accounts.view_apitoken", _by_token),
    ("sending.view_message", _by_recipient),
)
