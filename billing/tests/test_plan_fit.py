"""The plan that fits what an account sends."""

import msgspec
import pytest

from billing.plan_fit import fitting_plan
from billing.plans import PLANS

OFFER = PLANS.on_offer
FREE, BASIC, BUSINESS = (PLANS.newest(code) for code in ("free", "basic_10k", "business_100k"))


@pytest.mark.parametrize(
    ("needed", "code"),
    [(0, "free"), (4_000, "free"), (4_001, "basic_10k"), (50_000, "basic_50k"), (100_001, "business_250k")],
)
def test_it_is_the_cheapest_with_enough_emails(needed: int, code: str):
    fitting = fitting_plan(OFFER, needed, FREE)
    assert fitting is not None
    assert fitting.code == code


def test_it_takes_nothing_away_that_the_account_has():
    assert fitting_plan(OFFER, 10, BASIC) == BASIC
    assert fitting_plan(OFFER, 10, BUSINESS) == BUSINESS
    boundless = msgspec.structs.replace(BUSINESS, domains=None)
    assert fitting_plan(OFFER, 10, boundless) == PLANS.newest("enterprise_1500k")


def test_a_plan_by_agreement_is_never_proposed():
    assert fitting_plan(OFFER, 3_000_000, FREE) is None


def test_of_two_at_one_price_the_larger_fits():
    larger = msgspec.structs.replace(BASIC, code="other", emails_per_month=20_000)
    assert fitting_plan((BASIC, larger), 5_000, FREE) == larger
