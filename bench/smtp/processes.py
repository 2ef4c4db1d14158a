"""What process trees cost, from /proc: seconds of CPU with those of children that have ended, and memory."""

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
Role = Callable[[Sequence[str]], str]
"""What a process does, from the words of its command line."""
ENDED = "(ended meanwhile)"


def trees(roots: Iterable[int]) -> list[int]:
    """The roots and all that they started, as far as it lives."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, waiting = [], list(roots)
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds of CPU of one process, and of those of its children that have ended."""

    role: str
    own: float
    of_children: float


def spent(roots: Iterable[int], role: Role) -> dict[int, Spent]:
    """What each living process of the trees has spent so far, by process id."""
    found = {}
    for pid in trees(roots):
        if fields := _stat(pid):
            user, system, user_of_children, system_of_children = (int(ticks) / TICKS for ticks in fields[11:15])
            found[pid] = Spent(role(_words(pid)), user + system, user_of_children + system_of_children)
    return found


def difference(before: Mapping[int, Spent], after: Mapping[int, Spent]) -> dict[str, float]:
    """Seconds by role in between. Those that ended in between are one role, for their parents know their sum only."""
    seconds: dict[str, float] = defaultdict(float)
    nothing = Spent("", 0, 0)
    for pid, now in after.items():
        seconds[now.role] += now.own - before.get(pid, nothing).own
        seconds[ENDED] += now.of_children - before.get(pid, nothing).of_children
    for pid in before.keys() - after.keys():
        seconds[ENDED] -= before[pid].own + before[pid].of_children
    return seconds


def memory(roots: Iterable[int], role: Role) -> Counter[str]:
    """Octets by role as PSS: what processes share counts once."""
    octets = Counter[str]()
    for pid in trees(roots):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        octets[role(_words(pid))] += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return octets


def _stat(pid: int) -> list[str]:
    """The fields of proc(5) `stat` from the third, `state`, on; none when the process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _words(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []
