"""What people type into "Add a domain", and what becomes of it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domains.names import DomainName, NameRefusal, parse_domain_name, registrable_domain

PLATFORM = "mail.platform.example"


@pytest.mark.parametrize(
    ("typed", "name", "notes"),
    [
        ("example.test", "example.test", []),
        ("  Example.TEST  ", "example.test", []),
        ("example.test.", "example.test", ["dot"]),
        ("https://example.test/", "example.test", ["scheme"]),
        ("HTTPS://Shop.Example.test:8443/cart?x=1#top", "shop.example.test", ["scheme", "path", "path"]),
        ("//example.test", "example.test", ["scheme"]),
        ("orders@example.test", "example.test", ["address"]),
        ("mailto:orders@example.test", "example.test", ["scheme", "address"]),
        ("bücher.example", "xn--bcher-kva.example", []),
        ("BÜCHER。example", "xn--bcher-kva.example", []),
        ("xn--bcher-kva.example", "xn--bcher-kva.example", []),
        ("a\u200b.example", "a.example", []),
        ("mail.example.co.uk", "mail.example.co.uk", []),
        ("www.co.uk", "www.co.uk", []),
        ("r3---sn.example", "r3---sn.example", []),
        ("shop.github.io", "shop.github.io", []),
        ("wwwshop.example", "wwwshop.example", []),
        ("notgmail.com", "notgmail.com", []),
    ],
)
def test_a_name_is_put_right_and_accepted(typed: str, name: str, notes: list[str]) -> None:
    parsed = parse_domain_name(typed, PLATFORM)
    assert parsed.ascii == name
    assert [note.code for note in parsed.notes] == notes
    assert all(note.text for note in parsed.notes)


@pytest.mark.parametrize(
    ("typed", "code", "advice"),
    [
        ("", "blank", "Enter one"),
        (" \u200b ", "blank", "Enter one"),
        ("https://", "blank", "Enter one"),
        ("www.example.test", "www", "Add example.test."),
        ("https://www.bücher.example/", "www", "Add bücher.example."),
        ("gmail.com", "public_mailbox", "gmail.com belongs to Google, so you cannot prove it is yours."),
        ("me@mail.yahoo.co.uk", "public_mailbox", "yahoo.co.uk belongs to Yahoo"),
        ("co.uk", "public_suffix", "shop.co.uk"),
        ("192.0.2.1", "ip_address", "IP address"),
        ("http://192.0.2.1:80/", "ip_address", "IP address"),
        ("2001:db8::1", "ip_address", "IP address"),
        ("[2001:db8::1]", "ip_address", "IP address"),
        ("127.1", "ip_address", "IP address"),
        ("localhost", "single_label", "localhost.example"),
        ("com", "single_label", "com.example"),
        ("*.example.test", "wildcard", "Add example.test"),
        ("my_shop.example", "underscore", "without it"),
        ("example..test", "empty_label", "extra dot"),
        (".example.test", "empty_label", "extra dot"),
        ("-shop.example", "hyphen", "hyphen"),
        ("shop-.example", "hyphen", "hyphen"),
        ("my shop.example", "characters", "letters, digits, hyphens"),
        ("shop!.example", "characters", "letters, digits, hyphens"),
        ("xn--a.example", "characters", "letters, digits, hyphens"),
        ("shop\x00.example", "characters", "letters, digits, hyphens"),
        ("shop.123", "characters", "letters, digits, hyphens"),
        ("a" * 64 + ".example", "label_too_long", "63"),
        ("ü" * 70 + ".example", "label_too_long", "63"),
        (".".join(["a" * 60] * 4) + ".example", "too_long", "225"),
        ("mail.platform.example", "platform", "belongs to this service"),
        ("x.mail.platform.example", "platform", "belongs to this service"),
    ],
)
def test_a_name_is_refused_with_advice(typed: str, code: str, advice: str) -> None:
    with pytest.raises(NameRefusal) as refusal:
        parse_domain_name(typed, PLATFORM)
    assert refusal.value.code == code
    assert advice in refusal.value.sentence
    assert not re.search(r"%\(|invalid", refusal.value.sentence)


def test_an_international_name_keeps_the_form_people_read() -> None:
    assert parse_domain_name("BÜCHER.example").display == "bücher.example"


def test_the_platform_account_may_add_the_platform_domain() -> None:
    assert parse_domain_name(PLATFORM).ascii == PLATFORM


def test_the_registrable_domain_is_the_name_one_buys() -> None:
    assert registrable_domain("orders.shop.co.uk") == "shop.co.uk"
    assert registrable_domain("mail.example.test") == "example.test"


@given(st.one_of(st.text(max_size=80), st.from_regex(r"[a-zA-Z0-9._:/@\-ü。\[\]%]{0,60}", fullmatch=True)))
def test_whatever_is_typed_gives_a_dns_name_or_a_refusal(typed: str) -> None:
    try:
        parsed = parse_domain_name(typed, PLATFORM)
    except NameRefusal as refusal:
        assert refusal.sentence
        return
    labels = parsed.ascii.split(".")
    assert len(labels) >= 2
    assert all(re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", label) for label in labels)
    assert len(parsed.ascii) <= 225
    again = parse_domain_name(parsed.ascii, PLATFORM)
    assert (again.ascii, again.notes) == (parsed.ascii, ())
    assert isinstance(again, DomainName)


@given(st.lists(st.from_regex(r"[a-z][a-z0-9]{0,20}", fullmatch=True), min_size=1, max_size=4))
def test_scheme_capitals_path_and_dot_never_change_the_name(labels: list[str]) -> None:
    plain = ".".join([*labels, "brightwater", "example"])
    if labels[0] == "www":
        return
    assert parse_domain_name(f"https://{plain.upper()}./start").ascii == parse_domain_name(plain).ascii == plain
