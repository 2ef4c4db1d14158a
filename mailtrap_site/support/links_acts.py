"""What staff do about suspicious links: each act says what follows, wants a reason, and stands in the audit log."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import standing
from accounts.models import User
from mailtrap_site.support.plan_forms import ReasonForm
from mailtrap_site.support.queue import record
from sending.models import QueuePause, StreamSuspension, SuspiciousLinks
from sending.phishing import store
from sending.queue import control
from sending.queue.control import Scope

State = SuspiciousLinks.State
DECIDES = "sending.change_suspiciouslinks"
LONGEST_PAUSE_REASON = 500


def _suspend_stream(row: SuspiciousLinks, reason: str, request: HttpRequest) -> None:
    assert isinstance(request.user, User)
    scope = Scope(account_id=row.account_id, domain_id=row.domain_id, stream=row.stream)
    pause = control.pause(scope, reason=reason[:LONGEST_PAUSE_REASON], by=request.user)
    record(request, "queue.pause", pause, scope.columns | {"reason": reason})


def _suspend_account(row: SuspiciousLinks, reason: str, request: HttpRequest) -> None:
    assert isinstance(request.user, User)
    standing.suspend(row.account, reason, staff=request.user, request=request)


def _nothing(row: SuspiciousLinks, reason: str, request: HttpRequest) -> None:
    """The decision is all."""


@dataclass(frozen=True, slots=True)
class Act:
    """`permission` is wanted beside `DECIDES`."""

    code: str
    verb: str | Promise
    consequence: str | Promise
    state: SuspiciousLinks.State
    call: Callable[[SuspiciousLinks, str, HttpRequest], None]
    permission: str = DECIDES


ACTS = {
    act.code: act
    for act in (
        Act(
            "stream",
            gettext_lazy("Suspend the stream"),
            gettext_lazy(
                "The links deceive. Mail of this stream and domain is accepted and held until somebody resumes."
            ),
            State.CONFIRMED,
            _suspend_stream,
            "sending.change_queueentry",
        ),
        Act(
            "account",
            gettext_lazy("Suspend the account"),
            gettext_lazy(
                "The links deceive. All mail of the account is accepted and held, and its people are told why."
            ),
            State.CONFIRMED,
            _suspend_account,
            "accounts.change_account",
        ),
        Act(
            "confirm",
            gettext_lazy("Confirm"),
            gettext_lazy("The links deceive. Nothing else is stopped than what is stopped now."),
            State.CONFIRMED,
            _nothing,
        ),
        Act(
            "dismiss",
            gettext_lazy("Dismiss"),
            gettext_lazy("The links are harmless. The same links of this domain and stream are not shown again."),
            State.DISMISSED,
            _nothing,
        ),
    )
}


def acts_on(row: SuspiciousLinks, user: Any) -> list[Act]:
    """What this member of staff can do now."""
    if row.state != State.OPEN or not user.has_perm(DECIDES):
        return []
    gone = {"stream"} if suspension_of(row) else set()
    gone |= set() if row.account.state == row.account.State.ACTIVE else {"account"}
    return [act for act in ACTS.values() if act.code not in gone and user.has_perm(act.permission)]


def suspension_of(row: SuspiciousLinks) -> StreamSuspension | None:
    """By which the rules hold this stream; None once staff have resumed it."""
    kind = StreamSuspension.Kind.LINKS
    held = StreamSuspension.objects.filter(domain=row.domain_id, stream=row.stream, kind=kind, ended_at=None).first()
    return held if held and QueuePause.objects.filter(pk=held.pause_id or 0).exists() else None


@require_http_methods(["GET", "HEAD", "POST"])
def link_act(request: HttpRequest, finding_id: int, act: str) -> HttpResponse:
    """Asks for the reason, then acts."""
    chosen = ACTS.get(act)
    if chosen is None:
        raise Http404
    if not request.user.has_perm(DECIDES) or not request.user.has_perm(chosen.permission):
        raise PermissionDenied
    row = get_object_or_404(SuspiciousLinks.objects.select_related("account"), pk=finding_id)
    if chosen not in acts_on(row, request.user):
        return _was_quicker(request, row)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if not _do(request, chosen, row, form.cleaned_data["reason"]):
            return _was_quicker(request, row)
        messages.success(
            request, _("%(account)s: “%(verb)s” was done.") % {"account": row.account, "verb": chosen.verb}
        )
        return redirect("admin:links")
    context = {
        "title": _("%(verb)s: %(account)s?") % {"verb": chosen.verb, "account": row.account},
        "act": chosen,
        "row": row,
        "form": form,
    }
    context = admin.site.each_context(request) | context
    return render(request, "admin/links/act.html", context, status=422 if form.is_bound else 200)


@transaction.atomic
def _do(request: HttpRequest, act: Act, row: SuspiciousLinks, reason: str) -> bool:
    assert isinstance(request.user, User)
    if not store.decide(row, act.state, reason, request.user, request):
        return False
    act.call(row, reason, request)
    return True


def _was_quicker(request: HttpRequest, row: SuspiciousLinks) -> HttpResponse:
    messages.warning(request, _("Nothing was changed: somebody was quicker. This is how it stands now."))
    return redirect("admin:link_finding", row.pk)
