"""From a receiving server's answer, or the lack of one, to a verdict: outcome, category and what the site asks of us.

The rules are data (`bounce_rules.toml`). Sender-side refusals never say anything about the recipient.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from sending.models import Attempt
from sending.protocol.reply import Reply
from sending.protocol.smtp_client_events import ClientPhase
from sending.replies.asks import Asks

RULES = Path(__file__).with_name("bounce_rules.toml")
READ_CHARACTERS = 2000
"""Of a reply: a rule may look at each of them for each, and a server may send many."""


class Category(StrEnum):
    """The contract's bounce categories."""

    BAD_RECIPIENT = "badrecipient"
    OVER_QUOTA = "overquota"
    TIMEOUT = "timeout"
    TRANSIENT_FAIL = "transientfail"
    GREYLISTING = "greylisting"
    BAD_SENDER = "badsender"
    BLOCK = "block"
    CONTENT = "content"
    DNS_FAIL = "dnsFail"
    GENERAL_FAIL = "generalfail"
    OTHER = "other"
    RELAY_FAIL = "relayfail"
    SERVER_FAIL = "serverfail"
    SPAM = "spam"
    VERIFY_FAIL = "verifyfail"
    SERVER_POLICY = "serverpolicy"
    SPAM_GMAIL = "spam_gmail"


class Phase(StrEnum):
    """Where in a delivery the answer was given: the client's phases, and what comes before the connection."""

    DNS = "dns"
    COMPOSE = "compose"
    CONNECT = "connect"
    GREETING = "greeting"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    TLS = "tls"
    AUTH = "auth"
    READY = "ready"
    RSET = "rset"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    CONTENT = "content"
    FINAL_DOT = "final dot"
    QUIT = "quit"
    CLOSED = "closed"

    @classmethod
    def of(cls, phase: ClientPhase) -> "Phase":
        return cls[phase.name]


class Cure(StrEnum):
    """Who can mend it."""

    SENDER = "sender"
    """The customer: address, content, records of the domain."""
    RECIPIENT = "recipient"
    RECEIVER = "receiver"
    """The people who run the receiving server; often it mends itself."""
    OPERATOR = "operator"
    """We who run this service: addresses, their names and reputation."""


CURES = {
    Category.BAD_RECIPIENT: Cure.RECIPIENT,
    Category.OVER_QUOTA: Cure.RECIPIENT,
    Category.TIMEOUT: Cure.RECEIVER,
    Category.TRANSIENT_FAIL: Cure.RECEIVER,
    Category.GREYLISTING: Cure.RECEIVER,
    Category.BAD_SENDER: Cure.SENDER,
    Category.BLOCK: Cure.SENDER,
    Category.CONTENT: Cure.SENDER,
    Category.DNS_FAIL: Cure.RECEIVER,
    Category.GENERAL_FAIL: Cure.RECEIVER,
    Category.OTHER: Cure.RECEIVER,
    Category.RELAY_FAIL: Cure.RECEIVER,
    Category.SERVER_FAIL: Cure.RECEIVER,
    Category.SPAM: Cure.SENDER,
    Category.VERIFY_FAIL: Cure.SENDER,
    Category.SERVER_POLICY: Cure.RECEIVER,
    Category.SPAM_GMAIL: Cure.SENDER,
}
"""By category, where the rule does not say it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`category` is None exactly for delivered mail; `rule` names the rule that decided, empty for the default.

    `asks`: what a deferral asks of us towards the whole site, if anything."""

    outcome: Attempt.Outcome
    category: Category | None = None
    rule: str = ""
    asks: Asks | None = None
    said_cure: Cure | None = None

    @property
    def cure(self) -> Cure | None:
        """Who can mend it; None for delivered mail."""
        return self.said_cure or (CURES[self.category] if self.category else None)


DELIVERED = Verdict(Attempt.Outcome.DELIVERED)


def classify(reply: Reply, phase: Phase) -> Verdict:
    """What `reply`, given in `phase`, means. Positive answers before the final dot are no verdict: ValueError."""
    if reply.is_positive:
        if phase is not Phase.FINAL_DOT:
            raise ValueError(f"{reply.code} in phase {phase} decides nothing")
        return DELIVERED
    rule = next((rule for rule in rules() if rule.fits(reply, phase)), None)
    if rule is None:
        category = Category.GENERAL_FAIL if reply.is_permanent else Category.TRANSIENT_FAIL
        return Verdict(_by_class(reply), category)
    outcome = rule.outcome or _by_class(reply)
    asks = rule.asks if outcome is Attempt.Outcome.DEFERRED else None
    return Verdict(outcome, rule.category, rule.name, asks, rule.cure)


def classify_local(reply: Reply, *, uncertain: bool) -> Verdict:
    """What our own word in place of an answer means: the connection failed, or the server cannot take this message."""
    if uncertain:
        return Verdict(Attempt.Outcome.UNCERTAIN, Category.TRANSIENT_FAIL)
    category = Category.CONTENT if reply.is_permanent else Category.TRANSIENT_FAIL
    return Verdict(_by_class(reply), category)


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of the rules file. Empty conditions hold always."""

    name: str
    category: Category
    outcome: Attempt.Outcome | None
    asks: Asks | None
    cure: Cure | None
    codes: frozenset[int] = frozenset()
    enhanced: frozenset[str] = frozenset()
    phases: frozenset[Phase] = frozenset()
    text: re.Pattern[str] | None = field(default=None)

    def fits(self, reply: Reply, phase: Phase) -> bool:
        if self.codes and reply.code not in self.codes:
            return False
        if self.phases and phase not in self.phases:
            return False
        if self.enhanced and (reply.enhanced or "")[2:] not in self.enhanced:
            return False
        return self.text is None or self.text.search(reply.text[:READ_CHARACTERS]) is not None


@cache
def rules() -> Sequence[Rule]:
    """The rules in order, the operator's own (BOUNCE_RULES_FILE) before ours. Raises ValueError with a sentence for a
    file that is wrong."""
    own = settings.BOUNCE_RULES_FILE
    return [*(read_rules(own) if own else ()), *read_rules(RULES)]


def read_rules(file: Path) -> list[Rule]:
    """The rules of one file. Raises ValueError with a sentence for one that is missing or wrong."""
    try:
        return [_rule(entry) for entry in tomllib.loads(file.read_text("utf-8")).get("rule", [])]
    except OSError as problem:
        raise ValueError(f"The bounce rules in {file} cannot be read: {problem.strerror}.") from problem
    except KeyError as problem:
        raise ValueError(f"A bounce rule in {file} lacks or misnames {problem}.") from problem
    except (ValueError, TypeError, AttributeError, re.error) as problem:
        raise ValueError(f"The bounce rules in {file} are wrong: {problem}.") from problem


_ACTIONS = {"bounce": Attempt.Outcome.BOUNCED, "defer": Attempt.Outcome.DEFERRED}
_KEYS = {"name", "codes", "enhanced", "text", "phases", "category", "action", "asks", "cure"}


def _rule(entry: dict[str, Any]) -> Rule:
    if unknown := entry.keys() - _KEYS:
        raise ValueError(f"unknown keys in a bounce rule: {', '.join(sorted(unknown))}")
    return Rule(
        name=entry["name"],
        category=Category(entry["category"]),
        outcome=_ACTIONS[entry["action"]] if "action" in entry else None,
        asks=Asks(entry["asks"]) if "asks" in entry else None,
        cure=Cure(entry["cure"]) if "cure" in entry else None,
        codes=frozenset(entry.get("codes", ())),
        enhanced=frozenset(entry.get("enhanced", ())),
        phases=frozenset(Phase(phase) for phase in entry.get("phases", ())),
        text=re.compile(entry["text"], re.IGNORECASE) if "text" in entry else None,
    )


def _by_class(reply: Reply) -> Attempt.Outcome:
    return Attempt.Outcome.BOUNCED if reply.is_permanent else Attempt.Outcome.DEFERRED
