"""The captured mailbox of the development route: mail as its receivers would see it.

Open to whoever sits at this machine, because confirmation links must be read before anyone can sign in; over a network
to staff alone, because the same links let their reader sign in as somebody else.
"""

import uuid
from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from mailtrap_site.web.partials import render_page, unchanged
from mailtrap_site.web.wording import figure_words
from sending.capture.store import KEPT, PAGE, find, newest
from sending.models import CapturedMail
from sending.pages.log_filters import address, read_uuid
from sending.pages.previews import preview_response, read_mail, show_source, source_response

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]
TABS = ("content", "headers", "source")


def of_the_development_route(view: View[P]) -> View[P]:
    """Elsewhere there is no such mailbox, and no such page; nor is there for strangers on a network."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if settings.ROUTE != "development" or not (_is_from_this_machine(request) or request.user.is_staff):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


@of_the_development_route
@require_safe
def captured_list(request: HttpRequest) -> HttpResponse:
    """Newest first, by key; `recipient` narrows it to one address."""
    recipient = request.GET.get("recipient", "").strip().replace("\0", "")[:320]
    before = read_uuid(request.GET.get("before", ""))
    found = newest(recipient=recipient, before=before, limit=PAGE + 1)
    top = str(found[0].pk) if found else "none"
    if request.GET.get("seen") == top:
        return unchanged()
    mails, filters = found[:PAGE], {"recipient": recipient} if recipient else {}
    words = ngettext("1 captured email", "%(count)s captured emails", len(mails)) % {"count": figure_words(len(mails))}
    context = {
        "mails": mails,
        "recipient": recipient,
        "clear_url": address({}),
        "words": words,
        "newest_url": address(filters) if before else "",
        "older_url": address(filters, before=str(mails[-1].pk)) if len(found) > PAGE else "",
        "poll": "" if before else address(filters, seen=top),
        "kept": KEPT,
    }
    return render_page(
        request, "sending/captured_list.html", "sending/_captured_rows.html", context, target="captured-rows"
    )


@of_the_development_route
@require_safe
def captured_mail(request: HttpRequest, captured_id: uuid.UUID) -> HttpResponse:
    """One mail: what is in it, its headers, its source."""
    mail = _find(captured_id)
    show = request.GET.get("show", "")
    show = show if show in TABS else TABS[0]
    words = {"content": _("Content"), "headers": _("Headers"), "source": _("Source")}
    context = {
        "mail": mail,
        "show": show,
        "tabs": [(words[key], f"?show={key}", key == show) for key in TABS],
        "reading": read_mail(mail.message),
        "source": show_source(mail.message) if show == "source" else None,
    }
    return render(request, "sending/captured_mail.html", context)


@of_the_development_route
@require_safe
def captured_preview(request: HttpRequest, captured_id: uuid.UUID) -> HttpResponse:
    """The HTML part alone, for the sandboxed frame."""
    reading = read_mail(_find(captured_id).message)
    if not reading.html:
        raise Http404
    return preview_response(reading)


@of_the_development_route
@require_safe
def captured_source(request: HttpRequest, captured_id: uuid.UUID) -> HttpResponse:
    """The mail as a file, byte for byte as it arrived."""
    return source_response(_find(captured_id).message, str(captured_id))


def _is_from_this_machine(request: HttpRequest) -> bool:
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def _find(captured_id: uuid.UUID) -> CapturedMail:
    mail = find(captured_id)
    if mail is None:
        raise Http404
    return mail
