"""Accepted mails a second over `POST /api/send`: the product against one ORM transaction a message, in the same run.

Rounds alternate between the two on the same database (fsync on), so that a noisy machine troubles both alike. Options:
`--connections 20 --seconds 5 --rounds 3 --workers 2 --threads 32`. Nothing is delivered meanwhile.
"""

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.generating import Generator
from bench.http_generator import Answered, Plan
from bench.instance import BASE_DIR, Web, database, web
from bench.smtp import processes

TENANTS = 60
TEXT_OCTETS = 10_000


@dataclass(frozen=True, slots=True)
class Round:
    """Mails a second, and seconds of CPU for 1,000 mails of the web server and PostgreSQL."""

    rate: float
    cpu: float


def main() -> None:
    options = _options()
    print(
        f"{options.connections} connections, {options.seconds} s a round, {options.rounds} rounds each, "
        f"{TEXT_OCTETS} octets of text, {options.workers} workers of {options.threads} threads, fsync on"
    )
    with database() as environment:
        tenants = _tenants(environment)
        rounds: dict[str, list[Round]] = {"product": [], "ORM": []}
        with (
            web("mailtrap_site.asgi:application", environment, workers=options.workers) as product,
            web(
                "bench.orm_wsgi:application", environment, workers=options.workers, threads=options.threads
            ) as baseline,
        ):
            for number in range(options.rounds):
                for name, server in (("product", product), ("ORM", baseline)):
                    plan = Plan(server.port, options.connections, options.seconds, TEXT_OCTETS, tenants)
                    rounds[name].append(_round(name, server, plan, _postmaster(environment)))
                print(f"round {number + 1}: ratio {rounds['product'][-1].rate / rounds['ORM'][-1].rate:.2f}")
    _print_medians(rounds)


def _round(name: str, server: Web, plan: Plan, postmaster: int) -> Round:
    roots = (server.pid, postmaster)
    generator = Generator("bench.http_generator", plan)
    try:
        before = processes.spent(roots, _role)
        generator.go()
        answered = Answered(**generator.result())
        spent = processes.difference(before, processes.spent(roots, _role))
    finally:
        generator.stop()
    thousand = answered.answers / 1000
    done = Round(answered.answers / answered.elapsed, sum(spent.values()) / thousand)
    print(
        f"  {name:8} {done.rate:7.0f}/s   p50 {answered.p50 * 1000:6.1f} ms   p99 {answered.p99 * 1000:6.1f} ms"
        f"   CPU {done.cpu:5.2f} s/1,000 (web {spent['web'] / thousand:.2f},"
        f" postgres {spent['postgres'] / thousand:.2f}; generator {answered.cpu / thousand:.2f})",
        flush=True,
    )
    return done


def _print_medians(rounds: Mapping[str, Sequence[Round]]) -> None:
    ours, theirs = (median(one.rate for one in rounds[name]) for name in ("product", "ORM"))
    our_cpu, their_cpu = (median(one.cpu for one in rounds[name]) for name in ("product", "ORM"))
    print(f"median: product {ours:.0f}/s, ORM transaction a message {theirs:.0f}/s, ratio {ours / theirs:.2f}")
    print(f"CPU s/1,000: product {our_cpu:.2f}, ORM {their_cpu:.2f}, ratio {our_cpu / their_cpu:.2f}")


def _role(words: Sequence[str]) -> str:
    return "postgres" if words and "postgres" in words[0] else "web"


def _postmaster(environment: Mapping[str, str]) -> int:
    file = Path(environment["VAR_DIR"]) / "postgres" / "data" / "postmaster.pid"
    return int(file.read_text().splitlines()[0])


def _tenants(environment: dict[str, str]) -> list[tuple[str, str]]:
    command = [sys.executable, "-m", "bench.tenants", str(TENANTS)]
    made = subprocess.run(command, cwd=BASE_DIR, env=environment, check=True, stdout=subprocess.PIPE, text=True)
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
