"""The queue at the support desk: how much waits for whom, what is paused, and what staff can do about it."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import audit
from accounts.models import Account, User
from mailtrap_site.support.queue_form import CONSEQUENCES, PAUSE, VERBS, QueueForm
from mailtrap_site.web.wording import duration_words
from sending.models import Hold, QueueEntry, QueueOrder, QueuePause
from sending.models.statements import raw_cursor
from sending.queue import control
from sending.queue.control import Scope
from sending.queue.depth import depths
from sending.queue.totals import totals

COUNT_TO = 100_000
MOST_PAUSES = 100
MOST_ORDERS = 20
_VERBS = dict(VERBS)
_CALLS: dict[str, Callable[..., QueueOrder | QueuePause]] = {
    PAUSE: control.pause,
    QueueOrder.Verb.HOLD: control.hold,
    QueueOrder.Verb.RELEASE: control.release,
    QueueOrder.Verb.CANCEL: control.cancel,
    QueueOrder.Verb.REQUEUE: control.requeue,
}
_CONCERNED = {
    PAUSE: Q(hold=None),
    QueueOrder.Verb.HOLD: Q(hold=None),
    QueueOrder.Verb.RELEASE: Q(hold__isnull=False) & ~Q(hold=Hold.UNCERTAIN),
    QueueOrder.Verb.CANCEL: Q(hold=None) | ~Q(hold=Hold.UNCERTAIN),
    QueueOrder.Verb.REQUEUE: Q(hold=None, due_at__gt=Now()) & ~Q(send_at__gt=Now()),
}


@require_http_methods(["GET", "HEAD", "POST"])
def queue(request: HttpRequest) -> HttpResponse:
    """The page; a POST asks for the confirmation, and one that is confirmed is carried out."""
    if not request.user.has_perm("sending.view_queueentry"):
        raise PermissionDenied
    if request.method != "POST":
        return _page(request, QueueForm(initial=request.GET.dict()))
    _require_change(request)
    form = QueueForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    verb, scope, reason = form.cleaned_data["verb"], form.scope(), form.cleaned_data["reason"]
    if "confirmed" not in request.POST:
        return _ask(request, form, verb, scope)
    assert isinstance(request.user, User)
    with transaction.atomic():
        made = _CALLS[verb](scope, reason=reason, by=request.user)
        record(request, f"queue.{verb}", made, scope.columns | {"reason": reason})
    messages.success(request, _("“%(verb)s” was ordered for %(what)s.") % {"verb": _VERBS[verb], "what": _said(scope)})
    return redirect("admin:queue")


@require_http_methods(["GET", "HEAD", "POST"])
def resume(request: HttpRequest, pause_id: int) -> HttpResponse:
    """Ends a pause, once confirmed."""
    _require_change(request)
    pause = QueuePause.objects.filter(pk=pause_id).first()
    if pause is None:
        raise Http404
    scope = _scope_of(pause)
    if request.method != "POST":
        held = _count(QueueEntry.objects.filter(hold=Hold.PAUSED, pause_id=pause.pk))
        return _confirm(
            request,
            verb=_("Resume"),
            what=_said(scope),
            number=_("%(number)s messages are held by this pause.") % {"number": held},
            consequence=_("They leave, and so does what is accepted from now on, unless something else stops it."),
        )
    with transaction.atomic():
        if control.resume(pause.pk):
            record(request, "queue.resume", pause, scope.columns)
    messages.success(request, _("The pause of %(what)s has ended.") % {"what": _said(scope)})
    return redirect("admin:queue")


def _page(request: HttpRequest, form: QueueForm, *, status: int = 200) -> HttpResponse:
    now = timezone.now()
    found = depths(raw_cursor(), now)
    orders = QueueOrder.objects.order_by("-pk")[:MOST_ORDERS]
    context = {
        "title": _("Queue"),
        "form": form,
        "may_change": request.user.has_perm("sending.change_queueentry"),
        "is_sampled": any(one.share < 1 for one in found),
        "streams": {
            "headers": [
                _("stream"),
                _("due"),
                _("oldest due"),
                _("deferred"),
                _("scheduled"),
                _("in flight"),
                _("held"),
                _("to decide"),
            ],
            "rows": [_stream_row(one, now) for one in totals(raw_cursor(), now)],
        },
        "destinations": {
            "headers": [
                _("destination"),
                _("due"),
                _("oldest due"),
                _("deferred"),
                _("scheduled"),
                _("in flight"),
                _("held"),
            ],
            "rows": [_destination_row(one, now) for one in found],
        },
        "pauses": [
            {"what": _said(_scope_of(one)), "pause": one, "url": reverse("admin:queue_resume", args=[one.pk])}
            for one in QueuePause.objects.select_related("set_by").order_by("-pk")[:MOST_PAUSES]
        ],
        "held": [(Hold(hold).label, _count(QueueEntry.objects.filter(hold=hold))) for hold in Hold.values],
        "orders": {
            "headers": [_("order"), _("mail"), _("reason"), _("given"), _("handled"), _("finished")],
            "rows": [_order_row(one) for one in orders],
        },
    }
    return render(request, "admin/queue/queue.html", admin.site.each_context(request) | context, status=status)


def _ask(request: HttpRequest, form: QueueForm, verb: str, scope: Scope) -> HttpResponse:
    concerned = QueueEntry.objects.filter(_CONCERNED[verb], **_columns(scope))
    number = _("%(number)s messages in the queue are concerned now.") % {"number": _count(concerned)}
    return _confirm(
        request,
        verb=str(_VERBS[verb]),
        what=_said(scope),
        number=number,
        consequence=str(CONSEQUENCES[verb]),
        kept=[(name, form.data.get(name, "")) for name in form.fields],
    )


def _confirm(request: HttpRequest, **context: Any) -> HttpResponse:
    title = f"{context['verb']}: {context['what']}?"
    everything = admin.site.each_context(request) | {"title": title} | context
    return render(request, "admin/queue/confirm.html", everything)


def record(request: HttpRequest, action: str, target: QueueOrder | QueuePause, values: dict[str, Any]) -> None:
    """The entry of the audit log about what staff order for queued mail."""
    account = Account.objects.filter(pk=target.account_id).first() if target.account_id else None
    changes = {name: {"from": None, "to": value} for name, value in values.items() if value}
    audit.record(action, account=account, target=target, changes=changes, request=request, by_staff=True)


def _require_change(request: HttpRequest) -> None:
    if not request.user.has_perm("sending.change_queueentry"):
        raise PermissionDenied


def _columns(scope: Scope) -> dict[str, Any]:
    return {name: value for name, value in scope.columns.items() if value is not None}


def _scope_of(row: QueueOrder | QueuePause) -> Scope:
    return Scope(row.account_id, row.domain_id, row.stream, row.destination)


def _said(scope: Scope) -> str:
    """Which mail, in words."""
    words = {
        "account_id": _("account %(value)s"),
        "domain_id": _("sending domain number %(value)s"),
        "stream": _("stream “%(value)s”"),
        "destination": _("mail to %(value)s"),
    }
    return ", ".join(words[name] % {"value": value} for name, value in _columns(scope).items())


def _count(rows: QuerySet[QueueEntry]) -> str:
    number = rows.values("pk")[: COUNT_TO + 1].count()
    return _("more than %(number)s") % {"number": f"{COUNT_TO:,}"} if number > COUNT_TO else f"{number:,}"


def _stream_row(one: Any, now: Any) -> list[str]:
    numbers = (one.waiting, one.scheduled, one.in_flight, one.held, one.uncertain)
    return [one.stream.capitalize(), f"{one.due:,}", _age(one.oldest_due_at, now), *(f"{n:,}" for n in numbers)]


def _destination_row(one: Any, now: Any) -> list[Any]:
    name = format_html(
        '<a class="text-primary-600 dark:text-primary-500" href="?destination={}#act">{}</a>',
        one.destination,
        one.destination,
    )
    numbers = (one.waiting, one.scheduled, one.in_flight, one.held)
    return [name, f"{one.due:,}", _age(one.oldest_due_at, now), *(f"{n:,}" for n in numbers)]


def _order_row(order: QueueOrder) -> list[Any]:
    given, finished = (f"{one:%Y-%m-%d %H:%M}" if one else "–" for one in (order.set_at, order.finished_at))
    return [order.get_verb_display(), _said(_scope_of(order)), order.reason, given, f"{order.handled:,}", finished]


def _age(since: Any, now: Any) -> str:
    return duration_words((now - since).total_seconds()) if since else "–"
