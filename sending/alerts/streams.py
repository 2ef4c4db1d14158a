"""Suspends a stream whose mail keeps bouncing or being complained about: warned first, held and not lost.

A suspension is a pause of the queue, so that staff resume it as they do any other, and its reason stands in the log.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from django.db import transaction
from django.db.models import Sum

from domains.models import SendingDomain
from sending.alerts import stream_words
from sending.alerts.rules import measured
from sending.alerts.stream_rules import ONCE_IN, STREAM_RULES, Rate, ends_by_itself
from sending.models import HourlyCount, QueuePause, StreamSuspension
from sending.queue import control
from sending.queue.control import Scope
from sending.stats.questions import Hours, Question, hours_until, total
from sending.stats.rates import Counts

log = structlog.get_logger(__name__)

End = StreamSuspension.End
Key = tuple[int, str]
"""Domain id and stream."""


def judge(now: datetime) -> int:
    """Takes one step with each stream that needs one; how many. Each step is told once, whatever runs twice."""
    found = _counts(now)
    steps = 0
    for one in StreamSuspension.objects.filter(ended_at=None):
        steps += _quietly(one.domain_id, partial(_go_on, one.pk, now))
    open_ones = set(StreamSuspension.objects.filter(ended_at=None).values_list("domain_id", "stream", "kind"))
    for (domain_id, stream), counts in found.items():
        for kind, rule in STREAM_RULES.items():
            if (domain_id, stream, kind) not in open_ones and rule.is_warning(_rate(kind, counts)):
                steps += _quietly(domain_id, partial(_warn, (domain_id, stream), kind, now))
    return steps


def _counts(now: datetime) -> Mapping[Key, Counts]:
    """Of the last 24 hours and all accounts but the platform's own, which carries our notices."""
    hours = hours_until(now, 24)
    rows = HourlyCount.objects.filter(hour__gte=hours.first, hour__lt=hours.end, account__is_platform=False).order_by()
    sums = {"sum_delivered": Sum("delivered"), "sum_bounced": Sum("bounced"), "sum_spam": Sum("spam")}
    return {
        (domain_id, stream): Counts(delivered=delivered, bounced=bounced, spam=spam)
        for domain_id, stream, delivered, bounced, spam in rows.values_list("domain", "stream").annotate(**sums)
    }


def _quietly(domain_id: int, step: Callable[[], bool]) -> bool:
    try:
        return step()
    except Exception:  # the others are judged all the same; the next run tries this one again
        log.exception("stream_waits", domain=domain_id)
        return False


@transaction.atomic
def _warn(key: Key, kind: str, now: datetime) -> bool:
    domain = SendingDomain.objects.select_related("account").filter(pk=key[0], deleted_at=None).first()
    if domain is None:
        return False
    day = _day(domain, key[1], kind, now)
    if not STREAM_RULES[kind].is_warning(day):
        return False
    row, is_new = StreamSuspension.objects.get_or_create(
        domain=domain,
        stream=key[1],
        kind=kind,
        ended_at=None,
        defaults={"account_id": domain.account_id, "warned_at": now, "part": day.part, "whole": day.whole},
    )
    if is_new:
        stream_words.tell_warning(row, domain, now)
        log.warning("stream_warned", domain=domain.pk, stream=key[1], kind=kind, part=day.part, whole=day.whole)
    return is_new


@transaction.atomic
def _go_on(suspension_id: int, now: datetime) -> bool:
    """The next step of one that is open: suspended, or ended."""
    row = StreamSuspension.objects.select_for_update().filter(pk=suspension_id, ended_at=None).first()
    if row is None:
        return False
    domain = SendingDomain.objects.select_related("account").filter(pk=row.domain_id, deleted_at=None).first()
    if domain is None:
        return _end(row, End.RECOVERED, now)
    if row.suspended_at is not None:
        return _maybe_release(row, domain, now)
    day = _day(domain, row.stream, row.kind, now)
    since = _measure(domain, row.stream, row.kind, _next_hour(row.warned_at), now)
    if STREAM_RULES[row.kind].is_suspension(day, since, row.warned_at, now):
        return _suspend(row, domain, day, now)
    if not day.is_above(STREAM_RULES[row.kind].warn):
        return _end(row, End.RECOVERED, now)
    return False


def _suspend(row: StreamSuspension, domain: SendingDomain, day: Rate, now: datetime) -> bool:
    row.part, row.whole, row.suspended_at = day.part, day.whole, now
    scope = Scope(account_id=row.account_id, domain_id=domain.pk, stream=row.stream)
    row.pause_id = control.pause(scope, reason=stream_words.fact(row)[:500]).pk
    row.save(update_fields=["part", "whole", "suspended_at", "pause_id"])
    stream_words.tell_suspension(row, domain, now)
    log.warning("stream_suspended", domain=domain.pk, stream=row.stream, kind=row.kind, part=day.part, whole=day.whole)
    return True


def _maybe_release(row: StreamSuspension, domain: SendingDomain, now: datetime) -> bool:
    assert row.suspended_at is not None
    pause_id = row.pause_id or 0
    if not QueuePause.objects.filter(pk=pause_id).exists():
        stream_words.tell_release(row, domain, by_staff=True)
        return _end(row, End.BY_STAFF, now)
    if row.kind == StreamSuspension.Kind.LINKS:
        return False
    past = StreamSuspension.objects.filter(
        domain=domain, stream=row.stream, suspended_at__isnull=False, ended_at__gte=now - ONCE_IN - timedelta(days=1)
    )
    last = past.filter(ended_by=End.RECOVERED).order_by("-ended_at").values_list("ended_at", flat=True).first()
    if not ends_by_itself(row.suspended_at, last, now):
        return False
    control.resume(pause_id)
    stream_words.tell_release(row, domain, by_staff=False)
    return _end(row, End.RECOVERED, now)


def _end(row: StreamSuspension, by: StreamSuspension.End, now: datetime) -> bool:
    row.ended_at, row.ended_by = now, by
    row.save(update_fields=["ended_at", "ended_by"])
    return True


def _day(domain: SendingDomain, stream: str, kind: str, now: datetime) -> Rate:
    """Of the last 24 hours; what was counted before the last suspension ended has been paid for."""
    first = hours_until(now, 24).first
    ended = StreamSuspension.objects.filter(domain=domain, stream=stream, suspended_at__isnull=False)
    last = ended.exclude(ended_at=None).order_by("-ended_at").values_list("ended_at", flat=True).first()
    return _measure(domain, stream, kind, max(first, _next_hour(last)) if last else first, now)


def _measure(domain: SendingDomain, stream: str, kind: str, first: datetime, now: datetime) -> Rate:
    hours = Hours(first, hours_until(now, 1).end)
    return _rate(kind, total(Question(domain.account_id, hours, domains=(domain.pk,), streams=(stream,))))


def _rate(kind: str, counts: Counts) -> Rate:
    return Rate(*measured(kind, counts))


def _next_hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
