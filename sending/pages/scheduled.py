"""Scheduled mail: moved to another time, sent now, or cancelled, with all recipients of its submission."""

import uuid
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts.middleware import zone_names
from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view
from sending.models import Message, MessageStatus
from sending.pages.reach import message_of
from sending.policy.refusal import Refusal
from sending.policy.send_time import LONGEST_AHEAD, read_send_time
from sending.queue.scheduled import By, Scheduled, cancel, find_scheduled, reschedule, send_now

_AS_TYPED = "%Y-%m-%dT%H:%M"


class TimeForm(forms.Form):
    """When it leaves, in the zone in which the page showed the time; afterwards `cleaned_data["send_at"]` is aware."""

    send_at = forms.DateTimeField(
        label=gettext_lazy("Day and time"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_AS_TYPED),
    )
    zone = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self) -> None:
        send_at, zone = self.cleaned_data.get("send_at"), self.cleaned_data.get("zone", "")
        if send_at is None:
            return
        if zone in zone_names():
            send_at = send_at.replace(tzinfo=ZoneInfo(zone))
        moment = read_send_time(int(send_at.timestamp()), timezone.now())
        if moment is None:
            self.add_error("send_at", _("That time has passed. Choose a later one."))
        elif isinstance(moment, Refusal):
            words = {"days": LONGEST_AHEAD.days}
            self.add_error("send_at", _("That is too far ahead. Choose a time within the next %(days)s days.") % words)
        else:
            self.cleaned_data["send_at"] = moment


def scheduled_of(message: Message) -> Scheduled | None:
    """The submission that this message waits with, as long as something can be decided about it."""
    return find_scheduled(message.account_id, message.pk) if message.status == MessageStatus.SCHEDULED else None


def time_form(found: Scheduled, zone: tzinfo) -> TimeForm:
    """The form as a page shows it, with the time that stands now."""
    form = TimeForm(initial={"send_at": found.send_at, "zone": str(zone)})
    _bound(form, zone)
    return form


@account_view(Ability.SEND, by_domain=True)
@require_http_methods(["GET", "HEAD", "POST"])
def message_schedule(request: AccountRequest, message_id: uuid.UUID) -> HttpResponse:
    """Asks for the new time, and moves it there."""
    message, found = _find(request, message_id)
    if found is None:
        return _too_late(request, message_id)
    zone = timezone.get_current_timezone()
    context = {"message": message, "scheduled": found, "zone": zone, "time_form": time_form(found, zone)}
    if request.method != "POST":
        return render(request, "sending/reschedule.html", context)
    form = TimeForm(request.POST)
    if not form.is_valid():
        _bound(form, zone)
        context["time_form"] = form
        return render(request, "sending/reschedule.html", context, status=422)
    if not reschedule(request.account, found.submission_id, form.cleaned_data["send_at"], _by(request)):
        return _too_late(request, message_id)
    messages.success(request, _("The email has a new time."))
    return redirect("sending:message", request.account.pk, message_id)


@account_view(Ability.SEND, by_domain=True)
@require_POST
def message_departure(request: AccountRequest, message_id: uuid.UUID) -> HttpResponse:
    """Lets it leave now."""
    _message, found = _find(request, message_id)
    if found is None or not send_now(request.account, found.submission_id, _by(request)):
        return _too_late(request, message_id)
    messages.success(request, _("The email is on its way."))
    return redirect("sending:message", request.account.pk, message_id)


@account_view(Ability.SEND, by_domain=True)
@require_http_methods(["GET", "HEAD", "POST"])
def message_cancellation(request: AccountRequest, message_id: uuid.UUID) -> HttpResponse:
    """Asks whether it is really to be cancelled, and does it."""
    message, found = _find(request, message_id)
    if found is None:
        return _too_late(request, message_id)
    if request.method != "POST":
        return render(request, "sending/cancel.html", {"message": message, "scheduled": found})
    if not cancel(request.account, found.submission_id, _by(request)):
        return _too_late(request, message_id)
    messages.success(request, _("The email was cancelled."))
    return redirect("sending:message", request.account.pk, message_id)


def _find(request: AccountRequest, message_id: uuid.UUID) -> tuple[Message, Scheduled | None]:
    message = message_of(request, message_id)
    return message, scheduled_of(message)


def _too_late(request: AccountRequest, message_id: uuid.UUID) -> HttpResponse:
    messages.error(request, _("Nothing was changed: this email is not scheduled any more."))
    return redirect("sending:message", request.account.pk, message_id)


def _by(request: AccountRequest) -> By:
    return By(request.user.get_full_name() or request.user.email, request)


def _bound(form: TimeForm, zone: tzinfo) -> None:
    """What the browser's calendar offers."""
    now = timezone.now()
    widget = form.fields["send_at"].widget
    widget.attrs |= {"min": _typed(now, zone), "max": _typed(now + LONGEST_AHEAD, zone)}


def _typed(moment: datetime, zone: tzinfo) -> str:
    return moment.astimezone(zone).strftime(_AS_TYPED)
