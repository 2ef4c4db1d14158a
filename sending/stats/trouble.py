"""Which one of several, of mailbox providers or domains, has more trouble than the others. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sending.stats.rates import BOUNCES, SPAM, Counts, Level

ENOUGH = 50
"""Emails with a final answer, from which on a share says something."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """`key` stands out by what went wrong with `part` of its `whole`; `elsewhere` is the share of all the others."""

    key: Any
    is_spam: bool
    part: int
    whole: int
    elsewhere: float | None
    level: Level


def worst(found: Mapping[Any, Counts]) -> Trouble | None:
    """The one that is furthest above its limit; None where all with enough mail are healthy."""
    candidates = [
        (rate / limits.act, Trouble(key, is_spam, part, whole, _elsewhere(found, key, is_spam), limits.level(rate)))
        for key, counts in found.items()
        for is_spam, limits in ((False, BOUNCES), (True, SPAM))
        for part, whole in [_share(counts, is_spam)]
        if (rate := _rate(part, whole)) is not None
        and limits.level(rate) is not Level.HEALTHY
        and _is_enough(part, whole, is_spam)
    ]
    return max(candidates, key=lambda one: one[0])[1] if candidates else None


def judged(counts: Counts, *, is_spam: bool) -> Level | None:
    """How the rate stands to its limits; None where it is above one, and too few emails to say so."""
    part, whole = _share(counts, is_spam)
    level = (SPAM if is_spam else BOUNCES).level(_rate(part, whole))
    if level is Level.HEALTHY or _is_enough(part, whole, is_spam):
        return level
    return None


def compared(found: Mapping[Any, Counts]) -> list[float]:
    """The bounce rates of those with enough mail, the lowest first."""
    return sorted(one.bounce_rate or 0.0 for one in found.values() if one.answered >= ENOUGH)


def _is_enough(part: int, whole: int, is_spam: bool) -> bool:
    """One reader's complaint is not yet a pattern."""
    return whole >= ENOUGH and part >= (2 if is_spam else 1)


def _share(counts: Counts, is_spam: bool) -> tuple[int, int]:
    return (counts.spam, counts.delivered) if is_spam else (counts.bounced, counts.answered)


def _elsewhere(found: Mapping[Any, Counts], key: Any, is_spam: bool) -> float | None:
    others = sum((counts for other, counts in found.items() if other != key), Counts())
    return _rate(*_share(others, is_spam))


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None
