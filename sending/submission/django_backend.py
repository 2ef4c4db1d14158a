"""Django's mail API as a door: our own notices are submissions of the platform's account, on commit.

Until the platform's domain is verified, the server of `FALLBACK_EMAIL_URL` carries them.
"""

from collections.abc import Sequence
from email.utils import parseaddr
from functools import partial
from typing import Any

import environ
import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import Account
from sending.models import Door, RecipientKind, Stream
from sending.models.identifiers import new_id
from sending.policy.refusal import Refusal
from sending.protocol.message_head import complete_submission
from sending.submission.submit import Accepted, Draft, submit

log = structlog.get_logger(__name__)


class NoticeNotSent(Exception):
    """Neither the platform's account nor a fallback could take a notice of ours."""


class PlatformBackend(BaseEmailBackend):
    """Hands each message over once the current transaction has committed; at once where there is none.

    Raises NoticeNotSent unless `fail_silently` or inside a transaction; a notice that is lost is logged in any case.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        messages = [message for message in email_messages if message.recipients()]
        for message in messages:
            # Composed now: what the message refers to may have changed by the time of the commit.
            composed = message.message().as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            # After a commit, one lost notice must not keep the other callbacks from running.
            transaction.on_commit(partial(self._hand_over, message, composed), robust=connection.in_atomic_block)
        return len(messages)

    def _hand_over(self, message: EmailMessage, composed: bytes) -> None:
        problem = _submit(message, composed)
        if problem is None:
            return
        if settings.ENVIRONMENT.fallback_email_url:
            log.info("notice_by_fallback", problem=problem)
            _fallback().send_messages([message])
            return
        log.error("notice_lost", subject=message.subject, recipients=len(message.recipients()), problem=problem)
        if not self.fail_silently:
            raise NoticeNotSent(
                f"A notice could not be sent: {problem}. Verify the platform's domain, or set FALLBACK_EMAIL_URL."
            )


def _submit(message: EmailMessage, composed: bytes) -> str | None:
    """None once accepted; otherwise the problem."""
    account = Account.objects.filter(is_platform=True).first()
    if account is None:
        return "there is no platform account (`manage.py bootstrap` makes it)"
    [outcome] = submit([_draft(account, message, composed)])
    if isinstance(outcome, Accepted):
        return None
    return _words(outcome)


def _words(refusal: Refusal) -> str:
    return f"{refusal.reason.value}: {refusal.reply.text}"


def _draft(account: Account, message: EmailMessage, composed: bytes) -> Draft:
    sender = parseaddr(str(message.from_email))[1]
    submission_id = new_id()
    kinds = ((RecipientKind.TO, message.to), (RecipientKind.CC, message.cc), (RecipientKind.BCC, message.bcc))
    domain = sender.rpartition("@")[2] or settings.PLATFORM_DOMAIN
    return Draft(
        account_id=account.pk,
        token_id=None,
        stream=Stream.TRANSACTIONAL,
        door=Door.INTERNAL,
        client_ip=None,
        mail_from=sender,
        recipients=tuple((kind.value, parseaddr(str(one))[1]) for kind, named in kinds for one in named),
        message=complete_submission(composed, date=timezone.now(), message_id=f"<{submission_id}@{domain}>"),
        submission_id=submission_id,
    )


def _fallback() -> Any:
    config = environ.Env.email_url_config(settings.ENVIRONMENT.fallback_email_url)
    return get_connection(
        config["EMAIL_BACKEND"],
        host=config["EMAIL_HOST"],
        port=config["EMAIL_PORT"],
        username=config["EMAIL_HOST_USER"],
        password=config["EMAIL_HOST_PASSWORD"],
        use_tls=config.get("EMAIL_USE_TLS", False),
        use_ssl=config.get("EMAIL_USE_SSL", False),
    )
