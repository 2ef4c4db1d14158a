"""The source of a message as people ask for it: made again from stored facts, and held against what left.

Keys are replaced in time. Which of a domain's keys signed is not stored: the attempt keeps the hash of what it sent,
and the keys that could have signed are tried until the message has that hash.
"""

from collections.abc import Iterator
from functools import partial
from itertools import islice, product

from django.conf import settings
from django.utils.translation import gettext as _

from domains.models import DkimKey, SendingDomain
from sending.delivery.compose import Composed, Mail, addresses_of
from sending.delivery.sign import Signer, signers
from sending.models import Attempt, Content, Message, RecipientKind, Submission
from sending.models.statements import raw_cursor
from sending.protocol.additions import from_text
from sending.protocol.recipient_links import RecipientRef
from sending.protocol.template import Addresses
from sending.retention.absent import why_no_body
from sending.suppressions.check import Asked, wishes

MOST_TRIED = 100
"""Pairs of keys, tracked and not; a signature costs a millisecond, and one of the first few is nearly always right."""

Keys = tuple[DkimKey, DkimKey | None]
Algorithm = DkimKey.Algorithm


class CannotCompose(Exception):
    """A fact that the message is made of is gone; `sentence` is for people."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def source_of(message: Message) -> bytes:
    """The message byte for byte as it left, or as it would leave now. Raises `CannotCompose` once its content, its
    domain or the key that signed it is gone."""
    fields = "content_id", "copy_header", "additions", "account_id", "stream"
    submission = Submission.objects.filter(pk=message.submission_id).only(*fields).first()
    content = Content.objects.filter(pk=submission.content_id).first() if submission is not None else None
    if submission is None or content is None:
        raise CannotCompose(why_no_body(submission))
    sent = Attempt.objects.filter(message=message.pk, content_sha256__isnull=False).order_by("-number").first()
    filled = list(_filled(message, submission, content.message, sent))
    for (rsa, ed25519), (mail, addresses) in islice(product(_candidates(message.domain_id, sent), filled), MOST_TRIED):
        composed = _composed(mail, addresses, rsa, ed25519)
        if composed is not None and (sent is None or composed.sha256 == bytes(sent.content_sha256 or b"")):
            return composed.message
    raise CannotCompose(_("The signing key of this message is no longer stored."))


def _filled(
    message: Message, submission: Submission, stored: bytes, sent: Attempt | None
) -> Iterator[tuple[Mail, Addresses | None]]:
    """What may have left before it was signed, the likeliest first: tracked or not, sealed with any of the keys."""
    is_copy = message.kind == RecipientKind.AUTO_BCC
    mail = partial(
        Mail,
        stored,
        submission_id=message.submission_id,
        send_at=message.send_at,
        copy_header=submission.copy_header if is_copy else None,
    )
    additions = None if submission.additions is None else from_text(submission.additions)
    domain = SendingDomain.objects.filter(pk=message.domain_id).first()
    if additions is None or domain is None:
        yield mail(additions=additions), None
        return
    variants = [additions.untracked()] if is_copy else [additions, additions.untracked()]
    if sent is None and not is_copy:
        asked = Asked(message.pk, message.account_id, message.domain_id, message.stream, message.recipient)
        variants = [variants[1 if wishes(raw_cursor(), [asked]).untracked else 0]]
    recipient = RecipientRef(message.pk, message.domain_id, message.stream, message.recipient)
    for variant in dict.fromkeys(variants):
        made = mail(additions=variant)
        keys = settings.RECIPIENT_LINK_KEYS[: 1 if made.is_same_for_all or sent is None else None]
        yield from ((made, addresses_of(variant, recipient, domain.return_path_domain, key)) for key in keys)


def _candidates(domain_id: int, sent: Attempt | None) -> Iterator[Keys]:
    """The keys that sign now or, for what was sent, those that may have signed it, the likeliest first."""
    keys = list(DkimKey.objects.filter(domain=domain_id).defer("private_key").order_by("-pk"))
    rsa = [key for key in keys if key.algorithm == Algorithm.RSA and key.signs_since is not None]
    rsa.sort(key=lambda key: key.signs_since or key.created_at, reverse=True)
    ed25519 = [key for key in keys if key.algorithm == Algorithm.ED25519]
    if sent is None:
        wanted = SendingDomain.objects.filter(pk=domain_id, ed25519_enabled=True).exists()
        seconds = [key for key in ed25519 if wanted and key.signs_since is not None and key.retired_at is None]
        yield from ((key, next(iter(seconds), None)) for key in rsa if key.retired_at is None)
        return
    # A key that began after the attempt may have signed in an earlier time of its own, so it comes last.
    rsa.sort(key=lambda key: (key.signs_since or key.created_at) > sent.finished_at)
    for first in rsa:
        yield first, None
        yield from ((first, second) for second in ed25519 if second.created_at <= sent.finished_at)


def _composed(mail: Mail, addresses: Addresses | None, rsa: DkimKey, ed25519: DkimKey | None) -> Composed | None:
    """None where a key does not open."""
    read: dict[int, Signer | None] = signers({key.pk for key in (rsa, ed25519) if key is not None})
    signer = read.get(rsa.pk)
    second = read.get(ed25519.pk) if ed25519 is not None else None
    return None if signer is None else mail.signed(signer, second, addresses)
