"""The plan that fits: the cheapest that is large enough and takes nothing away."""

import pytest

from billing.plan_fit import fitting_plan
from billing.plans import PLANS


@pytest.mark.parametrize(
    ("current", "needed", "fits"),
    [
        ("free", 4_001, "basic_10k"),
        ("free", 3_000, "free"),
        ("basic_10k", 10_001, "basic_50k"),
        ("basic_10k", 50_000, "basic_50k"),
        ("basic_50k", 100_001, "business_250k"),
        ("business_100k", 100_000, "business_100k"),
        ("business_750k", 750_001, "enterprise_1500k"),
        ("enterprise_1500k", 100, "enterprise_1500k"),
        ("enterprise_2500k", 2_500_001, None),
        ("enterprise_custom", 5_000_001, None),
    ],
)
def test_the_cheapest_that_holds_all_is_found(current: str, needed: int, fits: str | None):
    found = fitting_plan(PLANS.on_offer, needed, PLANS.newest(current))
    assert (found.code if found else None) == fits


def test_a_smaller_volume_never_costs_domains_users_or_days_of_log():
    found = fitting_plan(PLANS.on_offer, 100, PLANS.newest("business_250k"))
    assert found == PLANS.newest("business_100k")
