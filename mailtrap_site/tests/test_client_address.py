"""Clients are counted by what is theirs: an IPv4 address, or all of an IPv6 /64."""

import pytest

from mailtrap_site.client_address import is_address, network_of


@pytest.mark.parametrize(
    ("client_ip", "counted"),
    [
        ("192.0.2.9", "192.0.2.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::7", "2001:db8:1:2::"),
        ("2001:db8:1:3::7", "2001:db8:1:3::"),
        ("fe80::1%eth0", "fe80::"),
        ("::ffff:192.0.2.9", "192.0.2.9"),
        ("", ""),
        ("un:known", "un:known"),
    ],
)
def test_a_client_is_counted_by_its_network(client_ip: str, counted: str):
    assert network_of(client_ip) == counted


@pytest.mark.parametrize("text", ["192.0.2.9", "2001:db8::1"])
def test_an_address_is_one(text: str):
    assert is_address(text)


@pytest.mark.parametrize("text", ["", "unknown", "192.0.2.9:25"])
def test_other_text_is_none(text: str):
    assert not is_address(text)
