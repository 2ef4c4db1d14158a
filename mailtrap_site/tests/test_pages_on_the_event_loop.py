"""A browser that is slow, or gone, takes no thread from the others."""

import asyncio

import pytest

from mailtrap_site import pages_asgi
from mailtrap_site.pages_asgi import PageDoor

SCOPE = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "http_version": "1.1", "headers": []}


class Page:
    """A WSGI application with its bodies: what it read, or why it could not."""

    def __init__(self, answer=(b"ok",)):
        self.read = []
        self.answer = answer

    def __call__(self, environ, start_response):
        try:
            self.read.append(environ["wsgi.input"].read())
        except OSError as problem:
            self.read.append(type(problem))
        start_response("200 OK", [])
        return iter(self.answer)


def serve(page, *messages, send=None):
    """Statuses and bodies that the client got; None among its messages stands for silence."""
    waiting, sent = list(messages), []

    async def receive():
        message = waiting.pop(0) if waiting else None
        if message is None:
            await asyncio.sleep(60)
        return message

    async def take(message):
        sent.append(message.get("status", message.get("body")))

    asyncio.run(asyncio.wait_for(PageDoor(page, 1)(SCOPE, receive, send or take), 10))
    return sent


def part(body, more=True):
    return {"type": "http.request", "body": body, "more_body": more}


GONE = {"type": "http.disconnect"}


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch):
    monkeypatch.setattr(pages_asgi, "READ_SECONDS", 0.1)
    monkeypatch.setattr(pages_asgi, "WRITE_SECONDS", 0.1)


def test_a_body_in_parts_reaches_the_page_whole():
    page = Page()
    assert serve(page, part(b"a" * 70_000), part(b"b" * 70_000), part(b"c", more=False))[:2] == [200, b"ok"]
    assert page.read == [b"a" * 70_000 + b"b" * 70_000 + b"c"]


def test_a_form_that_does_not_come_is_answered_408_and_runs_nothing():
    page = Page()
    assert serve(page, part(b"name="), None) == [408, b""]
    assert page.read == []


def test_a_form_whose_client_is_gone_runs_nothing():
    page = Page()
    assert serve(page, part(b"name="), GONE) == []
    assert page.read == []


@pytest.mark.parametrize(("end", "problem"), [(None, TimeoutError), (GONE, ConnectionResetError)])
def test_a_large_body_that_ends_early_is_not_taken_for_a_whole_one(end, problem):
    page = Page()
    serve(page, part(b"a" * 70_000), end)
    assert page.read == [problem]


def test_a_client_that_takes_no_answer_gives_the_thread_back():
    async def never(_):
        await asyncio.sleep(60)

    pieces = iter([b"x"] * 100)
    serve(Page(pieces), part(b"", more=False), send=never)
    assert next(pieces, None) is None
