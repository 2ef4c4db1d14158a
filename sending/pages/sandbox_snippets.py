"""Lines that send to one sandbox when pasted: those of the integration page, as far as they name their door whole."""

from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import ApiToken
from accounts.roles import Ability, can
from accounts.tenancy import AccountRequest
from sending.models import Sandbox, Stream
from sending.pages.doors import Doors
from sending.pages.snippets import WAYS, Kind, Mail, Way, code_of, marked, sending_domain, usable_token

SENDER = "hello@example.com"
"""A sandbox takes any sender."""
_WAYS = [way for way in WAYS if way.kind in (Kind.API, Kind.SMTP) or way.key == "python-sdk"]


@dataclass(frozen=True, slots=True)
class Lines:
    """All that the page shows; `token` is None while the account has none that works."""

    doors: Doors
    mail: Mail
    current: Way
    token: ApiToken | None
    may_make_tokens: bool

    @property
    def ways(self) -> list[Way]:
        return _WAYS

    @property
    def code(self) -> SafeString:
        """The lines of the current way as HTML."""
        return marked(code_of(self.current, self.mail, self.doors))


def lines_for(request: AccountRequest, sandbox: Sandbox) -> Lines:
    """The ways to send to it, from the account's own domain where it has one."""
    domain = sending_domain(request)
    sender = f"hello@{domain.name}" if domain else SENDER
    mail = Mail(sender, request.user.email, _("Hello"), _("It works."))
    asked = request.GET.get("with", "")
    current = next((way for way in _WAYS if way.key == asked), _WAYS[0])
    may_make_tokens = can(request.membership, Ability.MANAGE_TOKENS)
    return Lines(Doors(Stream.TRANSACTIONAL, sandbox.pk), mail, current, usable_token(request), may_make_tokens)
