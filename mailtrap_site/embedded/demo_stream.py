"""A small stream of mail through the API of a running instance, to recipients that show every outcome."""

import json
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sending.capture.simulator import DOMAIN as SIMULATOR
from sending.models import Stream

TIMEOUT = 15.0
_NAMES = ("ada", "bjorn", "carla", "dinesh", "elif", "femi", "grace", "hugo", "ines")
_SUBJECTS = {
    "Order confirmation": "Your order {} is confirmed",
    "Shipping": "Order {} is on its way",
    "Password reset": "Set a new password",
}
TROUBLES = ("bounce", "defer", "block", "complain", "late-bounce")
"""Recipients at the simulator that do not simply take their mail."""
_TROUBLED = 0.2
_BULK = 0.3


class NotRunning(Exception):
    """Nothing answers at the address of the API."""


@dataclass(slots=True)
class Sent:
    """How many recipients were accepted; and the answers to what was not, each with its number."""

    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)


def first_letters(domain: str) -> list[tuple[Stream, dict[str, Any]]]:
    """One mail for each outcome, and one that waits for an hour: what a new demo account has sent just now."""
    rng = Random()  # noqa: S311
    names = ("welcome", *TROUBLES)
    letters = [(Stream.TRANSACTIONAL, _letter(domain, f"{name}@{SIMULATOR}", "Shipping", rng)) for name in names]
    letters += [(Stream.BULK, _newsletter(domain, f"{name}@{SIMULATOR}", rng)) for name in _NAMES[:3]]
    reminder = _letter(domain, f"later@{SIMULATOR}", "Shipping", rng)
    letters.append((Stream.TRANSACTIONAL, reminder | {"send_at": int(time.time()) + 3600}))
    return letters


def letters(domain: str, rng: Random) -> Iterator[tuple[Stream, dict[str, Any]]]:
    """Without end: mostly what arrives, of both streams, and every now and then trouble."""
    while True:
        name = rng.choice(TROUBLES if rng.random() < _TROUBLED else _NAMES)
        recipient = f"{name}+{rng.randint(1000, 9999)}@{SIMULATOR}"
        if rng.random() < _BULK:
            yield Stream.BULK, _newsletter(domain, recipient, rng)
        else:
            yield Stream.TRANSACTIONAL, _letter(domain, recipient, rng.choice(list(_SUBJECTS)), rng)


def send(facts: Mapping[str, str], stream: Stream, letter: Mapping[str, Any], sent: Sent) -> None:
    """Hands one mail over, by the facts of `demo.env`. Raises NotRunning where nobody answers."""
    url = facts["BULK_API_URL"] if stream is Stream.BULK else facts["API_URL"]
    request = urllib.request.Request(  # noqa: S310 the address of our own instance
        f"{url}/api/send",
        json.dumps(letter).encode(),
        {"Authorization": f"Bearer {facts['API_TOKEN']}", "Content-Type": "application/json"},
    )
    try:
        with _OPENER.open(request, timeout=TIMEOUT) as answer:
            sent.accepted += len(json.load(answer)["message_ids"])
    except urllib.error.HTTPError as refusal:
        sent.refused[f"HTTP {refusal.code}: {refusal.read(300).decode(errors='replace')}"] += 1
    except OSError as problem:
        raise NotRunning(f"Nothing answers at {url}: {problem}.") from problem


def _letter(domain: str, recipient: str, category: str, rng: Random) -> dict[str, Any]:
    subject = _SUBJECTS[category].format(rng.randint(60_000, 99_999))
    return {
        "from": {"email": f"shop@{domain}", "name": "Demo Shop"},
        "to": [{"email": recipient}],
        "subject": subject,
        "text": f"{subject}.\n\nSee it at https://{domain}/orders/\n",
        "html": f'<h1>{subject}</h1><p><a href="https://{domain}/orders/">See it in the shop</a></p>',
        "category": category,
    }


def _newsletter(domain: str, recipient: str, rng: Random) -> dict[str, Any]:
    letter = _letter(domain, recipient, "Shipping", rng)
    return letter | {"subject": "What is new in the shop", "category": "Newsletter"}


# A proxy of the machine has no business with the loopback.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
