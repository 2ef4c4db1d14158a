"""The file of plans: what comes with the service, and what an operator's own file must hold."""

from pathlib import Path

import pytest

from billing.plans import FREE, PLANS, Tier, read_plans

PLAN = '[[plan]]\ncode = "{}"\ngeneration = {}\ntier = "{}"\nname = "x"\nemails_per_month = {}\nlog_days = 3\n'


def written(folder: Path, text: str) -> Path:
    file = folder / "plans.toml"
    file.write_text(text)
    return file


def test_the_plans_that_come_with_the_service_are_those_of_the_contract() -> None:
    offered = {plan.code: plan for plan in PLANS.on_offer}
    assert (FREE.emails_per_month, FREE.emails_per_day, FREE.users, FREE.domains, FREE.log_days) == (
        4_000,
        150,
        1,
        1,
        3,
    )
    volumes = {tier: [plan.emails_per_month for plan in PLANS.on_offer if plan.tier is tier] for tier in Tier}
    assert volumes[Tier.BASIC] == [10_000, 50_000, 100_000]
    assert volumes[Tier.BUSINESS] == [100_000, 250_000, 500_000, 750_000]
    assert volumes[Tier.ENTERPRISE][:2] == [1_500_000, 2_500_000]
    prices = [offered[code].cents_per_month for code in ("basic_10k", "business_750k", "enterprise_custom")]
    assert prices == [1_500, 45_000, None]


def test_an_account_keeps_its_generation_and_others_are_offered_the_newest(tmp_path: Path) -> None:
    text = (
        PLAN.format("free", 1, "free", 10) + PLAN.format("basic", 1, "basic", 20) + PLAN.format("basic", 2, "basic", 30)
    )
    plans = read_plans(written(tmp_path, text))
    assert plans.agreed("basic", 1).emails_per_month == 20
    assert plans.newest("basic").emails_per_month == 30
    assert [plan.generation for plan in plans.on_offer] == [1, 2]


def test_terms_that_the_file_has_lost_do_not_stop_mail(tmp_path: Path) -> None:
    plans = read_plans(written(tmp_path, PLAN.format("free", 1, "free", 10) + PLAN.format("basic", 2, "basic", 30)))
    assert plans.agreed("basic", 1).generation == 2
    assert plans.agreed("gone", 1) == plans.free
    with pytest.raises(KeyError):
        plans.plan("basic", 1)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[plan", "cannot be read as plans"),
        (PLAN.format("free", 1, "free", '"many"'), "Expected `int`"),
        (PLAN.format("free", 1, "free", 10) + "colour = 1\n", "unknown field `colour`"),
        (PLAN.format("free", 1, "free", 10) * 2, "names a plan twice"),
        (PLAN.format("basic", 1, "basic", 10), 'no plan with the code "free"'),
    ],
)
def test_a_file_that_does_not_hold_together_is_refused_with_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_plans(written(tmp_path, text))
