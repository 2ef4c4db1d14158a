"""The pages of a captured mailbox, whoever owns it: the list and what is done with it.

`captured` opens that of the development route, `sandboxes` those of an account.
"""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from mailtrap_site.web.partials import STOP_POLLING, render_page, unchanged
from mailtrap_site.web.wording import figure_words, size_words
from sending.capture import sandboxes, store
from sending.models import CapturedMail, Sandbox
from sending.pages.log_filters import address, read_uuid

PAGE = 50
LIVE_SECONDS = 600
"""How long an open page asks for news; then it says that it has paused."""
STILL = "off"
"""The value of `live` in the address of a page that asks for no news."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One mailbox as its pages see it; `sandbox` is None for the development route's. All its pages lie below `url`."""

    sandbox: Sandbox | None
    url: str
    may_read: bool = True
    """Bodies and sources."""
    reads_links: bool = True
    """The secrets of their links too, where a stream hides them from those who only look."""
    may_manage: bool = True

    @property
    def id(self) -> int | None:
        return self.sandbox.pk if self.sandbox else None

    @property
    def name(self) -> str:
        return self.sandbox.name if self.sandbox else _("Captured mail")


def show_list(request: HttpRequest, mailbox: Mailbox, **more: object) -> HttpResponse:
    """Newest first, by key; `recipient` narrows it to one address, `q` to mails that name a text. `more` is context."""
    filters, before = _filters(request), read_uuid(request.GET.get("before", ""))
    found = store.newest(
        mailbox.id, recipient=filters.get("recipient", ""), text=filters.get("q", ""), before=before, limit=PAGE + 1
    )
    tally = store.tally(mailbox.id)
    # Of two that come at once the older may be seen later, so the newest alone does not tell.
    marker = f"{found[0].pk if found else 'none'}.{tally.mails}"
    rests = "since" in request.GET and not _is_live(request.GET["since"])
    if request.GET.get("seen") == marker and not rests:
        return unchanged()
    context = _list_context(request, mailbox, found, tally, marker)
    if rests:
        context |= {"poll": "", "rests": True}
    return render_page(
        request,
        "sending/mailbox.html",
        "sending/_mailbox_rows.html",
        context | more,
        target="captured-rows",
        status=STOP_POLLING if rests else 200,
    )


def read_all(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """Marks everything as read."""
    marked = store.mark_read(mailbox.id)
    words = ngettext("1 email was marked as read.", "%(count)s emails were marked as read.", marked)
    messages.success(request, words % {"count": figure_words(marked)})
    return redirect(mailbox.url)


def empty(request: HttpRequest, mailbox: Mailbox) -> HttpResponse:
    """Asks, then deletes everything."""
    if request.method != "POST":
        return render(request, "sending/mailbox_empty.html", {"mailbox": mailbox, "tally": store.tally(mailbox.id)})
    if mailbox.sandbox is None:
        store.delete(None)
    else:
        sandboxes.empty(mailbox.sandbox, request=request)
    messages.success(request, _("“%(name)s” was emptied.") % {"name": mailbox.name})
    return redirect(mailbox.url)


def delete_mail(request: HttpRequest, mailbox: Mailbox, captured_id: uuid.UUID) -> HttpResponse:
    """Asks, then deletes one mail."""
    mail = find(mailbox, captured_id)
    if request.method != "POST":
        return render(request, "sending/mailbox_delete.html", {"mailbox": mailbox, "mail": mail})
    if mailbox.sandbox is None:
        store.delete(None, mail.pk)
    else:
        sandboxes.delete_mail(mailbox.sandbox, mail.pk, request=request)
    messages.success(request, _("The email was deleted."))
    return redirect(mailbox.url)


def find(mailbox: Mailbox, captured_id: uuid.UUID) -> CapturedMail:
    """The mail. Raises Http404 unless it lies in this mailbox."""
    mail = store.find(mailbox.id, captured_id)
    if mail is None:
        raise Http404
    return mail


def _list_context(
    request: HttpRequest,
    mailbox: Mailbox,
    found: Sequence[CapturedMail],
    tally: store.Tally,
    marker: str,
) -> dict[str, object]:
    filters, before = _filters(request), read_uuid(request.GET.get("before", ""))
    mails, seen = found[:PAGE], read_uuid(request.GET.get("seen", "").partition(".")[0])
    since = request.GET.get("since") or str(int(time.time()))
    is_live = before is None and request.GET.get("live") != STILL
    return {
        "mailbox": mailbox,
        "mails": mails,
        "fresh": {mail.pk for mail in mails if seen is not None and mail.pk > seen},
        "filters": filters,
        "chips": list(_chips(mailbox, filters)),
        "tally": tally,
        "words": _words(tally, len(mails), narrowed=bool(filters)),
        "newest_url": mailbox.url + address(filters) if before else "",
        "older_url": mailbox.url + address(filters, before=str(mails[-1].pk)) if len(found) > PAGE else "",
        "poll": mailbox.url + address(filters, since=since, seen=marker) if is_live else "",
        "is_newest": before is None,
        "pause_url": mailbox.url + address(filters, live=STILL),
        "live_url": mailbox.url + address(filters),
        "kept": store.KEPT,
        "kept_size": size_words(store.KEPT_OCTETS),
    }


def _filters(request: HttpRequest) -> dict[str, str]:
    asked = {name: request.GET.get(name, "").replace("\0", "").strip()[:320] for name in ("q", "recipient")}
    return {name: value for name, value in asked.items() if value}


def _chips(mailbox: Mailbox, filters: dict[str, str]) -> list[tuple[str, str]]:
    sentences = {"q": _("Recipient, sender or subject contains %(value)s"), "recipient": _("Recipient is %(value)s")}
    return [
        (sentence % {"value": filters[name][:80]}, mailbox.url + address(filters, **{name: ""}))
        for name, sentence in sentences.items()
        if name in filters
    ]


def _words(tally: store.Tally, shown: int, *, narrowed: bool) -> str:
    words = {"shown": figure_words(shown), "total": figure_words(tally.mails), "unread": figure_words(tally.unread)}
    if narrowed:
        return _("%(shown)s emails that match, of %(total)s") % words
    if shown < tally.mails:
        return _("%(shown)s of %(total)s emails, %(unread)s unread") % words
    return ngettext("1 email, %(unread)s unread", "%(total)s emails, %(unread)s unread", tally.mails) % words


def _is_live(since: str) -> bool:
    return since.isdecimal() and time.time() - int(since[:12]) <= LIVE_SECONDS
