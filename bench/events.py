"""Events that are recorded in a second: `python -m bench.events` (option `--events 20000`).

The ends of deliveries as a drain writes them (attempt, event, status, queue entry and feed in one statement for 200),
and opens as news; beside both, in the same run, the plainest code that does the work of the first: a transaction of the
ORM for each message. Time of PostgreSQL is what its process worked, so that neighbours on the machine count little.
"""

import argparse
import os
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django

from bench.instance import database

AT_ONCE = 200
PLAIN = 2_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    events = parser.parse_args().events
    with database() as environment:
        os.environ.update(environment)
        django.setup()
        run(events)


def run(events: int) -> None:
    """Prints the figures; `events` is a multiple of AT_ONCE."""
    from sending.models import QueueEntry
    from sending.models.partitions import make_partitions
    from sending.models.statements import raw_cursor
    from sending.tests.long_queue import add_rows

    now = datetime.now(UTC)
    make_partitions(now)
    owner = uuid.uuid4()
    add_rows(raw_cursor(), events + PLAIN, accepted_at=now - timedelta(minutes=5), accounts=20)
    raw_cursor().execute("UPDATE sending_message SET category = 'Receipt'")
    QueueEntry.objects.update(lease_owner=owner, lease_until=now + timedelta(hours=1))
    for table in ("sending_message", "sending_queueentry"):
        raw_cursor().execute(f"VACUUM ANALYZE {table}")
    entries = list(QueueEntry.objects.order_by("message_id").values_list("message_id", "account_id"))
    ours = _measure("results of deliveries, 200 at a time", lambda: _deliver(entries[:events], owner), events)
    _measure("opens as news, 200 at a time", lambda: _open(entries[:events]), events)
    plain = _measure("results, a transaction each", lambda: _plain(entries[events:]), PLAIN)
    print(f"ratio of the first to the last {ours / plain:.1f}")


def _measure(name: str, work: Callable[[], None], count: int) -> float:
    server, begin = _server_seconds(), time.perf_counter()
    work()
    rate = count / (time.perf_counter() - begin)
    print(f"{name:40} {rate:9,.0f} a second, PostgreSQL {(_server_seconds() - server) / count * 1e6:6.0f} µs each")
    return rate


def _deliver(entries: list[Any], owner: uuid.UUID) -> None:
    from sending.events.record import Evidence, Result, record_results
    from sending.models import Attempt

    for first in range(0, len(entries), AT_ONCE):
        now = datetime.now(UTC)
        evidence = Evidence(
            Attempt.Outcome.DELIVERED,
            "final dot",
            now,
            now,
            mx_host="mx.far.test",
            mx_ip="192.0.2.1",
            reply_code=250,
            reply_text="OK",
        )
        details = {"email_service_provider": "Google", "recipient_mx": "mx.far.test"}
        record_results(
            [
                Result(message, account, owner, 1, evidence, None, details)
                for message, account in entries[first : first + AT_ONCE]
            ]
        )


def _open(entries: list[Any]) -> None:
    from sending.events.record import News, record_news
    from sending.models import Event

    for first in range(0, len(entries), AT_ONCE):
        now = datetime.now(UTC)
        some = entries[first : first + AT_ONCE]
        record_news([News(message, account, Event.Type.OPEN, now, {}) for message, account in some])


def _plain(entries: list[Any]) -> None:
    from django.db import transaction

    from sending.models import Attempt, Event, Message, QueueEntry

    for message, account in entries:
        now = datetime.now(UTC)
        with transaction.atomic():
            attempt = Attempt.objects.create(
                message_id=message,
                account_id=account,
                number=1,
                outcome="delivered",
                phase="final dot",
                started_at=now,
                finished_at=now,
                mx_host="mx.far.test",
                reply_code=250,
                reply_text="OK",
            )
            Event.objects.create(
                message_id=message, account_id=account, type="delivery", occurred_at=now, attempt=attempt, details={}
            )
            Message.objects.filter(pk=message).update(
                status="delivered",
                attempts=1,
                finished_at=now,
                reply="250 OK",
                provider="Google",
                recipient_mx="mx.far.test",
            )
            QueueEntry.objects.filter(pk=message).delete()


def _server_seconds() -> float:
    """CPU seconds of this connection's server process."""
    from django.db import connection

    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailtrap_site.settings")
    main()
