"""The stored answers of all servers in words, for the table under a record."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

KINDS: dict[str, str | Promise] = {"authoritative": _("your name server"), "resolver": _("resolver")}
OUTCOMES: dict[str, str | Promise] = {
    "nxdomain": _("no such name"),
    "no_data": _("no record of this type"),
    "servfail": _("answered with a failure"),
    "refused": _("refused the question"),
    "timeout": _("did not answer"),
}
MOST_CHARACTERS = 400


@dataclass(frozen=True, slots=True)
class SeenAnswer:
    """One line: `ttl` is what is left of it in seconds, 0 for none."""

    server: str
    kind: str
    outcome: str
    values: list[str]
    ttl: float


def seen_answers(seen: Iterable[Mapping[str, Any]], age: float) -> list[SeenAnswer]:
    """In the order asked; a resolver's answer runs out with time, a name server's does not."""
    return [
        SeenAnswer(
            one["server"],
            str(KINDS.get(one["kind"], one["kind"])),
            str(OUTCOMES.get(one["outcome"], one["outcome"])),
            [value[:MOST_CHARACTERS] for value in one["values"]],
            one["ttl"] if one["kind"] == "authoritative" else max(0, one["ttl"] - age),
        )
        for one in seen
    ]
