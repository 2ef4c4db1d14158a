"""What one would write first: the same acceptance as one ORM transaction for each message."""

import json

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone

from accounts.authentication import TokenIdentity, digest_of
from accounts.models import ApiToken
from billing.models import UsagePeriod
from billing.periods import period_of
from billing.plans import FREE
from domains.models import SendingDomain
from mailtrap_site.health import healthz
from sending.api.send.body.mail import read_mail
from sending.api.send.compose import compose
from sending.models import Content, Event, Message, QueueEntry, Stream, Submission
from sending.submission.payload import Payload, prepare
from sending.submission.rows import content_id


def send(request: HttpRequest) -> HttpResponse:
    """Reads, checks and composes with the product's own code; then looks things up and saves row by row."""
    secret = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")[2]
    token = ApiToken.objects.select_related("account").get(digest=digest_of(secret))
    mail = read_mail(request.body)
    assert not isinstance(mail, list), mail
    identity = TokenIdentity(token.pk, token.account_id, tuple(token.scopes), token.name)
    payload = prepare(compose(mail, identity, Stream.TRANSACTIONAL, "127.0.0.1"))
    assert isinstance(payload, Payload), payload
    with transaction.atomic():
        _store(token, payload)
    return JsonResponse({"success": True, "message_ids": [str(one) for one in payload.message_ids]})


def _store(token: ApiToken, payload: Payload) -> None:
    account, now = token.account, timezone.now()
    domain = SendingDomain.objects.get(account=account, name=payload.domain, deleted_at=None)
    assert domain.may_send().allowed
    period = period_of(account.created_at, now)
    meter, _made = UsagePeriod.objects.select_for_update().get_or_create(
        account=account,
        starts_at=period.starts_at,
        defaults={"ends_at": period.ends_at, "message_limit": FREE.emails_per_month},
    )
    assert meter.used + len(payload.recipients) <= meter.message_limit
    UsagePeriod.objects.filter(pk=meter.pk).update(used=F("used") + len(payload.recipients))
    content = Content.objects.create(id=content_id(now, FREE.log_days), data=payload.content)
    submission = Submission.objects.create(
        id=payload.submission_id,
        account=account,
        domain=domain,
        token=token,
        stream=payload.stream,
        door=payload.door,
        client_ip=payload.client_ip,
        mail_from=payload.mail_from,
        from_header=payload.sender.header,
        subject=payload.subject,
        rfc_message_id=payload.rfc_message_id,
        category=payload.category,
        custom_variables=json.loads(payload.custom_variables),
        recipient_count=len(payload.recipients),
        size=payload.size,
        content=content,
    )
    same = {"account": account, "domain": domain, "stream": payload.stream, "submission": submission}
    for message_id, recipient in zip(payload.message_ids, payload.recipients, strict=True):
        message = Message.objects.create(
            id=message_id,
            kind=recipient.kind,
            recipient=recipient.address,
            from_address=payload.sender.address,
            subject=payload.subject,
            category=payload.category,
            **same,
        )
        QueueEntry.objects.create(message=message, destination=recipient.domain, due_at=now, **same)
        Event.objects.create(message=message, account=account, type=Event.Type.ACCEPTED, occurred_at=now)


urlpatterns = [path("api/send", send), path("healthz", healthz)]
