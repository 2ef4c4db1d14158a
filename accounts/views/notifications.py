"""The notification centre: what the service told the reader, of all their accounts."""

from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from accounts import inbox
from accounts.inbox import Shelf
from accounts.links import is_ours
from accounts.models import Notification, User
from accounts.tenancy import accounts_of

_SHELVES = ((Shelf.UNREAD, _("Unread")), (Shelf.ALL, _("All")), (Shelf.ARCHIVE, _("Archive")))
_ACTS = {"read": inbox.mark_read, "archive": inbox.archive, "take_back": inbox.take_back}


@login_required
@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    """Unread, all, or put away; by level and account, newest first."""
    assert isinstance(request.user, User)
    asked = request.GET
    shelf = Shelf(asked["show"]) if asked.get("show") in list(Shelf) else Shelf.UNREAD
    level = asked.get("level", "") if asked.get("level") in Notification.Level.values else ""
    account_id, below = _number(asked.get("account", "")), _number(asked.get("below", ""))
    rows, older = inbox.on_shelf(request.user, shelf, level=level, account_id=account_id, below=below)
    kept = {name: asked[name] for name in ("level", "account") if asked.get(name)}
    context = {
        "rows": rows,
        "shelf": shelf,
        "tabs": [(words, "?" + urlencode({"show": one, **kept}), one is shelf) for one, words in _SHELVES],
        "levels": Notification.Level.choices,
        "level": level,
        "accounts": accounts_of(request.user),
        "account_id": account_id,
        "is_filtered": bool(kept),
        "is_newest": below is None,
        "here": "?" + urlencode({"show": shelf, **kept}),
        "older": "?" + urlencode({"show": shelf, **kept, "below": older}) if older else "",
    }
    return render(request, "accounts/notifications.html", context)


@login_required
@require_POST
def notifications_act(request: HttpRequest) -> HttpResponse:
    """Marks one as read, puts it away or takes it back; `read` without one is for all."""
    assert isinstance(request.user, User)
    verb, _dot, number = request.POST.get("act", "").partition(":")
    chosen = _number(number)
    if verb == "read" and not number:
        inbox.mark_read(request.user)
    elif verb in _ACTS and chosen is not None:
        _ACTS[verb](request.user, [chosen])
    back = request.POST.get("back", "")
    return redirect(f"{request.path.removesuffix('act/')}{back if back.startswith('?') else ''}")


@login_required
@require_POST
def notification_open(request: HttpRequest, notification_id: int) -> HttpResponse:
    """Marks it as read and leads on to where it is dealt with."""
    assert isinstance(request.user, User)
    found = Notification.objects.filter(user=request.user, pk=notification_id).first()
    if found is None or not is_ours(found.path):
        raise Http404
    inbox.mark_read(request.user, [found.pk])
    return redirect(found.path)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
