"""`GET /metrics` in the Prometheus text format, computed from PostgreSQL at each scrape.

So it is right whatever the number of processes, and no process keeps counters of its own.
"""

from collections.abc import Iterable
from datetime import datetime
from secrets import compare_digest

from django.conf import settings
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector

from sending.log.balance import Kind
from sending.log.rates import events_of_last_minute
from sending.models import HourBalance, HourCheck, MeterDifference, SharedCount
from sending.models.shared_counts import FRESH
from sending.models.statements import raw_cursor
from sending.queue.depth import depths
from sending.queue.totals import totals

MOST_DESTINATIONS = 20


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """For the bearer of METRICS_TOKEN and for staff; anybody else finds nothing here."""
    if not (_bears_token(request) or _is_staff(request)):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    registry.register(ServiceCollector(timezone.now()))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)


class ServiceCollector(Collector):
    """All figures of one scrape, as of `now`."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def collect(self) -> Iterable[Metric]:
        yield from _queue(self._now)
        yield from _destinations(self._now)
        yield from _events(self._now)
        yield from _balance()
        yield from _shared_counts(self._now)


def _queue(now: datetime) -> Iterable[Metric]:
    depth = GaugeMetricFamily(
        "mail_queue_depth",
        "Messages in the queue. Long queues are sampled. Uncertain ones are counted among those held.",
        labels=["stream", "state"],
    )
    oldest = GaugeMetricFamily(
        "mail_queue_oldest_due_seconds", "How long the oldest message has been due.", labels=["stream"]
    )
    for one in totals(raw_cursor(), now):
        for state in ("due", "waiting", "scheduled", "in_flight", "held", "uncertain"):
            depth.add_metric([one.stream, state], getattr(one, state))
        oldest.add_metric([one.stream], _age(one.oldest_due_at, now))
    yield from (depth, oldest)


def _destinations(now: datetime) -> Iterable[Metric]:
    depth = GaugeMetricFamily(
        "mail_destination_depth",
        f"Messages in the queue for the {MOST_DESTINATIONS} destinations with the most of them.",
        labels=["destination", "state"],
    )
    oldest = GaugeMetricFamily(
        "mail_destination_oldest_due_seconds", "How long its oldest message has been due.", labels=["destination"]
    )
    for one in depths(raw_cursor(), now, limit=MOST_DESTINATIONS):
        for state in ("due", "waiting", "scheduled", "in_flight", "held"):
            depth.add_metric([one.destination, state], getattr(one, state))
        oldest.add_metric([one.destination], _age(one.oldest_due_at, now))
    yield from (depth, oldest)


def _age(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0


def _events(now: datetime) -> Iterable[Metric]:
    events = GaugeMetricFamily("mail_events_last_minute", "Events written in the last minute.", labels=["type"])
    for kind, number in events_of_last_minute(now).items():
        events.add_metric([kind.value], number)
    yield events


def _balance() -> Iterable[Metric]:
    """As of the last count, which runs every ten minutes."""
    differences = dict.fromkeys(Kind, 0)
    for row in HourBalance.objects.filter(difference__gt=0).values_list("differences", flat=True):
        for kind, number in row.items():
            differences[Kind(kind)] += number
    differing = list(MeterDifference.objects.all())
    meters = sum(abs(one.used - one.accepted) for one in differing)
    days = sum(abs(one.used - one.days) for one in differing if one.days is not None)
    found = GaugeMetricFamily(
        "mail_balance_difference", "Recipients about which the tables contradict each other.", labels=["kind"]
    )
    for kind, number in differences.items():
        found.add_metric([kind.value], number)
    found.add_metric(["meter"], meters)
    found.add_metric(["days"], days)
    yield found
    newest = HourCheck.objects.order_by("-hour").first()
    counted = newest.checked_at.timestamp() if newest else 0
    yield GaugeMetricFamily("mail_balance_counted_timestamp_seconds", "When the balance was counted last.", counted)


def _shared_counts(now: datetime) -> Iterable[Metric]:
    held = GaugeMetricFamily(
        "mail_connections", "What the processes hold at this moment, by the kind of limit.", labels=["kind"]
    )
    rows = SharedCount.objects.filter(seen_at__gt=now - FRESH).order_by().values_list("kind")
    for kind, number in rows.annotate(Sum("count")):
        held.add_metric([kind], number)
    yield held


def _bears_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    wanted: str = settings.METRICS_TOKEN
    return bool(wanted) and scheme.lower() == "bearer" and compare_digest(token.encode(), wanted.encode())


def _is_staff(request: HttpRequest) -> bool:
    return request.user.is_authenticated and request.user.is_active and request.user.is_staff
