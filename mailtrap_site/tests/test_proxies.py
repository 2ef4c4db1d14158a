"""Forwarded addresses are believed from the proxies that the operator named, and from nobody else."""

from typing import Any

from mailtrap_site.wsgi import behind_proxies

FORWARDED = {"HTTP_X_FORWARDED_FOR": "203.0.113.7", "HTTP_X_FORWARDED_PROTO": "https"}


def seen(proxies: tuple[str, ...], peer: str) -> tuple[str, str]:
    """The address and the scheme that an application sees of a request from `peer`."""
    found: list[dict[str, Any]] = []

    def application(environ: dict[str, Any], start_response: None) -> None:
        found.append(environ)

    behind_proxies(application, proxies)({"REMOTE_ADDR": peer, "wsgi.url_scheme": "http", **FORWARDED}, None)
    return found[0]["REMOTE_ADDR"], found[0]["wsgi.url_scheme"]


def test_a_trusted_proxy_is_believed():
    assert seen(("127.0.0.1",), "127.0.0.1") == ("203.0.113.7", "https")


def test_anybody_else_is_not():
    assert seen(("127.0.0.1",), "198.51.100.1") == ("198.51.100.1", "http")


def test_without_proxies_nobody_is():
    assert seen((), "127.0.0.1") == ("127.0.0.1", "http")
