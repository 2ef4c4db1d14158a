"""What the name of a domain gives away, and the honest names that must not be taken for something else."""

import idna
import pytest

from domains.compliance.brands import brands
from domains.compliance.case import Case
from domains.compliance.registered import registered_name
from domains.compliance.rulebook import Outcome, judge, rule_book
from domains.compliance.scripts import is_mixed, looks_like, scripts_of, skeleton


def rules_of(name: str) -> list[str]:
    ascii_name = name if name.isascii() else idna.encode(name).decode("ascii")
    return [finding.rule for finding in judge(Case(ascii_name), rule_book()).findings]


@pytest.mark.parametrize(
    "name",
    [
        "example.test",
        "acme.com",
        "brightwater.example",
        "orders.brightwater.co.uk",
        "mail.acme-support.com",
        "secure-login-solutions.io",
        "finance.com",
        "binance.com",
        "revolution.com",
        "revolt.tv",
        "intuitive.com",
        "intuition.io",
        "apple-orchard.com",
        "pineapple.com",
        "applegate.com",
        "amazon-river-tours.com",
        "chase.org",
        "stripes.com",
        "zoomlens.shop",
        "dhi.org",
        "usp.br",
        "hotelsantander.es",
        "visa-service.com",
        "booking-support.example",
        "alibaba-kebab.de",
        "correo.example",
        "barclay.org",
        "goggle.com",
        "1password.com",
        "web3-labs.io",
        "stripe.acme.com",
        "github.io",
        "acme.github.io",
        "münchen.de",
        "café-crème.fr",
        "łódź.pl",
        "пример.рф",
        "добраябумага.com",
        "日本語.jp",
        "東京タワー.jp",
        "カフェtokyo.jp",
        "서울shop.kr",
        "ελλάδα.gr",
    ],
)
def test_an_honest_name_costs_nothing(name: str) -> None:
    assert rules_of(name) == []


@pytest.mark.parametrize("own", sorted({name for brand in brands() for name in brand.domains}))
def test_a_brand_may_send_from_its_own_domains_and_their_subdomains(own: str) -> None:
    brand = next(one for one in brands() if own in one.domains)
    # Below github.io and the like other people send.
    is_shared = registered_name(f"x.{own}") != own
    for name in (own,) if is_shared else (own, f"secure.{own}", f"{brand.name}-login.{own}"):
        about_it = [
            finding.rule
            for finding in judge(Case(name), rule_book()).findings
            if finding.detail.get("brand") == brand.name
        ]
        assert about_it == [], name


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("paypa1.com", "brand_lookalike"),
        ("paypaI.com".lower(), "brand_lookalike"),
        ("pаypаl.com", "brand_lookalike"),
        ("rnicrosoft.com", "brand_lookalike"),
        ("micr0soft.net", "brand_lookalike"),
        ("g00gle.com", "brand_lookalike"),
        ("nétflix.com", "brand_lookalike"),
        ("аррӏе.com", "brand_lookalike"),
        ("arnazon.com", "brand_lookalike"),
        ("b00king.com", "brand_lookalike"),
        ("dh1.com", "brand_lookalike"),
        ("login.paypa1.com", "brand_lookalike"),
        ("micr0soft-login.com", "brand_lookalike"),
        ("paypa1.example.com", "brand_lookalike"),
        ("googel.com", "brand_near"),
        ("micosoft.com", "brand_near"),
        ("netfliix.com", "brand_near"),
        ("linkedln.com", "brand_lookalike"),
        ("paypal-secure.example", "brand_with_bait"),
        ("secure-paypal.com", "brand_with_bait"),
        ("paypallogin.com", "brand_with_bait"),
        ("apple-verify.com", "brand_with_bait"),
        ("secureapple.com", "brand_with_bait"),
        ("chase-account.com", "brand_with_bait"),
        ("login-microsoft.acme.com", "brand_with_bait"),
        ("paypal.com.acme.example", "brand_with_bait"),
        ("paypal.login.example", "brand_with_bait"),
        ("paypal.example", "brand_in_name"),
        ("pay-pal.com", "brand_in_name"),
        ("netflix-fans.com", "brand_in_name"),
        ("paypal.github.io", "brand_in_name"),
        ("google.acme.com", "brand_in_subdomain"),
    ],
)
def test_a_name_that_borrows_from_a_brand_is_found_once(name: str, rule: str) -> None:
    found = [one for one in rules_of(name) if one.startswith("brand")]
    assert found == [rule]


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("bаnk.com", "mixed_scripts"),
        ("shοp.example", "mixed_scripts"),
        ("mail.sһop.com", "mixed_scripts"),
        ("хосе.com", "imitates_latin"),
        ("осра.example", "imitates_latin"),
    ],
)
def test_tricks_with_scripts_are_found(name: str, rule: str) -> None:
    assert rules_of(name) == [rule]


def test_a_wholly_cyrillic_name_under_a_cyrillic_ending_imitates_nothing() -> None:
    assert rules_of("хосе.рф") == []


def test_imitating_a_brand_goes_to_a_person_and_a_typing_error_only_to_questions() -> None:
    assert judge(Case("paypa1.com"), rule_book()).outcome is Outcome.MANUAL
    assert judge(Case("googel.com"), rule_book()).outcome is Outcome.ASK
    assert judge(Case("google.acme.com"), rule_book()).outcome is Outcome.APPROVE


def test_letters_are_read_as_people_read_them() -> None:
    assert looks_like("раураӏ") == "paypal"
    assert skeleton("rnicr0soft") == skeleton("microsoft")
    assert scripts_of("東京タワー") == ["Han", "Katakana"]
    assert is_mixed("pаypal")
    assert not is_mixed("東京タワーtokyo")
