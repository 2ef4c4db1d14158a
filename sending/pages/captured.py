"""The captured mailbox of the development route: mail as its receivers would see it.

Open to whoever sits at this machine, because confirmation links must be read before anyone can sign in; over a network
to staff alone, because the same links let their reader sign in as somebody else.
"""

from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sending.pages import captured_mail as mail_pages
from sending.pages import mailbox as list_pages
from sending.pages.mailbox import Mailbox

P = ParamSpec("P")
MailboxView = Callable[Concatenate[HttpRequest, Mailbox, P], HttpResponse]
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def of_the_development_route(view: MailboxView[P]) -> View[P]:
    """Elsewhere there is no such mailbox, and no such page; nor is there for strangers on a network."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if settings.ROUTE != "development" or not (_is_from_this_machine(request) or request.user.is_staff):
            raise Http404
        return view(request, Mailbox(None, reverse("sending:captured_list")), *args, **kwargs)

    return guarded


captured_list = require_safe(of_the_development_route(list_pages.show_list))
captured_read = require_POST(of_the_development_route(list_pages.read_all))
captured_empty = require_http_methods(["GET", "POST"])(of_the_development_route(list_pages.empty))
captured_mail = require_safe(of_the_development_route(mail_pages.show_mail))
captured_preview = require_safe(of_the_development_route(mail_pages.show_preview))
captured_source = require_safe(of_the_development_route(mail_pages.show_source_file))
captured_part = require_safe(of_the_development_route(mail_pages.show_part))
captured_delete = require_http_methods(["GET", "POST"])(of_the_development_route(list_pages.delete_mail))


def _is_from_this_machine(request: HttpRequest) -> bool:
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
