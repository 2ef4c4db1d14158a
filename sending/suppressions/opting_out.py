"""A recipient unsubscribes from a stream of a domain, or takes it back: written at once and not by way of the feed,
because the next mail may be about to leave and the page has to say what stands."""

from datetime import datetime

from accounts.models import Account
from sending.models import Message, Submission, Suppression
from sending.suppressions.consequences import evidence_of
from sending.suppressions.marks import written
from sending.suppressions.store import By, reactivate

BY_READER = By(None, "the reader")
"""Who follows the link in a mail is signed in nowhere, and his address is no business of the audit log."""


def unsubscribe(
    account_id: int, domain_id: int, stream: str, email: str, message: Message | None, at: datetime
) -> Suppression | None:
    """The new entry, in the caller's transaction; None where one stands. `email` is as `same_address` writes it.

    `message` is the one whose link was followed, None once its row is gone.
    """
    evidence = evidence_of({}, message, Submission.objects.filter(pk=message.submission_id).first()) if message else {}
    entry, is_new = Suppression.objects.get_or_create(
        account_id=account_id,
        domain_id=domain_id,
        stream=stream,
        email=email,
        type=Suppression.Type.UNSUBSCRIPTION,
        defaults={"created_at": at, "message_id": message.pk if message else None, "evidence": evidence},
    )
    return entry if is_new else None


def is_unsubscribed(account_id: int, domain_id: int, stream: str, email: str) -> bool:
    """Whether the reader has unsubscribed; why else he may get no mail is not his to see."""
    return _own(account_id, domain_id, stream, email) is not None


def subscribe_again(account: Account, domain_id: int, stream: str, email: str) -> bool:
    """Takes the entry off the list; whether there was one. Bounces, complaints and what people added stay."""
    entry = _own(account.pk, domain_id, stream, email)
    return entry is not None and bool(reactivate(account, [entry.pk], BY_READER))


def _own(account_id: int, domain_id: int, stream: str, email: str) -> Suppression | None:
    entries = Suppression.objects.filter(account_id=account_id, domain_id=domain_id, stream=stream)
    entries = entries.filter(email__in=written(account_id, email))
    return entries.filter(type=Suppression.Type.UNSUBSCRIPTION).first()
