"""What a customer chooses for one domain: the only writer of its options, each read and checked before any is kept."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.db import transaction
from django.http import HttpRequest

from accounts import audit
from accounts.models import User
from billing.plans import Feature
from billing.terms import terms_of
from domains.brand import read_colour
from domains.models import DnsRecord, SendingDomain
from domains.records import RecordKey

STREAMS = ("transactional", "bulk")
"""The two that `suspended_streams` may name."""
SWITCHES = (
    "open_tracking_enabled",
    "click_tracking_enabled",
    "custom_domain_tracking_enabled",
    "tracking_opt_out_enabled",
    "auto_unsubscribe_link_enabled",
    "require_tls",
    "health_alerts_enabled",
    "critical_alerts_enabled",
)
PAID = {
    "click_tracking_enabled": Feature.CLICK_TRACKING,
    "custom_domain_tracking_enabled": Feature.LINK_BRANDING,
}
"""What only some plans include. Who has it on keeps it."""
_LONGEST_ADDRESS = 254
LONGEST_BRAND = 80
LONGEST_LINK = 200
_is_web_address = URLValidator(schemes=["https", "http"])


class Problem(StrEnum):
    """Why an option cannot be changed; the value is what the API says, the page has a sentence of its own."""

    UNKNOWN = "is not an option of a domain"
    INVALID = "is invalid"
    NOT_IN_PLAN = "is not included in your plan"
    NO_LINK_RECORD = "needs the link_verification record"


class OptionInvalid(ValueError):
    """`problems` by the name of the option; nothing was changed."""

    def __init__(self, problems: Mapping[str, Problem]) -> None:
        super().__init__(", ".join(f"{name} {problem}" for name, problem in problems.items()))
        self.problems = dict(problems)

    @property
    def errors(self) -> dict[str, list[str]]:
        """As the API answers them."""
        return {name: [problem.value] for name, problem in self.problems.items()}


def change(
    domain: SendingDomain,
    changes: Mapping[str, object],
    *,
    user: User | None = None,
    request: HttpRequest | None = None,
    actor_name: str = audit.SYSTEM,
) -> SendingDomain:
    """Keeps the options that `changes` names and leaves the others; all of them or none. Raises OptionInvalid, and
    `SendingDomain.DoesNotExist` for a domain that was deleted meanwhile."""
    values = _read(changes)
    with transaction.atomic():
        row = (
            SendingDomain.objects.select_for_update(of=("self",))
            .select_related("account")
            .get(pk=domain.pk, deleted_at=None)
        )
        news = {name: value for name, value in values.items() if getattr(row, name) != value}
        if problems := _not_allowed(row, news):
            raise OptionInvalid(problems)
        if news.get("click_tracking_enabled") and "custom_domain_tracking_enabled" not in values:
            news |= _own_links(row)
        if not news:
            return row
        said = {name: {"from": getattr(row, name), "to": value} for name, value in news.items()}
        for name, value in news.items():
            setattr(row, name, value)
        row.save(update_fields=list(news))
        audit.record(
            "domain.settings_changed",
            account=row.account,
            actor=user,
            target=row,
            changes=said,
            request=request,
            actor_name=actor_name,
        )
    return row


def is_included(domain: SendingDomain, option: str) -> bool:
    """Whether the account's plan has the option; the platform's own account has all of them."""
    feature = PAID.get(option)
    return feature is None or domain.account.is_platform or feature in terms_of(domain.account).plan.features


def has_link_record(domain: SendingDomain) -> bool:
    """Whether the CNAME for tracked links was found when we looked last."""
    return domain.dns_records.filter(key=RecordKey.LINK, status=DnsRecord.Status.PASS).exists()


def _read(changes: Mapping[str, object]) -> dict[str, Any]:
    """The values as they are kept. Raises OptionInvalid."""
    values, problems = {}, {}
    for name, given in changes.items():
        reader = _READERS.get(name)
        try:
            if reader is None:
                problems[name] = Problem.UNKNOWN
            else:
                values[name] = reader(given)
        except (ValueError, ValidationError):
            problems[name] = Problem.INVALID
    if problems:
        raise OptionInvalid(problems)
    return values


def _not_allowed(row: SendingDomain, news: Mapping[str, Any]) -> dict[str, Problem]:
    """Of what is to be switched on."""
    problems = {name: Problem.NOT_IN_PLAN for name in PAID if news.get(name) and not is_included(row, name)}
    own_links = "custom_domain_tracking_enabled"
    if news.get(own_links) and own_links not in problems and not has_link_record(row):
        problems[own_links] = Problem.NO_LINK_RECORD
    return problems


def _own_links(row: SendingDomain) -> dict[str, bool]:
    """Clicks are followed under the domain's own name from the start, where its record stands."""
    option = "custom_domain_tracking_enabled"
    if getattr(row, option) or not is_included(row, option) or not has_link_record(row):
        return {}
    return {option: True}


def _switch(given: object) -> bool:
    if not isinstance(given, bool):
        raise ValueError(given)
    return given


def _streams(given: object) -> list[str]:
    if not isinstance(given, list | tuple) or any(one not in STREAMS for one in given):
        raise ValueError(given)
    return [stream for stream in STREAMS if stream in given]


def _recipient(given: object) -> str:
    """An empty one leaves alerts to owners and admins."""
    if given is None:
        return ""
    if not isinstance(given, str) or len(given) > _LONGEST_ADDRESS:
        raise ValueError(given)
    address = given.strip()
    if address:
        validate_email(address)
    return address


def _recipient_ips(given: object) -> str:
    return SendingDomain.RecipientIps(str(given)).value


def _text(given: object, most: int) -> str:
    if not isinstance(given, str) or len(given.strip()) > most or not given.strip().isprintable():
        raise ValueError(given)
    return given.strip()


def _brand_colour(given: object) -> str:
    """An empty one is ours."""
    text = _text(given, 8)
    return read_colour(text) if text else ""


def _brand_url(given: object) -> str:
    text = _text(given, LONGEST_LINK)
    if text:
        _is_web_address(text)
    return text


_READERS: dict[str, Callable[[object], Any]] = {
    **dict.fromkeys(SWITCHES, _switch),
    "suspended_streams": _streams,
    "alert_recipient": _recipient,
    "recipient_ips": _recipient_ips,
    "brand_name": lambda given: _text(given, LONGEST_BRAND),
    "brand_colour": _brand_colour,
    "brand_url": _brand_url,
}
