"""The mx in a thread, at a free port, with the settings pointed at it."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import uvloop
from django.conf import settings
from django.test import override_settings

from sending.bounces.session import Intake
from sending.management.commands.mx import mx_listener, recipients_of


@contextlib.contextmanager
def mx_running(route: str = "development", **environment: Any) -> Iterator[tuple[str, int]]:
    """The address of an mx of `route`; the development route delivers to it meanwhile."""
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="mx", daemon=True)
    thread.start()
    intake = Intake(recipients_of(route))
    with override_settings(ENVIRONMENT=replace(settings.ENVIRONMENT, **environment)):
        listener = mx_listener(intake, host="127.0.0.1", port=0)
    asyncio.run_coroutine_threadsafe(listener.start(), loop).result(5)
    host, port = listener.addresses[0]
    try:
        with override_settings(ENVIRONMENT=replace(settings.ENVIRONMENT, mx_host=host, mx_port=port)):
            yield host, port
    finally:
        asyncio.run_coroutine_threadsafe(listener.stop(), loop).result(40)
        intake.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()
