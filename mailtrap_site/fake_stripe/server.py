"""The stand-in over HTTP on the loopback, and its signed events to our webhook."""

import hmac
import json
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import urlsplit

from mailtrap_site.fake_stripe import api, pages, subscriptions
from mailtrap_site.fake_stripe.books import Books
from mailtrap_site.fake_stripe.forms import decode

MOST_BODY = 1024 * 1024
TICK = 2.0
"""Seconds between two looks at what is due and what has not reached the webhook."""
MOST_WAITING = 1000
"""Events that have not reached the webhook; older ones are dropped, and the compare finds what they would have told."""


class FakeStripe:
    """Serves from `start` to `stop`. `webhook` is where events go to, signed with `secret`; empty for nowhere."""

    def __init__(self, port: int = 0, file: Path | None = None, webhook: str = "", secret: str = "whsec_x") -> None:  # noqa: S107 of the stand-in
        self.webhook, self.secret = webhook, secret
        self.lock, self._ended = Lock(), Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self.books = Books(file, self.address)

    def start(self) -> "FakeStripe":
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        if self.webhook:
            Thread(target=self._tick, daemon=True).start()
        return self

    def stop(self) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def signed(self, event: dict[str, Any], at: int | None = None) -> tuple[bytes, str]:
        """The body and the Stripe-Signature of an event, `at` seconds since 1970 or now."""
        body, moment = json.dumps(event).encode(), at or int(time.time())
        digest = hmac.digest(self.secret.encode(), b"%d.%s" % (moment, body), "sha256").hex()
        return body, f"t={moment},v1={digest}"

    def _tick(self) -> None:
        while not self._ended.wait(TICK):
            with self.lock:
                subscriptions.renew_what_is_due(self.books)
                self.books.outbox = self.books.outbox[-MOST_WAITING:]
                waiting = list(self.books.outbox)
            for event in waiting:
                if not self._posted(event):
                    break
                with self.lock:
                    self.books.outbox.remove(event)
                    self.books.save()

    def _posted(self, event: dict[str, Any]) -> bool:
        body, signature = self.signed(event)
        headers = {"Stripe-Signature": signature, "Content-Type": "application/json"}
        try:
            request = urllib.request.Request(self.webhook, body, headers)  # noqa: S310 the address of our own site
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except OSError:
            return False

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._serve("GET")

            def do_POST(self) -> None:
                self._serve("POST")

            def do_DELETE(self) -> None:
                self._serve("DELETE")

            def log_message(self, *_: Any) -> None:
                """Says nothing."""

            def _serve(self, method: str) -> None:
                place = urlsplit(self.path)
                length = min(int(self.headers.get("Content-Length") or 0), MOST_BODY)
                body = self.rfile.read(length).decode()
                with fake.lock:
                    status, headers, content = respond(fake.books, method, place.path, place.query, body)
                    fake.books.save()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

        return Handler


def respond(books: Books, method: str, path: str, query: str, body: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and content of one request."""
    if not path.startswith("/pages/"):
        status, thing = api.answer(books, method, path, decode(body if method == "POST" else query))
        return status, {"Content-Type": "application/json"}, json.dumps(thing).encode()
    typed = decode(body) if method == "POST" else None
    kind, _, name = path.removeprefix("/pages/").partition("/")
    try:
        if name.endswith(".pdf"):
            content = pages.invoice_pdf(books, name.removesuffix(".pdf"))
            return 200, {"Content-Type": "application/pdf"}, content
        if kind == "invoices":
            goes_to, html = pages.invoice(books, name, typed)
        else:
            goes_to, html = (pages.checkout if kind == "checkout" else pages.portal)(books, name, typed)
    except KeyError:
        return 404, {"Content-Type": "text/plain"}, b"The stand-in has no such page."
    if goes_to:
        return 303, {"Location": goes_to}, b""
    return 200, {"Content-Type": "text/html; charset=utf-8"}, html.encode()
