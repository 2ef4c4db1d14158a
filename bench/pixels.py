"""Opened mails a second: the product's pixel against an ASGI application that answers the same image and does nothing.

`python -m bench.pixels` (options `--connections 20 --seconds 3 --rounds 2 --workers 1`). Rounds alternate in the same
run; at the end every answered opening must have been recorded. Server, generator and PostgreSQL share the machine:
trust the ratio, not the digits.
"""

import argparse
import os
import time
from dataclasses import dataclass
from statistics import median

import django

from bench.generating import Generator
from bench.instance import database, web

MESSAGES = 300


@dataclass(frozen=True, slots=True)
class Plan:
    """`paths` are asked for in turn."""

    port: int
    connections: int
    seconds: float
    paths: list[str]


async def null(scope, receive, send):  # type: ignore[no-untyped-def]
    """The image, for whatever is asked."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    body = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,"
    headers = [(b"content-type", b"image/gif"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    with database() as environment:
        environment |= {"DJANGO_SETTINGS_MODULE": "mailtrap_site.settings"}
        os.environ.update(environment)
        django.setup()
        paths = _paths()
        rates: dict[str, list[float]] = {"product": [], "null": []}
        answered = 0
        with (
            web("mailtrap_site.asgi:application", environment, workers=options.workers) as product,
            web("bench.pixels:null", environment, workers=options.workers) as nothing,
        ):
            for _ in range(options.rounds):
                for name, server in (("product", product), ("null", nothing)):
                    plan = Plan(server.port, options.connections, options.seconds, paths)
                    count, rate = _round(plan)
                    rates[name].append(rate)
                    answered += count if name == "product" else 0
                    print(f"  {name:8} {rate:8,.0f}/s", flush=True)
            recorded = _recorded(answered)
        ours, theirs = median(rates["product"]), median(rates["null"])
        print(f"median: product {ours:,.0f}/s, null {theirs:,.0f}/s, ratio {ours / theirs:.2f}")
        print(f"answered {answered:,}, recorded {recorded:,}")


def _round(plan: Plan) -> tuple[int, float]:
    generator = Generator("bench.pixel_generator", plan)
    try:
        generator.go()
        result = generator.result()
    finally:
        generator.stop()
    return result["answers"], result["answers"] / result["elapsed"]


def _paths() -> list[str]:
    """Of the pixels of some delivered mails."""
    from datetime import UTC, datetime

    from django.conf import settings

    from mailtrap_site.testing.mail import make_message
    from mailtrap_site.testing.world import make_world
    from sending.models.partitions import make_partitions
    from sending.protocol.recipient_links import seal_open

    make_partitions(datetime.now(UTC))
    domain, key = make_world().domain, settings.RECIPIENT_LINK_KEYS[0]
    return [f"/t/o/{seal_open(make_message(domain).pk, key)}" for _ in range(MESSAGES)]


def _recorded(answered: int) -> int:
    """Once all are there, or after half a minute."""
    from sending.models import Event

    until = time.monotonic() + 30
    while (recorded := Event.objects.filter(type="open").count()) < answered and time.monotonic() < until:
        time.sleep(0.5)
    return recorded


if __name__ == "__main__":
    main()
