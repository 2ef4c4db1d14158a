"""Sender information: who stands behind an account. One validation for the page and the API, and the only writer.

The names of fields and the words of errors are the contract's; pages say the same in sentences of their own.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import Account, User
from domains.compliance import status
from domains.models import CompanyInfo, SendingDomain

Level = CompanyInfo.Level
COUNTRIES_FILE = Path(__file__).with_name("countries.txt")
FIELDS = (
    "name",
    "address",
    "city",
    "country",
    "zip_code",
    "phone",
    "website_url",
    "privacy_policy_url",
    "terms_of_service_url",
    "info_level",
)
REQUIRED = ("name", "address", "city", "country", "zip_code", "website_url")
URLS = ("website_url", "privacy_policy_url", "terms_of_service_url")


class Fault(StrEnum):
    """What is wrong with a value, in the contract's words."""

    BLANK = "can't be blank"
    INVALID = "is invalid"
    TOO_LONG = "is too long"
    SWITCHED = "has been changed once already"


class CompanyInvalid(Exception):
    """Values that do not stand, by field; a required URL that is missing has both faults, as the contract has it."""

    def __init__(self, faults: Mapping[str, tuple[Fault, ...]]) -> None:
        super().__init__(", ".join(faults))
        self.faults = faults

    @property
    def errors(self) -> dict[str, list[str]]:
        """As the API answers 422."""
        return {field: [fault.value for fault in faults] for field, faults in self.faults.items()}


def save(
    account: Account,
    data: Mapping[str, object],
    *,
    user: User | None = None,
    request: HttpRequest | None = None,
    actor_name: str = audit.SYSTEM,
) -> CompanyInfo:
    """Store it for all domains of the account; a field that `data` does not name keeps its value. Reviews that wait for
    it begin. Raises CompanyInvalid."""
    with transaction.atomic():
        # One saves after the other, so that the level is switched once.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        before = CompanyInfo.objects.filter(account=account).first()
        values = _read(data, before)
        if faults := _faults(values, before):
            raise CompanyInvalid(faults)
        switched = before is not None and before.info_level != values["info_level"]
        changes = {
            field: {"from": getattr(before, field, ""), "to": value}
            for field, value in values.items()
            if getattr(before, field, "") != value
        }
        if before is not None and not changes:
            return before
        columns: dict[str, Any] = values | {"updated_at": timezone.now()}
        if switched:
            columns["level_switched"] = True
        info, _made = CompanyInfo.objects.update_or_create(account=account, defaults=columns)
        audit.record(
            "company_info.saved",
            account=account,
            actor=user,
            target=info,
            changes=changes,
            request=request,
            actor_name=actor_name,
        )
        _refresh_domains(account)
    return info


def info_of(account: Account) -> CompanyInfo | None:
    """What the account has said."""
    return CompanyInfo.objects.filter(account=account).first()


@cache
def countries() -> tuple[str, ...]:
    """The names that the form offers; the API takes any."""
    lines = COUNTRIES_FILE.read_text(encoding="utf-8").splitlines()
    return tuple(line.partition(" ")[2] for line in lines if not line.startswith("#"))


def sentence(field: str, faults: tuple[Fault, ...]) -> str:
    """The first fault as the page says it."""
    if faults[0] is Fault.BLANK:
        return _("This is missing. Whoever gets your mail may ask who sent it.")
    if faults[0] is Fault.SWITCHED:
        return _("Business and individual were exchanged once already. Write to support if this is wrong.")
    if faults[0] is Fault.TOO_LONG:
        text = _("This is longer than the %(limit)s characters that we keep. Shorten it.")
        return text % {"limit": _room(field)}
    if field in URLS:
        return _("This is no address of a page. Write it as your browser shows it, such as https://shop.example.")
    return _("Choose one of those that are offered.")


def _read(data: Mapping[str, object], before: CompanyInfo | None) -> dict[str, str]:
    values = {field: str(getattr(before, field, "") or "") for field in FIELDS}
    for field in FIELDS:
        if field in data:
            values[field] = " ".join(str(data[field] or "").replace("\0", "").split())
    for field in URLS:
        if values[field] and "://" not in values[field]:
            values[field] = f"https://{values[field]}"
    values["info_level"] = values["info_level"] or Level.BUSINESS.value
    return values


def _faults(values: Mapping[str, str], before: CompanyInfo | None) -> dict[str, tuple[Fault, ...]]:
    faults: dict[str, tuple[Fault, ...]] = {}
    for field, value in values.items():
        if not value:
            if field in REQUIRED:
                faults[field] = (Fault.BLANK, Fault.INVALID) if field in URLS else (Fault.BLANK,)
        elif len(value) > _room(field):
            faults[field] = (Fault.TOO_LONG,)
        elif field in URLS and not _is_url(value):
            faults[field] = (Fault.INVALID,)
    if values["info_level"] not in Level.values:
        faults["info_level"] = (Fault.INVALID,)
    elif before is not None and before.level_switched and before.info_level != values["info_level"]:
        faults["info_level"] = (Fault.SWITCHED,)
    return faults


def _room(field: str) -> int:
    return int(getattr(CompanyInfo._meta.get_field(field), "max_length", 0))


def _is_url(value: str) -> bool:
    try:
        URLValidator(schemes=["http", "https"])(value)
    except ValidationError:
        return False
    return True


def _refresh_domains(account: Account) -> None:
    held = SendingDomain.objects.select_for_update(of=("self",), no_key=True).select_related("account")
    for domain in held.filter(account=account, deleted_at=None).exclude(dns_verified_at=None).order_by("pk"):
        status.refresh(domain)
