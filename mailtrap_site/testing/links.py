"""Suspicious links for the tests of the desk: what the rules find in real HTML."""

from django.utils import timezone

from sending.models import Message, SuspiciousLinks
from sending.phishing import store
from sending.phishing.reading import look_at

LURES = (
    '<a href="https://paypal-secure.com/login">www.paypal.com</a> <a href="https://paypal.com@8.8.8.8/">Pay</a>'
    '<a href="https://cdn.bad.com/invoice/setup.exe">Invoice</a> <a href="https://bit.ly/3x">More</a>'
)


def make_links(message: Message, html: str = LURES) -> SuspiciousLinks:
    """As if this HTML had been read in the message."""
    found = look_at(b"Content-Type: text/html; charset=utf-8\r\n\r\n" + html.encode(), "example.test")
    assert found is not None
    return store.keep(message, found, timezone.now())
