"""What the shell shows on each signed-in page: the places, the current one, the accounts of the reader."""

from dataclasses import dataclass
from typing import Any, Protocol

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, resolve, reverse
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Place:
    """One link of the side. `current_for`: the URL names, or their beginnings, on which it is the current place."""

    label: str | Promise
    url_name: str
    icon: str
    current_for: tuple[str, ...]
    hotkey: str = ""
    of_account: bool = True
    development_only: bool = False
    roles: frozenset[str] = frozenset()
    """Whom it is shown to; empty for every member."""


@dataclass(frozen=True, slots=True)
class Link:
    """A place as the template draws it."""

    label: str | Promise
    url: str
    icon: str
    hotkey: str
    current: bool


PLACES: tuple[tuple[str | Promise, tuple[Place, ...]], ...] = (
    (
        "",
        (
            Place(_("Overview"), "sending:overview", "home", ("sending:overview",), "g o"),
            Place(
                _("Email log"),
                "sending:email_log",
                "list",
                (
                    "sending:email_log",
                    "sending:message",
                    "sending:log_exports",
                    "sending:saved_views",
                    "sending:saved_view_add",
                ),
                "g l",
            ),
            Place(_("Statistics"), "sending:statistics", "bars", ("sending:statistics",), "g s"),
            Place(_("Suppressions"), "sending:suppressions", "shield", ("sending:suppression", "sending:tracking")),
            Place(_("Sandboxes"), "sending:sandboxes", "tray", ("sending:sandbox",), "g b"),
        ),
    ),
    (
        _("Set up"),
        (
            Place(_("Sending domains"), "domains:list", "globe", ("domains:", "sending:auto_bcc"), "g d"),
            Place(_("API and SMTP"), "sending:integration", "code", ("sending:integration",), "g a"),
            Place(_("Webhooks"), "sending:webhooks", "webhook", ("sending:webhook",), "g w"),
            Place(_("Streams"), "sending:streams", "plane", ("sending:streams",)),
        ),
    ),
    (
        _("Account"),
        (
            Place(_("Usage"), "billing:usage", "gauge", ("billing:usage", "billing:size"), "g u"),
            Place(_("Plan"), "billing:plan", "card", ("billing:plan", "billing:invoice", "billing:checkout"), "g p"),
            Place(_("API tokens"), "accounts:tokens", "key", ("accounts:token",), "g t"),
            Place(
                _("People"),
                "accounts:people",
                "people",
                ("accounts:people", "accounts:member", "accounts:invit"),
                "g e",
            ),
            Place(
                _("Organisation"),
                "billing:organization",
                "layout",
                ("billing:organization", "billing:sub_account"),
                roles=frozenset({"owner"}),
            ),
            Place(_("Audit log"), "accounts:audit", "eye", ("accounts:audit",), roles=frozenset({"owner", "admin"})),
            Place(
                _("Privacy"),
                "sending:privacy",
                "person",
                ("sending:privacy", "accounts:closing"),
                roles=frozenset({"owner", "admin"}),
            ),
            Place(
                _("Sign-in rules"),
                "accounts:security",
                "lock",
                ("accounts:security", "accounts:two_factor_needed", "single_sign_on:"),
                roles=frozenset({"owner"}),
            ),
        ),
    ),
    (
        _("Development"),
        (
            Place(
                _("Captured mail"),
                "sending:captured_list",
                "captured",
                ("sending:captured",),
                "g c",
                of_account=False,
                development_only=True,
            ),
        ),
    ),
)


LEGAL_PAGES: tuple[tuple[str, str | Promise], ...] = (
    ("accounts:legal_terms", _("Terms")),
    ("accounts:legal_privacy", _("Privacy")),
    ("accounts:legal_cookies", _("Cookies")),
    ("accounts:legal_subprocessors", _("Sub-processors")),
    ("accounts:legal_data_processing", _("Data processing")),
)
MOST_COUNTED = 99
"""Notifications that the bell counts."""


class Shell:
    """What surrounds a page, worked out only where a template asks for it (a fragment asks for nothing)."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.site_name: str = getattr(settings, "SITE_NAME", "Mailtrap")
        self.support_email: str = getattr(settings, "SUPPORT_EMAIL", "")
        self.development: bool = getattr(settings, "ROUTE", "") == "development"

    @cached_property
    def memberships(self) -> list[Any]:
        """The reader's memberships with their accounts, by the account's name."""
        user = getattr(self._request, "user", None)
        if user is None or not user.is_authenticated:
            return []
        return list(user.memberships.select_related("account").order_by("account__name", "pk"))

    @cached_property
    def account(self) -> Any | None:
        """The account of this page; on pages of no account, the reader's first."""
        of_page = getattr(self._request, "account", None)
        return of_page or (self.memberships[0].account if self.memberships else None)

    @property
    def is_limited(self) -> bool:
        """Whether the reader looks after some domains of the account only."""
        account_id = self.account.pk if self.account else None
        return any(one.is_limited for one in self.memberships if one.account_id == account_id)

    @property
    def groups(self) -> "list[tuple[str | Promise, list[Link]]]":
        match = self._request.resolver_match
        account_id = self.account.pk if self.account else None
        return navigation(
            account_id,
            match.view_name if match else "",
            development=self.development,
            role=self._role,
            by_domain=self.is_limited,
        )

    @property
    def _role(self) -> str:
        return next((one.role for one in self.memberships if one.account == self.account), "")

    @property
    def accounts(self) -> list[tuple[Any, str]]:
        """Each account of the reader, with the address of its overview."""
        return [(one.account, url_or_nothing("sending:overview", one.account.pk)) for one in self.memberships]

    @property
    def search_url(self) -> str:
        return url_or_nothing("sending:email_log", self.account.pk) if self.account else ""

    @property
    def usage_url(self) -> str:
        return url_or_nothing("billing:usage", self.account.pk) if self.account and not self.is_limited else ""

    @property
    def profile_url(self) -> str:
        return url_or_nothing("accounts:profile")

    @property
    def account_add_url(self) -> str:
        return url_or_nothing("accounts:account_add")

    @property
    def notifications_url(self) -> str:
        return url_or_nothing("accounts:notifications") if self._reader else ""

    @property
    def legal_pages(self) -> list[tuple[str, str | Promise]]:
        """The pages that stand in every foot, with their words."""
        found = [(url_or_nothing(name), words) for name, words in LEGAL_PAGES]
        return [(url, words) for url, words in found if url]

    @property
    def letters_url(self) -> str:
        return url_or_nothing("accounts:letters", self.account.pk) if self.account else ""

    @property
    def single_sign_on_url(self) -> str:
        return url_or_nothing("single_sign_on:settings", self.account.pk) if self.account else ""

    @cached_property
    def unread(self) -> int:
        """The reader's unread notifications, counted up to `MOST_COUNTED` and one."""
        if self._reader is None:
            return 0
        unread = self._reader.notifications.filter(read_at=None, archived_at=None)
        return int(unread[: MOST_COUNTED + 1].count())

    @property
    def unread_words(self) -> str:
        return f"{MOST_COUNTED}+" if self.unread > MOST_COUNTED else str(self.unread)

    @property
    def _reader(self) -> Any | None:
        user = getattr(self._request, "user", None)
        return user if user is not None and user.is_authenticated else None

    @property
    def captured_url(self) -> str:
        return url_or_nothing("sending:captured_list") if self.development else ""


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `shell`."""
    return {"shell": Shell(request)}


def navigation(
    account_id: int | None, view_name: str, *, development: bool, role: str = "", by_domain: bool = False
) -> list[tuple[str | Promise, list[Link]]]:
    """The groups of links that exist for this account, each with whether it is the current place.

    With `by_domain` only those whose pages are open to readers of some domains.
    """
    groups = []
    for heading, places in PLACES:
        links = [
            Link(place.label, url, place.icon, place.hotkey, view_name.startswith(place.current_for))
            for place in places
            if (development or not place.development_only)
            and (not place.roles or role in place.roles)
            and (url := _url(place, account_id))
            and (not by_domain or not place.of_account or getattr(resolve(url).func, "by_domain", False))
        ]
        if links:
            groups.append((heading, links))
    return groups


def url_or_nothing(name: str, *arguments: object) -> str:
    """The URL of this name, or an empty text where this instance has no such page."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""


class Member(Protocol):
    """What `url_of_account` asks of a membership."""

    account_id: int

    @property
    def is_limited(self) -> bool: ...


def url_of_account(membership: Member, name: str) -> str:
    """The URL of a page about the whole account; an empty text for somebody limited to some of its domains."""
    return "" if membership.is_limited else url_or_nothing(name, membership.account_id)


def _url(place: Place, account_id: int | None) -> str:
    if not place.of_account:
        return url_or_nothing(place.url_name)
    return url_or_nothing(place.url_name, account_id) if account_id is not None else ""
