"""Forwarded addresses are believed from the proxies that the operator named, and from nobody else."""

import asyncio
from typing import Any

import pytest

from mailtrap_site.asgi import behind_proxies

FORWARDED = [(b"x-forwarded-for", b"203.0.113.7"), (b"x-forwarded-proto", b"https")]


def seen(proxies: tuple[str, ...], peer: str) -> tuple[str, str]:
    """The address and the scheme that an application sees of a request from `peer`."""
    found: list[dict[str, Any]] = []

    async def application(scope: dict[str, Any], receive: None, send: None) -> None:
        found.append(scope)

    scope = {"type": "http", "scheme": "http", "client": (peer, 4711), "headers": FORWARDED}
    asyncio.run(behind_proxies(application, proxies)(scope, None, None))
    return found[0]["client"][0], found[0]["scheme"]


def test_a_trusted_proxy_is_believed():
    assert seen(("127.0.0.1",), "127.0.0.1") == ("203.0.113.7", "https")


def test_anybody_else_is_not():
    assert seen(("127.0.0.1",), "198.51.100.1") == ("198.51.100.1", "http")


def test_without_proxies_nobody_is():
    assert seen((), "127.0.0.1") == ("127.0.0.1", "http")


@pytest.mark.parametrize("forwarded", [b"unknown", b"10.0.0.1:4711", b"_hidden", b"300.1.1.1"])
def test_a_proxy_that_forwards_no_address_stands_for_its_client(monkeypatch: pytest.MonkeyPatch, forwarded: bytes):
    monkeypatch.setitem(globals(), "FORWARDED", [(b"x-forwarded-for", forwarded)])
    assert seen(("127.0.0.1",), "127.0.0.1") == ("127.0.0.1", "http")
