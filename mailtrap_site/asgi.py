"""The application that granian serves: the sending API on the event loop, Django's pages in threads."""

import os
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from importlib import import_module
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mailtrap_site.settings")

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from granian.utils.proxies import wrap_asgi_with_proxy_headers

from mailtrap_site.embedded.follow_parent import end_with_parent

end_with_parent()
_wsgi: Any = get_wsgi_application()
# Its models can be imported once the apps are ready.
send_asgi = import_module("sending.api.send_asgi")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_pages: Any = WSGIMiddleware(_wsgi, workers=settings.ENVIRONMENT.web_threads)
_send_door = send_asgi.SendDoor(settings.ENVIRONMENT.web_memory_mb * 1024 * 1024)


async def choose(scope: Scope, receive: Receive, send: Send) -> None:
    """Chooses by path."""
    if scope["type"] == "lifespan":
        await _live(receive, send)
    elif scope["path"] in send_asgi.PATHS:
        await _send_door(scope, receive, send)
    else:
        # The bridge to the threads wants coroutines, and granian gives other awaitables.
        await _pages(scope, _coroutine(receive), _coroutine(send))


def _coroutine(function: Callable[..., Awaitable[Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def call(*arguments: Any) -> Any:
        return await function(*arguments)

    return call


async def _live(receive: Receive, send: Send) -> None:
    """Start and end of the worker: at the end, what waits for its commit is written."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.shutdown":
            _send_door.close()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def behind_proxies(application: Callable[..., Any], proxies: tuple[str, ...]) -> Callable[..., Any]:
    """Believes X-Forwarded-For and X-Forwarded-Proto of these addresses, and of nobody else."""
    return wrap_asgi_with_proxy_headers(application, trusted_hosts=list(proxies)) if proxies else application


application = behind_proxies(choose, settings.ENVIRONMENT.trusted_proxies)
