"""Deletes what a closed account held, table by table in bounded batches, and at last the account with its people.

Nothing but the tables themselves says how far it has come: whoever is cut off goes on with what is left.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from accounts import audit, closing
from accounts.letters import Letter, compose
from accounts.models import Account, AuditEntry, Membership, Notification, Role, User
from billing import metering, stripe_leaving
from billing.models import StripeEvent, Subscription, UsageDay
from domains.models import SendingDomain
from domains.models.reports import DmarcReport
from sending.models import (
    Attempt,
    CapturedMail,
    Content,
    CountedOnce,
    DailyCount,
    Event,
    EventBatch,
    HourBalance,
    HourlyCount,
    IdempotencyKey,
    Message,
    QueueEntry,
    QueueOrder,
    QueuePause,
    Submission,
    Suppression,
    TrackingOptOut,
    WebhookAttempt,
    WebhookDelivery,
)
from sending.models.identifiers import id_floor, time_of

log = structlog.get_logger(__name__)

TASK = "sending.close_accounts"
AT_ONCE = 1_000
OWN: tuple[tuple[Any, str], ...] = (
    (QueueEntry, "account"),
    (WebhookAttempt, "endpoint__account"),
    (WebhookDelivery, "endpoint__account"),
    (Suppression, "account"),
    (TrackingOptOut, "account"),
    (CapturedMail, "sandbox__account"),
    (EventBatch, "account"),
    (IdempotencyKey, "account"),
    (HourBalance, "account"),
    (HourlyCount, "account"),
    (DailyCount, "account"),
    (UsageDay, "account"),
    (Notification, "account"),
    (QueueOrder, "account"),
    (QueuePause, "account"),
    (DmarcReport, "domain__account"),
)
"""What may be much, or is not deleted with the account's row; all else is, by the database's own references."""


def work_off(now: datetime, until: float) -> bool:
    """Deletes until the monotonic time `until`; whether some are left that could be gone on with at once."""
    for account_id in closing.due(now):
        account = Account.objects.filter(pk=account_id).first()
        if account is None:
            continue
        try:
            stripe_leaving.leave(account, agreed=True)
        except ValueError:
            log.error("account_not_closed", account=account_id, problem="stripe")
            continue
        metering.keep_of_deleted(account)
        if not _empty(account, until):
            return True
        _finish(account)
    return False


def _empty(account: Account, until: float) -> bool:
    """Whether nothing big is left of it."""
    steps: list[Callable[[], bool]] = [partial(_some_mail, account.pk)]
    steps += [partial(_some, model.objects.filter(**{path: account.pk})) for model, path in OWN]
    steps.append(partial(_some_of_the_audit_log, account.pk))
    for step in steps:
        while step():
            if time.monotonic() >= until:
                return False
    return True


@transaction.atomic
def _some_mail(account_id: int) -> bool:
    """Some messages with all that hangs on them; whether there were any."""
    found = list(Message.objects.filter(account=account_id).order_by("pk").only("submission_id")[:AT_ONCE])
    if not found:
        return False
    ids, submissions = [one.pk for one in found], {one.submission_id for one in found}
    # Both are as old as their message or younger.
    low = id_floor(time_of(ids[0]))
    Attempt.objects.filter(message__in=ids, pk__gte=low).delete()
    Event.objects.filter(message__in=ids, pk__gte=low).delete()
    CountedOnce.objects.filter(pk__in=ids).delete()
    handed = Submission.objects.filter(pk__in=submissions)
    Content.objects.filter(pk__in=list(handed.values_list("content_id", flat=True))).delete()
    handed.delete()
    Message.objects.filter(pk__in=ids, pk__gte=ids[0], pk__lte=ids[-1]).delete()
    return True


@transaction.atomic
def _some(rows: QuerySet[Any]) -> bool:
    keys = list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    if keys:
        rows.model._default_manager.filter(pk__in=keys).delete()
    return bool(keys)


def _some_of_the_audit_log(account_id: int) -> bool:
    with audit.erasing():
        return _some(AuditEntry.objects.filter(account=account_id))


def _finish(account: Account) -> None:
    """What is left is little. The platform keeps that an account of this number was deleted, and nothing of anybody.
    Files of exports and archives go within a minute: the jobs that write them delete what no row knows."""
    with transaction.atomic(), audit.erasing():
        still = Account.objects.select_for_update().filter(pk=account.pk, closes_at=account.closes_at).first()
        if still is None:
            return
        owners = list(
            User.objects.filter(memberships__account=account, memberships__role=Role.OWNER).values_list(
                "email", flat=True
            )
        )
        gone = _delete_people(account)
        customers = Subscription.objects.filter(account=account).exclude(stripe_customer_id="")
        known = list(customers.values_list("stripe_customer_id", flat=True))
        StripeEvent.objects.filter(customer_id__in=known).delete()
        domains = SendingDomain.objects.filter(account=account).count()
        number, name = account.pk, account.name
        account.delete()
        changes = {
            "account": {"from": number, "to": None},
            "domains": {"from": domains, "to": 0},
            "people": {"from": gone, "to": 0},
        }
        audit.record("account.deleted", account=None, changes=changes)
        transaction.on_commit(partial(_write, owners, name))
    log.info("account_deleted", account=number)


def _delete_people(account: Account) -> int:
    """Those who belong to no other account and do not work at the support desk."""
    elsewhere = Membership.objects.filter(user=OuterRef("pk")).exclude(account=account)
    own = User.objects.filter(memberships__account=account, is_staff=False).exclude(Exists(elsewhere))
    ids = list(own.values_list("pk", flat=True))
    # Entries of other accounts keep the name that stood in them; they lose the person.
    User.objects.filter(pk__in=ids).delete()
    return len(ids)


def _write(addresses: Sequence[str], name: str) -> None:
    words = {"account": name, "site": settings.SITE_NAME}
    letter = Letter(
        subject=_("%(account)s was deleted") % words,
        paragraphs=(_("The account %(account)s and everything in it was deleted from %(site)s for good.") % words,),
        reason=_("You get this because you owned the account."),
    )
    for address in addresses:
        try:
            compose(letter, address).send()
        except Exception as problem:  # whatever a mail backend raises
            log.error("letter_lost", kind="account.deleted", problem=type(problem).__name__)
