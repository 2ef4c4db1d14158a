"""Lines that send to one sandbox when pasted: by HTTP, by SMTP, and with the official Python SDK, which wants https."""

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from accounts.models import ApiToken
from accounts.tenancy import AccountRequest
from sending.models import Sandbox
from sending.pages.snippets import sending_domain, usable_token

SENDER = "hello@example.com"
"""A sandbox takes any sender."""
_STRING = re.compile(r"""(?P<k>\A\w+)|(?P<s>"[^"\n]*"|'[^']*')""")
"""The first word and strings, by the class that colours them."""


@dataclass(frozen=True, slots=True)
class SandboxDoors:
    """Where mail for one sandbox is handed over."""

    sandbox: Sandbox

    @property
    def api_url(self) -> str:
        return f"{settings.SITE_URL}/api/send/{self.sandbox.pk}"

    @property
    def smtp_host(self) -> str:
        """The name that clients connect to: the loopback in development, the site's host elsewhere."""
        host: str = settings.ENVIRONMENT.smtp_host
        return host if host.startswith("127.") else urlsplit(settings.SITE_URL).hostname or host

    @property
    def smtp_port(self) -> int:
        return int(settings.ENVIRONMENT.smtp_port)

    @property
    def tls_port(self) -> int:
        """Where TLS begins with the first byte."""
        return int(settings.ENVIRONMENT.smtps_port)

    @property
    def smtp_user(self) -> str:
        """The password is an API token."""
        return f"sandbox-{self.sandbox.pk}"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to send: `key` names it in the address of the page."""

    key: str
    word: str
    is_current: bool
    code: str

    @property
    def marked(self) -> SafeString:
        """The code as HTML, coloured a little."""
        parts, end = [], 0
        for found in _STRING.finditer(self.code):
            parts.append(escape(self.code[end : found.start()]))
            parts.append(format_html('<span class="{}">{}</span>', found.lastgroup, found[0]))
            end = found.end()
        return mark_safe("".join([*parts, escape(self.code[end:])]))  # noqa: S308 each part is escaped


@dataclass(frozen=True, slots=True)
class Lines:
    """All that the page shows; `token` is None while the account has none that works."""

    doors: SandboxDoors
    ways: list[Way]
    token: ApiToken | None

    @property
    def current(self) -> Way:
        return next(one for one in self.ways if one.is_current)


@dataclass(frozen=True, slots=True)
class _Mail:
    sender: str
    recipient: str
    subject: str
    text: str


def lines_for(request: AccountRequest, sandbox: Sandbox) -> Lines:
    """The ways to send to it, from the account's own domain where it has one."""
    domain, doors = sending_domain(request), SandboxDoors(sandbox)
    mail = _Mail(f"hello@{domain.name}" if domain else SENDER, request.user.email, _("Hello"), _("It works."))
    writers: dict[str, tuple[str, Callable[[_Mail, SandboxDoors], str]]] = {
        "curl": ("curl", _curl),
        "swaks": ("SMTP", _swaks),
    }
    if doors.api_url.startswith("https://"):
        writers["python-sdk"] = ("Python SDK", _python_sdk)
    asked = request.GET.get("with", "")
    current = asked if asked in writers else "curl"
    ways = [Way(key, word, key == current, write(mail, doors)) for key, (word, write) in writers.items()]
    return Lines(doors, ways, usable_token(request))


def _curl(mail: _Mail, doors: SandboxDoors) -> str:
    body = f"""{{
    "from": {{"email": {_text(mail.sender)}}},
    "to": [{{"email": {_text(mail.recipient)}}}],
    "subject": {_text(mail.subject)},
    "text": {_text(mail.text)},
    "html": {_text(f"<h1>{mail.text}</h1>")}
  }}""".replace("'", "'\\''")
    return (
        f"curl {doors.api_url} \\\n"
        '  -H "Authorization: Bearer $API_TOKEN" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  -d '{body}'"
    )


def _swaks(mail: _Mail, doors: SandboxDoors) -> str:
    return (
        f"swaks --server {doors.smtp_host}:{doors.smtp_port} --tls \\\n"
        f'  --auth-user {doors.smtp_user} --auth-password "$API_TOKEN" \\\n'
        f"  --from {shlex.quote(mail.sender)} --to {shlex.quote(mail.recipient)} \\\n"
        f"  --header {shlex.quote('Subject: ' + mail.subject)} --body {shlex.quote(mail.text)}"
    )


def _python_sdk(mail: _Mail, doors: SandboxDoors) -> str:
    return f"""import os
import mailtrap as mt

client = mt.MailtrapClient(
    token=os.environ["API_TOKEN"],
    sandbox=True,
    inbox_id="{doors.sandbox.pk}",
    api_host="{doors.api_url.partition("://")[2].partition("/")[0]}",
)
client.send(mt.Mail(
    sender=mt.Address(email={_text(mail.sender)}),
    to=[mt.Address(email={_text(mail.recipient)})],
    subject={_text(mail.subject)},
    text={_text(mail.text)},
))"""


def _text(value: str) -> str:
    """A string literal of JSON and of Python alike."""
    return json.dumps(value, ensure_ascii=False)
