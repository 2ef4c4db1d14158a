"""Requests to a provider that a customer names, over `domains.pinned_http`: public addresses only, pinned, bounded."""

from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import BaseAdapter
from requests.models import PreparedRequest, Response
from requests.structures import CaseInsensitiveDict

from domains.pinned_http import FetchFailed, Place, addresses_of, ask
from domains.public_addresses import is_public

MOST_OCTETS = 512 * 1024
SECONDS = 10.0
_OURS = {"connection", "host", "content-length", "accept-encoding", "transfer-encoding"}
"""Headers that the conversation writes itself, or that would compress what is bounded."""


class GuardedSession(requests.Session):
    """A session that follows no redirects and reaches nothing but public addresses, unless DEBUG."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.mount("https://", _GuardedAdapter())
        self.mount("http://", _GuardedAdapter())

    def request(self, *args: Any, **more: Any) -> Response:
        return super().request(*args, **{**more, "allow_redirects": False})


def may_reach(address: str) -> bool:
    """Whether a provider may live there: in public; on this machine and its network only while DEBUG."""
    return settings.DEBUG or is_public(address)


class _GuardedAdapter(BaseAdapter):
    def send(self, request: PreparedRequest, *_args: Any, **_more: Any) -> Response:
        """Raises requests.ConnectionError, as its callers expect, for whatever is refused or fails."""
        parts = urlsplit(request.url or "")
        host, is_tls = parts.hostname or "", parts.scheme == "https"
        addresses = tuple(one for one in addresses_of(host) if may_reach(one))
        if not addresses or not (is_tls or settings.DEBUG):
            raise requests.ConnectionError("the provider must be public and served over https")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        place = Place(host, path, addresses, parts.port or (443 if is_tls else 80), is_tls)
        body = request.body or b""
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _OURS}
        try:
            answer = ask(
                place,
                method=request.method or "GET",
                headers={name: v.decode() if isinstance(v, bytes) else v for name, v in headers.items()},
                body=body.encode() if isinstance(body, str) else bytes(body),  # type: ignore[arg-type]
                most_octets=MOST_OCTETS,
                seconds=SECONDS,
            )
        except FetchFailed as problem:
            raise requests.ConnectionError(str(problem.problem)) from problem
        response = Response()
        response.status_code, response.reason = answer.status, answer.reason
        response.headers = CaseInsensitiveDict(answer.headers.items())
        response._content = answer.body
        response.url, response.request = request.url or "", request
        response.encoding = "utf-8"
        return response

    def close(self) -> None:
        """Each request has a connection of its own."""
