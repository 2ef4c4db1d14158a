"""What the stand-in remembers: objects by kind and id in the shape that the API shows, its clock, events to be sent."""

import json
import secrets
import time
from pathlib import Path
from typing import Any

from mailtrap_site.embedded import whole_file

Thing = dict[str, Any]

KINDS = (
    "customers",
    "prices",
    "meters",
    "sessions",
    "portals",
    "subscriptions",
    "invoices",
    "payments",
    "charges",
    "disputes",
    "meter_events",
)
API_VERSION = "2026-10-28.endive"
MOST_INVOICES = 500
"""Of all customers; older ones are forgotten, so that the file stays small."""


class Books:
    """Keys of an object that begin with an underscore are the stand-in's own; `shown` leaves them out."""

    def __init__(self, file: Path | None = None, address: str = "") -> None:
        self._file = file
        self.address = address
        self.offset = 0
        self.outbox: list[Thing] = []
        self.things: dict[str, dict[str, Thing]] = {kind: {} for kind in KINDS}
        if file and file.exists():
            kept = json.loads(file.read_text())
            self.offset, self.outbox = kept["offset"], kept["outbox"]
            self.things |= kept["things"]

    def save(self) -> None:
        """Writes everything down; a kill leaves the old file or the new one."""
        invoices = self.things["invoices"]
        for old in list(invoices)[: max(len(invoices) - MOST_INVOICES, 0)]:
            del invoices[old]
        if self._file:
            kept = {"offset": self.offset, "outbox": self.outbox, "things": self.things}
            whole_file.write(self._file, json.dumps(kept))

    def now(self) -> int:
        """Seconds since 1970, with what tests have moved the clock by."""
        return int(time.time()) + self.offset

    def put(self, kind: str, prefix: str, facts: Thing) -> Thing:
        """Keeps a new object, with an id."""
        thing: Thing = {"id": f"{prefix}_{secrets.token_hex(10)}", "livemode": False, "created": self.now()} | facts
        self.things[kind][thing["id"]] = thing
        return thing

    def get(self, kind: str, thing_id: str) -> Thing:
        """Raises KeyError for what is not there."""
        return self.things[kind][thing_id]

    def all(self, kind: str, **wanted: Any) -> list[Thing]:
        """The objects with these values, newest first."""
        found = reversed(self.things[kind].values())
        return [one for one in found if all(one.get(name) == value for name, value in wanted.items())]

    def announce(self, kind: str, thing: Thing) -> None:
        """An event with the object as it is now, to be posted to the webhook."""
        self.outbox.append(
            {
                "id": f"evt_{secrets.token_hex(10)}",
                "object": "event",
                "api_version": API_VERSION,
                "created": self.now(),
                "livemode": False,
                "type": kind,
                "data": {"object": shown(thing)},
            }
        )


def shown(thing: Any) -> Any:
    """The object as the API shows it; a copy."""
    if isinstance(thing, dict):
        return {key: shown(value) for key, value in thing.items() if not key.startswith("_")}
    return [shown(one) for one in thing] if isinstance(thing, list) else thing
