"""The audit log as events (contract section 3, `activity_log.…`), for accounts whose plan includes it.

Entries get their ids before they are committed. So none is read that is younger than the oldest transaction that still
runs: every id below is then settled, and the position never passes one that is still to come.
"""

from datetime import datetime, timedelta

import msgspec
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import AuditEntry
from mailtrap_site.wake import nudge
from sending.models import WebhookEndpoint
from sending.webhooks import MOST_EVENTS
from sending.webhooks.batches import Line, append
from sending.webhooks.endpoints import may_hear_audit_log

NOUNS = {
    "apitoken": "api_token",
    "sendingdomain": "sending_domain",
    "webhookendpoint": "webhook",
    "domain": "sending_domain",
}
"""The contract's names of what was acted on, where ours differ."""
ACTS = {
    "user.signed_in": ("user.login", "logged in"),
    "user.profile_changed": ("user.updated", "updated the user profile"),
}
"""The contract's names of acts and its descriptions, where ours differ."""
CLOCKS_DIFFER = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=10)
"""For a transaction that does not end."""


def follow(now: datetime | None = None) -> int:
    """Queues what is new, and settled `now`, for every endpoint of the audit log; how many entries."""
    settled = _settled_until(now or timezone.now())
    count = 0
    hearing = WebhookEndpoint.objects.filter(type=WebhookEndpoint.Type.AUDIT_LOG).order_by("pk")
    for endpoint_id in list(hearing.values_list("pk", flat=True)):
        with transaction.atomic():
            endpoint = WebhookEndpoint.objects.select_for_update(skip_locked=True).filter(pk=endpoint_id).first()
            if endpoint is not None:
                count += _queue(endpoint, settled)
    return count


def entries_after(account_id: int, after: int, most: int) -> list[Line]:
    """The account's settled entries above this id, in order."""
    return _lines(account_id, after, most, _settled_until(timezone.now()))


def render(entry: AuditEntry) -> Line:
    """One entry in the contract's shape; `number` is ours."""
    noun, _dot, verb = entry.action.rpartition(".")
    act, description = ACTS.get(entry.action, (f"{NOUNS.get(noun, noun)}.{verb}", ""))
    name = f"activity_log.{act}"
    payload = {
        "event": name,
        "description": description or " ".join(filter(None, (verb.replace("_", " "), entry.target_name))),
        "actor": _actor(entry),
        "timestamp": int(entry.at.timestamp()),
        "number": entry.pk,
    }
    if entry.target_type:
        kind = NOUNS.get(entry.target_type, entry.target_type)
        payload["resource"] = {"id": entry.target_id, "type": kind, "name": entry.target_name}
    if entry.changes:
        payload["changes"] = entry.changes
    return Line(entry.pk, name, msgspec.json.encode(payload))


def _queue(endpoint: WebhookEndpoint, settled: datetime) -> int:
    lines = _lines(endpoint.account_id, endpoint.audit_position, MOST_EVENTS, settled)
    if not lines:
        return 0
    if may_hear_audit_log(endpoint.account):
        append(endpoint, lines, timezone.now())
        nudge("sending.post_webhooks", queue="webhooks")
    # What a plan without the audit log misses is not sent later.
    endpoint.audit_position = lines[-1].number
    endpoint.save(update_fields=["audit_position"])
    return len(lines)


def _lines(account_id: int, after: int, most: int, settled: datetime) -> list[Line]:
    entries = AuditEntry.objects.filter(account_id=account_id, pk__gt=after).order_by("pk")[:most]
    lines = []
    for entry in entries:
        if entry.at >= settled:
            break
        lines.append(render(entry))
    return lines


def _actor(entry: AuditEntry) -> dict[str, object]:
    if entry.by_staff:
        return {"id": None, "type": "support", "name": "Support"}
    if entry.actor_id is not None:
        return {"id": entry.actor_id, "type": "user", "name": entry.actor_name}
    return {"id": None, "type": "system" if entry.actor_name == "system" else "api_token", "name": entry.actor_name}


def _settled_until(now: datetime) -> datetime:
    """Entries before this moment are all there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(xact_start) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
        )
        oldest = (cursor.fetchone() or (None,))[0]
    return max(min(oldest or now, now) - CLOCKS_DIFFER, now - LONGEST_WAIT)
