"""Mails a second from SMTP submission to the receiving server: this project against Postfix, with opendkim and without.

Rounds alternate between the peers, which all run on this machine with one generator and one sink, so that a noisy
machine troubles all alike. It needs root and Debian's packages postfix, opendkim and sasl2-bin. Options:
`--size 10k --sessions 20 --messages 3000 --rounds 5 --reconnect --peers ours,postfix+opendkim,postfix`.
"""

import argparse
import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.smtp import check, opendkim, ours, postfix, sink
from bench.smtp.generator import Plan
from bench.smtp.peer import Peer, Tls
from bench.smtp.report import print_medians, print_round
from bench.smtp.rounds import Figures, run_round
from mailtrap_site.embedded import certificates
from mailtrap_site.embedded.postgres import free_port

PEERS = ("ours", "postfix+opendkim", "postfix")


def main() -> None:
    options = _options()
    size = _octets(options.size)
    with tempfile.TemporaryDirectory(prefix="bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        folder.chmod(0o755)
        sink_port = free_port()
        peers = [stack.enter_context(one) for one in _peers(options, folder, sink_port)]
        _say_settings(options, size, peers)
        for peer in peers:
            check.check(peer, folder, sink_port, signed=peer.name != "postfix")
        figures: dict[str, list[Figures]] = {peer.name: [] for peer in peers}
        with sink.running(sink_port, folder) as running:
            for number in range(options.rounds + 1):
                for peer in peers:
                    messages = options.messages if number else max(options.messages // 2, options.sessions)
                    done = run_round(peer, running, _plan(options, peer, size, messages), watch_memory=number == 0)
                    print_round(number, peer.name, done)
                    figures[peer.name].append(done)
    print_medians(figures)


def _peers(
    options: argparse.Namespace, folder: Path, sink_port: int
) -> Iterator[contextlib.AbstractContextManager[Peer]]:
    certificates.ensure(folder / "tls", ("localhost", "127.0.0.1"))
    (folder / "tls").chmod(0o755)
    tls = Tls(folder / "tls" / "server.pem", folder / "tls" / "server.key")
    tenants = ours.tenants_for(options.sessions, options.messages)
    senders = postfix.domains(tenants)
    for name in options.peers:
        if name == "ours":
            yield ours.running(folder / "ours", sink_port, tls, tenants)
        elif name == "postfix":
            yield postfix.running(name, folder / "postfix", sink_port, tls, senders)
        else:
            yield _signing_postfix(name, folder, sink_port, tls, senders)


@contextlib.contextmanager
def _signing_postfix(
    name: str, folder: Path, sink_port: int, tls: Tls, senders: Sequence[str]
) -> Iterator[postfix.Postfix]:
    with (
        opendkim.running(folder / "opendkim", senders) as milter,
        postfix.running(name, folder / "postfix-opendkim", sink_port, tls, senders, milter) as peer,
    ):
        yield peer


def _plan(options: argparse.Namespace, peer: Peer, size: int, messages: int) -> Plan:
    return Plan(
        port=peer.port,
        messages=messages,
        size=size,
        destinations=options.destinations,
        mails_a_connection=1 if options.reconnect else options.mails_a_connection,
        logins=peer.logins(options.sessions),
    )


def _say_settings(options: argparse.Namespace, size: int, peers: Sequence[Peer]) -> None:
    a_connection = 1 if options.reconnect else options.mails_a_connection
    print(
        f"{options.messages} mails of {size} octets a round, {options.rounds} rounds after one of half to warm "
        f"up, {options.sessions} sessions (STARTTLS, AUTH PLAIN, P-256), {a_connection} mails a connection, "
        f"{options.destinations} destinations; sink: smtp-sink without TLS"
    )
    for peer in peers:
        print(f"  {peer.name}: {peer.settings}")


def _octets(text: str) -> int:
    unit = {"k": 1_000, "m": 1_000_000}.get(text[-1:].lower(), 1)
    return int(text.rstrip("kKmM")) * unit


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="10k")
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--reconnect", action="store_true", help="a new connection for each mail")
    parser.add_argument("--mails-a-connection", type=int, default=100)
    parser.add_argument("--destinations", type=int, default=20, help="domains of the recipients")
    parser.add_argument("--peers", type=lambda text: text.split(","), default=list(PEERS))
    options = parser.parse_args()
    if unknown := set(options.peers) - set(PEERS):
        parser.error(f"{', '.join(unknown)}: the peers are {', '.join(PEERS)}")
    return options


if __name__ == "__main__":
    main()
