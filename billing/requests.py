"""What customers ask of the staff, and the answers: the only writer of SupportRequest."""

import uuid
from datetime import datetime

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.message_size import HIGHEST_MESSAGE_BYTES, most_bytes
from accounts.models import Account, Membership, Role, User
from accounts.notices import notify
from billing import subscriptions
from billing.models import SupportRequest
from billing.plans import PLANS, Plan
from billing.subscriptions import By
from mailtrap_site import wake
from mailtrap_site.web.navigation import url_or_nothing
from mailtrap_site.web.wording import figure_words

Kind, State = SupportRequest.Kind, SupportRequest.State
TELL_STAFF = "billing.tell_staff"
"""The task, on the queue "upkeep"."""
_READERS = (Role.OWNER, Role.BILLING)
MOST_QUESTIONS = 20
"""Of one account that wait for an answer at a time."""


def ask_for_size(account: Account, reason: str, by: User) -> SupportRequest:
    """Asks for messages of 30 MB. Raises ValueError with a sentence where there is nothing to ask for."""
    if most_bytes(account.max_message_bytes) >= HIGHEST_MESSAGE_BYTES:
        raise ValueError(_("This account may send messages of the highest size already."))
    return _ask(account, Kind.MESSAGE_SIZE, reason, by, message_bytes=HIGHEST_MESSAGE_BYTES)


def ask_for_plan(account: Account, plan: Plan, reason: str, by: User) -> SupportRequest:
    """Asks for a plan that is not paid by card. Raises ValueError with a sentence where there is nothing to ask for."""
    if problem := subscriptions.why_shared(account):
        raise ValueError(problem)
    if subscriptions.plan_of(subscriptions.subscription_of(account)) == plan:
        raise ValueError(_("This account is on the plan %(plan)s already.") % {"plan": plan.name})
    return _ask(account, Kind.PLAN, reason, by, plan_code=plan.code)


def ask_about_message(account: Account, message_id: uuid.UUID, question: str, by: User) -> SupportRequest:
    """Asks what became of one email. Raises ValueError with a sentence where it was asked, or too much waits."""
    waiting = SupportRequest.objects.filter(account=account, kind=Kind.MESSAGE, state=State.OPEN).count()
    if waiting >= MOST_QUESTIONS:
        raise ValueError(
            _("%(count)s of your questions wait for an answer. Let us answer those first.") % {"count": waiting}
        )
    return _ask(account, Kind.MESSAGE, question, by, message_id=message_id)


def grant(request: SupportRequest, answer: str, staff: User, now: datetime | None = None) -> bool:
    """Does what was asked for, and tells the people of the account with the staff's words; False when it was answered
    before. Raises ValueError where the plan is on offer no more."""
    with transaction.atomic():
        if not _answer(request, State.GRANTED, answer, staff):
            return False
        if request.kind == Kind.PLAN:
            by = By(staff, is_staff=True, reason=answer)
            subscriptions.put_on(request.account, _plan(request), by, now or timezone.now(), stripe_id="")
        else:
            Account.objects.filter(pk=request.account_id).update(max_message_bytes=request.message_bytes)
    return True


def decline(request: SupportRequest, answer: str, staff: User) -> bool:
    """Leaves everything as it is, and tells the people of the account why; False when it was answered before."""
    with transaction.atomic():
        return _answer(request, State.DECLINED, answer, staff)


def answer_question(request: SupportRequest, answer: str, staff: User) -> bool:
    """Writes the staff's words to the people of the account; False when it was answered before."""
    with transaction.atomic():
        return _answer(request, State.ANSWERED, answer, staff)


def last_about(account: Account, message_id: uuid.UUID) -> SupportRequest | None:
    """The account's newest question about this message, open or answered."""
    asked = SupportRequest.objects.filter(account=account, kind=Kind.MESSAGE, message_id=message_id)
    return asked.order_by("-id").first()


def last_of(account: Account, kind: SupportRequest.Kind) -> SupportRequest | None:
    """The account's newest request of this kind, open or answered."""
    return SupportRequest.objects.filter(account=account, kind=kind).order_by("-id").first()


def what(request: SupportRequest) -> str:
    """What is asked for, in words."""
    if request.kind == Kind.MESSAGE_SIZE:
        return _("messages of %(size)s") % {"size": megabytes(request.message_bytes or 0)}
    if request.kind == Kind.MESSAGE:
        return _("help with the email %(id)s") % {"id": request.message_id}
    try:
        name = PLANS.newest(request.plan_code).name
    except ValueError:
        name = request.plan_code
    return _("the plan %(plan)s") % {"plan": name}


def megabytes(octets: int) -> str:
    """10485760 → 10 MB, as limits are spoken of: in units of 1,048,576 bytes."""
    return f"{figure_words(round(octets / 2**20, 1))}\N{NO-BREAK SPACE}MB"


def _ask(
    account: Account,
    kind: SupportRequest.Kind,
    reason: str,
    by: User,
    *,
    plan_code: str = "",
    message_bytes: int | None = None,
    message_id: uuid.UUID | None = None,
) -> SupportRequest:
    try:
        with transaction.atomic():
            row = SupportRequest.objects.create(
                account=account,
                kind=kind,
                plan_code=plan_code,
                message_bytes=message_bytes,
                message_id=message_id,
                reason=reason,
                asked_by=by,
            )
            changes = {"what": {"from": "", "to": what(row)}, "reason": {"from": "", "to": reason}}
            audit.record("request.asked", account=account, actor=by, target=row, changes=changes)
            wake.nudge(TELL_STAFF, queue="upkeep")
    except IntegrityError as problem:
        raise ValueError(_("You have asked for this already; we write to you when it is answered.")) from problem
    return row


def _answer(request: SupportRequest, state: SupportRequest.State, answer: str, staff: User) -> bool:
    """Claims the answer by its condition, so that of two people at the desk one gives it and one is told."""
    now = timezone.now()
    claimed = SupportRequest.objects.filter(pk=request.pk, state=State.OPEN)
    if not claimed.update(state=state, answer=answer, answered_by=staff, answered_at=now):
        return False
    request.state, request.answer, request.answered_by, request.answered_at = state, answer, staff, now
    changes = {
        "what": {"from": "", "to": what(request)},
        "state": {"from": State.OPEN.value, "to": state.value},
        "answer": {"from": "", "to": answer},
    }
    audit.record(
        f"request.{state.value}", account=request.account, actor=staff, target=request, changes=changes, by_staff=True
    )
    _tell(request)
    return True


def _tell(request: SupportRequest) -> None:
    values = {"what": what(request), "account": request.account.name}
    if request.state == State.ANSWERED:
        title = _("%(account)s: our answer about an email that you asked about") % values
        first = _("You asked: %(question)s") % {"question": request.reason}
    elif request.state == State.GRANTED:
        title = _("%(account)s: your request for %(what)s was granted") % values
        first = _("It counts from now on.")
    else:
        title = _("%(account)s: your request for %(what)s was declined") % values
        first = _("Nothing changes for now; you may ask again.")
    body = f"{first}\n\n{_('Our answer: %(answer)s') % {'answer': request.answer}}"
    notify(request.account, f"request.{request.state}", title[:200], body, _where(request), roles=_readers(request))


def _readers(request: SupportRequest) -> tuple[Role, ...]:
    """A question concerns those who send: its answer goes to owners, and to those in the asker's role."""
    if not request.is_question:
        return _READERS
    roles = Membership.objects.filter(account=request.account, user=request.asked_by).values_list("role", flat=True)
    return tuple(dict.fromkeys((Role.OWNER, *map(Role, roles))))


def _plan(request: SupportRequest) -> Plan:
    try:
        return PLANS.newest(request.plan_code)
    except ValueError as problem:
        raise ValueError(_("The plan %(code)s is on offer no more.") % {"code": request.plan_code}) from problem


def _where(request: SupportRequest) -> str:
    """Where the account's people see how things stand."""
    if request.kind == Kind.MESSAGE_SIZE:
        return reverse("billing:size_request", args=[request.account_id])
    if request.message_id:
        return url_or_nothing("sending:message", request.account_id, request.message_id)
    return reverse("billing:plan", args=[request.account_id])
