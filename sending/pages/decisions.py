"""A message of which nobody knows whether it arrived: what its people may decide, and the decision."""

import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts import audit
from accounts.roles import Ability
from accounts.tenancy import AccountRequest, account_view
from sending.models import Hold, Message, MessageStatus, QueueEntry
from sending.pages.reach import message_of
from sending.queue.control import Decision, decide_uncertain


@dataclass(frozen=True, slots=True)
class Choice:
    """One button: what it says, what follows, and the toast afterwards."""

    value: Decision
    verb: str | Promise
    consequence: str | Promise
    done: str | Promise


CHOICES = (
    Choice(
        Decision.SEND_AGAIN,
        gettext_lazy("Send again"),
        gettext_lazy("We send it once more. If the first copy arrived, the reader gets two."),
        gettext_lazy("The email is sent again."),
    ),
    Choice(
        Decision.DELIVERED,
        gettext_lazy("It arrived"),
        gettext_lazy("It counts as delivered, and nothing more is sent."),
        gettext_lazy("The email counts as delivered."),
    ),
    Choice(
        Decision.GIVE_UP,
        gettext_lazy("Give up"),
        gettext_lazy("It counts as bounced, and nothing more is sent."),
        gettext_lazy("The email was given up."),
    ),
)


def decisions_about(message: Message) -> tuple[Choice, ...]:
    """The choices where the message waits for one; otherwise none."""
    if message.status != MessageStatus.UNCERTAIN:
        return ()
    waits = QueueEntry.objects.filter(pk=message.pk, hold=Hold.UNCERTAIN).exists()
    return CHOICES if waits else ()


@account_view(Ability.SEND, by_domain=True)
@require_POST
def message_decision(request: AccountRequest, message_id: uuid.UUID) -> HttpResponse:
    """Takes the decision, once; of two people the first has decided."""
    found = message_of(request, message_id)
    choice = next((one for one in CHOICES if one.value == request.POST.get("decision")), None)
    if choice is None:
        raise Http404
    if _decide(request, found, choice.value):
        messages.success(request, str(choice.done))
    else:
        messages.error(request, _("Nothing was changed: this email does not wait for a decision any more."))
    return redirect("sending:message", request.account.pk, message_id)


def _decide(request: AccountRequest, found: Message, decision: Decision) -> bool:
    with transaction.atomic():
        decided = decide_uncertain(
            request.account.pk, decision, message_ids=[found.pk], by=request.user.get_full_name() or request.user.email
        )
        if decided:
            changes = {"decision": {"from": None, "to": decision.value}}
            audit.record("message.decided", account=request.account, target=found, changes=changes, request=request)
    return bool(decided)
