"""Sends a message of the log once more, unchanged or with another recipient or subject, as a new submission."""

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import audit
from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view
from sending.models import Message
from sending.pages.reach import message_of
from sending.policy.refusal import Refusal
from sending.protocol.address import Address, AddressError, parse_address
from sending.protocol.mime_headers import HeaderError
from sending.submission.again import Changes, ContentGone, draft_again
from sending.submission.draft import Accepted
from sending.submission.submit import submit


class AgainForm(forms.Form):
    """To whom, and under which subject; `key` makes a second press of the button harmless."""

    to = forms.CharField(
        label=gettext_lazy("Recipient"),
        max_length=320,
        error_messages={"required": gettext_lazy("The email needs a recipient. Type one address.")},
    )
    subject = forms.CharField(label=gettext_lazy("Subject"), max_length=900, required=False)
    key = forms.UUIDField(widget=forms.HiddenInput)

    def clean_to(self) -> Address:
        """The address. Raises ValidationError with what is wrong with it."""
        try:
            return parse_address(self.cleaned_data["to"])
        except AddressError as problem:
            raise forms.ValidationError(problem.sentence) from problem


@account_view(Ability.SEND, by_domain=True)
@require_http_methods(["GET", "HEAD", "POST"])
def message_again(request: AccountRequest, message_id: uuid.UUID) -> HttpResponse:
    """Asks what is to be different, and hands it over. Only mail that is settled: the rest may still arrive."""
    found = message_of(request, message_id)
    if found.finished_at is None:
        messages.error(request, _("This email is still on its way. It can be sent again once it is settled."))
        return redirect("sending:message", request.account.pk, message_id)
    initial = {"to": found.recipient, "subject": found.subject, "key": uuid.uuid4()}
    form = AgainForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        accepted = _hand_over(request, found, form)
        if accepted is not None:
            messages.success(request, _("The email was accepted again, as a new message."))
            return redirect("sending:message", request.account.pk, accepted.message_ids[0])
    status = 422 if form.is_bound else 200
    return render(request, "sending/sent_again.html", {"message": found, "form": form}, status=status)


def _hand_over(request: AccountRequest, found: Message, form: AgainForm) -> Accepted | None:
    """What was accepted; otherwise None, and the form says why."""
    changes, key = _changes(found, form.cleaned_data), str(form.cleaned_data["key"])
    try:
        draft = draft_again(found, changes, key=key, client_ip=request.META.get("REMOTE_ADDR") or None)
    except ContentGone as gone:
        form.add_error(None, str(gone))
        return None
    except HeaderError as problem:
        form.add_error("subject", _("A subject cannot hold this text: %(why)s") % {"why": problem.why})
        return None
    (outcome,) = submit([draft])
    if isinstance(outcome, Refusal):
        form.add_error(None, _("The email was not accepted: %(why)s") % {"why": outcome.sentence})
        return None
    if not outcome.is_replay:
        new = {"message": {"from": str(found.pk), "to": str(outcome.message_ids[0])}}
        if changes.to is not None:
            new["recipient"] = {"from": found.recipient, "to": str(changes.to)}
        if changes.subject is not None:
            new["subject"] = {"from": found.subject, "to": changes.subject}
        audit.record("message.sent_again", account=request.account, target=found, changes=new, request=request)
    return outcome


def _changes(found: Message, asked: dict[str, Any]) -> Changes:
    return Changes(
        to=None if str(asked["to"]) == found.recipient else asked["to"],
        subject=None if asked["subject"] == found.subject.strip() else asked["subject"],
    )
