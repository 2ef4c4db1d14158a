"""What a look at a long email log costs: `python -m bench.email_log` (10 million messages; about 15 GB of disk and ten
minutes to write them). Options: `--rows 10000000 --runs 50 --only text`.

One tenant has seven tenths of the mail. For each question of the page and of the contract's API it prints the database
time (what PostgreSQL's process works, warm, p95) of the newest page, of the next one and of the total, and their ratio
to those of the plain log in the same run; then the rows that an export writes in a second, beside a plain loop over the
same rows.
"""

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import django

from bench.instance import database

BYTES_A_ROW = 1_300
WANTED_MS = 50.0
EXPORTED = 50_000


def main() -> None:
    options = _options()
    needed = options.rows * BYTES_A_ROW
    if shutil.disk_usage(tempfile.gettempdir()).free < 2 * needed:
        raise SystemExit(f"{needed / 1e9:.0f} GB and as much again should be free in {tempfile.gettempdir()}")
    with database() as environment:
        os.environ.update(environment)
        django.setup()
        from bench.log_rows import write_log
        from mailtrap_site.testing.world import make_world

        world = make_world()
        keep_for_thirty_days(world.account)
        write_log(options.rows, large=world.account.pk, domain=world.domain.pk)
        measure(world.account.pk, world.domain.pk, options.runs, options.only)


def keep_for_thirty_days(account: Any) -> None:
    """As the larger plans do."""
    from billing.models import QuotaOverride

    QuotaOverride.objects.create(
        account=account, term="log_days", value=30, reason="A long log.", starts_at=account.created_at
    )


def measure(account: int, domain: int, runs: int, only: str = "") -> None:
    """Prints the table, and what an export writes."""
    from sending.log.paging import fetch, total

    print(f"{'question':34} {'newest':>16} {'next':>16} {'total':>16}   p95 ms (ratio to the plain log)", flush=True)
    plain: list[float] = []
    slow = []
    for name, query in _questions(domain):
        if only not in name:
            continue
        page = fetch(account, query)
        asks: list[Callable[[], object]] = [partial(fetch, account, query)]
        asks += [partial(fetch, account, query, before=page.older)] if page.older else []
        took = [_p95(ask, runs) for ask in asks]
        took += [float("nan")] * (2 - len(took)) + [_p95(partial(total, account, query), runs)]
        plain = plain or took
        cells = " ".join(f"{one:7.1f} ({one / base:6.1f})" for one, base in zip(took, plain, strict=True))
        note = f"looked back to {page.looked_back_to:%d %b}" if page.looked_back_to else ""
        print(f"{name:34} {cells}   {len(page.rows):3} rows {note}", flush=True)
        slow += [name] if max(one for one in took if one == one) > WANTED_MS else []
    print(f"over {WANTED_MS:.0f} ms: {', '.join(slow) or 'none'}")
    _export(account)


def _questions(domain: int) -> Iterator[tuple[str, Any]]:
    from sending.log.conditions import Condition
    from sending.log.query import Query
    from sending.pages.log_filters import GROUPS, read_query

    now = datetime.now(UTC)
    yield "plain", Query()
    for group in GROUPS:
        yield f"tab {group or 'all'}", read_query({"group": group})
    day = now - timedelta(days=10)
    yield "a day", Query(sent_after=day, sent_before=day + timedelta(days=1))
    yield "since three weeks", Query(sent_after=now - timedelta(weeks=3))
    yield "until two weeks ago", Query(sent_before=now - timedelta(weeks=2))
    for status in ("deferred", "held", "uncertain", "rejected", "cancelled", "captured"):
        yield f"state {status}", read_query({"status": status})
    for name, operator, values in _filters(domain):
        shown = ", ".join(values)
        yield (
            f"{name} {operator} {shown if len(values) < 4 else len(values)}"[:34],
            Query(conditions=(Condition(name, operator, values),)),
        )
    bounced = Condition("status", "equal", ("not_delivered",))
    for name, others in {
        "category and not delivered": [Condition("category", "equal", ("Category 3",)), bounced],
        "rare category and not delivered": [Condition("category", "equal", ("Password reset",)), bounced],
        "domain and category": [
            Condition("domain_id", "equal", (str(domain + 1),)),
            Condition("category", "equal", ("Category 3",)),
        ],
        "provider and not delivered": [Condition("email_service_provider", "equal", ("Yahoo",)), bounced],
        "stream and opted out": [
            Condition("sending_stream", "equal", ("transactional",)),
            Condition("status", "equal", ("opted_out",)),
        ],
        "recipient and domain": [
            Condition("to", "ci_equal", ("reader77@d77.test",)),
            Condition("domain_id", "equal", (str(domain),)),
        ],
    }.items():
        yield name, Query(conditions=tuple(others))
        yield f"{name}, a week", Query(conditions=tuple(others), sent_after=now - timedelta(weeks=1))
    yield "search: nothing like it", Query(text="nothing like it")


def _filters(domain: int) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each of the contract's, and the beginning of a recipient, which is ours."""
    yield "to", "ci_equal", ("reader1177@d1177.test",)
    yield "to", "ci_equal", ("nobody@d1.test",)
    yield "to", "ci_equal", tuple(f"reader{number}@d{number}.test" for number in range(20))
    yield "to", "ci_start", ("reader1177@",)
    yield "to", "ci_start", ("Reader11",)
    yield "to", "ci_start", ("reader",)
    yield "to", "ci_start", ("nobody",)
    yield "to", "ci_contain", ("d1177.test",)
    yield "from", "ci_equal", (f"shop@sender{domain + 1}.test",)
    yield "from", "ci_equal", ("nobody@sender.test",)
    yield "subject", "ci_equal", ("Your order 5",)
    yield "subject", "ci_contain", ("order",)
    yield "status", "equal", ("enqueued",)
    yield "status", "equal", ("delivered",)
    yield "status", "equal", ("not_delivered",)
    yield "status", "equal", ("opted_out",)
    yield "status", "not_equal", ("delivered",)
    yield "category", "equal", ("Category 3",)
    yield "category", "equal", ("Password reset",)
    yield "category", "equal", ("Nothing",)
    yield "sending_stream", "equal", ("transactional",)
    yield "domain_id", "equal", (str(domain + 1),)
    yield "sending_domain_id", "equal", (str(domain + 3),)
    yield "sending_domain_id", "not_equal", (str(domain),)
    yield "email_service_provider", "equal", ("Google",)
    yield "email_service_provider", "equal", ("GMX.net",)
    yield "email_service_provider", "equal", ("Google", "Yahoo", "iCloud")
    yield "email_service_provider_response", "ci_contain", ("5.1.1",)
    yield "recipient_mx", "ci_equal", ("mx1.google.test",)
    yield "events", "include_event", ("bounce",)
    yield "events", "include_event", ("click",)
    yield "events", "include_event", ("unsubscribe",)
    yield "events", "not_include_event", ("delivery",)
    yield "clicks_count", "greater_than", ("0",)
    yield "opens_count", "greater_than", ("2",)
    yield "client_ip", "equal", ("203.0.113.7",)
    yield "sending_ip", "equal", ("192.0.2.7",)
    yield "custom_variable", "equal", ("order=77",)


def _p95(ask: Callable[[], object], runs: int) -> float:
    """Milliseconds that PostgreSQL worked for one call, planning included; 5 % of `runs` warm ones took more."""
    all_took = []
    for run in range(runs + 2):
        begin = _server_seconds()
        ask()
        all_took += [(_server_seconds() - begin) * 1e3] if run >= 2 else []
    all_took.sort()
    return all_took[min(int(runs * 0.95), runs - 1)]


def _server_seconds() -> float:
    """What the process behind this connection has worked; waiting for others on the machine does not count."""
    from django.db import connection

    connection.ensure_connection()
    pid = connection.connection.info.backend_pid
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def _export(account: int) -> None:
    """Rows a second into a file that goes nowhere, and beside it the plainest loop over the same rows."""
    from sending.log.export_rows import batches
    from sending.log.query import Query
    from sending.models import Message

    for kind in ("csv", "ndjson"):
        begin = time.perf_counter()
        rows = sum(one.rows for one in islice(batches(account, Query(), kind), EXPORTED // 1_000))
        ours = rows / (time.perf_counter() - begin)
        begin = time.perf_counter()
        found = Message.objects.filter(account=account).order_by("-id").values_list()[:rows]
        count = sum(1 for one in found.iterator() if ",".join(str(value) for value in one))
        plain = count / (time.perf_counter() - begin)
        print(f"export as {kind:6} {ours:10,.0f} rows/s; a plain loop over the rows {plain:,.0f}: {ours / plain:.2f}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--only", default="", help="the questions whose name has this in it")
    return parser.parse_args()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailtrap_site.settings")
    main()
