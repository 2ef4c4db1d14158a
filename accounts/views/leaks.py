"""Where people report a token that they found, and where scanners of public code do.

Both are answered alike whether the token existed.
"""

import json
from ipaddress import ip_address
from zlib import crc32

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts import leaks
from accounts.rate_limits import LEAK_REPORTS, Allowance, take

MOST_OCTETS = 100_000


class LeakForm(forms.Form):
    """What was found, and where."""

    token = forms.CharField(
        label=_("API token"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("The token is missing. Paste it as you found it.")},
    )
    where = forms.CharField(label=_("Where you found it (optional)"), max_length=500, required=False)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def leaked_token(request: HttpRequest) -> HttpResponse:
    """The page."""
    form = LeakForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if _allowance(request).is_refused:
            form.add_error(None, _("Too many reports came from your network. Wait a minute, then send it again."))
            return render(request, "accounts/leaked_token.html", {"form": form}, status=429)
        leaks.report([form.cleaned_data["token"].strip()], form.cleaned_data["where"])
        return render(request, "accounts/leaked_token.html", {"form": LeakForm(), "is_taken": True})
    return render(request, "accounts/leaked_token.html", {"form": form}, status=422 if form.is_bound else 200)


@csrf_exempt
@require_POST
def leaked_tokens(request: HttpRequest) -> HttpResponse:
    """For programs: `{"token": "…", "url": "…"}`, or a list of such, as scanners of public code send them. 202."""
    allowance = _allowance(request)
    request.allowance = allowance  # type: ignore[attr-defined]
    if allowance.is_refused:
        return JsonResponse(
            {"errors": "Rate limit exceeded"}, status=429, headers={"Retry-After": str(allowance.reset)}
        )
    found = _read(request)
    if found is None:
        return JsonResponse({"errors": {"token": ["can't be blank"]}}, status=422)
    for token, where in found:
        leaks.report([token], where)
    return JsonResponse({"received": len(found)}, status=202)


def _read(request: HttpRequest) -> list[tuple[str, str]] | None:
    """(token, where) of each; None where the body says none."""
    if int(request.headers.get("Content-Length") or 0) > MOST_OCTETS:
        return None
    try:
        told = json.loads(request.body)
    except ValueError:
        return None
    rows = told if isinstance(told, list) else [told]
    found = [
        (one["token"].strip(), one["url"] if isinstance(one.get("url"), str) else "")
        for one in rows[: leaks.MOST]
        if isinstance(one, dict) and isinstance(one.get("token"), str)
    ]
    return found or None


def _allowance(request: HttpRequest) -> Allowance:
    """Counted by the client's address; of IPv6 by its network."""
    address = ip_address(request.META.get("REMOTE_ADDR") or "0.0.0.0")  # noqa: S104 stands for nobody
    return take(LEAK_REPORTS, crc32(address.packed[: 4 if address.version == 4 else 8]))
