"""What a newcomer does in the dashboard before a domain of his may send, for tests of what comes after."""

import time

from mailtrap_site.testing.visitor import Visitor

SENDER = {
    "name": "Grace Newcomer",
    "address": "1 Harbour Road",
    "city": "Bergen",
    "country": "Norway",
    "zip_code": "5003",
    "website_url": "https://example.test",
}
PATIENCE = 60.0
"""Seconds in which the rules approve a domain that they find nothing against."""


def set_up_a_domain(visitor: Visitor, account_path: str, name: str) -> None:
    """From "Add a domain" to the review's approval. `account_path` is such as "/a/1/"."""
    visitor.open(f"{account_path}domains/add/")
    visitor.press("Add the domain", name=name)
    assert f"Set up {name}" in visitor.text_of("h1")
    domain_path = visitor.path
    visitor.press("Publish in the demo zone")
    visitor.press("Check now")
    assert "Its records stand. Next: say who sends." in visitor.words
    visitor.open(f"{account_path}sender-information/")
    visitor.press("Save the sender information", **SENDER)
    until = time.monotonic() + PATIENCE
    while f"{name} is approved" not in visitor.open(f"{domain_path}review/"):
        assert time.monotonic() < until, visitor.words
        time.sleep(0.2)
