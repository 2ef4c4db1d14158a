"""Lines that work when pasted: the ways to send the first mail, with the account's domain and this instance's hosts."""

import json
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from accounts.models import ApiToken
from accounts.tenancy import AccountRequest
from domains.models import SendingDomain


@dataclass(frozen=True, slots=True)
class Mail:
    """What the snippets send, and through which doors."""

    sender: str
    recipient: str
    api_url: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Snippet:
    """One way to send: `key` names it in the address, `code` is what is pasted."""

    key: str
    word: str
    code: str
    is_current: bool

    @property
    def url(self) -> str:
        return f"?with={self.key}"

    @property
    def marked(self) -> SafeString:
        """The code as HTML, with its strings and its first word coloured."""
        first, strings = re.match(r"\w+", self.code), re.split(_STRING, self.code)
        colours = ("{}", '<span class="s">{}</span>')
        parts = [format_html(colours[index % 2], part) for index, part in enumerate(strings)]
        if first:
            parts[0] = format_html('<span class="k">{}</span>{}', first[0], strings[0][first.end() :])
        return mark_safe("".join(parts))  # noqa: S308 each part is escaped


@dataclass(frozen=True, slots=True)
class FirstMail:
    """All that the teaching pages show; `domain` and `token` are None while the account has none that works."""

    mail: Mail
    snippets: list[Snippet]
    domain: SendingDomain | None
    token: ApiToken | None

    @property
    def current(self) -> Snippet:
        return next(one for one in self.snippets if one.is_current)


def first_mail(request: AccountRequest) -> FirstMail:
    """The snippets for the account's verified domain, or for a placeholder while there is none."""
    domain, token = sending_domain(request), usable_token(request)
    mail = Mail(
        sender=f"hello@{domain.name if domain else 'your-domain.example'}",
        recipient=request.user.email,
        api_url=settings.SITE_URL,
        host=smtp_host(),
        port=settings.ENVIRONMENT.smtp_port,
    )
    wanted = request.GET.get("with", "")
    current = wanted if wanted in _WAYS else "curl"
    snippets = [Snippet(key, word, write(mail), key == current) for key, (word, write) in _WAYS.items()]
    return FirstMail(mail, snippets, domain, token)


def sending_domain(request: AccountRequest) -> SendingDomain | None:
    """The account's oldest domain that may send."""
    domains = SendingDomain.objects.filter(account=request.account, deleted_at=None).exclude(dns_verified_at=None)
    return next((one for one in domains.order_by("id") if one.may_send().allowed), None)


def usable_token(request: AccountRequest) -> ApiToken | None:
    """The account's oldest token that has not expired."""
    tokens = ApiToken.objects.filter(account=request.account).order_by("id")[:50]
    return next((one for one in tokens if not one.has_expired()), None)


def smtp_host() -> str:
    """The name that clients connect to: the loopback in development, the site's host elsewhere."""
    host = settings.ENVIRONMENT.smtp_host
    return host if host.startswith("127.") else urlsplit(settings.SITE_URL).hostname or host


def _curl(mail: Mail) -> str:
    body = f"""{{
    "from": {{"email": {_text(mail.sender)}}},
    "to": [{{"email": {_text(mail.recipient)}}}],
    "subject": {_text(_("Hello"))},
    "text": {_text(_("It works."))},
    "category": "Test"
  }}""".replace("'", "'\\''")
    return (
        f"curl {mail.api_url}/api/send \\\n"
        '  -H "Authorization: Bearer $API_TOKEN" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  -d '{body}'"
    )


def _swaks(mail: Mail) -> str:
    return (
        f"swaks --server {mail.host}:{mail.port} --tls \\\n"
        '  --auth-user api --auth-password "$API_TOKEN" \\\n'
        f"  --from {shlex.quote(mail.sender)} --to {shlex.quote(mail.recipient)} \\\n"
        f"  --header {shlex.quote('Subject: ' + _('Hello'))} --body {shlex.quote(_('It works.'))}"
    )


def _python(mail: Mail) -> str:
    return f"""import os, smtplib, ssl
from email.message import EmailMessage

mail = EmailMessage()
mail["From"] = {_text(mail.sender)}
mail["To"] = {_text(mail.recipient)}
mail["Subject"] = {_text(_("Hello"))}
mail.set_content({_text(_("It works."))})

with smtplib.SMTP("{mail.host}", {mail.port}) as server:
    server.starttls(context=ssl.create_default_context({_python_ca()}))
    server.login("api", os.environ["API_TOKEN"])
    server.send_message(mail)"""


def _node(mail: Mail) -> str:
    return f"""const nodemailer = require("nodemailer");

const transport = nodemailer.createTransport({{
  host: "{mail.host}",
  port: {mail.port},
  requireTLS: true,{_node_ca()}
  auth: {{ user: "api", pass: process.env.API_TOKEN }},
}});
transport
  .sendMail({{
    from: {_text(mail.sender)},
    to: {_text(mail.recipient)},
    subject: {_text(_("Hello"))},
    text: {_text(_("It works."))},
  }})
  .then(console.log);"""


_WAYS: dict[str, tuple[str, Callable[[Mail], str]]] = {
    "curl": ("curl", _curl),
    "smtp": ("SMTP", _swaks),
    "python": ("Python", _python),
    "node": ("Node", _node),
}
_STRING = re.compile(r"""("[^"\n]*"|'[^']*')""")


def _text(value: str) -> str:
    """A string literal of Python and of JavaScript alike."""
    return json.dumps(value, ensure_ascii=False)


def _local_ca() -> str:
    """The certificate authority of a development instance, which clients must be told of."""
    authority = settings.ENVIRONMENT.var_dir / "tls" / "ca.pem"
    return str(authority) if settings.ROUTE == "development" and authority.exists() else ""


def _python_ca() -> str:
    return f"cafile={_text(authority)}" if (authority := _local_ca()) else ""


def _node_ca() -> str:
    if not (authority := _local_ca()):
        return ""
    return f'\n  tls: {{ ca: require("fs").readFileSync({_text(authority)}) }},'
