"""Fetches a small text file over HTTPS from a host that a customer's DNS names (RFC 8461 section 3.3)."""

import ssl

from domains.pinned_http import FetchFailed, FetchProblem, Place, ask

__all__ = ["FetchFailed", "FetchProblem", "Place", "fetch"]

SECONDS = 5.0


def fetch(place: Place, *, most_octets: int, context: ssl.SSLContext | None = None) -> bytes:
    """The file. Raises FetchFailed. Takes up to `SECONDS`."""
    headers = {"Accept": "text/plain", "Accept-Encoding": "identity", "User-Agent": "mta-sts-check"}
    answer = ask(place, method="GET", headers=headers, most_octets=most_octets, seconds=SECONDS, context=context)
    if 300 <= answer.status < 400:
        raise FetchFailed(FetchProblem.REDIRECT, str(answer.status))
    if answer.status != 200:
        raise FetchFailed(FetchProblem.STATUS, str(answer.status))
    if answer.is_cut:
        raise FetchFailed(FetchProblem.TOO_LARGE)
    content_type = answer.headers.get_content_type()
    if content_type != "text/plain":
        raise FetchFailed(FetchProblem.CONTENT_TYPE, content_type[:80])
    return answer.body
