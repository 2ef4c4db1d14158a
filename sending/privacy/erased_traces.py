"""Takes a recipient out of what lies beside the email log: lists, sandboxes, kept webhook events, files, traces."""

import uuid
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

import msgspec
from django.db.models import Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

from accounts import audit
from accounts.models import AuditEntry, Notification
from billing.models import SupportRequest
from sending.log import exports
from sending.models import (
    CapturedMail,
    Erasure,
    LogExport,
    SavedView,
    Suppression,
    SuppressionImport,
    TrackingOptOut,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
)
from sending.models.content import pack
from sending.privacy import archive_files
from sending.privacy.redaction import replacer, without_person
from sending.privacy.steps import Step
from sending.suppressions.marks import ERASED
from sending.webhooks.batches import lines_of

DELIVERIES = 100
ENTRIES = 500


def lists(row: Erasure, address: str, now: datetime) -> Step:
    """The entries stay, and match as before; they no longer tell the address, nor the mail that led to them."""
    counts = {}
    for name, model in (("suppressions", Suppression), ("tracking_opt_outs", TrackingOptOut)):
        own: QuerySet[Any] = model.objects.filter(account=row.account_id)
        counts[name] = own.filter(email=address).count()
        for entry in own.filter(email=address):
            same = {field: getattr(entry, field) for field in ("domain_id", "stream", "type") if hasattr(entry, field)}
            if own.filter(email=row.mark, **same).exists():
                entry.delete()
        changes: dict[str, Any] = {"email": row.mark, "message": None}
        own.filter(email=address).update(**changes | ({"evidence": {}} if model is Suppression else {}))
    return Step(counts=counts)


def captured(row: Erasure, address: str, now: datetime) -> Step:
    """Test mail to the address, whoever else it was for. Sandboxes are bounded in number of mails."""
    mails = CapturedMail.objects.filter(sandbox__account=row.account_id)
    near = mails.annotate(everybody=Cast("recipients", TextField())).filter(
        Q(recipient__icontains=address) | Q(everybody__icontains=address)
    )
    ids = [
        pk
        for pk, first, everybody in near.values_list("pk", "recipient", "recipients")
        if address in {first.lower(), *(one[1].lower() for one in everybody)}
    ]
    CapturedMail.objects.filter(pk__in=ids).delete()
    return Step(counts={"sandbox_mails": len(ids)})


def webhooks(row: Erasure, address: str, now: datetime) -> Step:
    """Events that are kept: of the recipient's own stays that they happened. Some deliveries at a time."""
    # Whoever adds to what waits holds these as well.
    endpoints = list(
        WebhookEndpoint.objects.select_for_update(no_key=True).filter(account=row.account_id).order_by("pk")
    )
    found = WebhookDelivery.objects.filter(endpoint__in=endpoints)
    if row.position:
        found = found.filter(pk__gt=uuid.UUID(row.position))
    deliveries = list(found.order_by("pk")[:DELIVERIES])
    changed = [one.pk for one in deliveries if _without(one, address)]
    WebhookAttempt.objects.filter(delivery__in=changed).update(answer_body="", answer_head="")
    last = str(deliveries[-1].pk) if len(deliveries) == DELIVERIES else ""
    return Step(last, {"webhook_deliveries": len(changed)})


def files(row: Erasure, address: str, now: datetime) -> Step:
    """Files that were written of the log or the account are deleted, and those that are being written begin again."""
    waiting = SuppressionImport.objects.filter(account=row.account_id, finished_at=None).count()
    if waiting:
        return Step(waiting=waiting)
    replace = replacer(address, ERASED)
    gone = _delete_exports(row.account_id, replace) + archive_files.delete_all(row.account_id)
    for one in SuppressionImport.objects.filter(account=row.account_id).exclude(bad_lines=[]):
        if (cleaned := replace(one.bad_lines)) != one.bad_lines:
            SuppressionImport.objects.filter(pk=one.pk).update(bad_lines=cleaned)
    views = [
        one.pk
        for one in SavedView.objects.filter(account=row.account_id)
        if replace(unquote_plus(one.query)) != unquote_plus(one.query) or replace(one.name) != one.name
    ]
    SavedView.objects.filter(pk__in=views).delete()
    return Step(counts={"files": gone, "saved_views": len(views)})


def traces(row: Erasure, address: str, now: datetime) -> Step:
    """Mentions in the audit log, some at a time, in what people of the account were told, and in what they asked."""
    replace, position = replacer(address, ERASED), int(row.position or 0)
    log = AuditEntry.objects.filter(account=row.account_id, pk__gt=position)
    near = log.annotate(text=Cast("changes", TextField())).filter(
        Q(text__icontains=address) | Q(target_name__icontains=address)
    )
    entries = list(near.order_by("pk")[:ENTRIES])
    with audit.erasing():
        changed = sum(_rewrite(one, replace, ("changes", "target_name")) for one in entries)
    if len(entries) == ENTRIES:
        return Step(str(entries[-1].pk), {"audit_entries": changed})
    told = Notification.objects.filter(account=row.account_id).filter(
        Q(title__icontains=address) | Q(body__icontains=address)
    )
    letters = sum(_rewrite(one, replace, ("title", "body")) for one in told)
    asked = SupportRequest.objects.filter(account=row.account_id).filter(
        Q(reason__icontains=address) | Q(answer__icontains=address)
    )
    requests = sum(_rewrite(one, replace, ("reason", "answer")) for one in asked)
    return Step(counts={"audit_entries": changed, "notifications": letters, "requests": requests})


def _without(delivery: WebhookDelivery, address: str) -> bool:
    """Whether anything in it told of the address."""
    lines = [line for line in lines_of(delivery) if line]
    if not any(address.encode() in line.lower() for line in lines):
        return False
    events = [without_person(msgspec.json.decode(line), address, ERASED) for line in lines]
    cleaned = [msgspec.json.encode(event) for event in events]
    if cleaned == lines:
        return False
    size = sum(len(line) + 1 for line in cleaned)
    WebhookDelivery.objects.filter(pk=delivery.pk).update(payload=pack(b"\n".join(cleaned)), size=size)
    return True


def _delete_exports(account_id: int, replace: Any) -> int:
    gone = 0
    for one in LogExport.objects.filter(account=account_id):
        told = {"filters": replace(unquote_plus(one.filters)), "query": replace(one.query)}
        if told != {"filters": unquote_plus(one.filters), "query": one.query}:
            # One that is about this address is not written at all.
            ended = LogExport.State.GONE if one.state in exports.UNFINISHED else one.state
            LogExport.objects.filter(pk=one.pk).update(filters="", query={}, state=ended)
            one.state = ended
        if one.state == LogExport.State.READY:
            gone += LogExport.objects.filter(pk=one.pk).update(state=LogExport.State.GONE)
            exports.path_of(one).unlink(missing_ok=True)
        elif one.state in exports.UNFINISHED:
            # Whoever writes it holds another lease from now on, and the next one starts anew.
            LogExport.objects.filter(pk=one.pk).update(
                state=LogExport.State.WAITING, lease_owner=None, lease_until=None, cursor=None, rows=0, size=0
            )
    return gone


def _rewrite(row: Model, replace: Any, fields: tuple[str, ...]) -> bool:
    cleaned = {name: replace(getattr(row, name)) for name in fields}
    if all(getattr(row, name) == value for name, value in cleaned.items()):
        return False
    type(row)._default_manager.filter(pk=row.pk).update(**cleaned)
    return True
