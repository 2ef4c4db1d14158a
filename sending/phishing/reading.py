"""Reads mail after it was accepted: all of new accounts, a sample of the others. Never in the way of a mail.

It goes forward by message id and keeps how far it came with what it found. What it cannot keep up with it reads later.
"""

import time
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from billing import new_accounts
from domains.compliance.rulebook import rule_book as compliance_rules
from domains.models import SendingDomain
from sending.alerts import link_suspensions
from sending.models import Content, LinkReading, Message, Submission, SuspiciousLinks
from sending.models.identifiers import id_floor
from sending.phishing import store
from sending.phishing.rules import Suspicion, judge, rule_book
from sending.phishing.seen_links import seen_links
from sending.phishing.words import sentences
from sending.protocol.mime_tree import read_tree

log = structlog.get_logger(__name__)

ONE_IN = 50
"""Of the mails of accounts that are not new."""
BEHIND = timedelta(seconds=30)
"""A message with a lower id may be committed later; by then it is there."""
LOOKS_BACK = timedelta(days=1)
"""What is older and was not read by then is passed over."""
AT_ONCE = 1_000
"""Messages of one transaction, most of which are only passed over."""
MOST_OCTETS = 50_000_000
"""Of mails that one run reads."""
MOST_MAILS = 2_000


@dataclass
class Budget:
    """What one run may still read."""

    until: float
    octets: int = MOST_OCTETS
    mails: int = MOST_MAILS

    @property
    def is_spent(self) -> bool:
        return self.octets <= 0 or self.mails <= 0 or time.monotonic() >= self.until


def tend(now: datetime, until: float) -> bool:
    """Reads until the monotonic time `until`, or as much as one run may; whether there is more."""
    budget, new = Budget(until), accounts_that_are_new(now)
    while not budget.is_spent:
        if not _advance(now, new, budget):
            return False
    return True


def is_read(submission_id: uuid.UUID, *, is_new: bool) -> bool:
    """Whether this mail is read; the same answer each time."""
    return is_new or submission_id.int % ONE_IN == 0


def look_at(source: bytes, own: str) -> Suspicion | None:
    """What the rules find in a mail of the domain `own`, if it is worth a look."""
    book = compliance_rules()
    found = judge(seen_links(read_tree(source)), own, book.bait, book.harmless)
    return found if found.score >= rule_book().worth_a_look else None


def accounts_that_are_new(now: datetime) -> frozenset[int]:
    """Those whose hourly limit a rule still holds down."""
    return frozenset(new_accounts.running(now).values_list("account", flat=True))


@transaction.atomic
def _advance(now: datetime, new: Collection[int], budget: Budget) -> bool:
    """One step; False where nothing is left, or another run reads."""
    LinkReading.objects.get_or_create(pk=1)
    row = LinkReading.objects.select_for_update(skip_locked=True).filter(pk=1).first()
    if row is None:
        return False
    start = max(row.position, id_floor(now - LOOKS_BACK))
    fields = "id", "submission_id", "account_id", "domain_id", "stream"
    found = Message.objects.filter(pk__gt=start, pk__lt=id_floor(now - BEHIND)).order_by("pk").only(*fields)
    messages = list(found[:AT_ONCE])
    wanted: dict[uuid.UUID, Message] = {}
    for one in messages:
        if is_read(one.submission_id, is_new=one.account_id in new):
            wanted.setdefault(one.submission_id, one)
    left = read(list(wanted.values()), new, now, budget)
    passed = [one.pk for one in messages if left is None or one.pk < left]
    if passed:
        LinkReading.objects.filter(pk=row.pk).update(position=passed[-1])
    return left is not None or len(messages) == AT_ONCE


def read(messages: Sequence[Message], new: Collection[int], now: datetime, budget: Budget) -> uuid.UUID | None:
    """Reads these mails, which are in order, and keeps what was found. The id of the first that the budget left."""
    submissions = Submission.objects.in_bulk({one.submission_id for one in messages})
    domains = SendingDomain.objects.filter(account__is_platform=False).in_bulk({one.domain_id for one in messages})
    kept: list[SuspiciousLinks] = []
    left: uuid.UUID | None = None
    for message in messages:
        if budget.is_spent:
            left = message.pk
            break
        submission, domain = submissions.get(message.submission_id), domains.get(message.domain_id)
        content = Content.objects.filter(pk=submission.content_id).first() if submission and domain else None
        if content is None or domain is None:
            continue
        source = content.message
        budget.octets, budget.mails = budget.octets - len(source), budget.mails - 1
        try:
            found = look_at(source, domain.name)
            with transaction.atomic():
                kept += [store.keep(message, found, now)] if found else []
        except Exception:  # of a hostile mail a parser raises whatever comes to hand; the others are read all the same
            log.exception("links_unread", message=str(message.pk))
    _suspend(kept, new, now)
    return left


def _suspend(kept: Sequence[SuspiciousLinks], new: Collection[int], now: datetime) -> None:
    """The streams of new accounts in which several mails of a high score differ within a day."""
    high = rule_book().high
    grave = [one for one in kept if one.score >= high and one.account_id in new]
    for domain_id, stream in {(one.domain_id, one.stream) for one in grave}:
        rows = SuspiciousLinks.objects.filter(domain=domain_id, stream=stream, score__gte=high)
        lately = list(
            rows.filter(last_found_at__gt=now - timedelta(days=1))
            .exclude(state=SuspiciousLinks.State.DISMISSED)
            .order_by("-score", "pk")
        )
        link_suspensions.suspend(lately, sentences(finding for one in lately for finding in one.findings), now)
