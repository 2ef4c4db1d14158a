"""Pixels and tracked links on the event loop: answered from the token alone, so as quickly as the processor can.

They work under each name that leads here: only we can make a token, and the answer says nothing about the host. What is
no such request is left to the pages.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings
from django.utils import timezone

from sending.tracking import recorder
from sending.tracking.answers import Answer, answer_to
from sending.tracking.seen import Seen, clean_agent, read_link

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PREFIXES = ("/t/o/", "/t/c/")


def answer(scope: Scope) -> Answer | None:
    """The answer to a GET or HEAD of what we sealed, noted to be recorded; None for everything else."""
    path = scope["path"]
    if not path.startswith(PREFIXES) or scope["method"] not in ("GET", "HEAD"):
        return None
    link = read_link(path[3], path[5:], settings.RECIPIENT_LINK_KEYS)
    if link is None:
        return None
    agents = [value for name, value in scope["headers"] if name == b"user-agent"]
    agent = clean_agent(agents[0].decode("latin-1")) if agents else ""
    client = scope.get("client") or ("", 0)
    recorder.note(Seen(link, timezone.now(), client[0], agent, scope["method"] == "HEAD"))
    return answer_to(link)


async def send_answer(answered: Answer, scope: Scope, send: Send) -> None:
    """Sends it; to HEAD without the body."""
    body = b"" if scope["method"] == "HEAD" else answered.body
    await send({"type": "http.response.start", "status": answered.status, "headers": list(answered.headers)})
    await send({"type": "http.response.body", "body": body})
