"""The figures as lines of text."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median

from bench.smtp.rounds import Figures

OURS = "ours"
_MEDIANS: tuple[tuple[str, Callable[[Figures], float]], ...] = (
    ("accepted/s", lambda one: one.accepted),
    ("delivered/s", lambda one: one.delivered),
    ("CPU s/1,000", lambda one: one.cpu_a_thousand),
)


def print_round(number: int, name: str, figures: Figures) -> None:
    sent, thousand = figures.sent, figures.messages / 1000
    print(
        f"{f'round {number}' if number else 'warm-up'}  {name:17}"
        f" accepted {figures.accepted:6.0f}/s  delivered {figures.delivered:6.0f}/s"
        f"  CPU {figures.cpu_a_thousand:6.2f} s/1,000"
        f"  p50 {sent.p50 * 1000:6.1f} ms  p99 {sent.p99 * 1000:7.1f} ms"
        f"  (generator {sent.cpu / thousand:.2f}, sink {figures.sink_cpu / thousand:.2f} s/1,000;"
        f" {sent.connections} connections)",
        flush=True,
    )


def print_medians(figures: Mapping[str, Sequence[Figures]]) -> None:
    """`figures`: by peer, the round to warm up first; that one tells the memory, the others all else."""
    measured = {name: rounds[1:] for name, rounds in figures.items()}
    print("\nmedian             " + "".join(f"{label:>14}" for label, _ in _MEDIANS) + "   peak memory")
    for name, rounds in measured.items():
        columns = "".join(f"{median(map(value, rounds)):14.2f}" for _, value in _MEDIANS)
        print(f"  {name:17}{columns}{figures[name][0].memory.total() / 1e6:11.0f} MB")
    if OURS in measured:
        for name in measured.keys() - {OURS}:
            ratios = (
                f"{label} {median(map(value, measured[OURS])) / median(map(value, measured[name])):.2f}"
                for label, value in _MEDIANS
            )
            print(f"ours ÷ {name}: {', '.join(ratios)}")
    for name, rounds in measured.items():
        _print_roles(name, rounds, figures[name][0])


def _print_roles(name: str, rounds: Sequence[Figures], warm_up: Figures) -> None:
    thousands = sum(one.messages for one in rounds) / 1000
    print(f"\n{name}: CPU s/1,000 and memory by process")
    seconds = {role: sum(one.cpu.get(role, 0) for one in rounds) / thousands for role in rounds[0].cpu}
    for role, value in sorted(seconds.items(), key=lambda item: -item[1]):
        share = value / sum(seconds.values())
        print(f"  {role:20}{value:7.2f}  {share:5.0%}{warm_up.memory[role] / 1e6:8.0f} MB")
