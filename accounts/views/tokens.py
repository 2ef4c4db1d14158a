"""The API tokens of an account: list, add, reset, delete. A secret is in one answer only and kept nowhere."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts import tokens
from accounts.models import ApiToken
from accounts.roles import Ability, can, require
from accounts.scopes import ADMIN
from accounts.tenancy import AccountRequest, account_view
from accounts.token_forms import TokenForm


@account_view(Ability.VIEW)
@require_GET
def token_list(request: AccountRequest) -> HttpResponse:
    """All tokens, newest first, with the form for a new one."""
    return _page(request, form=_form(request))


@account_view(Ability.MANAGE_TOKENS)
@require_http_methods(["GET", "POST"])
@never_cache
def token_add(request: AccountRequest) -> HttpResponse:
    """Makes a token; the answer shows its secret."""
    form = _form(request, request.POST or None)
    if request.method == "GET":
        return _page(request, form=form)
    if not form.is_valid():
        return _page(request, form=form, status=422)
    token, secret = tokens.create(
        request.account,
        request.user,
        form.cleaned_data["name"],
        form.scopes,
        form.limits,
        request=request,
    )
    return _page(request, form=_form(request), new_token=token, secret=secret)


@account_view(Ability.MANAGE_TOKENS)
@require_http_methods(["GET", "POST"])
@never_cache
def token_reset(request: AccountRequest, token_id: int) -> HttpResponse:
    """Asks, then makes a successor; the answer shows its secret."""
    token = get_object_or_404(request.account.tokens, pk=token_id)
    if tokens.reaches_sub_accounts(token):
        require(request, Ability.MANAGE_SUB_ACCOUNTS)
    if request.method == "GET":
        return _ask(request, token, "reset")
    try:
        new, secret = tokens.reset(token, request.user, request=request)
    except tokens.TokenIsEnding:
        messages.error(
            request, _("“%(name)s” is about to end, so it was not reset. Add a token.") % {"name": token.name}
        )
        return redirect("accounts:tokens", request.account.pk)
    return _page(request, form=_form(request), new_token=new, secret=secret, old_token=token)


@account_view(Ability.MANAGE_TOKENS)
@require_http_methods(["GET", "POST"])
def token_delete(request: AccountRequest, token_id: int) -> HttpResponse:
    """Asks, then ends the token at once."""
    token = get_object_or_404(request.account.tokens, pk=token_id)
    if request.method == "GET":
        return _ask(request, token, "delete")
    tokens.delete(token, request.user, request=request)
    messages.success(request, _("“%(name)s” was deleted.") % {"name": token.name})
    return redirect("accounts:tokens", request.account.pk)


def _form(request: AccountRequest, data: Any = None) -> TokenForm:
    return TokenForm(request.account, data, may_reach_all=can(request.membership, Ability.MANAGE_SUB_ACCOUNTS))


def _page(request: AccountRequest, *, status: int = 200, **context: Any) -> HttpResponse:
    domains = dict(request.account.domains.values_list("pk", "name"))  # type: ignore[attr-defined, unused-ignore]
    rows = [
        {
            "token": token,
            "may": _may(token, domains),
            "ending": tokens.is_ending(token),
            "expired": token.has_expired(),
            "reset_dialog": f"reset-{token.pk}",
            "delete_dialog": f"delete-{token.pk}",
        }
        for token in request.account.tokens.select_related("created_by").order_by("-id")
    ]
    may_manage = can(request.membership, Ability.MANAGE_TOKENS)
    return render(request, "accounts/tokens.html", {"rows": rows, "may_manage": may_manage} | context, status=status)


def _may(token: ApiToken, domains: dict[int, str]) -> str:
    """What it is for, in a few words."""
    levels = [scope.get("access_level", 0) for scope in token.scopes]
    verb = _("sends") if token.sends_only else _("everything") if max(levels, default=0) >= ADMIN else _("reads")
    if tokens.reaches_sub_accounts(token):
        return _("%(verb)s, in sub-accounts too") % {"verb": verb}
    if any(scope.get("resource_type") == "account" for scope in token.scopes):
        return verb
    names = [domains[scope["resource_id"]] for scope in token.scopes if scope.get("resource_id") in domains]
    shown = ", ".join(sorted(names)[:3]) or _("nothing that is left")
    more = f" +{len(names) - 3}" if len(names) > 3 else ""
    return _("%(verb)s for %(domains)s") % {"verb": verb, "domains": shown + more}


def _ask(request: AccountRequest, token: ApiToken, act: str) -> HttpResponse:
    """The question as a page of its own, for browsers without JavaScript."""
    return render(request, f"accounts/token_{act}.html", {"token": token})
