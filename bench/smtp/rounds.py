"""One round: the generator loads one peer until the sink has every mail and the peer is done with all of them."""

import time
from collections import Counter
from dataclasses import dataclass

from bench.generating import Generator
from bench.smtp import processes
from bench.smtp.generator import Plan, Sent
from bench.smtp.peer import Peer
from bench.smtp.sink import Sink

PATIENCE = 300
"""Seconds that a round may take."""
MEMORY_EVERY = 1.0
"""Seconds between two looks at the memory, which cost too much for rounds that are measured."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one round. CPU in seconds by role, memory in octets by role at the highest sum, empty where not watched."""

    messages: int
    sent: Sent
    delivered_at: float
    cpu: dict[str, float]
    sink_cpu: float
    memory: Counter[str]

    @property
    def accepted(self) -> float:
        """Mails a second until the last was answered."""
        return self.messages / (self.sent.ended - self.sent.started)

    @property
    def delivered(self) -> float:
        """Mails a second until the sink had all."""
        return self.messages / (self.delivered_at - self.sent.started)

    @property
    def cpu_a_thousand(self) -> float:
        """Seconds of all processes of the peer for 1,000 mails."""
        return sum(self.cpu.values()) * 1000 / self.messages


def run_round(peer: Peer, sink: Sink, plan: Plan, *, watch_memory: bool = False) -> Figures:
    """Ends the program where a mail is refused, lost, doubled or late."""
    peer.before_round()
    wanted = sink.count() + plan.messages
    generator = Generator("bench.smtp.generator", plan)
    try:
        before, sink_before = processes.spent(peer.roots(), peer.role), _spent(sink)
        generator.go()
        memory = _highest_memory(peer, sink, wanted) if watch_memory else Counter[str]()
        sent = Sent(**generator.result())
        # The clock starts with the generator's; what the sink had before is seen at its first look.
        delivered_at = sink.wait_for(wanted, PATIENCE)
        _settle(peer)
        after, sink_after = processes.spent(peer.roots(), peer.role), _spent(sink)
    finally:
        generator.stop()
    if (arrived := sink.count()) != wanted:
        raise SystemExit(f"{peer.name}: {arrived - wanted} mails too many arrived.")
    sink_cpu = sum(processes.difference(sink_before, sink_after).values())
    return Figures(plan.messages, sent, delivered_at, processes.difference(before, after), sink_cpu, memory)


def _highest_memory(peer: Peer, sink: Sink, wanted: int) -> Counter[str]:
    highest = Counter[str]()
    deadline = time.monotonic() + PATIENCE
    while sink.count() < wanted and time.monotonic() < deadline:
        highest = max(highest, processes.memory(peer.roots(), peer.role), key=Counter.total)
        time.sleep(MEMORY_EVERY)
    return highest


def _settle(peer: Peer) -> None:
    """What the sink has must also be written down by the peer."""
    deadline = time.monotonic() + PATIENCE
    while unfinished := peer.unfinished():
        if time.monotonic() > deadline:
            raise SystemExit(f"{peer.name}: {unfinished} mails are not done with, though all arrived.")
        time.sleep(0.05)


def _spent(sink: Sink) -> dict[int, processes.Spent]:
    return processes.spent([sink.pid], lambda _words: "sink")
