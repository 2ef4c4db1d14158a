"""Lines that work when pasted: the ways to send a first mail, with the account's domain and this instance's doors.

Each way is one template in `templates/snippets/`, named by its key.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache

from django.conf import settings
from django.template import Context, Engine
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import ApiToken
from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest, within
from domains.models import SendingDomain
from sending.models import Stream
from sending.pages.doors import Doors


class Kind(Enum):
    """What a way goes through; the value is its heading."""

    API = gettext_lazy("HTTP API")
    SDK = gettext_lazy("Official SDKs")
    SMTP = gettext_lazy("SMTP")
    FRAMEWORK = gettext_lazy("Frameworks")


@dataclass(frozen=True, slots=True)
class Way:
    """`key` names it in the address of a page, `needs` is what has to be installed first."""

    key: str
    word: str
    kind: Kind
    needs: str = ""


WAYS = (
    Way("curl", "curl", Kind.API),
    Way("php", "PHP", Kind.API),
    Way("ruby", "Ruby", Kind.API),
    Way("go", "Go", Kind.API),
    Way("java", "Java", Kind.API),
    Way("dotnet", ".NET", Kind.API),
    Way("python-sdk", "Python SDK", Kind.SDK, "pip install mailtrap"),
    Way("node-sdk", "Node SDK", Kind.SDK, "npm install mailtrap"),
    Way("swaks", "swaks", Kind.SMTP),
    Way("python", "Python", Kind.SMTP),
    Way("node", "Node", Kind.SMTP, "npm install nodemailer"),
    Way("django", "Django", Kind.FRAMEWORK),
    Way("anymail", "Django Anymail", Kind.FRAMEWORK, "pip install django-anymail"),
    Way("laravel", "Laravel", Kind.FRAMEWORK),
    Way("rails", "Rails", Kind.FRAMEWORK),
    Way("symfony", "Symfony", Kind.FRAMEWORK, "composer require symfony/mailer"),
    Way("wordpress", "WordPress", Kind.FRAMEWORK),
)
FIRST_WAYS = ("curl", "swaks", "python", "node", "php", "ruby", "java")
"""Offered where somebody is about to send for the first time."""
MOST_DOMAINS = 200
"""That a page offers to choose from."""
_TOKEN = re.compile(r"""(?P<k>\A\w+)|(?P<c>^\s*(?:#|//) .*$)|(?P<s>"[^"\n]*"|'[^']*')""", re.MULTILINE)
"""The first word, remarks and strings, by the class that colours them."""


@dataclass(frozen=True, slots=True)
class Mail:
    """What the snippets send."""

    sender: str
    recipient: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class FirstMail:
    """All that the teaching pages show; `domain` and `token` are None while the account has none that works."""

    mail: Mail
    doors: Doors
    way: Way
    domain: SendingDomain | None
    token: ApiToken | None
    may_make_tokens: bool

    @property
    def code(self) -> str:
        return code_of(self.way, self.mail, self.doors)

    @property
    def marked(self) -> SafeString:
        """The code as HTML, coloured a little."""
        return marked(self.code)

    @property
    def first_ways(self) -> list[Way]:
        return [_WAY_BY_KEY[key] for key in FIRST_WAYS]

    @property
    def groups(self) -> list[tuple[Kind, list[Way]]]:
        return [(kind, [way for way in WAYS if way.kind is kind]) for kind in Kind]


def first_mail(
    request: AccountRequest, domain: SendingDomain | None, stream: Stream = Stream.TRANSACTIONAL
) -> FirstMail:
    """The snippet that the page's address asks for; from a placeholder while there is no domain."""
    mail = Mail(
        sender=f"hello@{domain.name if domain else 'your-domain.example'}",
        recipient=request.user.email,
        subject=_("Hello"),
        text=_("It works."),
    )
    way = _WAY_BY_KEY.get(request.GET.get("with", ""), WAYS[0])
    may_make_tokens = can(request.membership, Ability.MANAGE_TOKENS)
    return FirstMail(mail, Doors(stream), way, domain, usable_token(request), may_make_tokens)


def code_of(way: Way, mail: Mail, doors: Doors) -> str:
    """The lines of one way."""
    template = _engine().get_template(f"{way.key}.txt")
    return template.render(Context({"mail": mail, "doors": doors}, autoescape=False)).rstrip("\n")


def sending_domains(request: AccountRequest, wanted: str = "") -> Sequence[SendingDomain]:
    """The account's domains that may send, its demo domain last, else oldest first and at most
    `MOST_DOMAINS`; the one with the id `wanted`."""
    own = SendingDomain.objects.filter(account=request.account, deleted_at=None)
    domains = within(request, own, "pk").exclude(dns_verified_at=None)
    if wanted:
        domains = domains.filter(pk=wanted) if re.fullmatch("[0-9]{1,18}", wanted) else domains.none()
    return [one for one in domains.order_by("is_demo", "id")[:MOST_DOMAINS] if one.may_send().allowed]


def sending_domain(request: AccountRequest, wanted: str = "") -> SendingDomain | None:
    """The first of them."""
    return next(iter(sending_domains(request, wanted)), None)


def usable_token(request: AccountRequest) -> ApiToken | None:
    """The account's oldest token that has not expired; none for readers of some domains."""
    if request.domain_ids is not None:
        return None
    tokens = ApiToken.objects.filter(account=request.account).order_by("id")[:50]
    return next((one for one in tokens if not one.has_expired()), None)


def marked(code: str) -> SafeString:
    """The code as HTML, coloured a little."""
    parts, end = [], 0
    for found in _TOKEN.finditer(code):
        parts.append(escape(code[end : found.start()]))
        parts.append(format_html('<span class="{}">{}</span>', found.lastgroup, found[0]))
        end = found.end()
    return mark_safe("".join([*parts, escape(code[end:])]))  # noqa: S308 each part is escaped


@cache
def _engine() -> Engine:
    """Of the snippets alone: they are no HTML, so nothing is escaped but by the filters of their languages."""
    folder = settings.BASE_DIR / "templates" / "snippets"
    return Engine(dirs=[str(folder)], autoescape=False, builtins=["sending.pages.quoting"])


_WAY_BY_KEY = {way.key: way for way in WAYS}
