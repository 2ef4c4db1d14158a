"""Stripe's form encoding: brackets make nested values, `items[0][price]=…`. Pure."""

from typing import Any
from urllib.parse import parse_qsl


def decode(text: str) -> dict[str, Any]:
    """The values of a body or query; a level whose keys are all numbers, or empty, becomes a list."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        keys = name.replace("]", "").split("[")
        level = tree
        for key in keys[:-1]:
            level = level.setdefault(key, {})
        level[keys[-1] or str(len(level))] = value
    return {key: _lists(value) for key, value in tree.items()}


def truth(value: str | None) -> bool:
    """A boolean as the API writes it."""
    return value == "true"


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(inner) for key, inner in value.items()}
