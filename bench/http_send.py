"""Accepted mails a second over `POST /api/send`: the product against one ORM transaction a message, in the same run.

Rounds alternate between the two on the same database (fsync on), so that a noisy machine troubles both alike. Options:
`--connections 20 --seconds 5 --rounds 3 --workers 2 --threads 32`. Nothing is delivered meanwhile.
"""

import argparse
import http.client
import json
import random
import string
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from bench.instance import BASE_DIR, database, web

TENANTS = 60
BODY_BYTES = 10_000
Mail = tuple[dict[str, str], bytes]
"""Headers and body of a request."""


@dataclass(slots=True)
class Count:
    """What one connection saw in one round."""

    answers: int = 0
    refused: int = 0
    seconds: list[float] = field(default_factory=list)


def main() -> None:
    options = _options()
    print(
        f"{options.connections} connections, {options.seconds} s a round, {options.rounds} rounds each, "
        f"{BODY_BYTES} octets of text, {options.workers} workers of {options.threads} threads, fsync on"
    )
    with database() as environment:
        mails = [
            (_headers(secret), _body(domain, number)) for number, (secret, domain) in enumerate(_tenants(environment))
        ]
        rates: dict[str, list[float]] = {"product": [], "ORM": []}
        settings = {"workers": options.workers, "threads": options.threads}
        with (
            web("mailtrap_site.wsgi:application", environment, **settings) as product,
            web("bench.orm_wsgi:application", environment, **settings) as baseline,
        ):
            for number in range(options.rounds):
                for name, port in (("product", product), ("ORM", baseline)):
                    rates[name].append(_round(name, port, mails, options))
                print(f"round {number + 1}: ratio {rates['product'][-1] / rates['ORM'][-1]:.2f}")
    ours, theirs = median(rates["product"]), median(rates["ORM"])
    print(f"median: product {ours:.0f}/s, ORM transaction a message {theirs:.0f}/s, ratio {ours / theirs:.2f}")


def _round(name: str, port: int, mails: Sequence[Mail], options: argparse.Namespace) -> float:
    counts = [Count() for _ in range(options.connections)]
    until = time.monotonic() + options.seconds
    threads = [
        threading.Thread(target=_send_until, args=(until, port, mails, number, count))
        for number, count in enumerate(counts)
    ]
    started = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.monotonic() - started
    answers = sum(count.answers for count in counts)
    if refused := sum(count.refused for count in counts):
        raise SystemExit(f"{name}: {refused} mails were refused; the figures would mean nothing")
    latencies = sorted(second for count in counts for second in count.seconds)
    at = {share: latencies[int(share * (len(latencies) - 1))] * 1000 for share in (0.5, 0.99)}
    print(f"  {name:8} {answers / elapsed:7.0f}/s   p50 {at[0.5]:6.1f} ms   p99 {at[0.99]:6.1f} ms")
    return answers / elapsed


def _send_until(until: float, port: int, mails: Sequence[Mail], number: int, count: Count) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    turn = number
    while time.monotonic() < until:
        headers, body = mails[turn % len(mails)]
        turn += 1
        begun = time.monotonic()
        connection.request("POST", "/api/send", body, headers)
        answer = connection.getresponse()
        answer.read()
        count.seconds.append(time.monotonic() - begun)
        if answer.status == 200:
            count.answers += 1
        else:
            count.refused += 1
    connection.close()


def _headers(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}


def _body(domain: str, seed: int) -> bytes:
    randomness = random.Random(seed)
    words = ("".join(randomness.choices(string.ascii_lowercase, k=randomness.randint(2, 9))) for _ in range(2000))
    mail = {
        "from": {"email": f"hello@{domain}"},
        "to": [{"email": "reader@far.test"}],
        "subject": "Hello",
        "text": " ".join(words)[:BODY_BYTES],
        "category": "Benchmark",
    }
    return json.dumps(mail).encode()


def _tenants(environment: dict[str, str]) -> list[tuple[str, str]]:
    command = [sys.executable, "-m", "bench.tenants", str(TENANTS)]
    made = subprocess.run(command, cwd=BASE_DIR, env=environment, check=True, capture_output=True, text=True)
    return [(line.split()[0], line.split()[1]) for line in made.stdout.splitlines()]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=32)
    return parser.parse_args()


if __name__ == "__main__":
    main()
