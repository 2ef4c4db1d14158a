"""Where the site is served over https, its APIs refuse plain HTTP (403) and never redirect: a token that was sent in
the clear is no secret any more, and a client that is redirected would never notice. Pages are led to https."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

WORDS = "HTTPS is required. Reset the API token, since it has travelled unencrypted."
_SENDING = ("/api/send", "/api/batch", "/bulk/api/")

Message = MutableMapping[str, Any]


def refusal(path: str, scheme: str) -> bytes | None:
    """The JSON body of the 403, in the shape of that API's other errors; None for what may be answered.

    >>> refusal("/api/send", "https") is None, refusal("/a/1/", "http") is None
    (True, True)
    """
    if not settings.HTTPS_ONLY or scheme in ("https", "wss") or not path.startswith(("/api/", "/bulk/api/")):
        return None
    body = {"success": False, "errors": [WORDS]} if path.startswith(_SENDING) else {"error": WORDS}
    return msgspec.json.encode(body)


class PlainHttpMiddleware:
    """The refusal of what Django answers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        body = refusal(request.path, request.scheme or "http")
        if body is not None:
            return HttpResponse(body, status=403, content_type="application/json")
        return self.get_response(request)


async def answer(body: bytes, send: Callable[[Message], Awaitable[None]]) -> None:
    """The refusal of what is answered on the event loop; its body is not read, so the connection ends."""
    length = str(len(body)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", length), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
