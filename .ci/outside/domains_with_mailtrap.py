"""Walks a domain's life with the official SDK: add, list, change, hand over, sender information, refusal, delete.

Environment: API_TOKEN, ACCOUNT_ID, DOMAIN, COLLEAGUE. The SDK's host is fixed in its code; HTTPS_PROXY leads it
elsewhere. Output: a JSON object with what each call answered.
"""

import dataclasses
import json
import os

import mailtrap as mt
from mailtrap.models.company_info import CreateCompanyInfoParams, UpdateCompanyInfoParams
from mailtrap.models.sending_domains import (
    CreateSendingDomainParams,
    SendSetupInstructionsParams,
    UpdateSendingDomainParams,
)

client = mt.MailtrapClient(token=os.environ["API_TOKEN"], account_id=os.environ["ACCOUNT_ID"])
domains = client.sending_domains_api.sending_domains
company = client.company_info_api.company_info

created = domains.create(CreateSendingDomainParams(domain_name=os.environ["DOMAIN"]))
answers = {
    "created": dataclasses.asdict(created),
    "listed": [domain.domain_name for domain in domains.get_list()],
    "got": dataclasses.asdict(domains.get_by_id(created.id)),
    "updated": dataclasses.asdict(
        domains.update(created.id, UpdateSendingDomainParams(open_tracking_enabled=False, inbound_enabled=False))
    ),
    "company": dataclasses.asdict(
        company.create(
            created.id,
            CreateCompanyInfoParams(
                name="Acme Ltd",
                address="1 High Street",
                city="Leeds",
                country="GB",
                zip_code="LS1 1AA",
                website_url="https://acme.example",
            ),
        )
    ),
    "moved": dataclasses.asdict(company.update(created.id, UpdateCompanyInfoParams(city="York"))),
    "read": dataclasses.asdict(company.get(created.id)),
}
domains.send_setup_instructions(created.id, SendSetupInstructionsParams(email=os.environ["COLLEAGUE"]))
try:
    domains.create(CreateSendingDomainParams(domain_name=""))
except mt.APIError as refusal:
    answers["refused"] = refusal.errors
answers["deleted"] = domains.delete(created.id).id
answers["left"] = [domain.domain_name for domain in domains.get_list()]
print(json.dumps(answers))
