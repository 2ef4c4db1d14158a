"""The ten statuses follow from facts, and what the owner has to do first comes first."""

from itertools import product
from typing import Any

import pytest

from domains.compliance.status import Facts, derived
from domains.models import ComplianceReview, SendingDomain

READY: dict[str, Any] = {
    "suspended": False,
    "verified": True,
    "approved": False,
    "has_company_info": True,
    "review": "",
}


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"demo": True}, "demo"),
        ({"demo": True, "demo_used_up": True}, "demo_exhausted"),
        ({"demo": True, "verified": False, "has_company_info": False}, "demo"),
        ({"demo": True, "suspended": True}, "suspended"),
        ({"verified": False}, "unverified_dns"),
        ({"verified": False, "approved": True}, "unverified_dns"),
        ({"verified": False, "review": "questions"}, "unverified_dns"),
        ({"has_company_info": False}, "missing_company_info"),
        ({}, "under_review"),
        ({"review": "automatic"}, "under_review"),
        ({"review": "manual"}, "under_review"),
        ({"review": "questions"}, "awaiting_questionnaire"),
        ({"review": "card"}, "awaiting_card_verification"),
        ({"review": "rejected"}, "non_compliant"),
        ({"review": "rejected", "verified": False}, "non_compliant"),
        ({"approved": True, "review": "approved"}, "compliant"),
        ({"approved": True, "has_company_info": False}, "compliant"),
        ({"approved": True, "suspended": True}, "suspended"),
        ({"review": "rejected", "suspended": True}, "suspended"),
    ],
)
def test_a_status_follows_from_the_facts(changed: dict[str, Any], status: str) -> None:
    assert derived(Facts(**(READY | changed))) == status


def test_every_status_of_the_contract_can_come_about_and_only_what_is_approved_and_verified_is_compliant() -> None:
    seen = set()
    reviews = ["", *ComplianceReview.State.values]
    yes_no = (False, True)
    for suspended, verified, approved, known, review in product(yes_no, yes_no, yes_no, yes_no, reviews):
        for demo, used_up in ((False, False), (True, False), (True, True)):
            facts = Facts(suspended, verified, approved, known, review, demo, used_up)
            status = derived(facts)
            seen.add(status)
            if status == SendingDomain.Compliance.COMPLIANT:
                assert facts.verified and facts.approved and not facts.suspended and review != "rejected"
    assert seen == set(SendingDomain.Compliance.values)
