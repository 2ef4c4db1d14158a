"""The account's sender information, asked by way of one of its domains, as the contract has it."""

from typing import Any

from django.http import Http404
from ninja import Router, Schema

from accounts.api_auth import ApiRequest, require_level
from accounts.scopes import ADMIN
from domains import company
from domains.api.shapes import actor_of, domain_of
from domains.models import CompanyInfo
from mailtrap_site.web.json_api import Invalid

router = Router(tags=["Sender information"])


class CompanyFields(Schema):
    """Name, address, city, country, postal code and website are needed before a domain can be approved."""

    name: str | None = None
    address: str | None = None
    city: str | None = None
    country: str | None = None
    zip_code: str | None = None
    website_url: str | None = None
    phone: str | None = None
    privacy_policy_url: str | None = None
    terms_of_service_url: str | None = None
    info_level: str | None = None


class CompanyIn(Schema):
    company_info: CompanyFields


class CompanyOut(Schema):
    """The contract's ten keys; what was not given is null."""

    data: CompanyFields


@router.get("/sending_domains/{int:domain_id}/company_info", response=CompanyOut, summary="Get sender information")
@router.get("/domains/{int:domain_id}/company_info", response=CompanyOut, summary="Get sender information")
def get_company_info(request: ApiRequest, account_id: int, domain_id: int) -> dict[str, Any]:
    """What was given about the account; 404 before that. It holds for all of its domains."""
    domain = domain_of(request, account_id, domain_id)
    info = CompanyInfo.objects.filter(account=domain.account).first()
    if info is None:
        raise Http404
    return _shown(info)


@router.post("/sending_domains/{int:domain_id}/company_info", response=CompanyOut, summary="Give sender information")
@router.post("/domains/{int:domain_id}/company_info", response=CompanyOut, summary="Give sender information")
def create_company_info(request: ApiRequest, account_id: int, domain_id: int, body: CompanyIn) -> dict[str, Any]:
    """Takes the place of what was given before. The token needs admin access to the whole account."""
    given = body.company_info.model_dump(exclude_none=True)
    blank = dict.fromkeys(CompanyFields.model_fields.keys() - {"info_level"}, "")
    return _save(request, account_id, domain_id, blank | given)


@router.patch("/sending_domains/{int:domain_id}/company_info", response=CompanyOut, summary="Change sender information")
@router.patch("/domains/{int:domain_id}/company_info", response=CompanyOut, summary="Change sender information")
def update_company_info(request: ApiRequest, account_id: int, domain_id: int, body: CompanyIn) -> dict[str, Any]:
    """What is not named stays. The token needs admin access to the whole account."""
    return _save(request, account_id, domain_id, body.company_info.model_dump(exclude_unset=True))


def _save(request: ApiRequest, account_id: int, domain_id: int, data: dict[str, Any]) -> dict[str, Any]:
    domain = domain_of(request, account_id, domain_id)
    # It speaks for all domains of the account.
    require_level(request, ADMIN)
    try:
        info = company.save(domain.account, data, request=request, actor_name=actor_of(request))
    except company.CompanyInvalid as problem:
        raise Invalid(problem.errors) from problem
    return _shown(info)


def _shown(info: CompanyInfo) -> dict[str, Any]:
    return {"data": {name: getattr(info, name) or None for name in CompanyFields.model_fields}}
