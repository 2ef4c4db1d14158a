"""MTA-STS records, policies and patterns (RFC 8461), as they are and as people get them wrong."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domains.mta_sts_policy import LONGEST_MAX_AGE, Mode, Policy, PolicyRefused, covers, parse_policy, record_id

GOOD = b"version: STSv1\r\nmode: enforce\r\nmx: mail.example.test\r\nmx: *.example.test\r\nmax_age: 604800\r\n"
BOTH = ("mail.example.test", "*.example.test")


def changed(old: bytes, new: bytes) -> bytes:
    assert old in GOOD
    return GOOD.replace(old, new)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (GOOD, Policy(Mode.ENFORCE, 604_800, BOTH)),
        (GOOD.replace(b"\r\n", b"\n").rstrip(), Policy(Mode.ENFORCE, 604_800, BOTH)),
        (b"mode:testing\nversion:STSv1\nmx:A.Test.\nmax_age:0\nnew: x\n\n", Policy(Mode.TESTING, 0, ("a.test",))),
        (b"version: STSv1\nmode: none\nmax_age: 86400\n", Policy(Mode.NONE, 86_400)),
        (changed(b"604800", b"9999999999"), Policy(Mode.ENFORCE, LONGEST_MAX_AGE, BOTH)),
        (changed(b"mode: enforce", b"mode: enforce\r\nmode: none"), Policy(Mode.ENFORCE, 604_800, BOTH)),
    ],
)
def test_policies_are_read(data: bytes, expected: Policy) -> None:
    assert parse_policy(data) == expected


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "version"),
        (b"<!doctype html><title>Welcome</title>", "version"),
        (changed(b"STSv1", b"STSv2"), "version"),
        (changed(b"mode: enforce\r\n", b""), "mode"),
        (changed(b"enforce", b"Enforce"), "mode"),
        (changed(b"max_age: 604800", b""), "max_age"),
        (changed(b"604800", b"-1"), "max_age"),
        (changed(b"604800", b"1e6"), "max_age"),
        (changed(b"604800", b"9" * 11), "max_age"),
        (changed(b"mx: mail.example.test\r\nmx: *.example.test\r\n", b""), "mx"),
        (changed(b"mail.example.test", b""), "mx"),
        (changed(b"mail.example.test", b"mail.example.test, other.test"), "mx"),
        (changed(b"*.example.test", b"mail.*.test"), "mx"),
        (GOOD + b"mx: a.test\n" * 200, "mx"),
        (GOOD + b"#" * 70_000, "text"),
        (GOOD + b"\xff", "text"),
    ],
)
def test_what_cannot_be_read_is_named(data: bytes, key: str) -> None:
    with pytest.raises(PolicyRefused) as caught:
        parse_policy(data)
    assert caught.value.key == key


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode) | st.binary(max_size=20).map(lambda x: GOOD + x))
def test_any_octets_are_a_policy_or_refused(data: bytes) -> None:
    try:
        policy = parse_policy(data)
    except PolicyRefused:
        return
    assert 0 <= policy.max_age <= LONGEST_MAX_AGE


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["v=STSv1; id=20160831085700Z;"], "20160831085700Z"),
        (["v=STSv1;id=1"], "1"),
        (["google-site-verification=x", "v=STSv1; id=a"], "a"),
        (["v=STSv1; id=2026-11-29"], ""),
        (["v=STSv1;"], ""),
        (["v=STSv1; id=" + "a" * 33], ""),
        (["v=STSv1; id=1", "v=STSv1; id=2"], None),
        (["v=spf1 -all"], None),
        ([], None),
    ],
)
def test_the_record_is_the_only_one_and_carries_an_id(values: list[str], expected: str | None) -> None:
    assert record_id(values) == expected


@pytest.mark.parametrize(
    ("pattern", "host", "fits"),
    [
        ("mail.example.test", "mail.example.test", True),
        ("mail.example.test", "MAIL.example.test.", True),
        ("mail.example.test", "mail2.example.test", False),
        ("*.example.test", "mail.example.test", True),
        ("*.example.test", "a.mail.example.test", False),
        ("*.example.test", "example.test", False),
        ("*.example.test", "mailexample.test", False),
    ],
)
def test_a_star_stands_for_one_label(pattern: str, host: str, fits: bool) -> None:
    assert covers([pattern], host) is fits
