"""Takes an address out of texts and of values made of them. Pure."""

import re
from collections.abc import Callable
from typing import Any

OF_THE_PERSON = frozenset({"ip", "user_agent", "url", "response", "reason", "custom_variables"})
"""Fields of a webhook's event that tell more about its recipient than that it happened."""


def replacer(address: str, instead: str) -> Callable[[Any], Any]:
    """A function that puts `instead` wherever the whole address stands in a value of JSON, whatever its case. An
    address that this one is only a part of stays as it is."""
    pattern = re.compile(rf"(?<![\w.+%-]){re.escape(address)}(?![\w-]|\.\w)", re.IGNORECASE)

    def replace(value: Any) -> Any:
        if isinstance(value, str):
            return pattern.sub(lambda _found: instead, value)
        if isinstance(value, list):
            return [replace(one) for one in value]
        if isinstance(value, dict):
            return {replace(key): replace(one) for key, one in value.items()}
        return value

    return replace


def without_person(event: dict[str, Any], address: str, instead: str) -> dict[str, Any]:
    """A webhook's event as it may be kept: of the address itself only that it happened; others lose a mention."""
    if str(event.get("email", "")).lower() == address:
        event = {name: value for name, value in event.items() if name not in OF_THE_PERSON}
    changed: dict[str, Any] = replacer(address, instead)(event)
    return changed
