"""Mail for a sandbox: read and judged as other mail, except for its domain and the meter; kept, and never queued."""

import uuid
from collections.abc import Sequence
from datetime import datetime

import msgspec
import structlog
from django.db import DataError, transaction
from django.utils import timezone

from accounts.scopes import ADMIN, level_on
from sending.capture import store
from sending.models import CapturedMail, Sandbox
from sending.models.identifiers import new_id
from sending.models.statements import raw_cursor
from sending.policy.checks import account_is_active, size_is_within_limit, token_is_valid
from sending.policy.refusal import Reason, Refusal
from sending.policy.standing import Standing, read_standings
from sending.submission.draft import Draft
from sending.submission.payload import Payload, prepare

log = structlog.get_logger(__name__)

Kept = uuid.UUID
"""The id under which the mail is found: one for all its recipients."""


def keep(sandbox_id: int, drafts: Sequence[Draft]) -> list[Kept | Refusal]:
    """An answer for each draft, committed when this returns. Blocks; the drafts are of one account and token."""
    prepared = [prepare(draft) for draft in drafts]
    payloads = [one for one in prepared if not isinstance(one, Refusal)]
    kept = iter(_keep(sandbox_id, payloads, timezone.now()))
    outcomes = [one if isinstance(one, Refusal) else next(kept) for one in prepared]
    for draft, outcome in zip(drafts, outcomes, strict=True):
        if isinstance(outcome, Refusal):
            log.info("refused", reason=outcome.reason.value, account=draft.account_id, sandbox=sandbox_id)
    if ids := [str(one) for one in outcomes if not isinstance(one, Refusal)]:
        log.info("captured", sandbox=sandbox_id, mails=",".join(ids))
    return outcomes


def may_send(standing: Standing, account_id: int, sandbox_id: int) -> bool:
    """Whether a scope with admin access names the account, or the sandbox."""
    return level_on(standing.token_scopes or (), account_id, "sandbox", sandbox_id) >= ADMIN


def _keep(sandbox_id: int, payloads: Sequence[Payload], now: datetime) -> list[Kept | Refusal]:
    """What the database refuses costs only its own mail."""
    if not payloads:
        return []
    try:
        return _write(sandbox_id, payloads, now)
    except (DataError, UnicodeEncodeError):
        if len(payloads) == 1:
            return [Refusal(Reason.UNSTORABLE_TEXT)]
    return [outcome for payload in payloads for outcome in _keep(sandbox_id, [payload], now)]


def _write(sandbox_id: int, payloads: Sequence[Payload], now: datetime) -> list[Kept | Refusal]:
    account_id, token_id = payloads[0].account_id, payloads[0].token_id
    with transaction.atomic():
        key = (account_id, token_id, "")
        standing = read_standings(raw_cursor(), [key]).get(key, Standing())
        refusals = [_judge(payload, standing, sandbox_id, now) for payload in payloads]
        # Writers of one sandbox follow one another, so that its bounds hold.
        found = Sandbox.objects.select_for_update(no_key=True).filter(pk=sandbox_id, account=account_id).first()
        if found is None:
            return [one or Refusal(Reason.SANDBOX_UNKNOWN) for one in refusals]
        mails = [_mail(found, one) for one, refusal in zip(payloads, refusals, strict=True) if refusal is None]
        store.keep(found.pk, mails)
    ids = iter([mail.pk for mail in mails])
    return [refusal or next(ids) for refusal in refusals]


def _judge(payload: Payload, standing: Standing, sandbox_id: int, now: datetime) -> Refusal | None:
    """The policy's checks without those of the domain, which may be anybody's."""
    refusal = token_is_valid(payload, standing, now) or account_is_active(payload, standing, now)
    if refusal is None and not may_send(standing, payload.account_id, sandbox_id):
        refusal = Refusal(Reason.SANDBOX_NOT_PERMITTED)
    return refusal or size_is_within_limit(payload, standing, now)


def _mail(sandbox: Sandbox, payload: Payload) -> CapturedMail:
    return CapturedMail(
        id=new_id(),
        sandbox=sandbox,
        mail_from=payload.mail_from,
        recipient=payload.recipients[0].address,
        recipients=[[one.kind.value, one.address] for one in payload.recipients],
        subject=payload.subject,
        from_header=payload.sender.header,
        door=payload.door,
        stream=payload.stream,
        category=payload.category,
        custom_variables=msgspec.json.decode(payload.custom_variables),
        size=payload.size,
        data=payload.content,
    )
