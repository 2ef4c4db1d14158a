"""Lines that send to one sandbox when pasted: by HTTP, by SMTP, and with the official Python SDK, which wants https."""

import json
import shlex
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.tenancy import AccountRequest
from sending.models import Sandbox
from sending.pages.snippets import FirstMail, Mail, Snippet, sending_domain, smtp_host, usable_token

SENDER = "hello@example.com"
"""A sandbox takes any sender."""


def smtp_user(sandbox: Sandbox) -> str:
    """The name under which SMTP mail goes to it; the password is an API token."""
    return f"sandbox-{sandbox.pk}"


def first_test_mail(request: AccountRequest, sandbox: Sandbox) -> FirstMail:
    """The snippets for this sandbox, from the account's own domain where it has one."""
    domain = sending_domain(request)
    mail = Mail(
        sender=f"hello@{domain.name}" if domain else SENDER,
        recipient=request.user.email,
        api_url=settings.SITE_URL,
        host=smtp_host(),
        port=settings.ENVIRONMENT.smtp_port,
    )
    ways = {"curl": ("curl", _curl), "smtp": ("SMTP", _swaks)}
    if mail.api_url.startswith("https://"):
        ways["python"] = (_("Python SDK"), _sdk)
    asked = request.GET.get("with", "")
    current = asked if asked in ways else "curl"
    snippets = [Snippet(key, word, write(mail, sandbox), key == current) for key, (word, write) in ways.items()]
    return FirstMail(mail, snippets, domain, usable_token(request))


def _curl(mail: Mail, sandbox: Sandbox) -> str:
    body = f"""{{
    "from": {{"email": {_text(mail.sender)}}},
    "to": [{{"email": {_text(mail.recipient)}}}],
    "subject": {_text(_("Hello"))},
    "text": {_text(_("It works."))},
    "html": {_text(f"<h1>{_('It works.')}</h1>")}
  }}""".replace("'", "'\\''")
    return (
        f"curl {mail.api_url}/api/send/{sandbox.pk} \\\n"
        '  -H "Authorization: Bearer $API_TOKEN" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        f"  -d '{body}'"
    )


def _swaks(mail: Mail, sandbox: Sandbox) -> str:
    return (
        f"swaks --server {mail.host}:{mail.port} --tls \\\n"
        f'  --auth-user {smtp_user(sandbox)} --auth-password "$API_TOKEN" \\\n'
        f"  --from {shlex.quote(mail.sender)} --to {shlex.quote(mail.recipient)} \\\n"
        f"  --header {shlex.quote('Subject: ' + _('Hello'))} --body {shlex.quote(_('It works.'))}"
    )


def _sdk(mail: Mail, sandbox: Sandbox) -> str:
    host = urlsplit(mail.api_url).netloc
    return f"""import os
import mailtrap as mt

client = mt.MailtrapClient(
    token=os.environ["API_TOKEN"],
    sandbox=True,
    inbox_id="{sandbox.pk}",
    api_host="{host}",
)
client.send(mt.Mail(
    sender=mt.Address(email={_text(mail.sender)}),
    to=[mt.Address(email={_text(mail.recipient)})],
    subject={_text(_("Hello"))},
    text={_text(_("It works."))},
))"""


def _text(value: str) -> str:
    """A string literal of JSON and of Python alike."""
    return json.dumps(value, ensure_ascii=False)
