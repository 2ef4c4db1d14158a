"""What a claim costs, however long the log and the queue are: `python -m bench.claim` (10 million log rows, 1 million
queued of one tenant and one message of another; about 8 GB of disk). Options: `--log 10000000 --queue 1000000`.

Prints, at 0, a tenth and all of the log rows: time, CPU and blocks of a claim of 200, and the claim in which the other
tenant's message comes. Then the claim with 1, 50 and 2,000 tenants, and the queue as columns of the log for comparison.
"""

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django

from bench.instance import database

BATCH = 200
ROUNDS = 40
BYTES_A_ROW = 800
WEEKS = 8
OTHER = 999


def main() -> None:
    options = _options()
    needed = (options.log + 2 * options.queue) * BYTES_A_ROW
    if shutil.disk_usage(tempfile.gettempdir()).free < 2 * needed:
        raise SystemExit(f"{needed / 1e9:.0f} GB and as much again should be free in {tempfile.gettempdir()}")
    with database() as environment:
        os.environ.update(environment)
        django.setup()
        _run(options)


def _run(options: argparse.Namespace) -> None:
    from sending.models.partitions import make_partitions
    from sending.models.statements import raw_cursor

    cursor = raw_cursor()
    now = datetime.now(UTC)
    for week in range(WEEKS + 1):
        make_partitions(now - timedelta(weeks=week))
    _add(options.queue, accepted_at=now - timedelta(hours=1))
    _add(1, accepted_at=now - timedelta(minutes=1), account=OTHER)
    logged = 0
    for size in (0, options.log // 10, options.log):
        if size > logged:
            span = timedelta(weeks=WEEKS - 1) * (size - logged) / options.log
            start = now - timedelta(weeks=WEEKS) + timedelta(weeks=WEEKS - 1) * logged / options.log
            _add(size - logged, accepted_at=start, accounts=100, is_queued=False, span=span)
            logged = size
        _tidy()
        _measure(f"{size:,} log rows, {options.queue:,} queued of one tenant", _claim, _give_back)
        print(f"{'':12}the other tenant's one message comes in claim {_claims_until(OTHER)}")
    for number, tenants in enumerate((1, 50, 2_000)):
        cursor.execute("TRUNCATE sending_queueentry")
        _add(60_000, accepted_at=now - timedelta(minutes=10 + 2 * number), accounts=tenants)
        _tidy()
        _measure(f"{tenants:,} tenants, 60,000 queued", _claim, _finish)
    _compare(options, now)


def _compare(options: argparse.Namespace, now: datetime) -> None:
    """The life of a message in the queue, claim to end, as a row of its own and as columns of the log."""
    from sending.models.statements import raw_cursor

    cursor = raw_cursor()
    cursor.execute("TRUNCATE sending_queueentry")
    _add(60_000, accepted_at=now - timedelta(minutes=2), accounts=50)
    for text in (
        "CREATE TABLE wide (LIKE sending_message INCLUDING ALL)",
        "ALTER TABLE wide ADD due_at timestamptz, ADD lease_owner uuid, ADD lease_until timestamptz",
        "ALTER TABLE wide SET (fillfactor = 50)",
        "INSERT INTO wide SELECT m.*, q.due_at FROM sending_message m "
        f"LEFT JOIN sending_queueentry q ON q.message_id = m.id ORDER BY m.id DESC LIMIT {options.log + 60_000}",
        "CREATE INDEX ON wide (account_id, due_at) WHERE due_at IS NOT NULL AND stream = 'transactional'",
        "VACUUM ANALYZE wide",
    ):
        cursor.execute(text)
    _tidy()
    _measure("row of its own: lease, delete, status", _lease("sending_queueentry", "message_id"), _nothing, _END_ROW)
    _measure("columns of the log: lease, status", _lease("wide", "id"), _nothing, _END_WIDE)


_END_ROW = (
    "DELETE FROM sending_queueentry WHERE message_id = ANY(%(ids)s)",
    "UPDATE sending_message SET status = 'delivered' WHERE id = ANY(%(ids)s) AND id >= %(low)s AND id <= %(high)s",
)
_END_WIDE = (
    "UPDATE wide SET status = 'delivered', due_at = NULL, lease_owner = NULL, lease_until = NULL "
    "WHERE id = ANY(%(ids)s) AND id >= %(low)s AND id <= %(high)s",
)


def _lease(table: str, key: str) -> Callable[[], list[Any]]:
    """A claim in its simplest form, the same for both."""
    from sending.models.statements import raw_cursor

    turn = iter(range(1, 10_000))

    def lease() -> list[Any]:
        cursor = raw_cursor()
        cursor.execute(
            f"UPDATE {table} SET lease_owner = gen_random_uuid(), lease_until = now() + interval '3 minutes' "
            f"WHERE {key} = ANY(ARRAY(SELECT {key} FROM {table} WHERE stream = 'transactional' AND account_id = %s "
            f"AND due_at <= now() AND lease_owner IS NULL ORDER BY due_at LIMIT {BATCH} FOR UPDATE SKIP LOCKED)) "
            f"RETURNING {key}",
            (1 + next(turn) % 50,),
            prepare=True,
        )
        return [row[0] for row in cursor.fetchall()]

    return lease


def _measure(
    name: str, work: Callable[[], list[Any]], after: Callable[[list[Any]], None], end: Sequence[str] = ()
) -> None:
    """Prints medians and sums of ROUNDS runs; `end` belongs to what is measured, `after` does not."""
    from sending.models.statements import raw_cursor

    cursor = raw_cursor()
    walls, own, server, count = [], 0.0, 0.0, 0
    for number in range(ROUNDS + 8):
        wall, cpu, backend = time.perf_counter(), time.process_time(), _backend_seconds()
        found = work()
        for text in end:
            ids = sorted(found)
            cursor.execute(text, {"ids": ids, "low": ids[0], "high": ids[-1]}, prepare=True)
        if number >= 8:
            walls.append(time.perf_counter() - wall)
            own += time.process_time() - cpu
            server += _backend_seconds() - backend
            count += len(found)
        after(found)
    walls.sort()
    print(
        f"{name:52} {len(walls)} × {count / len(walls):.0f}: median {walls[len(walls) // 2] * 1e3:6.2f} ms, "
        f"CPU a message {own / count * 1e6:5.1f} µs here, {server / count * 1e6:5.1f} µs PostgreSQL",
        flush=True,
    )


def _claim() -> list[Any]:
    from sending.models.statements import raw_cursor
    from sending.queue.claim import claim

    return claim(raw_cursor(), now=datetime.now(UTC), limit=BATCH)


def _claims_until(account: int) -> int:
    for number in range(1, 100):
        found = _claim()
        is_found = any(one.account_id == account for one in found)
        _give_back(found)
        if is_found:
            return number
    raise SystemExit("The other tenant's message does not come")


def _give_back(found: list[Any]) -> None:
    from sending.models.statements import raw_cursor
    from sending.queue.claim import release

    release(raw_cursor(), found)


def _finish(found: list[Any]) -> None:
    from sending.models.statements import raw_cursor

    ids = [one.message_id for one in found]
    raw_cursor().execute("DELETE FROM sending_queueentry WHERE message_id = ANY(%s)", (ids,))


def _nothing(found: list[Any]) -> None:
    return None


def _add(count: int, **options: Any) -> None:
    from sending.models.statements import raw_cursor
    from sending.tests.long_queue import add_rows

    begun = time.monotonic()
    add_rows(raw_cursor(), count, **options)
    if count > 100_000:
        print(f"{count:,} rows written in {time.monotonic() - begun:.0f} s", flush=True)


def _tidy() -> None:
    from sending.models.statements import raw_cursor

    for table in ("sending_queueentry", "sending_message", "sending_submission"):
        raw_cursor().execute(f"VACUUM ANALYZE {table}")
    raw_cursor().execute("CHECKPOINT")


def _backend_seconds() -> float:
    """CPU seconds of this connection's server process."""
    from django.db import connection

    pid = connection.connection.info.backend_pid
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--log", type=int, default=10_000_000)
    parser.add_argument("--queue", type=int, default=1_000_000)
    return parser.parse_args()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailtrap_site.settings")
    main()
