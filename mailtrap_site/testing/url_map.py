"""Every URL pattern of the site with example arguments, so that a test can knock at each door."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True, slots=True)
class Door:
    """One pattern: its route as written, its qualified name, the names of its arguments, and its view."""

    route: str
    name: str
    arguments: frozenset[str]
    view: Callable[..., Any]

    def path(self, values: Mapping[str, Any]) -> str:
        """The address with `values` put in. Raises KeyError for an argument that nobody gave an example of."""
        path = "/" + self.route.replace("^", "").replace("$", "")
        for argument in self.arguments:
            path = re.sub(rf"<(?:\w+:)?{argument}>", str(values[argument]), path)
        return path


def doors(prefix: str = "") -> Iterator[Door]:
    """All patterns of the site whose route begins with `prefix`."""
    for door in _walk(get_resolver(), "", ""):
        if door.route.startswith(prefix):
            yield door


def _walk(resolver: URLResolver, route: str, namespace: str) -> Iterator[Door]:
    for entry in resolver.url_patterns:
        here = route + str(entry.pattern)
        if isinstance(entry, URLPattern):
            name = f"{namespace}{entry.name or ''}"
            yield Door(here, name, frozenset(_arguments(here)), entry.callback)
        else:
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry, here, inner)


def _arguments(route: str) -> Iterator[str]:
    for part in route.split("<")[1:]:
        yield part.split(">")[0].split(":")[-1]
