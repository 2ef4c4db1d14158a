"""Who stands behind an account: the one writer of its sender information."""

from collections.abc import Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts import audit
from accounts.models import Account, User
from domains.models import CompanyInfo

REQUIRED = ("name", "address", "city", "country", "zip_code", "website_url")
FIELDS = ("info_level", *REQUIRED, "phone", "privacy_policy_url", "terms_of_service_url")
"""The contract's ten keys."""


class CompanyInvalid(ValueError):
    """`errors` as the API answers them: `{field: ["can't be blank", "is invalid"]}`; nothing was saved."""

    def __init__(self, errors: Mapping[str, list[str]]) -> None:
        super().__init__(", ".join(errors))
        self.errors = dict(errors)


def save(
    account: Account,
    data: Mapping[str, object],
    *,
    user: User | None = None,
    request: HttpRequest | None = None,
    actor_name: str = audit.SYSTEM,
) -> CompanyInfo:
    """Keeps the fields that `data` names and leaves the others. Raises CompanyInvalid."""
    with transaction.atomic():
        # One saves after the other, also where nothing has been saved yet.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        info = CompanyInfo.objects.filter(account=account).first() or CompanyInfo(account=account)
        before = {name: getattr(info, name) for name in FIELDS}
        for name in FIELDS:
            if name in data:
                setattr(info, name, str(data[name] or "").replace("\0", "").strip())
        if errors := _errors(info):
            raise CompanyInvalid(errors)
        after = {name: getattr(info, name) for name in FIELDS}
        if info.pk is not None and before == after:
            return info
        info.updated_at = timezone.now()
        info.save()
        changes = {name: {"from": before[name], "to": after[name]} for name in FIELDS if before[name] != after[name]}
        audit.record(
            "account.company_info_saved",
            account=account,
            actor=user,
            target=account,
            changes=changes,
            request=request,
            actor_name=actor_name,
        )
    return info


def _errors(info: CompanyInfo) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    try:
        info.clean_fields(exclude=["account"])
    except ValidationError as problem:
        errors = {name: ["is invalid"] for name in problem.error_dict}
    for name in REQUIRED:
        if not getattr(info, name):
            errors[name] = ["can't be blank", *(["is invalid"] if name == "website_url" else [])]
    return errors
