"""What became of the mails of a scenario, judged. Pure."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tally:
    """Ids of mails. `delivered`: what a sink has whole; `uncertain`: recorded as perhaps delivered (RFC 1047)."""

    accepted: frozenset[str] = frozenset()
    delivered: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    doubled: frozenset[str] = frozenset()
    uncertain: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a scenario: its mails, and what went against the promises, in sentences."""

    tally: Tally = Tally()
    faults: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    outcome: Outcome
    seconds: float


def tally(accepted: Iterable[str], received: Iterable[str], uncertain: Iterable[str] = ()) -> Tally:
    """`received` holds an id as often as sinks got it. Mail that nobody acknowledged may arrive, once."""
    promised, counted = frozenset(accepted), Counter(received)
    return Tally(
        accepted=promised,
        delivered=frozenset(counted),
        lost=promised - counted.keys(),
        doubled=frozenset(one for one, times in counted.items() if times > 1),
        uncertain=frozenset(uncertain),
    )


def faults(judged: Tally, *, may_double: Collection[str] = ()) -> tuple[str, ...]:
    """Where promise is broken: mail lost, doubled where it must not be, or doubled without a record that says so."""
    broken = {
        "lost": judged.lost,
        "doubled although the final dot had not been sent": judged.doubled - set(may_double),
        "doubled but not recorded as uncertain": judged.doubled - judged.uncertain,
    }
    return tuple(f"{len(ids)} {what}: {_few(ids)}" for what, ids in broken.items() if ids)


def merged(outcomes: Sequence[Outcome]) -> Outcome:
    """Several rounds of one scenario as one."""
    tallies = [one.tally for one in outcomes]
    return Outcome(
        Tally(
            accepted=frozenset().union(*(one.accepted for one in tallies)),
            delivered=frozenset().union(*(one.delivered for one in tallies)),
            lost=frozenset().union(*(one.lost for one in tallies)),
            doubled=frozenset().union(*(one.doubled for one in tallies)),
            uncertain=frozenset().union(*(one.uncertain for one in tallies)),
        ),
        tuple(fault for one in outcomes for fault in one.faults),
        "; ".join(one.note for one in outcomes if one.note),
    )


HEADINGS = ("accepted", "delivered", "lost", "doubled", "uncertain", "seconds")


def table(rows: Sequence[Row]) -> str:
    """All scenarios in plain text, with their sum."""
    width = max([len("scenario"), *(len(row.name) for row in rows)])
    lines = [f"{'scenario':<{width}}  " + "  ".join(f"{heading:>9}" for heading in HEADINGS)]
    lines += [line_of(row, width) for row in rows]
    failed = sum(bool(row.outcome.faults) for row in rows)
    total = Outcome(merged([row.outcome for row in rows]).tally, ("as said above",) if failed else ())
    lines.append(line_of(Row("all", total, sum(row.seconds for row in rows)), width))
    lines.append(f"{len(rows) - failed} of {len(rows)} scenarios kept every promise.")
    return "\n".join(lines)


def line_of(row: Row, width: int) -> str:
    """One scenario: its counts, the verdict, what it adds."""
    judged = row.outcome.tally
    counts = [judged.accepted, judged.delivered, judged.lost, judged.doubled, judged.uncertain]
    figures = "  ".join([*(f"{len(ids):>9,}" for ids in counts), f"{row.seconds:>9.1f}"])
    verdict = "FAILED" if row.outcome.faults else "ok"
    said = "; ".join([*row.outcome.faults, *filter(None, [row.outcome.note])])
    return f"{row.name:<{width}}  {figures}  {verdict:<6}  {said}".rstrip()


def _few(ids: Collection[str]) -> str:
    shown = sorted(ids)[:5]
    return ", ".join(shown) + (" …" if len(ids) > len(shown) else "")
