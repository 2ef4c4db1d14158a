"""The application that granian serves: the sending API, pixels and tracked links on the event loop, Django's pages in
threads."""

import asyncio
import os
from collections.abc import Awaitable, Callable, MutableMapping
from importlib import import_module
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailtrap_site.settings")

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from granian.utils.proxies import wrap_asgi_with_proxy_headers

from mailtrap_site import open_files, plain_http
from mailtrap_site.client_address import is_address
from mailtrap_site.embedded.follow_parent import end_with_parent
from mailtrap_site.pages_asgi import PageDoor

end_with_parent()
_wsgi: Any = get_wsgi_application()
# Its models can be imported once the apps are ready.
send_asgi = import_module("sending.api.send.asgi")
door = import_module("sending.tracking.door")
recorder = import_module("sending.tracking.recorder")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_pages = PageDoor(_wsgi, settings.ENVIRONMENT.web_threads)
_send_door = send_asgi.SendDoor(settings.ENVIRONMENT.web_memory_mb * 1024 * 1024)


async def choose(scope: Scope, receive: Receive, send: Send) -> None:
    """Chooses by path."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif (refused := plain_http.refusal(scope["path"], scope["scheme"])) is not None:
        await plain_http.answer(refused, send)
    elif send_asgi.route_of(scope["path"]) is not None:
        await _send_door(scope, receive, send)
    elif (answered := door.answer(scope)) is not None:
        await door.send_answer(answered, scope, send)
    else:
        await _pages(scope, receive, send)


async def _live(receive: Receive, send: Send) -> None:
    """Start and end of the worker: at the end, what waits for its commit is written."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            open_files.allow_many()
        else:
            # Requests are still being answered here, and Django closes no connection on an event loop.
            await asyncio.to_thread(_send_door.close)
            await asyncio.to_thread(recorder.close)
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def behind_proxies(application: Callable[..., Any], proxies: tuple[str, ...]) -> Callable[..., Any]:
    """Believes X-Forwarded-For and X-Forwarded-Proto of these addresses, and of nobody else."""
    if not proxies:
        return application

    def checked(scope: Scope, receive: Receive, send: Send) -> Any:
        # What a proxy forwards may be anything, and is stored as an address.
        if scope.get("client") and not is_address(scope["client"][0]):
            scope["client"] = scope["peer"]
        return application(scope, receive, send)

    believing: Any = wrap_asgi_with_proxy_headers(checked, trusted_hosts=list(proxies))

    def call(scope: Scope, receive: Receive, send: Send) -> Any:
        scope["peer"] = scope.get("client")
        return believing(scope, receive, send)

    return call


application = behind_proxies(choose, settings.ENVIRONMENT.trusted_proxies)
