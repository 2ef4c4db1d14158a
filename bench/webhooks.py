"""Events a second to one customer's server on the loopback: `python -m bench.webhooks` (option `--events 20000`).

Prints what the feed costs (numbering, filters, rendering, queueing) and what posting costs (signed, 500 a request, with
its log); and beside both, in the same run, a plain loop of one signed request an event on a kept connection, without a
queue, order or log. Server and sender share the machine: trust the ratio, not the digits.
"""

import argparse
import hmac
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from hashlib import sha256

import django

from bench.instance import BASE_DIR, database
from mailtrap_site.embedded.postgres import free_port

PLAIN_EVENTS = 2000
_SETTINGS = {"DJANGO_SETTINGS_MODULE": "mailtrap_site.settings"}
SERVER = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_):
        pass
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    events = parser.parse_args().events
    port = free_port()
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(port)], cwd=BASE_DIR)
    try:
        with database() as environment:
            os.environ.update(environment | {"OUTBOUND_PUBLIC_ONLY": "false", "OUTBOUND_PORT": "2525"} | _SETTINGS)
            django.setup()
            _run(events, f"http://127.0.0.1:{port}/")
    finally:
        server.kill()
        server.wait()


def _run(events: int, url: str) -> None:
    from mailtrap_site.testing.world import make_world
    from sending import followers
    from sending.models import WebhookDelivery
    from sending.webhooks.drain import drain
    from sending.webhooks.endpoints import By, Wanted, create
    from sending.webhooks.payloads import EVENT_TYPES

    world = make_world()
    create(world.account, Wanted(url=url, sending_stream="transactional", event_types=list(EVENT_TYPES)), By())
    _happen(world, events)
    begin = time.perf_counter()
    while followers.follow(time.monotonic() + 60):
        pass
    fanned_out = time.perf_counter() - begin
    begin = time.perf_counter()
    drain(600)
    posted = time.perf_counter() - begin
    delivered = sum(WebhookDelivery.objects.filter(state="delivered").values_list("event_count", flat=True))
    assert delivered == events, f"{delivered} of {events} arrived"
    plain = _plain_loop(url)
    ours = events / (fanned_out + posted)
    print(f"from the feed into the queue {events / fanned_out:10,.0f} events/s (all followers of the feed)")
    print(f"from the queue to the server {events / posted:10,.0f} events/s")
    print(f"both, one after the other    {ours:10,.0f} events/s")
    print(f"one request an event         {plain:10,.0f} events/s, without queue, order and log")
    print(f"ratio                        {ours / plain:10.1f}")


def _happen(world: object, events: int) -> None:
    """News about a hundred mails with a category and custom variables."""
    from django.db import connection

    from mailtrap_site.testing.mail import make_message
    from sending.events.record import News, record_news
    from sending.models import Event
    from sending.models.partitions import make_partitions

    now = datetime.now(UTC)
    make_partitions(now)
    variables = {"custom_variables": {"order": "58213", "shop": "books"}}
    mails = [make_message(world.domain, category="Receipt", submission=variables) for _ in range(100)]  # type: ignore[attr-defined]
    details = {"web_ip_address": "192.0.2.10", "user_agent": "Mozilla/5.0 (X11; Linux x86_64)"}
    for begin in range(0, events, 500):
        record_news(
            [
                News(mails[number % 100].pk, mails[0].account_id, Event.Type.OPEN, now, details)
                for number in range(begin, min(begin + 500, events))
            ]
        )
    with connection.cursor() as cursor:
        # As autovacuum would have done by then.
        cursor.execute("ANALYZE")


def _plain_loop(url: str) -> float:
    """Events a second of the simplest sender: the same payload, one request each."""
    import requests

    from sending.models import WebhookDelivery
    from sending.webhooks.batches import lines_of
    from sending.webhooks.payloads import body_of

    lines = [line for one in WebhookDelivery.objects.order_by("id")[:4] for line in lines_of(one)][:PLAIN_EVENTS]
    with requests.Session() as session:
        session.trust_env = False
        begin = time.perf_counter()
        for line in lines:
            body = body_of("json", [line])
            headers = {"Content-Type": "application/json"}
            headers["Mailtrap-Signature"] = hmac.new(b"0" * 32, body, sha256).hexdigest()
            assert session.post(url, data=body, headers=headers, timeout=30).status_code == 200
        return len(lines) / (time.perf_counter() - begin)


if __name__ == "__main__":
    main()
