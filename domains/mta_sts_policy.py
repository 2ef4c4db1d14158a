"""MTA-STS (RFC 8461): the record, the policy file, and whether a policy covers a mail server. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

MOST_OCTETS = 64 * 1024
LONGEST_MAX_AGE = 31_557_600
"""Seconds (section 3.2)."""
MOST_PATTERNS = 100


class Mode(StrEnum):
    """What senders do with a server that does not fit the policy."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Policy:
    """`max_age` in seconds, `mx` as patterns in lower case: a name, or `*.` for exactly one label before a name."""

    mode: Mode
    max_age: int
    mx: tuple[str, ...] = ()


class PolicyRefused(ValueError):
    """`key` is the line that is missing or cannot be read: `version`, `mode`, `max_age`, `mx`, or `text` for all."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def record_id(values: Iterable[str]) -> str | None:
    """The id in the TXT values at `_mta-sts`: it changes with the policy. None without a record, or with several
    (section 3.1); empty for a record whose id cannot be read."""
    found = [value for value in values if value.partition(";")[0].replace(" ", "") == "v=STSv1"]
    if len(found) != 1:
        return None
    tags = dict(part.strip().partition("=")[::2] for part in found[0].split(";"))
    identity = tags.get("id", "").strip()
    return identity if identity.isascii() and identity.isalnum() and len(identity) <= 32 else ""


def parse_policy(data: bytes) -> Policy:
    """The policy file (section 3.2). Of a key that stands twice the first counts. Raises PolicyRefused."""
    try:
        text = data[: MOST_OCTETS + 1].decode()
    except UnicodeDecodeError as problem:
        raise PolicyRefused("text") from problem
    if len(data) > MOST_OCTETS:
        raise PolicyRefused("text")
    pairs = [(key.strip(), value.strip()) for key, colon, value in _lines(text) if colon]
    first: dict[str, str] = {}
    for key, value in pairs:
        first.setdefault(key, value)
    if first.get("version") != "STSv1":
        raise PolicyRefused("version")
    mode = first.get("mode", "")
    if mode not in list(Mode):
        raise PolicyRefused("mode")
    age = first.get("max_age", "")
    if not (age.isascii() and age.isdigit() and len(age) <= 10):
        raise PolicyRefused("max_age")
    patterns = tuple(value.rstrip(".").lower() for key, value in pairs if key == "mx")
    if (not patterns and mode != Mode.NONE) or len(patterns) > MOST_PATTERNS or not all(map(_is_pattern, patterns)):
        raise PolicyRefused("mx")
    return Policy(Mode(mode), min(int(age), LONGEST_MAX_AGE), patterns)


def covers(patterns: Sequence[str], host: str) -> bool:
    """Whether a mail server may be one of the policy's (section 4.1)."""
    name = host.rstrip(".").lower()
    return name in patterns or f"*.{name.partition('.')[2]}" in patterns


def _lines(text: str) -> list[tuple[str, str, str]]:
    return [line.partition(":") for line in text.replace("\r\n", "\n").split("\n")]


def _is_pattern(pattern: str) -> bool:
    name = pattern.removeprefix("*.")
    return bool(name) and len(name) <= 253 and all(one.isascii() and (one.isalnum() or one in "-._") for one in name)
