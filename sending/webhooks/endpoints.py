"""What people do with webhooks: add, change, pause, resume, replace the secret, delete. Every act is audited."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Account, AuditEntry, User
from billing.plans import Feature
from billing.terms import terms_of
from domains.models import SendingDomain
from mailtrap_site.wake import nudge
from sending.models import Stream, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from sending.webhooks import MOST_ENDPOINTS
from sending.webhooks.payloads import EVENT_TYPES
from sending.webhooks.signatures import new_secret
from sending.webhooks.targets import UrlRefused, checked_addresses, read_url

BLANK, INVALID = "can't be blank", "is invalid"
"""The contract's words, which its clients compare."""


class Refused(Exception):
    """What was asked for does not stand: sentences by field; `base` is the whole."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__(dict(errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Wanted:
    """The settings of a webhook, by the names of the contract."""

    url: str
    webhook_type: str = WebhookEndpoint.Type.EMAIL_SENDING
    payload_format: str = WebhookEndpoint.Format.JSON
    sending_stream: str = ""
    domain_id: int | None = None
    event_types: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class By:
    """Who acts; `name` is the audit log's where it is no user."""

    request: HttpRequest | None = None
    name: str = audit.SYSTEM
    user: User | None = None


def create(account: Account, wanted: Wanted, by: By, *, active: bool = True) -> WebhookEndpoint:
    """Adds a webhook; its secret is new. Raises Refused. Asks DNS, so never inside a transaction."""
    wanted = _checked(account, wanted)
    with transaction.atomic():
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        if account.webhooks.count() >= MOST_ENDPOINTS:
            sentence = _("An account has at most %(most)s webhooks. Delete one first.")
            raise Refused({"base": [sentence % {"most": MOST_ENDPOINTS}]})
        now = timezone.now()
        endpoint = WebhookEndpoint.objects.create(
            account=account,
            url=wanted.url,
            type=wanted.webhook_type,
            format=wanted.payload_format,
            stream=wanted.sending_stream,
            domain_id=wanted.domain_id,
            event_types=list(wanted.event_types),
            secret=new_secret(),
            created_by=by.user,
            created_at=now,
            paused_at=None if active else now,
            pause_reason="" if active else WebhookEndpoint.Pause.BY_HAND,
            audit_position=AuditEntry.objects.aggregate(newest=Max("pk"))["newest"] or 0,
        )
        _record("webhook.created", endpoint, by, {"url": {"to": endpoint.shown_url}})
    return endpoint


def change(endpoint: WebhookEndpoint, wanted: Wanted, by: By) -> bool:
    """Saves other settings; whether any differs. The type stays. Raises Refused. Asks DNS where the URL differs."""
    wanted = replace(wanted, webhook_type=endpoint.type)
    wanted = _checked(endpoint.account, wanted, is_url_new=wanted.url.strip() != endpoint.url)
    with transaction.atomic():
        found = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        before = _shown_settings(found)
        found.url, found.format, found.stream = wanted.url, wanted.payload_format, wanted.sending_stream
        found.domain_id, found.event_types = wanted.domain_id, list(wanted.event_types)
        after = _shown_settings(found)
        is_other_url = found.url != endpoint.url
        if before == after and not is_other_url:
            return False
        found.save(update_fields=["url", "format", "stream", "domain", "event_types"])
        changes = {name: {"from": before[name], "to": after[name]} for name in after if before[name] != after[name]}
        _record("webhook.changed", found, by, changes or {"url": {"from": before["url"], "to": after["url"]}})
    return True


def pause(endpoint: WebhookEndpoint, by: By) -> bool:
    """Stops sending; events queue. False where it was paused already."""
    with transaction.atomic():
        found = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        if found.paused_at is not None:
            return False
        found.paused_at, found.pause_reason = timezone.now(), WebhookEndpoint.Pause.BY_HAND
        found.save(update_fields=["paused_at", "pause_reason"])
        _record("webhook.paused", found, by)
    return True


def resume(endpoint: WebhookEndpoint, by: By, *, skip_waiting: bool = False) -> bool:
    """Sends all that waits, in order, or skips it. False where it was not paused."""
    with transaction.atomic():
        found = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        if found.paused_at is None:
            return False
        waiting, now = found.deliveries.filter(state=WebhookDelivery.State.WAITING), timezone.now()
        skipped = waiting.update(state=WebhookDelivery.State.SKIPPED, finished_at=now) if skip_waiting else 0
        found.paused_at, found.pause_reason, found.failures, found.failing_since = None, "", 0, None
        found.due_at = now if waiting.exists() else None
        found.save(update_fields=["paused_at", "pause_reason", "failures", "failing_since", "due_at"])
        _record("webhook.resumed", found, by, {"skipped": {"to": skipped}} if skipped else {})
        nudge("sending.post_webhooks", queue="webhooks")
    return True


def try_now(endpoint: WebhookEndpoint) -> bool:
    """Makes what waits for its next try due at once. False where nothing waits, or it is paused."""
    waiting = WebhookEndpoint.objects.filter(pk=endpoint.pk, paused_at=None, due_at__isnull=False)
    if not waiting.update(due_at=timezone.now()):
        return False
    nudge("sending.post_webhooks", queue="webhooks")
    return True


def skip(endpoint: WebhookEndpoint, delivery: WebhookDelivery, by: By) -> bool:
    """Gives up on one delivery, so that those behind it go on. False where it does not wait any more."""
    with transaction.atomic():
        found = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        waiting = found.deliveries.filter(pk=delivery.pk, state=WebhookDelivery.State.WAITING)
        if not waiting.update(state=WebhookDelivery.State.SKIPPED, finished_at=timezone.now()):
            return False
        if found.due_at is not None:
            found.due_at = timezone.now()
            found.save(update_fields=["due_at"])
        _record("webhook.delivery_skipped", found, by, {"delivery": {"to": str(delivery.message_id)}})
        nudge("sending.post_webhooks", queue="webhooks")
    return True


def replace_secret(endpoint: WebhookEndpoint, overlap: timedelta, by: By) -> str:
    """A new secret, which signs alone once `overlap` has passed; until then both do."""
    now, made = timezone.now(), new_secret()
    with transaction.atomic():
        found = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        found.secret = found.secrets_at(now)[0]
        if overlap:
            found.next_secret, found.switches_at = made, now + overlap
        else:
            found.secret, found.next_secret, found.switches_at = made, None, None
        found.save(update_fields=["secret", "next_secret", "switches_at"])
        _record("webhook.secret_replaced", found, by, {"overlap_hours": {"to": overlap / timedelta(hours=1)}})
    return made


def switch_secret(endpoint: WebhookEndpoint, by: By) -> bool:
    """Lets the new secret sign alone from now on. False where there is no other one."""
    with transaction.atomic():
        found = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
        if found.secrets_at(timezone.now())[1] is None or found.next_secret is None:
            return False
        found.secret, found.next_secret, found.switches_at = found.next_secret, None, None
        found.save(update_fields=["secret", "next_secret", "switches_at"])
        _record("webhook.secret_switched", found, by)
    return True


def delete(endpoint: WebhookEndpoint, by: By) -> None:
    """Ends it with its log and all that waits. Deleting one that is gone does nothing."""
    with transaction.atomic():
        found = WebhookEndpoint.objects.select_for_update().filter(pk=endpoint.pk).first()
        if found is None:
            return
        _record("webhook.deleted", found, by)
        # Row by row Django would read two weeks of payloads first.
        WebhookAttempt.objects.filter(endpoint=found)._raw_delete("default")
        WebhookDelivery.objects.filter(endpoint=found)._raw_delete("default")
        found.delete()


def _checked(account: Account, wanted: Wanted, *, is_url_new: bool = True) -> Wanted:
    """The settings as they are kept. Raises Refused with all that is wrong."""
    errors: dict[str, list[str]] = {}
    wanted = replace(wanted, url=wanted.url.strip())
    _check_choices(account, wanted, errors)
    if wanted.webhook_type == WebhookEndpoint.Type.AUDIT_LOG:
        wanted = replace(wanted, sending_stream="", domain_id=None, event_types=())
    else:
        _check_filters(account, wanted, errors)
        wanted = replace(wanted, event_types=[word for word in EVENT_TYPES if word in wanted.event_types])
    try:
        target = read_url(wanted.url)
        if is_url_new:
            checked_addresses(target)
    except UrlRefused as refused:
        errors["url"] = [BLANK, INVALID] if refused.fault == "blank" else [refused.sentence]
    if errors:
        raise Refused(errors)
    return wanted


def _check_choices(account: Account, wanted: Wanted, errors: dict[str, list[str]]) -> None:
    if not wanted.webhook_type:
        errors["webhook_type"] = [BLANK]
    elif wanted.webhook_type not in WebhookEndpoint.Type.values:
        errors["webhook_type"] = [INVALID]
    elif wanted.webhook_type == WebhookEndpoint.Type.AUDIT_LOG and not may_hear_audit_log(account):
        errors["webhook_type"] = [_("Your plan does not include the audit log.")]
    if wanted.payload_format not in WebhookEndpoint.Format.values:
        errors["payload_format"] = [INVALID]


def _check_filters(account: Account, wanted: Wanted, errors: dict[str, list[str]]) -> None:
    if wanted.sending_stream not in Stream.values:
        errors["sending_stream"] = [INVALID if wanted.sending_stream else BLANK]
    if not wanted.event_types:
        errors["event_types"] = [BLANK]
    elif set(wanted.event_types) - set(EVENT_TYPES):
        errors["event_types"] = [INVALID]
    if wanted.domain_id is not None:
        owned = SendingDomain.objects.filter(account=account, pk=wanted.domain_id, deleted_at=None)
        if not owned.exists():
            errors["domain_id"] = [INVALID]


def may_hear_audit_log(account: Account) -> bool:
    """Whether the account's plan includes it."""
    return Feature.AUDIT_LOG in terms_of(account).plan.features


def _shown_settings(endpoint: WebhookEndpoint) -> dict[str, Any]:
    return {
        "url": endpoint.shown_url,
        "format": endpoint.format,
        "stream": endpoint.stream,
        "domain_id": endpoint.domain_id,
        "event_types": ", ".join(endpoint.event_types),
    }


def _record(action: str, endpoint: WebhookEndpoint, by: By, changes: Mapping[str, Any] | None = None) -> None:
    audit.record(
        action,
        account=endpoint.account,
        actor=by.user,
        target=endpoint,
        changes=changes,
        request=by.request,
        actor_name=by.name,
    )
